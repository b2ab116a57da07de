import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { LongNumber, parseJson } from '../src/values/json.js';
import {
  Big,
  currencyDigits,
  decimalCount,
  digitCount,
  formatAmount,
  isCurrency,
  parseDecimal,
  parseNumberToken,
  roundToCurrency,
} from '../src/values/money.js';
import { toPostingDate } from '../src/values/posting-date.js';

describe('money', () => {
  it.each([
    ['0.125', 'USD', '0.13'],
    ['-0.125', 'USD', '-0.13'],
    ['0.124999999999', 'USD', '0.12'],
    ['0.5', 'JPY', '1'],
    ['2.5', 'JPY', '3'],
    ['0.0005', 'KWD', '0.001'],
    ['1.00005', 'CLF', '1.0001'],
  ])('rounds %s %s half away from zero, to %s', (value, currency, rounded) => {
    expect(formatAmount(roundToCurrency(Big(value), currency), currency)).toBe(rounded);
  });

  it("has the number of decimals from ISO 4217, which differs from CLDR's", () => {
    expect(['USD', 'JPY', 'KWD', 'CLF', 'HUF', 'ISK', 'IQD'].map(currencyDigits)).toEqual([2, 0, 3, 4, 2, 0, 3]);
    expect(['USD', 'usd', 'XYZ', ''].map(isCurrency)).toEqual([true, false, false, false]);
  });

  it('refuses JavaScript numbers', () => {
    expect(() => Big(0.1 as unknown as string)).toThrow();
    expect(() => Number(Big('0.1'))).toThrow();
  });

  it.each(['', ' 1', '1 ', '+1', '.5', '1.', '1,000', '1e3', '0x10', 'NaN', 'Infinity', '--1', '١'])(
    'does not read %p as a decimal',
    (text) => {
      expect(parseDecimal(text)).toBeNull();
    },
  );

  it('reads an exponent in a JSON number, but not in a string', () => {
    expect(parseNumberToken('1e2')?.toFixed()).toBe('100');
  });

  it.each([
    ['1'.repeat(31), '1'.repeat(31)],
    [`12.50${'0'.repeat(200)}`, '12.5'],
    [`12.50${'0'.repeat(495)}`, '12.5'],
    [`12.50${'0'.repeat(496)}`, `1${'0'.repeat(100)}`],
    [`-${'0'.repeat(500)}`, `-1${'0'.repeat(100)}`],
    ['1e999999999', `1${'0'.repeat(100)}`],
    ['-1e999999999', `-1${'0'.repeat(100)}`],
    [`0.${'0'.repeat(200)}1`, `1${'0'.repeat(100)}`],
  ])('reads a number of any length; one beyond the limits keeps too many digits: %.20s', (text, read) => {
    expect(parseNumberToken(text)?.toFixed()).toBe(read);
  });

  it.each([
    ['0', 1, 0],
    ['100', 3, 0],
    ['0.01', 3, 2],
    ['12.50', 3, 1],
    ['-9999999999999.99', 15, 2],
  ])('counts the digits and decimals of %s', (value, digits, decimals) => {
    expect([digitCount(Big(value)), decimalCount(Big(value))]).toEqual([digits, decimals]);
  });
});

describe('JSON', () => {
  it('keeps the text of a number that a double would change', () => {
    const text = '{"a": 0.1, "b": 1.0000000000000000001, "c": [12345678901234567890], "d": 1e400, "e": 0.30000000000000004}';
    const parsed = parseJson(Buffer.from(text));
    expect(parsed).toEqual({
      a: 0.1,
      b: new LongNumber('1.0000000000000000001'),
      c: [new LongNumber('12345678901234567890')],
      d: new LongNumber('1e400'),
      e: 0.30000000000000004,
    });
  });

  it('keeps the text of exactly those numbers that differ from their double', () => {
    const digits = fc.stringMatching(/^[0-9]{1,40}$/);
    const token = fc
      .tuple(
        fc.constantFrom('', '-'),
        fc.stringMatching(/^(0|[1-9][0-9]{0,39})$/),
        fc.option(digits),
        fc.option(fc.integer({ min: -400, max: 400 })),
      )
      .map(
        ([sign, whole, part, exponent]) =>
          `${sign}${whole}${part === null ? '' : `.${part}`}${exponent === null ? '' : `e${exponent}`}`,
      );
    fc.assert(
      fc.property(token, (source) => {
        const value = Number(source);
        const isExact = Number.isFinite(value) && Big(source).eq(Big(String(value)));
        expect(parseJson(Buffer.from(source))).toEqual(isExact ? value : new LongNumber(source));
      }),
      {
        examples: [
          ['0.1000000000000000055511151231257827'],
          ['1e23'],
          ['123456789012345680000'],
          ['0.00000000000000000000'],
          ['17976931348623157e292'],
        ],
      },
    );
  });
});

describe('a posting date', () => {
  it.each([
    ['2024-02-29', 'UTC', '2024-02-29'],
    ['2021-01-01T23:30:00.000Z', 'Asia/Tokyo', '2021-01-02'],
    ['2021-01-01t00:30:00+02:00', 'UTC', '2020-12-31'],
    ['2026-03-29T00:59:59Z', 'Europe/Berlin', '2026-03-29'],
    ['9999-12-31', 'UTC', '9999-12-31'],
  ])('reads %s in %s as %s', (text, timeZone, date) => {
    expect(toPostingDate(text, timeZone)).toBe(date);
  });

  it.each([
    '2021-02-30',
    '2023-02-29',
    '2021-13-01',
    '0000-01-01',
    '2021-1-1',
    '20210101',
    '2021-01-01T25:00:00Z',
    '2021-01-01T10:00:00+25:00',
    '2021-01-01T10',
    '2021-01-01[u-ca=hebrew]',
    '+012021-01-01',
    '9999-12-31T23:30:00-05:00',
    'today',
    '',
  ])('does not read %p', (text) => {
    expect(toPostingDate(text, 'UTC')).toBeNull();
  });
});
