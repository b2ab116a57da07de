import { type Big, currencyDigits, ZERO } from '../values/money.js';
import type { PostingDate } from '../values/posting-date.js';

/** The formats of the legacy API's texts and numbers. */

/** Returns the exact number: amounts and rates have at most the 15 digits that a double holds. */
export function jsonNumber(value: Big): number {
  return Number.parseFloat(value.toFixed());
}

/** Returns a date as the legacy API writes it: midnight UTC of the day. */
export function midnight(date: PostingDate): string {
  return `${date}T00:00:00.000Z`;
}

/** @example monthFirst('2026-02-01') // '02/01/2026' */
export function monthFirst(date: PostingDate): string {
  return date.replace(/^(\d+)-(\d+)-(\d+)$/, '$2/$3/$1');
}

/**
 * Formats an amount with two decimals, or all of its currency's if these are more.
 *
 * @example grouped(Big('1234.5'), 'USD') // '1,234.50'
 */
export function grouped(value: Big, currencyCode: string): string {
  const [whole = '', decimals] = value
    .abs()
    .toFixed(Math.max(2, currencyDigits(currencyCode)))
    .split('.');
  return `${value.lt(ZERO) ? '-' : ''}${whole.replace(/\B(?=(\d{3})+$)/g, ',')}.${decimals}`;
}

/** @example withSign(Big('1000'), 'USD') // '$1,000.00' */
export function withSign(value: Big, currencyCode: string): string {
  const amount = grouped(value.abs(), currencyCode);
  return `${value.lt(ZERO) ? '-' : ''}${signOf(currencyCode, 'narrowSymbol')}${amount}`;
}

/** The signs of currencies. Each one takes a formatter, which is slow to make. */
const SIGNS = new Map<string, string>();

/**
 * @param display `narrowSymbol` is the same for all dollars, `symbol` tells them apart
 * @example signOf('CAD', 'symbol') // 'CA$'
 */
export function signOf(currencyCode: string, display: 'symbol' | 'narrowSymbol'): string {
  const key = `${currencyCode} ${display}`;
  const known = SIGNS.get(key);
  if (known !== undefined) return known;
  const format = new Intl.NumberFormat('en-US', { style: 'currency', currency: currencyCode, currencyDisplay: display });
  const sign = format.formatToParts(0).find(({ type }) => type === 'currency')?.value ?? currencyCode;
  SIGNS.set(key, sign);
  return sign;
}
