import { Temporal } from 'temporal-polyfill';

const DATE_TIME =
  /^(?<day>\d{4}-\d{2}-\d{2})(?:[Tt ](?<minute>\d{2}:\d{2})(?::(?<second>[0-5]\d|60)(?:\.(?<fraction>\d+))?)?(?<offset>[Zz]|[+-]\d{2}:\d{2})?)?$/;

const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** The largest offset from UTC, as in Java's `ZoneOffset`. No time zone on Earth has a larger one. */
const MAX_OFFSET = '18:00';

/** A calendar date in the books, `YYYY-MM-DD`, without a time zone. These texts sort by time. */
export type PostingDate = string;

/**
 * Returns the calendar date of a text; `null` if the text has another form, or if there is no such day, such as 2021-02-30. The first rule
 * that fits decides:
 *
 * - a date, `2021-01-01`, is that day;
 * - a date-time at exactly midnight UTC, `2021-01-01T00:00:00.000Z`, is the day as written: many clients hold a date as such a date-time,
 *   and the documented REST replies write it in this form;
 * - a date-time without a zone, `2021-01-01T10:00:00`, is the day as written;
 * - any other date-time is its day in the time zone.
 *
 * @param timeZone IANA name of the organization's time zone
 * @example toPostingDate('2021-01-31T23:30:00Z', 'Europe/Berlin') // '2021-02-01'
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
  /** Hours and minutes. Even with these, seconds, fraction and offset may be absent. */
  readonly minute?: string;
  readonly second?: string;
  readonly fraction?: string;
  readonly offset?: string;
}

/** @throws {RangeError} if there is no such day or time */
function dayOf({ day, minute, second = '00', fraction = '', offset }: DateTime, timeZone: string): Temporal.PlainDate {
  const written = Temporal.PlainDate.from(day);
  if (minute === undefined) return written;
  // Throws for hours and minutes out of range, too.
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
 * Leap seconds are the last seconds of June or of December, in UTC.
 *
 * @param instant the second before the leap second
 */
function assertLeapSecond(instant: Temporal.Instant): void {
  if (!/-(06-30|12-31)T23:59:59Z$/.test(instant.toString())) throw new RangeError('there is no such leap second');
}

/** Returns whether {@link toPostingDate} accepts the text. */
export function isPostingDate(text: string): boolean {
  return toPostingDate(text, 'UTC') !== null;
}

/** Returns whether the name is in the IANA database, such as Europe/Berlin. Offsets are refused: PostgreSQL reads their sign inverted. */
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

/** Returns the date that is the given number of days later. */
export function daysAfter(date: PostingDate, days: number): PostingDate {
  return Temporal.PlainDate.from(date).add({ days }).toString();
}

/** Returns whether the text is an existing date without a time. */
export function isCalendarDate(text: string): boolean {
  return DAY.test(text) && isDay(text);
}

/**
 * Returns whether the calendar has the day. `Date` turns a missing day into another one, so that its text differs. Temporal's polyfill
 * takes four times as long, and a refund checks its date several times.
 *
 * @param text in the form of {@link DAY}
 */
function isDay(text: string): boolean {
  const midnight = new Date(text);
  return text >= FIRST_DAY && !Number.isNaN(midnight.getTime()) && midnight.toISOString().startsWith(text);
}

/** The database's date type has no year 0. */
const FIRST_DAY = '0001-01-01';

/** Returns the instant at which the day ends in the time zone: midnight of the next day. */
export function endOfDay(date: PostingDate, timeZone: string): Date {
  const next = Temporal.PlainDate.from(date).add({ days: 1 });
  return new Date(next.toZonedDateTime(timeZone).epochMilliseconds);
}

/** Returns `null` outside the years 1 to 9999, the range that a four-digit year and the database's date type share. */
function inCalendar(date: Temporal.PlainDate): PostingDate | null {
  return date.year >= 1 && date.year <= 9999 ? date.toString() : null;
}
