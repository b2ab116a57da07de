import { describe, expect, it, jest } from '@jest/globals';
import { FakeBigcapital } from './helpers/fake-bigcapital.js';
import { sharedGateway } from './helpers/gateway.js';

jest.setTimeout(120_000);

const gateway = sharedGateway();
const fake = FakeBigcapital.fresh();

/** Runs an import, whose books must be right whatever it refuses. */
async function imported() {
  const { report, health } = await fake.importInto(gateway);
  expect(health?.healthy).toBe(true);
  return report;
}

/** Returns what an import refuses. The recorded notes are here whatever else is refused. */
async function refusals(added = 3): Promise<string[]> {
  const report = await imported();
  expect(report.isComplete).toBe(false);
  expect(report.counts['credit notes'].added).toBeGreaterThanOrEqual(added);
  return report.refused.map(({ what, why }) => `${what}: ${why}`);
}

type Fault = (fake: FakeBigcapital) => void;

/** A long text of different characters, which PostgreSQL does not compress. */
const UNCOMPRESSED = String.fromCodePoint(...Array.from({ length: 9_000 }, (_, index) => 0x4e00 + ((index * 7_919) % 20_000)));

/** A credit note with one refund that is changed. */
const refund =
  (changes: Record<string, unknown>, note: Record<string, unknown> = {}): Fault =>
  (fake) => {
    fake.refund(fake.creditNote(100, note), 40, changes);
  };

describe('a refund is refused by name, with its credit note', () => {
  it.each<[string, Fault, string]>([
    ['of the amount 0, as Bigcapital stores 0.0004', refund({ amount: 0 }), 'amount must be a positive number'],
    ['of a negative amount', refund({ amount: -1 }), 'amount must be a positive number'],
    [
      'of an amount with more digits than its currency has',
      refund({ amount: 33.333 }),
      'amount has more decimals than USD has (2)',
    ],
    ['of more than remains', refund({ amount: 100.01 }), 'over-refunded'],
    ['of a draft', refund({}, { opened_at: null }), 'is a draft'],
    ['from an expense account', refund({ from_account_id: 1020 }), 'Account Office expenses is of type expense'],
    ['from the receivable itself', refund({ from_account_id: 1006 }), 'accounts receivable'],
    ['from an account that is not there', refund({ from_account_id: 77 }), 'account 77 is not here'],
    [
      'from an inactive account',
      (fake) => {
        refund({ from_account_id: 1001 })(fake);
        fake.account(1001).active = 0;
      },
      'Account Saving Bank Account is inactive',
    ],
    [
      'with a description of which Bigcapital posts nothing',
      refund({ description: 'x'.repeat(256) }),
      'its description is longer than 255 characters',
    ],
    [
      'with a reference of 256 characters',
      refund({ reference_no: 'x'.repeat(256) }),
      'its reference is longer than 255 characters',
    ],
    ['on a day that does not exist', refund({ date: '2021-02-30T00:00:00.000Z' }), 'date must be a date'],
    ['before its credit note', refund({ date: '2026-01-14T00:00:00.000Z' }), 'before'],
    ['years ahead', refund({ date: '2099-01-01T00:00:00.000Z' }), '2099-01-01'],
    [
      'of a foreign note at the rate 1',
      refund({ exchange_rate: 1 }, { currency_code: 'EUR', exchange_rate: 1.2 }),
      'its amount in EUR is not converted to USD: its exchange rate is 1',
    ],
    [
      'of a foreign note without a rate',
      refund({ exchange_rate: null }, { currency_code: 'EUR', exchange_rate: 1.2 }),
      'its exchange rate is missing',
    ],
    [
      'of a foreign note at a rate far from its own',
      refund({ exchange_rate: 12 }, { currency_code: 'EUR', exchange_rate: 1.2 }),
      'rate',
    ],
    ['of a base note at another rate', refund({ exchange_rate: 1.5 }), 'exchangeRate must be 1'],
    ['in another currency than its note', refund({ currency_code: 'EUR' }), 'it is in EUR, and its credit note is in USD'],
    ['of a branch that is not there', refund({ branch_id: 9 }), 'branch 9 is not here'],
    ['with an amount that is no number', refund({ amount: 'forty' }), 'its amount is no number: "forty"'],
    ['without an account', refund({ from_account_id: null }), 'its from_account_id is missing'],
  ])('%s', async (_, fault, reason) => {
    fault(fake);
    const refused = (await refusals()).filter((each) => !/^(opening entry|balance of account)/.test(each));
    expect(refused[0]).toMatch(/^credit note 4: /);
    expect(refused[0]).toContain(reason);
    expect(refused.join('\n')).toContain('refund 1');
  });

  it('and takes its other refunds with it, so that nothing is paid again', async () => {
    const noteId = fake.creditNote(100);
    fake.refund(noteId, 10);
    fake.refund(noteId, 20, { from_account_id: 1020 });
    expect(await refusals()).toEqual([
      `credit note ${noteId}: refund 2: ${'Account Office expenses is of type expense; this needs one of: bank, cash, fixed asset'}`,
      `refund 1: its credit note ${noteId} is refused`,
    ]);
  });
});

