import * as iso4217 from 'dinero.js/currencies';

export interface Currency {
  /** Number of decimals of its amounts. */
  readonly digits: number;
  /** Whether new records may use it. Records in a withdrawn currency stay readable, and open credit notes in it can be refunded. */
  readonly current: boolean;
}

/**
 * Codes that earlier versions accepted for records, with their decimals. The first line has withdrawn currencies: the guilder of Curaçao
 * and Sint Maarten (XCG since 2025), the lev (EUR since 2026; dinero.js still lists it), the convertible peso. The second line has codes
 * of ISO 4217 that are not money: metals, units of account, the test code and "no currency".
 */
const WITHDRAWN: Readonly<Record<string, number>> = {
  ...{ ANG: 2, BGN: 2, CUC: 2 },
  ...{ XAG: 0, XAU: 0, XBA: 0, XBB: 0, XBC: 0, XBD: 0, XDR: 0, XPD: 0, XPT: 0, XSU: 0, XTS: 0, XUA: 0, XXX: 0 },
};

/** All currencies that a record may have, by ISO 4217 code. */
export const CURRENCIES: ReadonlyMap<string, Currency> = new Map([
  ...Object.values(iso4217).map(({ code, base, exponent }): [string, Currency] => [
    code,
    { digits: digitsOf(base, exponent), current: true },
  ]),
  ...Object.entries(WITHDRAWN).map(([code, digits]): [string, Currency] => [code, { digits, current: false }]),
]);

let names: Intl.DisplayNames | undefined;

/** Returns the name in English; of an unknown currency, its code. The first name that is asked for loads them all, some 7 MB. */
export function currencyName(code: string): string {
  names ??= new Intl.DisplayNames('en', { type: 'currency' });
  return names.of(code) ?? code;
}

/** Returns the number of decimals. The ariary and the ouguiya have five subunits, for which ISO 4217 lists two decimals. */
function digitsOf(base: number | readonly number[], exponent: number): number {
  return base === 10 ? exponent : 2;
}
