import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Big } from '../src/values/money.js';
import { AccountDocument, ReverseRefundDocument } from './generated/documents.js';
import { type Books, ledger, sharedGateway } from './helpers/gateway.js';

const gateway = sharedGateway();

const DIGITS = { USD: 2, EUR: 2, JPY: 0, KWD: 3 } as const;
type Currency = keyof typeof DIGITS;

async function balance(books: Books, id: string): Promise<string> {
  return String((await books.client.query(AccountDocument, { id })).account?.balance);
}

/** The balance of the receivable in the base currency and in the currency of the note. */
async function receivable({ client, ids, gateway }: Books): Promise<number[]> {
  const { account } = await client.query(AccountDocument, { id: ids.receivable });
  const { rows } = await gateway.database.sql.query(
    `select coalesce(sum(case side when 'DEBIT' then foreign_amount else -foreign_amount end), 0) as foreign_amount
     from journal_lines where account_id = $1`,
    [ids.receivable],
  );
  return [Number(account?.balance), Number(rows[0].foreign_amount)];
}

async function systemBalance(books: Books, role: 'fx-gain-loss' | 'rounding'): Promise<string> {
  const { rows } = await gateway.database.sql.query('select id from accounts where organization_id = $1 and system_role = $2', [
    books.organization.id,
    role,
  ]);
  return balance(books, rows[0].id);
}

describe('a refund at the rate of its note', () => {
  const EURO = { currencyCode: 'EUR', exchangeRate: '1.005' };

  it('posts rounding differences as rounding, not as FX, if the bank account is in the base currency', async () => {
    const books = await gateway.books();
    const note = await books.creditNote('3.00', EURO);

    const refunds = [];
    for (const _ of [1, 2, 3]) refunds.push(await books.refund(note.id, { amount: '1.00', exchangeRate: '1.005' }));

    expect(refunds.map(({ realizedGain }) => realizedGain)).toEqual(['0.00', '0.00', '0.00']);
    expect(refunds.map(({ journalEntry }) => ledger(journalEntry))).toEqual([
      ['debit Accounts Receivable 1.01 (1.00 EUR)', 'credit Bank 1.01 (1.00 EUR)'],
      ['debit Accounts Receivable 1.00 (1.00 EUR)', 'credit Bank 1.01 (1.00 EUR)', 'debit Rounding Differences 0.01'],
      ['debit Accounts Receivable 1.01 (1.00 EUR)', 'credit Bank 1.01 (1.00 EUR)'],
    ]);
    expect(await receivable(books)).toEqual([0, 0]);
    expect(Number(await systemBalance(books, 'fx-gain-loss'))).toBe(0);
  });

  it('has no rounding difference if the bank account is in the currency of the note', async () => {
    const books = await gateway.books();
    const euros = await books.account('BANK', { currencyCode: 'EUR' });
    const note = await books.creditNote('3.00', EURO);

    const entries = [];
    for (const _ of [1, 2, 3]) {
      const { journalEntry } = await books.refund(note.id, { amount: '1.00', exchangeRate: '1.005', fromAccountId: euros });
      entries.push(ledger(journalEntry));
    }

    expect(entries).toEqual(
      ['1.01', '1.00', '1.01'].map((value) => [
        `debit Accounts Receivable ${value} (1.00 EUR)`,
        `credit BANK EUR ${value} (1.00 EUR)`,
      ]),
    );
    expect(await balance(books, euros)).toBe('-3.02');
  });
});

it('the value of a bank account in the foreign currency follows its running total, also at a changed rate', async () => {
  const books = await gateway.books();
  const euros = await books.account('BANK', { currencyCode: 'EUR' });
  const note = await books.creditNote('20.00', { currencyCode: 'EUR', exchangeRate: '1' });

  for (let count = 0; count < 20; count++) {
    await books.refund(note.id, { amount: '1.00', exchangeRate: '1.0149', fromAccountId: euros });
  }

  expect(await balance(books, euros)).toBe('-20.30');
  expect(await systemBalance(books, 'fx-gain-loss')).toBe('0.30');
  expect(Number(await systemBalance(books, 'rounding'))).toBe(0);
});

