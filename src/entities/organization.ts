import type { Opt } from '@mikro-orm/core';
import { Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { Field, ID, ObjectType } from 'type-graphql';
import { DateTooFarAhead, InvalidInput, LockDateEarlier, LockDateNotEarlier, TransactionsDateLocked } from '../errors.js';
import { daysAfter, type PostingDate, toPostingDate } from '../values/posting-date.js';
import { PostingDateScalar } from '../values/scalars.js';
import { ID_COLUMN } from './columns.js';

@ObjectType({ description: 'A company that keeps its books here. Everything else belongs to one.' })
@Entity({ tableName: 'organizations' })
export class Organization {
  @PrimaryKey({ type: ID_COLUMN })
  id!: number;

  @Field(() => ID, { name: 'id', description: 'What the organization-id header names.' })
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

  @Field(() => PostingDateScalar, { nullable: true, description: 'Nothing is posted on or before this date.' })
  @Property({ type: 'date', nullable: true })
  lockDate: PostingDate | null = null;

  /** The time by the database's clock when the row was read: the clocks of gateways may be wrong, and differ. */
  @Property({ type: 'datetime', formula: () => 'now()' })
  now!: Date & Opt;

  /** The day that it then was in the time zone. */
  @Property({ type: 'date', formula: ({ timeZone }) => `(now() at time zone ${timeZone})::date` })
  today!: PostingDate & Opt;

  /**
   * The calendar date that the text means here, as {@link toPostingDate} reads it.
   *
   * @throws {InvalidInput} if it is neither
   */
  postingDate(text: string, field = 'date'): PostingDate {
    const date = toPostingDate(text, this.timeZone);
    if (date === null) {
      const reason = `${field} must be a date such as 2021-01-31, or a date-time such as 2021-01-31T23:30:00Z`;
      throw new InvalidInput([{ field, constraints: { isPostingDate: reason }, value: text }]);
    }
    return date;
  }

  /**
   * @param daysAhead how many days after today may be posted on
   * @throws {DateTooFarAhead}
   */
  assertNotTooFarAhead(date: PostingDate, daysAhead: number, field = 'date'): void {
    if (date <= this.today) return;
    const latest = daysAfter(this.today, daysAhead);
    if (date > latest) throw new DateTooFarAhead(date, latest, field);
  }

  /**
   * Locks the books up to and including the day.
   *
   * @param daysAhead how many days after today may be posted on: whoever locks more closes the books for ever, or by a slip
   * @throws {LockDateEarlier} if that would open days which are locked
   * @throws {DateTooFarAhead}
   */
  lock(date: PostingDate, daysAhead: number): void {
    if (this.lockDate !== null && date < this.lockDate) throw new LockDateEarlier(date, this.lockDate);
    this.assertNotTooFarAhead(date, daysAhead, 'lockDate');
    this.lockDate = date;
  }

  /**
   * Opens the books after the day, or all of them.
   *
   * @param daysAhead how many days after today may be posted on
   * @throws {LockDateNotEarlier} if that would open nothing, or lock days
   * @throws {DateTooFarAhead}
   */
  unlock(date: PostingDate | null, daysAhead: number): void {
    if (date !== null && (this.lockDate === null || date > this.lockDate)) throw new LockDateNotEarlier(date, this.lockDate);
    if (date !== null) this.assertNotTooFarAhead(date, daysAhead, 'lockDate');
    this.lockDate = date;
  }

  /** @throws {TransactionsDateLocked} if the books are locked on the date */
  assertUnlocked(date: PostingDate, field = 'date'): void {
    if (this.lockDate !== null && date <= this.lockDate) throw new TransactionsDateLocked(date, this.lockDate, field);
  }
}
