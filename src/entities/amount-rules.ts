import { AmountNotPositive, AmountPrecision, AmountTooLarge, ExchangeRateInvalid } from '../errors.js';
import {
  type Big,
  currencyDigits,
  decimalCount,
  digitCount,
  MAX_DIGITS,
  MAX_RATE_DECIMALS,
  MAX_RATE_INTEGER_DIGITS,
  ONE,
  significantDigits,
  ZERO,
} from '../values/money.js';

/** The digits that an exchange rate may have, as part of an error message. */
export const RATE_DIGITS = `at most ${MAX_DIGITS} significant digits, ${MAX_RATE_INTEGER_DIGITS} of them before the point and ${MAX_RATE_DECIMALS} decimals`;

/** Returns whether a JSON number and the database can hold the exchange rate exactly. */
export function hasRateDigits(rate: Big): boolean {
  return significantDigits(rate) <= MAX_DIGITS && decimalCount(rate) <= MAX_RATE_DECIMALS && rate.e < MAX_RATE_INTEGER_DIGITS;
}

/**
 * Checks that an amount is positive, and that its currency and a JSON number can hold its digits. An amount is never rounded.
 *
 * @throws {AmountNotPositive}
 * @throws {AmountPrecision} if it has more decimals than its currency
 * @throws {AmountTooLarge}
 * @example assertAmount(Big('10.50'), 'USD', 'amount')
 */
export function assertAmount(amount: Big, currencyCode: string, field: string): void {
  if (amount.lte(ZERO)) throw new AmountNotPositive(field);
  assertDigits(amount, currencyCode, field);
}

/**
 * Checks the amount of a credit note's line like {@link assertAmount}, except that it may be negative.
 *
 * @throws {AmountNotPositive} if it is zero
 * @throws {AmountPrecision}
 * @throws {AmountTooLarge}
 */
export function assertLineAmount(amount: Big, currencyCode: string, field: string): void {
  if (amount.eq(ZERO)) throw new AmountNotPositive(field, `${field} must not be zero`);
  assertDigits(amount, currencyCode, field);
}

function assertDigits(amount: Big, currencyCode: string, field: string): void {
  if (decimalCount(amount) > currencyDigits(currencyCode))
    throw new AmountPrecision(field, currencyCode, currencyDigits(currencyCode));
  if (digitCount(amount) > MAX_DIGITS) throw new AmountTooLarge(field, MAX_DIGITS);
}

/** @throws {ExchangeRateInvalid} if it is not positive, has too many digits, or is not 1 for the base currency */
export function assertExchangeRate(rate: Big, currencyCode: string, baseCurrency: string): void {
  if (rate.lte(ZERO)) throw new ExchangeRateInvalid('exchangeRate must be a positive number', rate);
  if (!hasRateDigits(rate)) throw new ExchangeRateInvalid(`exchangeRate must have ${RATE_DIGITS}`, rate);
  if (currencyCode === baseCurrency && !rate.eq(ONE)) {
    throw new ExchangeRateInvalid(`exchangeRate must be 1: the credit note is in the base currency, ${baseCurrency}`, rate);
  }
}
