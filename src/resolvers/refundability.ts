import { Ctx, Field, ID, ObjectType } from 'type-graphql';
import { Account } from '../entities/account.js';
import type { CreditNote } from '../entities/credit-note.js';
import type { Row } from '../reads/read-model.js';
import type { Context } from '../request/context.js';
import type { Refundability } from '../services/refunds/refundability.js';
import { formatAmount } from '../values/money.js';
import { DecimalScalar } from '../values/scalars.js';
import { RefusalType, refusalType } from './refusal.js';

@ObjectType('Refundability', {
  description: 'Whether you can refund the note today. A form can enable its button by this, or name the reasons against it.',
})
export class RefundabilityType {
  @Field(() => ID, { description: 'That of the credit note. By it, caches merge what several components read.' })
  readonly id: number;

  @Field(() => Boolean, { description: 'Whether you can refund the note today.' })
  readonly allowed: boolean;

  @Field(() => DecimalScalar, { description: "Largest amount that you can refund today, in the note's currency; 0 if none." })
  readonly maxAmount: string;

  @Field(() => [RefusalType], { description: 'All reasons against a refund today; empty if it is allowed.' })
  readonly reasons: RefusalType[];

  readonly currencyCode: string;

  constructor({ maxAmount, reasons }: Refundability, { id, currencyCode }: Row<CreditNote, 'currencyCode'>) {
    this.id = id;
    this.allowed = reasons.length === 0;
    this.maxAmount = formatAmount(maxAmount, currencyCode);
    this.reasons = reasons.map(refusalType);
    this.currencyCode = currencyCode;
  }

  @Field(() => [Account], { description: 'The accounts that a refund of the note can be paid from: the first 100 by their codes.' })
  accounts(@Ctx() context: Context): Promise<Row<Account>[]> {
    return context.loaders.refundableFrom.load(this.currencyCode);
  }
}