describe('a credit note is refused by name', () => {
  it.each<[string, Fault, string]>([
    [
      'whose refunds are more than it holds',
      (fake) => {
        const id = fake.creditNote(100);
        for (let i = 0; i < 6; i += 1) fake.refund(id, 100);
      },
      'it is over-refunded: 600 is refunded or applied to invoices of 100',
    ],
    [
      'of which more is refunded than its refunds show',
      (fake) => {
        fake.note(fake.creditNote(100)).refunded_amount = 30;
      },
      'Bigcapital counts 30 USD as refunded, and its refunds add up to 0',
    ],
    [
      'whose refunds Bigcapital has forgotten, and which are too much',
      (fake) => {
        const id = fake.creditNote(100);
        fake.refund(id, 80);
        fake.refund(id, 80);
        fake.note(id).refunded_amount = 0;
      },
      'over-refunded',
    ],
    [
      'whose lines do not add up to its total',
      (fake) => {
        fake.note(fake.creditNote(100)).total = 120;
      },
      'its ledger entry does not balance: its lines add up to 100, and its total is 120',
    ],
    [
      'in a foreign currency at the rate 1',
      (fake) => fake.creditNote(100, { currency_code: 'EUR', exchange_rate: 1 }),
      'is not converted to USD',
    ],
    ['in a currency that does not exist', (fake) => fake.creditNote(100, { currency_code: 'XXQ', exchange_rate: 2 }), 'XXQ'],
    [
      'on a day that does not exist',
      (fake) => fake.creditNote(100, { credit_note_date: '2021-02-30T00:00:00.000Z' }),
      'date must be a date',
    ],
    ['of a customer that is not there', (fake) => fake.creditNote(100, { customer_id: 77 }), 'customer 77 is not here'],
    ['without lines', (fake) => fake.creditNote(100, { entries: [] }), 'it has no lines'],
    [
      'with a line that posts to an expense',
      (fake) => {
        const note = fake.note(fake.creditNote(100));
        note.entries = (note.entries as object[]).map((line) => ({ ...line, sell_account_id: 1020 }));
      },
      'Account Office expenses is of type expense',
    ],
    ['with more digits than its currency has', (fake) => fake.creditNote(33.333), 'amount has more decimals than USD has (2)'],
    ['of nothing', (fake) => fake.creditNote(0), 'it has no lines'],
    [
      'with a note that is too long',
      (fake) => fake.creditNote(100, { note: 'x'.repeat(4001) }),
      'its note is longer than 4000 characters',
    ],
    [
      'with a NUL in a text, which no database holds',
      (fake) => fake.creditNote(100, { note: 'a\u0000b' }),
      'its note has a character that no text may have',
    ],
    ['without a date', (fake) => fake.creditNote(100, { credit_note_date: null }), 'its credit_note_date is missing'],
  ])('%s', async (_, fault, reason) => {
    fault(fake);
    const refused = (await refusals()).filter((each) => each.startsWith('credit note'));
    expect(refused.join('\n')).toContain(reason);
    expect(refused.join('\n')).toMatch(/^credit note [45]: /);
  });

  it('without an id', async () => {
    fake.creditNotes.push({ ...fake.creditNotes[0], id: null });
    expect(await refusals()).toEqual(['credit note ?: its id is missing']);
  });

  it('that has a refund of another credit note, and only that one', async () => {
    const [first, second] = [fake.creditNote(100), fake.creditNote(100)];
    const refundId = fake.refund(first, 40);
    fake.refund(second, 40, { id: refundId });
    // The database refuses the batch, and each half of it is tried again.
    expect(await refusals()).toEqual([`credit note ${second}: refund ${refundId}: this id belongs to another refund here`]);
  });

  it('once more after it was refused, and taken over when it has been put right', async () => {
    const noteId = fake.creditNote(100);
    fake.refund(noteId, 40, { from_account_id: 1020 });
    expect(await refusals()).toHaveLength(1);
    const [refund] = fake.refunds;
    Object.assign(refund ?? {}, { from_account_id: 1000 });
    fake.post(1020, 40);
    fake.post(1000, -40);
    const report = await imported();
    expect([report.refused, report.counts.refunds.added]).toEqual([[], 1]);
  });
});

