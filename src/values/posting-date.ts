import { Temporal } from 'temporal-polyfill';

const DATE_TIME =
  /^(?<day>\d{4}-\d{2}-\d{2})(?:[Tt ](?<minute>\d{2}:\d{2})(?::(?<second>[0-5]\d|60)(?:\.(?<fraction>\d+))?)?(?<offset>[Zz]|[+-]\d{2}:\d{2})?)?$/;

const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** Clocks on Earth are at most this far from UTC, and Java's know no more. */
const MAX_OFFSET = '18:00';

/** A calendar date in the books, `YYYY-MM-DD`, without a time zone. Such texts compare in the order of time. */
export type PostingDate = string;

/**
 * Reads the calendar date that a text means; `null` if it means none, or one that no calendar has, such as 2021-02-30. In this order:
 *
 * - a date, `2021-01-01`, is that day;
 * - a date-time at exactly midnight UTC, `2021-01-01T00:00:00.000Z`, is the day as written: so our own replies write a date, and
 *   so does every client that keeps dates in a type of its language;
 * - a date-time without a zone, `2021-01-01T10:00:00`, is the day as written;
 * - any other date-time is the day that it was in the time zone.
 *
 * @param timeZone IANA name of the organization's time zone
 */
export function toPostingDate(text: string, timeZone: string): PostingDate | null {
  if (DAY.test(text)) return isDay(text) ? text : null;
  const parts = DATE_TIME.exec(text)?.groups as DateTime | undefined;
  if (parts === undefined) return null;
  try {
    return inCalendar(dayOf(parts, timeZone));
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

interface DateTime {
  readonly day: string;
  /** Hours and minutes. The seconds, their fraction and the zone may be absent even if this is there. */
  readonly minute?: string;
  readonly second?: string;
  readonly fraction?: string;
  readonly offset?: string;
}

/** @throws {RangeError} if there is no such day or time */
function dayOf({ day, minute, second = '00', fraction = '', offset }: DateTime, timeZone: string): Temporal.PlainDate {
  const written = Temporal.PlainDate.from(day);
  if (minute === undefined) return written;
  // Also refuses hours and minutes that no clock shows.
  const time = Temporal.PlainTime.from(`${minute}:${second}`);
  if (offset === undefined) {
    if (second === '60') throw new RangeError('a leap second needs a zone');
    return written;
  }
  if (/[Zz]|[+-]00:00/.test(offset) && time.equals(MIDNIGHT) && !/[1-9]/.test(fraction)) return written;
  if (offset.slice(1) > MAX_OFFSET) throw new RangeError('no clock is so far from UTC');
  const instant = Temporal.Instant.from(`${day}T${time}${offset}`);
  if (second === '60') assertLeapSecond(instant);
  return instant.toZonedDateTimeISO(timeZone).toPlainDate();
}

const MIDNIGHT = Temporal.PlainTime.from('00:00');

/**
 * Leap seconds are the last of June or of December, in UTC.
 *
 * @param instant the second before
 */
function assertLeapSecond(instant: Temporal.Instant): void {
  if (!/-(06-30|12-31)T23:59:59Z$/.test(instant.toString())) throw new RangeError('there is no such leap second');
}

/** Whether the text is a date or date-time that {@link toPostingDate} reads, in whatever time zone. */
export function isPostingDate(text: string): boolean {
  return toPostingDate(text, 'UTC') !== null;
}

/** Whether it is a name of the IANA database, such as Europe/Berlin. An offset is none: PostgreSQL reads its sign the other way round. */
export function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(name);
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/** The day so many days later. */
export function daysAfter(date: PostingDate, days: number): PostingDate {
  return Temporal.PlainDate.from(date).add({ days }).toString();
}

/** Whether the text is a date without a time. */
export function isCalendarDate(text: string): boolean {
  return DAY.test(text) && isDay(text);
}

/**
 * Whether the calendar has the day. `Date` makes another day of one that it has not, which then is not written like the text.
 * (A refund's day is read several times, and Temporal's polyfill takes four times as long.)
 *
 * @param text in the form of {@link DAY}
 */
function isDay(text: string): boolean {
  const midnight = new Date(text);
  return text >= FIRST_DAY && !Number.isNaN(midnight.getTime()) && midnight.toISOString().startsWith(text);
}

/** The database's date type has no year 0. */
const FIRST_DAY = '0001-01-01';

/** The first moment after the day in the time zone. */
export function endOfDay(date: PostingDate, timeZone: string): Date {
  const next = Temporal.PlainDate.from(date).add({ days: 1 });
  return new Date(next.toZonedDateTime(timeZone).epochMilliseconds);
}

/** Years 1 to 9999 are what both a four-digit text and the database's date type can hold. */
function inCalendar(date: Temporal.PlainDate): PostingDate | null {
  return date.year >= 1 && date.year <= 9999 ? date.toString() : null;
}
