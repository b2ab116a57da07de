import { describe, expect, it } from '@jest/globals';
import { assertAmount, assertExchangeRate } from '../src/entities/amount-rules.js';
import { Big } from '../src/values/money.js';

/** The entities check amounts and rates themselves, although GraphQL and REST refuse most wrong ones earlier. */
describe('an amount', () => {
  it.each(['0', '-0.01'])('must be positive: %s is refused', (amount) => {
    expect(() => assertAmount(Big(amount), 'USD', 'amount')).toThrow('amount must be a positive number');
  });

  it.each([
    ['0.001', 'USD', 'more decimals than USD has'],
    ['0.1', 'JPY', 'more decimals than JPY has'],
    ['12345678901234.56', 'USD', 'more than 15 digits'],
  ])('has no more decimals than its currency and no more digits than the column: %s %s', (amount, currency, reason) => {
    expect(() => assertAmount(Big(amount), currency, 'amount')).toThrow(reason);
  });

  it.each([
    ['0.01', 'USD'],
    ['1', 'JPY'],
    ['0.001', 'KWD'],
    ['1234567890123.45', 'USD'],
  ])('is accepted: %s %s', (amount, currency) => {
    expect(assertAmount(Big(amount), currency, 'amount')).toBeUndefined();
  });
});

describe('an exchange rate', () => {
  it.each(['0', '-1.1'])('must be positive: %s is refused', (rate) => {
    expect(() => assertExchangeRate(Big(rate), 'EUR', 'USD')).toThrow('exchangeRate must be a positive number');
  });

  it('must be 1 in the base currency', () => {
    expect(() => assertExchangeRate(Big('1.1'), 'USD', 'USD')).toThrow('exchangeRate must be 1');
    expect(assertExchangeRate(Big('1'), 'USD', 'USD')).toBeUndefined();
  });
});
