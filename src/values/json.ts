import { inspect } from 'node:util';
import { Big, MAX_DIGITS, MAX_NUMBER_LENGTH } from './money.js';

/** The client's body is not acceptable JSON. The message is for the client. */
export class InvalidJson extends Error {}

/** The source text of a JSON number that a JavaScript number cannot hold exactly. */
export class LongNumber {
  constructor(readonly source: string) {}

  /** Used in replies that quote the number, and in messages of graphql-js. */
  toJSON(): string {
    return this.source;
  }

  [inspect.custom](): string {
    return this.source;
  }
}

/** A JavaScript number is written with no more digits, from the first to the last one that is not zero. */
const MAX_DIGITS_OF_DOUBLE = 17;

const UTF_8 = new TextDecoder('utf-8', { fatal: true });

/** More values than any valid request has, and few enough to parse in milliseconds. */
const MAX_VALUES = 20_000;
const MAX_DEPTH = 100;

/**
 * Parses JSON without losing digits of a number or characters of a text. Numbers that a JavaScript number cannot hold exactly become
 * {@link LongNumber}.
 *
 * @throws {InvalidJson} if the bytes are not UTF-8, are not JSON, hold too many values, nest too deeply, have a `__proto__` key, or repeat a key in
 *   an object: nobody knows which of its values is meant
 * @example parseJson(Buffer.from('{"amount": 10.5}')) // { amount: 10.5 }
 */
export function parseJson(bytes: Uint8Array): unknown {
  const written = countKeys(bytes);
  let read = 0;
  try {
    const value = (JSON.parse as ParseWithSource)(decode(bytes), function (key, value, { source = '' }) {
      if (key === '__proto__') throw new InvalidJson('The key __proto__ is not allowed');
      if (!Array.isArray(this)) read += 1;
      return typeof value === 'number' && losesDigits(value, source) ? new LongNumber(source) : value;
    });
    // The whole is read last, as the value of a key that is not written.
    if (read <= written) throw new InvalidJson('A key is repeated in an object');
    return value;
  } catch (error) {
    if (error instanceof SyntaxError) throw new InvalidJson(error.message);
    throw error;
  }
}

const [QUOTE, BACKSLASH, COMMA, COLON, OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = Buffer.from('"\\,:[]{}');

/** Whether the value is an object with fields: neither null nor a list. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Returns the number of keys in all objects. It counts them, values and levels by the punctuation alone, which takes a small part of the parser's time.
 *
 * @throws {InvalidJson} if there are too many values or levels
 */
function countKeys(bytes: Uint8Array): number {
  let keys = 0;
  let values = 1;
  let depth = 0;
  let isText = false;
  for (let index = 0; index < bytes.length; index += 1) {
    const byte = bytes[index];
    if (isText) {
      if (byte === BACKSLASH) index += 1;
      else if (byte === QUOTE) isText = false;
    } else if (byte === QUOTE) isText = true;
    else if (byte === COMMA) values += 1;
    else if (byte === COLON) keys += 1;
    else if (byte === OPEN_LIST || byte === OPEN_OBJECT) {
      values += 1;
      depth += 1;
      if (depth > MAX_DEPTH) throw new InvalidJson(`The JSON nests too deeply: more than ${MAX_DEPTH} levels`);
    } else if (byte === CLOSE_LIST || byte === CLOSE_OBJECT) depth -= 1;
    if (values > MAX_VALUES) throw new InvalidJson(`The JSON holds more than ${MAX_VALUES} values`);
  }
  return keys;
}

function decode(bytes: Uint8Array): string {
  try {
    return UTF_8.decode(bytes);
  } catch {
    throw new InvalidJson('The body is not UTF-8');
  }
}

/** `JSON.parse` of Node.js passes the source text of each primitive to the reviver. TypeScript's library does not declare it yet. */
type ParseWithSource = (
  text: string,
  reviver: (this: unknown, key: string, value: unknown, context: { source?: string }) => unknown,
) => unknown;

function losesDigits(value: number, source: string): boolean {
  if (source.length <= MAX_DIGITS && !/e/i.test(source)) return false;
  // The comparison is slow. Every rule refuses longer numbers anyway, and more digits cannot be equal.
  if (source.length > MAX_NUMBER_LENGTH || !Number.isFinite(value)) return true;
  const [digits = ''] = /[1-9][\d.]*[1-9]/.exec(source.replace(/e.*$/i, '')) ?? [];
  if (digits.replace('.', '').length > MAX_DIGITS_OF_DOUBLE) return true;
  return !Big(source).eq(Big(String(value)));
}