/** Parts of the remaining credit, with a factor of the rate; a third of them are reversed. */
const parts = fc.array(
  fc.record({ percent: fc.integer({ min: 1, max: 90 }), changed: fc.integer({ min: 600, max: 1900 }), reversed: fc.nat(2) }),
  { minLength: 1, maxLength: 6 },
);

const cases = fc.record({
  base: fc.constantFrom<Currency>('USD', 'JPY', 'KWD'),
  currency: fc.constantFrom<Currency>('EUR', 'JPY', 'KWD'),
  units: fc.integer({ min: 1, max: 50_000 }),
  rate: fc.integer({ min: 1, max: 30_000_000 }),
  scale: fc.integer({ min: 4, max: 8 }),
  fromForeign: fc.boolean(),
  parts,
});

/** Refunds a note in parts at its own rate or at changed ones, reverses some, and refunds the rest at the end. */
async function payBack(
  { base, currency, units, rate, scale, fromForeign, parts }: typeof cases extends fc.Arbitrary<infer T> ? T : never,
  atNotesRate: boolean,
) {
  const books = await gateway.books({ baseCurrency: base });
  const decimals = DIGITS[currency];
  const text = (minor: number): string => Big(`${minor}e-${decimals}`).toFixed(decimals);
  const exchangeRate = Big(`${rate}e-${scale}`);
  const note = await books.creditNote(text(units), { currencyCode: currency, exchangeRate: exchangeRate.toFixed() });
  const fromAccountId = fromForeign ? await books.account('BANK', { currencyCode: currency }) : books.ids.bank;
  let remaining = units;
  let exact = Big('0');
  const gains: string[] = [];
  for (const { percent, changed, reversed } of [...parts, { percent: 100, changed: 1100, reversed: 1 }]) {
    const minor = Math.ceil((remaining * percent) / 100);
    if (minor === 0) break;
    const paid = atNotesRate ? exchangeRate : exchangeRate.times(Big(`${changed}e-3`)).prec(15, 1);
    const refund = await books.refund(note.id, { amount: text(minor), exchangeRate: paid.toFixed(), fromAccountId });
    gains.push(String(refund.realizedGain));
    if (reversed === 0) {
      const input = { refundId: refund.id, date: '2026-02-02', reason: 'It came back' };
      await books.client.query(ReverseRefundDocument, { input });
    } else {
      remaining -= minor;
      exact = exact.plus(Big(text(minor)).times(exchangeRate.minus(paid)));
    }
  }
  expect(await books.faults()).toEqual([]);
  expect(await receivable(books)).toEqual([0, 0]);
  return { books, gains, exact };
}

it('refunds at the rate of the note realize no gain, however it is split and reversed', async () => {
  await fc.assert(
    fc.asyncProperty(
      cases.filter(({ base, currency }) => base !== currency),
      async (one) => {
        const { books, gains } = await payBack(one, true);
        expect(gains.map(Number)).toEqual(gains.map(() => 0));
        expect(Number(await systemBalance(books, 'fx-gain-loss'))).toBe(0);
        if (one.fromForeign) expect(Number(await systemBalance(books, 'rounding'))).toBe(0);
      },
    ),
    { numRuns: 15 },
  );
});

it('refunds at changed rates realize the exact gain, up to half of the smallest unit over all refunds', async () => {
  await fc.assert(
    fc.asyncProperty(
      cases.filter(({ base, currency }) => base !== currency),
      async (one) => {
        const { books, exact } = await payBack(one, false);
        // The account's balance is debits minus credits, so a gain is negative.
        const off = Big(await systemBalance(books, 'fx-gain-loss'))
          .plus(exact)
          .abs();
        expect(Number(off.toFixed())).toBeLessThanOrEqual(0.5 * 10 ** -DIGITS[one.base]);
      },
    ),
    { numRuns: 15 },
  );
});
