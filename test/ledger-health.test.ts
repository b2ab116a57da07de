import { beforeEach, describe, expect, it } from '@jest/globals';
import { Role } from '../src/entities/access.js';
import { snapshotBalances } from '../src/services/ledger/balances.js';
import { BalancesDocument, LedgerHealthDocument, ReverseRefundDocument } from './generated/documents.js';
import { type Books, freshBooks, sharedGateway } from './helpers/gateway.js';

const gateway = sharedGateway();
const books = freshBooks(gateway);
let noteId: string;
let refundId: string;
beforeEach(async () => {
  noteId = (await books.creditNote('1000.00', { currencyCode: 'EUR', exchangeRate: '1.1' })).id;
  refundId = (await books.refund(noteId, { exchangeRate: '1.2' })).id;
});

async function reverse(): Promise<void> {
  await books.client.query(ReverseRefundDocument, { input: { refundId, date: '2026-02-05', reason: 'x' } });
}

async function broken(): Promise<string[]> {
  const { ledgerHealth } = await books.client.query(LedgerHealthDocument);
  const faults = await books.faults();
  expect(ledgerHealth.healthy).toBe(faults.length === 0);
  return faults;
}

/** Runs the statements as a superuser with all triggers and foreign keys switched off. */
async function plant(...statements: string[]): Promise<void> {
  const { superuser } = gateway.database;
  await gateway.database.withoutRules(async () => {
    for (const statement of statements) await superuser.query(statement);
  });
}

it('the ledger is healthy after refunds, reversals and voided notes', async () => {
  await reverse();
  await books.refund(noteId, { exchangeRate: '1' });
  expect(await broken()).toEqual([]);
});