describe('an opening entry is refused', () => {
  const entries = async () => {
    const { rows } = await gateway.database.superuser.query(
      `select count(*)::int as entries from journal_entries where source = 'OPENING'
         and organization_id = (select id from organizations where public_id = $1)`,
      [fake.publicId],
    );
    return rows[0].entries;
  };

  // Such a note is in the books, with all that it has posted there.
  it.each<[string, Fault, string]>([
    ['has a refund that cannot be taken over', (fake) => fake.refund(4, 10, { from_account_id: 1020 }), 'refund 2: Account Office'],
    ['has lost a refund', (fake) => fake.refunds.pop(), 'Bigcapital counts 40 USD as refunded, and its refunds add up to 0'],
    ['has lost its date', (fake) => Object.assign(fake.note(4), { credit_note_date: 'long ago' }), 'date must be a date'],
    ['has a refund without a date', (fake) => Object.assign(fake.refunds[0] ?? {}, { date: 'long ago' }), 'date must be a date'],
    ['can no longer be read', (fake) => Object.assign(fake.note(4), { total: 'much' }), 'its total is no number'],
  ])('if a credit note that is here %s', async (_, fault, reason) => {
    fake.post(1000, 50);
    fake.post(1026, 50);
    fake.refund(fake.creditNote(100), 40);
    await imported();
    expect(await entries()).toBe(1);
    fault(fake);
    const refused = await refusals(0);
    expect(refused[0]).toContain(`credit note 4: ${reason}`);
    expect(refused.at(-1)).toBe(
      'opening entry: credit note 4 is here and refused now, so what else the balances consist of is not known',
    );
    expect(await entries()).toBe(1);
  });

  it('if the ledger does not balance', async () => {
    fake.post(1000, 50);
    expect(await refusals()).toEqual([
      'opening entry: the ledger does not balance: without the documents that are taken over, debits less credits are 50.00 USD',
    ]);
  });

  it('if an account in another currency holds more than the taken documents explain', async () => {
    fake.accounts.push({
      ...fake.account(1000),
      id: 2000,
      name: 'Euro Bank',
      code: '20',
      slug: null,
      currency_code: 'EUR',
      amount: 70,
    });
    expect(await refusals()).toEqual(['balance of account 2000: its balance of 70 EUR has no value in USD']);
  });
});

describe('an account, a branch or a customer is refused', () => {
  it.each<[string, Fault, string]>([
    [
      'of an unknown type',
      (fake) => fake.accounts.push({ ...fake.account(1000), id: 2000, account_type: 'crypto', amount: 0 }),
      'account 2000: there is no type of account crypto',
    ],
    [
      'in a currency that does not exist',
      (fake) => fake.customers.push({ ...fake.customers[0], id: 8, currency_code: 'ZZZ' }),
      'customer 8: there is no currency ZZZ',
    ],
    [
      'with half a character',
      (fake) => fake.customers.push({ ...fake.customers[0], id: 8, display_name: 'A\ud83d' }),
      'customer 8: its display_name has a character that no text may have',
    ],
    ['without an id', (fake) => fake.branches.push({ name: 'South' }), 'branch ?: its id is missing'],
    [
      'with an id that nobody could ask for here',
      (fake) => fake.customers.push({ ...fake.customers[0], id: 2 ** 53 - 1 }),
      'customer 9007199254740991: its id is no id: 9007199254740991',
    ],
    [
      'with an id that only reads like one',
      (fake) => fake.customers.push({ ...fake.customers[0], id: '01' }),
      'customer 01: its id is no id: "01"',
    ],
    [
      'with a name that no index holds',
      (fake) => fake.customers.push({ ...fake.customers[0], id: 8, display_name: UNCOMPRESSED }),
      'customer 8: its display_name is longer than 255 characters',
    ],
    [
      'with a code that no index holds',
      (fake) => fake.branches.push({ id: 8, code: UNCOMPRESSED, name: 'South' }),
      'branch 8: its code is longer than 255 characters',
    ],
  ])('%s', async (_, fault, reason) => {
    fault(fake);
    expect(await refusals()).toEqual([reason]);
  });
});
