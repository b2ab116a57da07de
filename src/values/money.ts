import BigJs from 'big.js';
import { CURRENCIES } from './currencies.js';

/**
 * The only arithmetic and the only rounding rule for money.
 *
 * `Big` adds, subtracts and multiplies exactly. In strict mode it refuses JavaScript numbers, on the way in and on the
 * way out, so that no sum can pass through a float unnoticed.
 */
export const Big = BigJs();
Big.strict = true;
// Of quotients, before they are rounded to MAX_DIGITS.
Big.DP = 60;

export type Big = BigJs;

export const ZERO = Big('0');

/** A JSON number, a double, keeps this many decimal digits whatever they are; so we accept and answer no longer ones. */
export const MAX_DIGITS = 15;

/** Digits of an exchange rate before the point, and after it. What limits a rate in practice are its {@link MAX_DIGITS} in all. */
export const MAX_RATE_INTEGER_DIGITS = 10;
export const MAX_RATE_DECIMALS = 30;

const DECIMAL_TEXT = /^-?\d+(\.\d+)?$/;
const NUMBER_TOKEN = /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/;

/** Far more than any rule allows. */
const MAX_DIGITS_READ = 100;

/** Reads a plain decimal such as `-12.50`; `null` if the text is anything else. */
export function parseDecimal(text: string): Big | null {
  return DECIMAL_TEXT.test(text) ? bounded(Big(text)) : null;
}

/** Reads a number as it stood in JSON or in a GraphQL document, where an exponent is allowed; `null` if it is none. */
export function parseNumberToken(token: string): Big | null {
  return NUMBER_TOKEN.test(token) ? bounded(Big(token)) : null;
}

/**
 * What has so many digits that it is refused wherever it stands is read as one number of that kind: `1e999999999` would be a
 * gigabyte in a message.
 */
function bounded(value: Big): Big {
  return digitCount(value) <= MAX_DIGITS_READ ? value : Big(`${value.s < 0 ? '-' : ''}1e${MAX_DIGITS_READ}`);
}

/** Digits that it takes to write the value without an exponent, on both sides of the point. */
export function digitCount(value: Big): number {
  return Math.max(value.e + 1, 1) + decimalCount(value);
}

/** Digits from the first to the last that is not zero: what a JSON number carries, wherever the point is. */
export function significantDigits(value: Big): number {
  return value.c.length;
}

/** Digits after the decimal point, trailing zeros not counted. */
export function decimalCount(value: Big): number {
  return Math.max(value.c.length - value.e - 1, 0);
}

/** Whether new records may be in the currency: whether ISO 4217 lists it today, as money. */
export function isCurrency(code: string): boolean {
  return CURRENCIES.get(code)?.current === true;
}

/**
 * How many decimals amounts in the currency have: JPY 0, USD 2, KWD 3. Also of one that was withdrawn.
 *
 * @throws {Error} if there is no such currency
 */
export function currencyDigits(code: string): number {
  const currency = CURRENCIES.get(code);
  if (currency === undefined) throw new Error(`no such currency: ${code}`);
  return currency.digits;
}

/** Rounds half away from zero to the currency's digits. Nothing else in this service rounds, but {@link exchangeRateOf}. */
export function roundToCurrency(value: Big, currencyCode: string): Big {
  return value.round(currencyDigits(currencyCode), BigJs.roundHalfUp);
}

/** The smallest amount of the currency above zero. */
export function smallestUnit(currencyCode: string): Big {
  return Big(`1e-${currencyDigits(currencyCode)}`);
}

/** The exchange rate at which the amount is the base amount, to as many digits as a rate has. */
export function exchangeRateOf(baseAmount: Big, amount: Big): Big {
  return baseAmount.div(amount).prec(MAX_DIGITS, BigJs.roundHalfUp).round(MAX_RATE_DECIMALS, BigJs.roundHalfUp);
}

/** Writes an amount with all the decimals of its currency: `100.00` USD, `100` JPY. */
export function formatAmount(value: Big, currencyCode: string): string {
  return value.toFixed(currencyDigits(currencyCode));
}
