import type { Opt } from '@mikro-orm/core';
import { Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { Field, ID, ObjectType } from 'type-graphql';
import { InvalidInput } from '../domain-error.js';
import { DateTooFarAhead, LockDateEarlier, LockDateNotEarlier, OrganizationMoving, TransactionsDateLocked } from '../errors.js';
import { daysAfter, type PostingDate, toPostingDate } from '../values/posting-date.js';
import { PostingDateScalar } from '../values/scalars.js';
import { AccountType, REFUNDABLE_FROM } from './account-type.js';
import { ID_COLUMN } from './columns.js';
import { Node } from './node.js';
import { RestContract } from './rest-contract.js';

const PRIMARY_BRANCH = (organization: string): string =>
  `(select branch.id from branches branch where branch.organization_id = ${organization}.id and branch.is_primary)`;

@ObjectType({ implements: Node, description: 'A company with its own books. All other records belong to an organization.' })
@Entity({ tableName: 'organizations' })
export class Organization {
  @PrimaryKey({ type: ID_COLUMN })
  id!: number;

  @Field(() => ID, { name: 'id', description: 'Identifier: the value of the organization-id header.' })
  @Property({ type: 'text' })
  publicId!: string;

  @Field(() => String, { description: 'Name of the organization.' })
  @Property({ type: 'text' })
  name!: string;

  @Field(() => String, { description: 'ISO 4217 code of the currency of the books.' })
  @Property({ type: 'text' })
  baseCurrency!: string;

  @Field(() => String, { description: 'IANA time zone in which a date-time becomes a posting date.' })
  @Property({ type: 'text' })
  timeZone!: string;

  @Field(() => PostingDateScalar, {
    nullable: true,
    description: 'Lock date: nothing can be posted on or before this date. Null if nothing is locked.',
  })
  @Property({ type: 'date', nullable: true })
  lockDate: PostingDate | null = null;

  @Field(() => Boolean, { description: 'Whether refunds can be paid from credit-card accounts, too.' })
  @Property({ type: 'boolean' })
  creditCardRefunds: boolean & Opt = false;

  @Field(() => RestContract, {
    nullable: true,
    description: 'What the body of a refund over REST may be. Null: what the gateway is configured for.',
  })
  @Property({ type: 'text', nullable: true })
  restContract: (RestContract & Opt) | null = null;

  /** The first id in each of the organization's tables; random unless it is given, see docs/adr/025-ids-are-numbers-of-the-organization.md. */
  @Property({ type: ID_COLUMN, defaultRaw: 'floor(random() * 999999999)::bigint + 1' })
  firstId!: number & Opt;

  /** When an operator froze the organization, because it moves to another database. */
  @Property({ type: 'datetime', nullable: true })
  frozenAt: (Date & Opt) | null = null;

  @Property({ type: 'datetime', defaultRaw: 'now()' })
  createdAt!: Date & Opt;

  /** The database's time when the row was read. The clocks of the gateways may be wrong and may differ. */
  @Property({ type: 'datetime', formula: () => 'now()' })
  now!: Date & Opt;

  /** The date at that time, in the organization's time zone. */
  @Property({ type: 'date', formula: ({ timeZone }) => `(now() at time zone ${timeZone})::date` })
  today!: PostingDate & Opt;

  /** Id of the primary branch, which never changes. */
  @Property({ type: ID_COLUMN, formula: (_, { alias, name }) => PRIMARY_BRANCH(alias === '' ? name : alias) })
  primaryBranchId!: number & Opt;

  /** Types of account that can pay a refund. */
  refundableFrom(): readonly AccountType[] {
    return this.creditCardRefunds ? [...REFUNDABLE_FROM, AccountType.CREDIT_CARD] : REFUNDABLE_FROM;
  }

  /**
   * Returns the calendar date of a date or date-time in the organization's time zone, by the rules of {@link toPostingDate}.
   *
   * @throws {InvalidInput} if the text is neither a date nor a date-time
   * @example organization.postingDate('2021-01-31T23:30:00Z') // '2021-02-01' in Europe/Berlin
   */
  postingDate(text: string, field = 'date'): PostingDate {
    return postingDateIn(this.timeZone, text, field);
  }

  /**
   * @param daysAhead number of days after today with open posting dates
   * @throws {DateTooFarAhead}
   */
  assertNotTooFarAhead(date: PostingDate, daysAhead: number, field = 'date'): void {
    if (date <= this.today) return;
    const latest = daysAfter(this.today, daysAhead);
    if (date > latest) throw new DateTooFarAhead(date, latest, field);
  }

  /**
   * Locks the books up to and including the date.
   *
   * @param daysAhead number of days after today with open posting dates. A later lock date would close the books for ever
   * @throws {LockDateEarlier} if that would open locked days
   * @throws {DateTooFarAhead}
   */
  lock(date: PostingDate, daysAhead: number): void {
    if (this.lockDate !== null && date < this.lockDate) throw new LockDateEarlier(date, this.lockDate);
    this.assertNotTooFarAhead(date, daysAhead, 'lockDate');
    this.lockDate = date;
  }

  /**
   * Unlocks the days after the date, or all days if it is `null`.
   *
   * @param daysAhead number of days after today with open posting dates
   * @throws {LockDateNotEarlier} if that would open no day, or lock days
   * @throws {DateTooFarAhead}
   */
  unlock(date: PostingDate | null, daysAhead: number): void {
    if (this.lockDate === null || (date !== null && date >= this.lockDate)) throw new LockDateNotEarlier(date, this.lockDate);
    if (date !== null) this.assertNotTooFarAhead(date, daysAhead, 'lockDate');
    this.lockDate = date;
  }

  /** @throws {OrganizationMoving} if the organization is frozen: no command may change anything of it */
  assertNotFrozen(): void {
    if (this.frozenAt !== null) throw new OrganizationMoving(this.publicId);
  }

  /** @throws {TransactionsDateLocked} if the books are locked on the date */
  assertUnlocked(date: PostingDate, field = 'date'): void {
    if (this.lockDate !== null && date <= this.lockDate) throw new TransactionsDateLocked(date, this.lockDate, field);
  }
}

/**
 * Returns the calendar date of a date or date-time in the time zone, by the rules of {@link toPostingDate}.
 *
 * @throws {InvalidInput} if the text is neither a date nor a date-time
 */
export function postingDateIn(timeZone: string, text: string, field: string): PostingDate {
  const date = toPostingDate(text, timeZone);
  if (date === null) {
    const reason = `${field} must be a date such as 2021-01-31, or a date-time such as 2021-01-31T23:30:00Z`;
    throw new InvalidInput([{ field, constraints: { isPostingDate: reason }, value: text }]);
  }
  return date;
}