describe('the check of the books finds', () => {
  it('an entry that does not balance', async () => {
    await plant(
      `update journal_lines set amount = amount + 1 where side = 'DEBIT' and journal_entry_id = (select journal_entry_id from refunds where id = ${refundId})`,
    );
    expect((await broken()).map((line) => line.split(':')[0])).toEqual(
      expect.arrayContaining(['trial-balance-is-zero', 'every-entry-balances', 'every-refund-has-its-entry']),
    );
  });

  it('a balanced entry with another amount than its refund', async () => {
    await plant(`update journal_lines set amount = amount + 1 where journal_entry_id = (select journal_entry_id from refunds where id = ${refundId})
      and account_id <> (select id from accounts where system_role = 'fx-gain-loss' and organization_id = ${books.organization.id})`);
    expect(await broken()).toEqual(expect.arrayContaining([`every-refund-has-its-entry: refund ${refundId}`]));
  });

  it('a refund without its entry', async () => {
    await plant(`delete from journal_entries where id = (select journal_entry_id from refunds where id = ${refundId})`);
    expect((await broken()).join()).toContain(`every-refund-has-its-entry: refund ${refundId}`);
  });

  it('an entry without a document', async () => {
    await plant(`delete from refunds where id = ${refundId}`);
    expect((await broken()).join()).toContain('every-entry-has-its-document: journal entry');
  });

  it('a note whose refunded amount differs from the sum of its refunds', async () => {
    await plant(`update credit_notes set refunded = refunded + 1 where id = ${noteId}`);
    expect(await broken()).toEqual([`refunded-is-the-sum-of-posted-refunds: credit note ${noteId}`]);
  });

  it('a note that was refunded beyond its total', async () => {
    await plant(
      'alter table credit_notes disable trigger all',
      'alter table credit_notes drop constraint credit_notes_never_over_refunded',
    );
    await plant(`update credit_notes set refunded = total + 1 where id = ${noteId}`);
    const found = await broken();
    await plant(
      `update credit_notes set refunded = 40 where id = ${noteId}`,
      'alter table credit_notes add constraint credit_notes_never_over_refunded check (refunded + applied <= total)',
      'alter table credit_notes enable trigger all',
    );
    expect(found.join()).toContain(`no-credit-note-is-over-refunded: credit note ${noteId}`);
  });

  it('a receivable that differs from the customer’s open notes', async () => {
    await plant(`update journal_lines set customer_id = null where organization_id = ${books.organization.id} and side = 'CREDIT'`);
    expect((await broken()).join()).toContain('receivable-is-what-open-notes-hold: customer');
  });

  it('a refund that is reversed twice', async () => {
    await reverse();
    const columns = 'organization_id, refund_id, journal_entry_id, date, reason, created_by, api_key_id, request_id, protocol';
    await plant(
      'alter table refund_reversals drop constraint refund_reversals_organization_id_refund_id_key, drop constraint refund_reversals_organization_id_journal_entry_id_key',
      `insert into refund_reversals (${columns}) select ${columns} from refund_reversals where refund_id = ${refundId}`,
    );
    const found = await broken();
    await plant(
      'delete from refund_reversals older using refund_reversals newer where older.refund_id = newer.refund_id and older.id < newer.id',
      'alter table refund_reversals add unique (organization_id, refund_id), add unique (organization_id, journal_entry_id)',
    );
    expect(found.join()).toContain(`every-reversal-is-the-mirror-of-one-refund: refund ${refundId}`);
  });

  it('a reversal whose entry is not the mirror of the refund’s', async () => {
    await reverse();
    await plant(`update journal_lines set amount = amount + 1 where journal_entry_id = (select journal_entry_id from refund_reversals where refund_id = ${refundId})
      and side = 'CREDIT'`);
    expect((await broken()).join()).toContain(`every-reversal-is-the-mirror-of-one-refund: refund ${refundId}`);
  });

  it.each<[string, (books: Books) => string, (books: Books) => string]>([
    [
      'day',
      ({ ids }) => `account ${ids.receivable}, day of 2026-02-01`,
      ({ ids }) => `debits = debits + 1 where account_id = ${ids.receivable} and period = 'DAY' and first_day = '2026-02-01'`,
    ],
    [
      'month',
      ({ ids }) => `account ${ids.receivable}, month of 2026-02-01`,
      ({ ids }) => `credits = credits + 1 where account_id = ${ids.receivable} and period = 'MONTH' and first_day = '2026-02-01'`,
    ],
    [
      'year',
      ({ ids }) => `account ${ids.receivable}, year of 2026-01-01`,
      ({ ids }) => `foreign_debits = 1 where account_id = ${ids.receivable} and period = 'YEAR'`,
    ],
  ])('a balance snapshot of a %s that differs from the sum of its lines', async (_, offender, change) => {
    await snapshotBalances(gateway.database.orm.em.fork(), books.organization.id);
    await plant(`update balance_snapshots set ${change(books)}`);
    expect(await broken()).toEqual([`snapshots-are-the-sums-of-their-lines: ${offender(books)}`]);
  });

  it.each([
    ['differs from the sum of its lines', 'update customer_balance_snapshots set debits = debits + 1'],
    ['is missing', 'delete from customer_balance_snapshots'],
  ])("a customer's balance snapshot that %s", async (_, change) => {
    await snapshotBalances(gateway.database.orm.em.fork(), books.organization.id);
    const { rows } = await gateway.database.superuser.query<{ id: string }>(
      'select customer_id as id from credit_notes where organization_id = $1 and id = $2',
      [books.organization.id, noteId],
    );
    await plant(`${change} where customer_id = ${rows[0]?.id} and organization_id = ${books.organization.id}`);
    expect(await broken()).toEqual([`snapshots-are-the-sums-of-their-lines: customer ${rows[0]?.id}`]);
  });

  it.each<[string, string, (ids: { refund: string; entry: string; noteEntry: string }) => string]>([
    [
      'a refund with another rate than its entry',
      'every-refund-has-its-entry',
      ({ refund }) => `update refunds set exchange_rate = 777 where id = ${refund}`,
    ],
    [
      'an extra line in the entry of a refund',
      'every-refund-has-its-entry',
      ({ entry }) => `insert into journal_lines (organization_id, journal_entry_id, posting_date, side, account_id, amount)
        select organization_id, journal_entry_id, posting_date, side, (select id from accounts where organization_id = line.organization_id and code = '40001'), 1
        from journal_lines line, (values ('DEBIT'), ('CREDIT')) added (new_side) where journal_entry_id = ${entry} limit 2`,
    ],
    [
      'a line on another day',
      'dates-agree',
      ({ entry }) => `update journal_lines set posting_date = '2026-03-01' where journal_entry_id = ${entry}`,
    ],
    [
      'a note’s entry with another account than its lines',
      'every-opened-note-has-its-entry',
      ({
        noteEntry,
      }) => `update journal_lines set account_id = (select id from accounts where organization_id = journal_lines.organization_id and code = '10002')
        where journal_entry_id = ${noteEntry} and side = 'DEBIT'`,
    ],
  ])('%s', async (_name, check, statement) => {
    const { rows } = await gateway.database.sql.query(
      `select refunds.journal_entry_id as entry, note.journal_entry_id as note_entry from refunds join credit_notes note on note.id = credit_note_id where refunds.id = $1`,
      [refundId],
    );
    await plant(statement({ refund: refundId, entry: rows[0].entry, noteEntry: rows[0].note_entry }));
    expect((await broken()).map((line) => line.split(':')[0])).toContain(check);
  });

  it('a note without remaining credit that still has an amount on the receivable', async () => {
    await books.refund(noteId, { amount: '960.00', exchangeRate: '1.1' });
    await plant(
      `update refunds set settled_amount = settled_amount - 1 where id = ${refundId}`,
      `update credit_notes set refunded_base = refunded_base - 1 where id = ${noteId}`,
    );
    expect((await broken()).join()).toContain(`a-note-with-nothing-left-has-left-the-receivable: credit note ${noteId}`);
  });

  it('a missing foreign key', async () => {
    await plant('alter table refunds drop constraint refunds_organization_id_branch_id_fkey');
    const found = await broken();
    await plant(
      'alter table refunds add foreign key (organization_id, branch_id) references branches (organization_id, id) not valid',
    );
    expect(found.join()).toContain('foreign keys that are missing: 1');
  });

  it('a reference into another organization', async () => {
    const other = await gateway.books();
    await plant(`update refunds set branch_id = ${other.ids.branch} where id = ${refundId}`);
    expect(await broken()).toContain(`no-reference-into-another-organization: refunds.branch_id ${other.ids.branch}`);
  });
});

