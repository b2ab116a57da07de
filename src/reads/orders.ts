import { parseId } from '../entities/owned.js';
import { type Big, parseDecimal } from '../values/money.js';
import { isCalendarDate } from '../values/posting-date.js';

/** An order of a list's rows. The id decides between equal rows, so that the order is total and each page begins where the last one ended. */
export interface Order {
  /** Its name in the API, such as `DATE_DESC`. */
  readonly name: string;
  readonly description: string;
  /** The properties that the rows are ordered by; the last one is the id. */
  readonly properties: readonly string[];
  readonly isDescending: boolean;
  /** Properties by which an index in this order is divided: a list that a filter narrows to one value of them is read from that index. */
  readonly indexed: readonly string[];
  readonly keys: readonly Key[];
}

/** A row's place in an order: the values of the order's properties. */
export type Position = readonly unknown[];

/** How a value of an order becomes part of a cursor. */
export interface Key {
  write(value: unknown): string;
  /** Returns `null` if the text is no such value. */
  read(text: string): unknown;
}

export const KEYS = {
  id: { write: String, read: parseId },
  date: { write: String, read: (text) => (isCalendarDate(text) ? text : null) },
  amount: { write: (amount) => (amount as Big).toFixed(), read: (text) => parseDecimal(text)?.toFixed() ?? null },
  text: { write: String, read: (text) => (text.isWellFormed() && !text.includes('\0') ? text : null) },
} satisfies Record<string, Key>;

/** Maximum length of a cursor. The longest one has a text of 255 characters. */
export const MAX_CURSOR = 4_000;

/** Returns the cursor of a row: opaque to clients, and valid for this list in this order only. */
export function writeCursor(list: string, { name, properties, keys }: Order, row: object): string {
  const columns = row as Readonly<Record<string, unknown>>;
  const values = properties.map((property, index) => keys[index]?.write(columns[property]));
  return Buffer.from(JSON.stringify([list, name, ...values])).toString('base64url');
}

/** Returns the position of a cursor; `null` if it is not a cursor of this list in this order. */
export function readCursor(list: string, { name, keys }: Order, cursor: string): Position | null {
  const parts = partsOf(cursor);
  if (parts === null || parts[0] !== list || parts[1] !== name || parts.length !== keys.length + 2) return null;
  const values = keys.map((key, index) => key.read(parts[index + 2] as string));
  return values.includes(null) ? null : values;
}

function partsOf(cursor: string): readonly string[] | null {
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    return Array.isArray(parts) && parts.every((part) => typeof part === 'string') ? parts : null;
  } catch {
    return null;
  }
}
