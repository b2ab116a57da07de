import BigJs from 'big.js';
import { CURRENCIES } from './currencies.js';

/**
 * The only arithmetic and the only rounding rule for money.
 *
 * `Big` adds, subtracts and multiplies exactly. Strict mode throws on conversion from and to JavaScript numbers, so that no amount can
 * become a float unnoticed.
 *
 * @example Big('10.10').plus(Big('0.20')).toFixed() // '10.3'
 */
export const Big = BigJs();
Big.strict = true;
// The decimals of a quotient, which is then rounded to MAX_DIGITS.
Big.DP = 60;

export type Big = BigJs;

export const ZERO = Big('0');
export const ONE = Big('1');

/** A double preserves any decimal of up to 15 digits. Amounts and rates have no more, so that clients may read them as JSON numbers. */
export const MAX_DIGITS = 15;

/** Digits of an exchange rate before and after the point. In practice its total of {@link MAX_DIGITS} is the tighter limit. */
export const MAX_RATE_INTEGER_DIGITS = 10;
export const MAX_RATE_DECIMALS = 30;

const DECIMAL_TEXT = /^-?\d+(\.\d+)?$/;
const NUMBER_TOKEN = /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/;

/** Numbers with more digits are not read digit by digit. Every rule refuses them. */
const MAX_DIGITS_READ = 100;

/** Longer texts are not read at all, even if most of their digits are zeros: reading a megabyte of digits takes a sixth of a second. */
export const MAX_NUMBER_LENGTH = 500;

/** Parses a plain decimal such as `-12.50`; returns `null` for any other text. */
export function parseDecimal(text: string): Big | null {
  return DECIMAL_TEXT.test(text) ? bounded(text) : null;
}

/** Parses a number of JSON or of a GraphQL document, which may have an exponent; returns `null` for any other text. */
export function parseNumberToken(token: string): Big | null {
  return NUMBER_TOKEN.test(token) ? bounded(token) : null;
}

/**
 * Returns the number. One of too many digits is replaced by one that every rule refuses too, since `1e999999999` would become a message of a gigabyte.
 */
function bounded(text: string): Big {
  const value = text.length <= MAX_NUMBER_LENGTH ? Big(text) : null;
  if (value !== null && digitCount(value) <= MAX_DIGITS_READ) return value;
  return Big(`${text.startsWith('-') ? '-' : ''}1e${MAX_DIGITS_READ}`);
}

/** Returns the number of digits before and after the point, written without an exponent. */
export function digitCount(value: Big): number {
  return Math.max(value.e + 1, 1) + decimalCount(value);
}

/** Returns the number of digits from the first to the last one that is not zero, wherever the point is. */
export function significantDigits(value: Big): number {
  return value.c.length;
}

/** Returns the number of digits after the point, without trailing zeros. */
export function decimalCount(value: Big): number {
  return Math.max(value.c.length - value.e - 1, 0);
}

/** Returns whether new records may use the currency: ISO 4217 lists it today, and it is money. */
export function isCurrency(code: string): boolean {
  return CURRENCIES.get(code)?.current === true;
}

/**
 * Returns the number of decimals of amounts in the currency, which may be withdrawn.
 *
 * @throws {Error} if there is no such currency
 * @example currencyDigits('JPY') // 0; USD has 2, KWD 3
 */
export function currencyDigits(code: string): number {
  const currency = CURRENCIES.get(code);
  if (currency === undefined) throw new Error(`no such currency: ${code}`);
  return currency.digits;
}

/**
 * Rounds an amount to the currency's decimals, half away from zero. Only this function and {@link exchangeRateOf} round.
 *
 * @example roundToCurrency(Big('2.345'), 'USD') // 2.35
 */
export function roundToCurrency(value: Big, currencyCode: string): Big {
  return value.round(currencyDigits(currencyCode), BigJs.roundHalfUp);
}

/**
 * Returns amount × part ÷ whole, rounded to the currency's decimals. A quotient has so many decimals that the database's
 * `share_of` rounds it to the same amount.
 */
export function shareOf(amount: Big, part: Big, whole: Big, currencyCode: string): Big {
  return roundToCurrency(amount.times(part).div(whole), currencyCode);
}

/** Returns the smallest positive amount of the currency, such as 0.01 for USD. */
export function smallestUnit(currencyCode: string): Big {
  return Big(`1e-${currencyDigits(currencyCode)}`);
}

/** Returns baseAmount ÷ amount, rounded to the digits of an exchange rate: units of the base currency per foreign unit. */
export function exchangeRateOf(baseAmount: Big, amount: Big): Big {
  return baseAmount.div(amount).prec(MAX_DIGITS, BigJs.roundHalfUp).round(MAX_RATE_DECIMALS, BigJs.roundHalfUp);
}

/**
 * Formats an amount with all decimals of its currency.
 *
 * @example formatAmount(Big('100'), 'USD') // '100.00'
 */
export function formatAmount(value: Big, currencyCode: string): string {
  return value.toFixed(currencyDigits(currencyCode));
}

/** Formats an amount that a caller sent, which may have more decimals than its currency. */
export function exactAmount(value: Big, currencyCode: string): string {
  const formatted = formatAmount(value, currencyCode);
  return value.eq(formatted) ? formatted : value.toFixed();
}