it("the check of one organization's books ignores faults of another", async () => {
  const other = await gateway.books();
  await plant(`update credit_notes set refunded = refunded + 1 where id = ${noteId}`);
  const { ledgerHealth } = await other.client.query(LedgerHealthDocument);
  expect(ledgerHealth.healthy).toBe(true);
});

it('the check of the books is refused to viewers, and to a second caller while it runs', async () => {
  const viewer = await gateway.client(books.organization, Role.VIEWER);
  expect((await viewer.graphql(LedgerHealthDocument)).errors?.[0]?.extensions.code).toBe('FORBIDDEN');
  await gateway.database.sql.query('begin');
  await gateway.database.sql.query(`select pg_advisory_xact_lock(hashtextextended('ledger health', $1))`, [books.organization.id]);
  const { errors, headers } = await books.client.graphql(LedgerHealthDocument);
  await gateway.database.sql.query('rollback');
  expect(errors?.[0]).toMatchObject({
    message: 'A ledger check of this organization is already running; try again when it has finished',
    extensions: { code: 'SERVICE_UNAVAILABLE', details: { retryable: true } },
  });
  // The refusal is not logged as an outage: the request's own line is the only one.
  const lines = gateway.logged.filter(({ requestId }) => requestId === headers['x-request-id']);
  expect(lines.map(({ level, msg, refused }) => ({ level, msg, refused }))).toEqual([
    { level: 30, msg: 'request', refused: 'SERVICE_UNAVAILABLE' },
  ]);
});

describe('balances', () => {
  it('include the entries of their day', async () => {
    const at = async (asOf: string | null) =>
      (await books.client.query(BalancesDocument, { account: books.ids.receivable, asOf })).account?.balance;
    expect([
      await at('2026-01-14'),
      await at('2026-01-15'),
      await at('2026-01-31'),
      await at('2026-02-01'),
      await at(null),
    ]).toEqual(['0.00', '-1100.00', '-1100.00', '-1056.00', '-1056.00']);
  });

  it('are the same with and without snapshots, for every day, and later entries count too', async () => {
    const em = gateway.database.orm.em;
    const all = async () => {
      const days = ['2026-01-14', '2026-01-15', '2026-01-31', '2026-02-01', null];
      return Promise.all(days.map((asOf) => books.client.query(BalancesDocument, { account: books.ids.receivable, asOf })));
    };
    const before = await all();

    await Promise.all([snapshotBalances(em.fork(), books.organization.id), snapshotBalances(em.fork(), books.organization.id)]);
    expect(await all()).toEqual(before);

    await books.refund(noteId, { amount: '1.00', exchangeRate: '1.1', date: '2026-01-20' });
    const { account } = await books.client.query(BalancesDocument, { account: books.ids.receivable, asOf: '2026-01-31' });
    expect(account?.balance).toBe('-1098.90');
    await snapshotBalances(em.fork(), books.organization.id);
    expect((await books.client.query(BalancesDocument, { account: books.ids.receivable, asOf: '2026-01-31' })).account).toEqual(
      account,
    );
    expect(await broken()).toEqual([]);
  });

  it('add up to the same debits and credits in the trial balance', async () => {
    const { trialBalance, customers } = await books.client.query(BalancesDocument, { account: books.ids.bank });
    const lines = trialBalance.lines.filter(({ debits, credits }) => debits !== credits);
    expect([trialBalance.debits, trialBalance.credits]).toEqual(['1148.00', '1148.00']);
    expect(lines.map(({ account, debits, credits }) => `${account.name} ${debits} ${credits}`)).toEqual([
      'Bank 0.00 48.00',
      'Accounts Receivable 44.00 1100.00',
      'Exchange Gain or Loss 4.00 0.00',
      'Sales 1100.00 0.00',
    ]);
    expect(customers.nodes.map(({ balance }) => balance)).toEqual(['-1056.00']);
  });
});
