import * as iso4217 from 'dinero.js/currencies';

export interface Currency {
  /** Decimals of its amounts. */
  readonly digits: number;
  /** Whether new records may be in it. Books in one that was withdrawn stay readable, and what is open in it can be settled. */
  readonly current: boolean;
}

/**
 * Decimals of what an earlier list let into the books and ISO 4217 has withdrawn since: the guilder of Curaçao and Sint Maarten (XCG
 * took its place in 2025), the lev (the euro did in 2026, which the package does not know yet), the convertible peso. The others are
 * no money with amounts: metals, units of account, the codes for tests and for none at all.
 */
const WITHDRAWN: Readonly<Record<string, number>> = {
  ...{ ANG: 2, BGN: 2, CUC: 2 },
  ...{ XAG: 0, XAU: 0, XBA: 0, XBB: 0, XBC: 0, XBD: 0, XDR: 0, XPD: 0, XPT: 0, XSU: 0, XTS: 0, XUA: 0, XXX: 0 },
};

/** The currencies of ISO 4217, by their codes. */
export const CURRENCIES: ReadonlyMap<string, Currency> = new Map([
  ...Object.values(iso4217).map(({ code, base, exponent }): [string, Currency] => [
    code,
    { digits: digitsOf(base, exponent), current: true },
  ]),
  ...Object.entries(WITHDRAWN).map(([code, digits]): [string, Currency] => [code, { digits, current: false }]),
]);

/** The ariary and the ouguiya have fifths, which ISO 4217 writes with two decimals. */
function digitsOf(base: number | readonly number[], exponent: number): number {
  return base === 10 ? exponent : 2;
}
