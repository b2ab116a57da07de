import { Ctx, Field, ObjectType } from 'type-graphql';
import { Account } from '../entities/account.js';
import type { Row } from '../reads/read-model.js';
import type { Context } from '../request/context.js';
import type { Refundability } from '../services/refunds/refundability.js';
import { formatAmount } from '../values/money.js';
import { DecimalScalar } from '../values/scalars.js';
import { RefusalType, refusalType } from './refusal.js';

@ObjectType('Refundability', {
  description: 'Whether you could refund the note today: what a form needs to enable its button, or to say why not.',
})
export class RefundabilityType {
  @Field(() => Boolean, { description: 'Whether you could.' })
  readonly allowed: boolean;

  @Field(() => DecimalScalar, { description: "The most that you could refund, in the note's currency." })
  readonly maxAmount: string;

  @Field(() => [RefusalType], { description: 'Everything that stands against it.' })
  readonly reasons: RefusalType[];

  readonly currencyCode: string;

  constructor({ maxAmount, reasons }: Refundability, currencyCode: string) {
    this.allowed = reasons.length === 0;
    this.maxAmount = formatAmount(maxAmount, currencyCode);
    this.reasons = reasons.map(refusalType);
    this.currencyCode = currencyCode;
  }

  @Field(() => [Account], { description: 'The accounts that it could be paid from.' })
  accounts(@Ctx() context: Context): Promise<Row<Account>[]> {
    return context.loaders.refundableFrom.load(this.currencyCode);
  }
}
