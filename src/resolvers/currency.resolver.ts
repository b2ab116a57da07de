import { Authorized, Ctx, Field, FieldResolver, ID, Int, ObjectType, Query, Resolver } from 'type-graphql';
import { Role } from '../entities/access.js';
import { Account } from '../entities/account.js';
import { CreditNote } from '../entities/credit-note.js';
import { Customer } from '../entities/customer.js';
import { JournalLine } from '../entities/journal-entry.js';
import { Organization } from '../entities/organization.js';
import { Refund } from '../entities/refund.js';
import { Reads, type Row } from '../reads/read-model.js';
import type { Context } from '../request/context.js';
import { CURRENCIES, currencyName } from '../values/currencies.js';

@ObjectType('Currency', { description: 'A currency of ISO 4217.' })
export class CurrencyType {
  @Field(() => ID, { description: 'The code, by which the caches of clients know the currency.' })
  readonly id: string;

  @Field(() => Int, { description: 'Number of decimals of amounts in it. An amount with more decimals is refused.' })
  readonly decimals: number;

  @Field(() => Boolean, { description: 'Whether new records may use it. It has been withdrawn otherwise, or is no money.' })
  readonly current: boolean;

  @Field(() => String, { description: 'ISO 4217 code.' })
  readonly code: string;

  constructor(code: string) {
    const { digits = 2, current = false } = CURRENCIES.get(code) ?? {};
    this.id = code;
    this.code = code;
    this.decimals = digits;
    this.current = current;
  }

  @Field(() => String, { description: 'Name in English.' })
  get name(): string {
    return currencyName(this.code);
  }
}

const TYPES: ReadonlyMap<string, CurrencyType> = new Map([...CURRENCIES.keys()].map((code) => [code, new CurrencyType(code)]));

/** The currencies that new records may use, by their codes. */
const CURRENT = [...TYPES.values()].filter(({ current }) => current).sort((one, other) => (one.code < other.code ? -1 : 1));

/** Returns the currency with the code. */
export function currencyOf(code: string): CurrencyType {
  return TYPES.get(code) ?? new CurrencyType(code);
}

@Resolver()
export class CurrencyResolver {
  @Authorized(Role.VIEWER)
  @Query(() => [CurrencyType], { description: 'The currencies that new records may use, in the order of their codes.' })
  currencies(): readonly CurrencyType[] {
    return CURRENT;
  }
}

@Resolver(() => Organization)
export class OrganizationCurrencyResolver {
  @FieldResolver(() => CurrencyType, { description: 'The base currency: the currency of the books.' })
  currency(@Ctx() context: Context): CurrencyType {
    return currencyOf(context.actor.organization.baseCurrency);
  }
}

@Resolver(() => Account)
export class AccountCurrencyResolver {
  @FieldResolver(() => CurrencyType, { description: 'The currency that the account is held in.' })
  currency(@Reads('currencyCode') { currencyCode }: Row<Account, 'currencyCode'>): CurrencyType {
    return currencyOf(currencyCode);
  }
}

@Resolver(() => Customer)
export class CustomerCurrencyResolver {
  @FieldResolver(() => CurrencyType, { description: "The currency of the customer's documents." })
  currency(@Reads('currencyCode') { currencyCode }: Row<Customer, 'currencyCode'>): CurrencyType {
    return currencyOf(currencyCode);
  }
}

@Resolver(() => CreditNote)
export class CreditNoteCurrencyResolver {
  @FieldResolver(() => CurrencyType, { description: "The currency of the note's amounts." })
  currency(@Reads('currencyCode') { currencyCode }: Row<CreditNote, 'currencyCode'>): CurrencyType {
    return currencyOf(currencyCode);
  }
}

@Resolver(() => Refund)
export class RefundCurrencyResolver {
  @FieldResolver(() => CurrencyType, { description: "The currency of the amount: the credit note's." })
  currency(@Reads('currencyCode') { currencyCode }: Row<Refund, 'currencyCode'>): CurrencyType {
    return currencyOf(currencyCode);
  }
}

@Resolver(() => JournalLine)
export class JournalLineCurrencyResolver {
  @FieldResolver(() => CurrencyType, { nullable: true, description: 'The currency of the foreign amount; null if there is none.' })
  foreignCurrency(
    @Reads('foreignCurrencyCode') { foreignCurrencyCode }: Row<JournalLine, 'foreignCurrencyCode'>,
  ): CurrencyType | null {
    return foreignCurrencyCode === null ? null : currencyOf(foreignCurrencyCode);
  }
}
