import { Big, MAX_DIGITS } from './money.js';

/** A JSON number that a JavaScript number cannot hold without losing digits, kept as it was written. */
export class LongNumber {
  constructor(readonly source: string) {}
}

/**
 * Parses JSON without losing a digit of any number.
 *
 * @throws {SyntaxError} if the text is not JSON, or has a `__proto__` key
 */
export function parseJson(text: string): unknown {
  return (JSON.parse as ParseWithSource)(text, (key, value, context) => {
    if (key === '__proto__') throw new SyntaxError('The key __proto__ is not allowed');
    return typeof value === 'number' && losesDigits(value, context.source ?? '') ? new LongNumber(context.source ?? '') : value;
  });
}

/** `JSON.parse` of Node.js hands the reviver the source text of each primitive; TypeScript's library does not say so yet. */
type ParseWithSource = (text: string, reviver: (key: string, value: unknown, context: { source?: string }) => unknown) => unknown;

function losesDigits(value: number, source: string): boolean {
  if (source.length <= MAX_DIGITS && !/e/i.test(source)) return false;
  return !Number.isFinite(value) || !Big(source).eq(Big(String(value)));
}
