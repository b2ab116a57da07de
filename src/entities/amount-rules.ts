import { AmountNotPositive, AmountPrecision, AmountTooLarge, ExchangeRateInvalid } from '../errors.js';
import { Big, currencyDigits, decimalCount, digitCount, MAX_DIGITS, ZERO } from '../money.js';

/** Digits of an exchange rate, before the point and after it. */
export const MAX_RATE_DECIMALS = 10;

/** An amount is positive and has no more digits than its currency, or a JSON number, can carry: it is refused, never rounded. */
export function assertAmount(amount: Big, currencyCode: string, field: string): void {
  if (amount.lte(ZERO)) throw new AmountNotPositive(field);
  if (decimalCount(amount) > currencyDigits(currencyCode))
    throw new AmountPrecision(field, currencyCode, currencyDigits(currencyCode));
  if (digitCount(amount) > MAX_DIGITS) throw new AmountTooLarge(field, MAX_DIGITS);
}

export function assertExchangeRate(rate: Big, currencyCode: string, baseCurrency: string): void {
  if (rate.lte(ZERO)) throw new ExchangeRateInvalid('exchangeRate must be a positive number', rate);
  if (decimalCount(rate) > MAX_RATE_DECIMALS || rate.e >= MAX_RATE_DECIMALS || digitCount(rate) > MAX_DIGITS) {
    throw new ExchangeRateInvalid(
      `exchangeRate has more than ${MAX_RATE_DECIMALS} digits before or after the point, or ${MAX_DIGITS} in all`,
      rate,
    );
  }
  if (currencyCode === baseCurrency && !rate.eq(Big('1'))) {
    throw new ExchangeRateInvalid(`exchangeRate must be 1: the credit note is in the base currency, ${baseCurrency}`, rate);
  }
}
