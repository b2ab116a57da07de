/** Shows a posting date: a day without a time zone, such as 2026-02-01. */
export function Day({ date }: { readonly date: string }) {
  return <time dateTime={date}>{formatDay(date)}</time>;
}

function formatDay(date: string): string {
  return new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeZone: 'UTC' }).format(new Date(`${date}T00:00:00Z`));
}

/** Shows a moment in the reader's own time zone. */
export function Moment({ time }: { readonly time: string }) {
  const format = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short' });
  return <time dateTime={time}>{format.format(new Date(time))}</time>;
}

/** Returns the present day in the time zone of the organization. */
export function todayIn(timeZone: string): string {
  // The Canadian format is that of ISO 8601.
  return new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' }).format(new Date());
}
