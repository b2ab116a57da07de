import { Temporal } from 'temporal-polyfill';

const DATE = /^\d{4}-\d{2}-\d{2}$/;
const DATE_TIME = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})$/;

/** A calendar date in the books, `YYYY-MM-DD`, without a time zone. Such texts compare in the order of time. */
export type PostingDate = string;

/**
 * Reads a calendar date (`2021-01-01`) as it is, and an RFC 3339 date-time (`2021-01-01T23:30:00Z`) as the calendar date
 * that it was then in the time zone; `null` for anything else, and for days that no calendar has, such as 2021-02-30.
 *
 * @param timeZone IANA name of the organization's time zone
 */
export function toPostingDate(text: string, timeZone: string): PostingDate | null {
  try {
    if (DATE.test(text)) return inCalendar(Temporal.PlainDate.from(text));
    if (DATE_TIME.test(text)) return inCalendar(Temporal.Instant.from(text).toZonedDateTimeISO(timeZone).toPlainDate());
    return null;
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** Whether the text is a date or date-time that {@link toPostingDate} reads, in whatever time zone. */
export function isPostingDate(text: string): boolean {
  return toPostingDate(text, 'UTC') !== null;
}

/** Today in the time zone. */
export function today(timeZone: string): PostingDate {
  return Temporal.Now.plainDateISO(timeZone).toString();
}

/** Years 1 to 9999 are what both a four-digit text and the database's date type can hold. */
function inCalendar(date: Temporal.PlainDate): PostingDate | null {
  return date.year >= 1 && date.year <= 9999 ? date.toString() : null;
}
