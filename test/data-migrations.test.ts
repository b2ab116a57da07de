import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { MikroORM } from '@mikro-orm/postgresql';
import pg from 'pg';
import { connect } from '../mikro-orm.config.js';
import { hashApiKey } from '../src/auth/api-keys.js';
import { connectionOf } from '../src/database/connect.js';
import { connectionUrl } from '../src/database/embedded-postgres/index.js';
import { migrate } from '../src/database/migrate.js';
import { MIGRATIONS } from '../src/migrations/index.js';
import { ledgerHealth } from '../src/services/ledger/ledger-health.js';
import { RefundCreditNoteDocument, ReverseRefundDocument } from './generated/documents.js';
import { readCluster } from './helpers/cluster.js';
import { Client, Gateway, ledger } from './helpers/gateway.js';
import { cleanUp, cli } from './helpers/process.js';

/** Data from before the migrations of 2026-11-25 is migrated, or the migration names the rows that it cannot convert. */
const { superuser, application } = readCluster();
const EARLIER = 'Migration20261124Duplicates';
const KEY = `bc_${'earlier'.repeat(6)}`;

let admin: pg.Client;
let sql: pg.Client;
let orm: MikroORM;
let database: string;
beforeEach(async () => {
  admin = new pg.Client(superuser);
  await admin.connect();
  database = `test_${randomBytes(6).toString('hex')}`;
  await admin.query(`create database ${database}`);
  sql = new pg.Client({ ...superuser, database });
  await sql.connect();
  orm = await connect(connectionOf({ ...superuser, database }));
  await migrate(orm, {}, EARLIER);
  await fill();
});
afterEach(async () => {
  await cleanUp();
  await Promise.all([orm.close(), sql.end()]);
  await admin.query(`drop database ${database} with (force)`);
  await admin.end();
});

/** An empty database gives out ids from 1. */
const [RECEIVABLE, FX, BANK, EURO_BANK, SALES] = [1, 2, 3, 4, 5];
const [DOLLARS, EUROS] = [1, 2];

/** An organization as the earlier version created it, with blanks around names and codes. */
async function fill(): Promise<void> {
  await sql.query(`
    insert into organizations (public_id, name, base_currency, time_zone) values ('acme', ' Acme Ltd', 'USD', 'America/New_York');
    insert into users (subject, name) values ('ann', 'Ann ');
    insert into memberships (organization_id, user_id, role) values (1, 1, 'ACCOUNTANT');
    insert into accounts (organization_id, code, name, type, currency_code, system_role) values
      (1, '10007', 'Accounts Receivable', 'accounts-receivable', 'USD', 'accounts-receivable'),
      (1, '40008', 'Exchange Gain or Loss', 'other-expense', 'USD', 'fx-gain-loss'),
      (1, ' 10001', 'Bank\u00a0', 'bank', 'USD', null),
      (1, '10002', 'Bank EUR', 'bank', 'EUR', null),
      (1, '50001', 'Sales', 'income', 'USD', null);
    insert into branches (organization_id, code, name, is_primary) values (1, 'main', ' Main', true);
    insert into customers (organization_id, display_name, currency_code) values (1, ' Carol', 'USD'), (1, 'Erika', 'EUR');
  `);
  await sql.query(
    `insert into api_keys (organization_id, name, role, prefix, hash) values (1, ' Shop ', 'ADMIN', 'bc_earlie', $1)`,
    [hashApiKey(KEY)],
  );
}

type Line = readonly [side: 'DEBIT' | 'CREDIT', account: number, amount: string, customer: number | null, euros: string | null];

async function post(source: string, date: string, lines: readonly Line[], reversalOf: number | null = null): Promise<number> {
  const { rows } = await sql.query(
    `insert into journal_entries (organization_id, posting_date, source, memo, reversal_of_id) values (1, $1, $2, '', $3) returning id::int`,
    [date, source, reversalOf],
  );
  for (const [side, account, amount, customer, euros] of lines) {
    if (Number(amount) === 0 && euros === null) continue;
    await sql.query(
      `insert into journal_lines (organization_id, journal_entry_id, posting_date, side, account_id, customer_id, branch_id, amount,
         foreign_amount, foreign_currency_code) values (1, $1, $2, $3, $4, $5, 1, $6, $7, $8)`,
      [rows[0].id, date, side, account, customer, amount, euros, euros === null ? null : 'EUR'],
    );
  }
  return rows[0].id;
}

/** Runs the work in one transaction, because triggers compare entries with their documents at its end. */
async function transaction<T>(work: () => Promise<T>): Promise<T> {
  await sql.query('begin');
  const result = await work();
  await sql.query('commit');
  return result;
}

async function mirrored(entry: number, date: string): Promise<number> {
  const { rows } = await sql.query(
    'select side, account_id::int, amount, customer_id::int, foreign_amount from journal_lines where journal_entry_id = $1 order by id',
    [entry],
  );
  const lines = rows.map(({ side, account_id, amount, customer_id, foreign_amount }): Line => {
    return [side === 'DEBIT' ? 'CREDIT' : 'DEBIT', account_id, amount, customer_id, foreign_amount];
  });
  return post('REVERSAL', date, lines, entry);
}

interface Note {
  readonly id: number;
  readonly customer: number;
  readonly entry: number | null;
}

async function note(
  number: string,
  customer: number,
  total: string,
  { rate = '1', base = total, draft = false } = {},
): Promise<Note> {
  return transaction(async () => {
    const euros = customer === EUROS ? total : null;
    const lines: Line[] = [
      ['DEBIT', SALES, base, null, euros],
      ['CREDIT', RECEIVABLE, base, customer, euros],
    ];
    const entry = draft ? null : await post('CREDIT_NOTE', '2026-01-15', lines);
    const { rows } = await sql.query(
      `insert into credit_notes (organization_id, number, customer_id, branch_id, date, currency_code, exchange_rate, total, reference_no, note,
         opened_at, journal_entry_id, created_by)
       values (1, $1, $2, 1, '2026-01-15', $3, $4, $5, '', '', case when $6::bigint is not null then now() end, $6, 'Shop') returning id::int`,
      [number, customer, customer === EUROS ? 'EUR' : 'USD', rate, total, entry],
    );
    await sql.query(
      `insert into credit_note_lines (organization_id, credit_note_id, account_id, description, amount) values (1, $1, $2, '', $3)`,
      [rows[0].id, SALES, total],
    );
    return { id: rows[0].id, customer, entry };
  });
}

/** A refund as the earlier version posted it: the whole difference between settled and paid amount is FX. */
async function refund(
  { id, customer }: Note,
  amount: string,
  { rate = '1', settled = amount, paid = amount, gain = '0', from = BANK, by = 'key', reversed = false } = {},
): Promise<void> {
  const euros = customer === EUROS ? amount : null;
  const fx: Line = gain.startsWith('-') ? ['DEBIT', FX, gain.slice(1), null, null] : ['CREDIT', FX, gain, null, null];
  const entry = await transaction(async () => {
    const lines: Line[] = [['DEBIT', RECEIVABLE, settled, customer, euros], ['CREDIT', from, paid, null, euros], fx];
    const made = await post('REFUND', '2026-02-01', lines);
    await sql.query(
      `insert into refunds (organization_id, credit_note_id, from_account_id, branch_id, amount, currency_code, exchange_rate, settled_amount,
         paid_amount, date, reference_no, description, journal_entry_id, created_by, user_id, api_key_id, request_id, protocol)
       values (1, $1, $2, 1, $3, $4, $5, $6, $7, '2026-02-01', '', '', $8, 'Shop', $9, $10, 'r', 'GRAPHQL')`,
      [
        id,
        from,
        amount,
        customer === EUROS ? 'EUR' : 'USD',
        rate,
        settled,
        paid,
        made,
        by === 'key' ? null : 1,
        by === 'key' ? 1 : null,
      ],
    );
    return made;
  });
  if (!reversed) return;
  await transaction(async () => {
    const mirror = await mirrored(entry, '2026-02-02');
    await sql.query(
      `insert into refund_reversals (organization_id, refund_id, journal_entry_id, date, reason, created_by, api_key_id, request_id, protocol)
       select 1, id, $2, '2026-02-02', 'x', 'Shop', 1, 'r', 'REST' from refunds where journal_entry_id = $1`,
      [entry, mirror],
    );
  });
}

async function refunds(noteId: number): Promise<unknown[]> {
  const { rows } = await sql.query(
    `select realized_gain::float as gain, rounding_as_gain::float as rounding from refunds where credit_note_id = $1 order by id`,
    [noteId],
  );
  return rows.map(({ gain, rounding }) => [gain, rounding]);
}

describe('an organization with refunds in both currencies, a reversal and a void note', () => {
  let cheap: Note;
  let mixed: Note;
  beforeEach(async () => {
    const usual = await note(' cn-1 ', DOLLARS, '100');
    await refund(usual, '40');
    await refund(usual, '30', { by: 'Ann', reversed: true });
    // Each euro is worth 1.005: the settled amounts are 1.01, 1.00, 1.01, … in turn, and 1.01 is paid each time.
    cheap = await note('CN-2', EUROS, '30', { rate: '1.005', base: '30.15' });
    for (let times = 0; times < 5; times += 1) {
      await refund(cheap, '1', { rate: '1.005', settled: '1.01', paid: '1.01', from: times === 0 ? EURO_BANK : BANK });
      await refund(cheap, '1', { rate: '1.005', settled: '1.00', paid: '1.01', gain: '-0.01' });
    }
    mixed = await note('CN-3', EUROS, '100', { rate: '1.1', base: '110' });
    await refund(mixed, '33.33', { rate: '1.05', settled: '36.66', paid: '35.00', gain: '1.66' });
    await refund(mixed, '33.33', { rate: '1.2', settled: '36.67', paid: '40.00', gain: '-3.33', from: EURO_BANK, reversed: true });
    await refund(mixed, '33.33', { rate: '1.2', settled: '36.67', paid: '40.00', gain: '-3.33', from: EURO_BANK });
    await note('CN-4', DOLLARS, '10', { draft: true });
    const gone = await note('CN-5', DOLLARS, '5');
    await transaction(async () => {
      const mirror = await mirrored(Number(gone.entry), '2026-01-20');
      await sql.query('update credit_notes set voided_at = now(), void_entry_id = $2 where id = $1', [gone.id, mirror]);
    });
  });

  it('is migrated without a change of its journal lines, and the check of the books passes', async () => {
    const { rows: before } = await sql.query('select * from journal_lines order by id');

    await migrate(orm, { application: application.user });

    const { checks } = await ledgerHealth(orm.em.fork(), null);
    expect(checks.filter(({ healthy }) => !healthy)).toEqual([]);
    const { code, stdout } = await cli({ DATABASE_URL: connectionUrl({ ...superuser, database }) }, 'audit');
    expect({ code, stdout }).toMatchObject({ code: 0 });
    const { rows: after } = await sql.query('select * from journal_lines order by id');
    expect(after).toEqual(before);
    expect((await sql.query('select name from organizations')).rows).toEqual([{ name: 'Acme Ltd' }]);
    expect((await sql.query('select code, name from accounts where id = 3')).rows).toEqual([{ code: '10001', name: 'Bank' }]);
  });

  it('has the gains of its refunds split into FX and rounding', async () => {
    await migrate(orm);

    expect(await refunds(cheap.id)).toEqual(Array.from({ length: 10 }, (_, index) => [0, index % 2 === 0 ? 0 : -0.01]));
    // 1.6665 and −3.333 add up to −1.6665.
    expect(await refunds(mixed.id)).toEqual([
      [1.67, -0.01],
      [-3.33, 0],
      [-3.34, 0.01],
    ]);
    const { rows } = await sql.query(
      'select realized_gain::float as gain, unrounded_gain::float as exact from credit_notes where id = any ($1) order by id',
      [[cheap.id, mixed.id]],
    );
    expect(rows).toEqual([
      { gain: 0, exact: 0 },
      { gain: -1.67, exact: -1.6665 },
    ]);
  });

  it('can post new refunds without earlier roundings, and reverse old refunds', async () => {
    await migrate(orm, { application: application.user });
    const gateway = await Gateway.start({ orm });
    try {
      const client = new Client(gateway.app, { authorization: `Bearer ${KEY}` });
      const input = {
        creditNoteId: String(cheap.id),
        fromAccountId: String(BANK),
        amount: '10.00',
        exchangeRate: '1.1',
        referenceNo: '',
        description: '',
        date: '2026-03-01',
        branchId: '1',
      };
      const { refundCreditNote } = await client.query(RefundCreditNoteDocument, { input });
      const { rows } = await sql.query('select id from refunds where credit_note_id = $1 order by id limit 2', [cheap.id]);
      await client.query(ReverseRefundDocument, { input: { refundId: rows[1].id, date: '2026-03-02', reason: 'x' } });

      expect(ledger(refundCreditNote.journalEntry)).toEqual([
        'debit Accounts Receivable 10.05 (10.00 EUR)',
        'credit Bank 11.00 (10.00 EUR)',
        'debit Exchange Gain or Loss 0.95',
      ]);
      const { checks } = await ledgerHealth(orm.em.fork(), null);
      expect(checks.filter(({ healthy }) => !healthy)).toEqual([]);
    } finally {
      await gateway.stop();
    }
  });

  it('accepts no new refund that posts rounding as FX', async () => {
    await migrate(orm);
    const copied = `insert into refunds select (refund).* from (
      select jsonb_populate_record(refunds, '{"rounding_as_gain": 0.01}') as refund from refunds limit 1) copy`;
    await expect(sql.query(copied)).rejects.toThrow('rounding is no gain');
  });
});

describe('the migration stops and names the rows that only a person can correct:', () => {
  const migration = async () => {
    const outcome = await cli({ DATABASE_URL: connectionUrl({ ...superuser, database }) }, 'migrate');
    const { rows } = await sql.query('select count(*)::int as count from schema_migrations');
    expect(rows[0].count).toBe(MIGRATIONS.findIndex(({ name }) => name === EARLIER) + 1);
    return outcome;
  };

  it.each<[string, string, () => Promise<unknown>]>([
    [
      'a time zone that is an offset',
      'time zones that PostgreSQL does not know by name: organization 1 (+02:00)',
      () => sql.query(`update organizations set time_zone = '+02:00'`),
    ],
    [
      'two numbers in another case',
      'numbers of credit notes that read the same: organization 1, ids 1, 2 ("CN-1", "cn-1")',
      async () => [await note('CN-1', DOLLARS, '1'), await note('cn-1', DOLLARS, '1')],
    ],
    [
      'two codes of which one has blanks around it',
      'codes of accounts that read the same: organization 1, ids 3, 6 (" 10001", "10001")',
      () =>
        sql.query(
          `insert into accounts (organization_id, code, name, type, currency_code) values (1, '10001', 'x', 'bank', 'USD')`,
        ),
    ],
    [
      'a name of invisible characters',
      'nothing to be seen in customers.display_name: id 2',
      () => sql.query(`update customers set display_name = E'\\u00ad' where id = 2`),
    ],
    [
      'a rate of twenty digits',
      'exchange rates of more than 15 significant digits in credit_notes: id 1 (123456.1234567891)',
      () => note('CN-1', EUROS, '1', { rate: '123456.1234567891', base: '123456.12' }),
    ],
    [
      'an infinite day',
      'numbers or days that are none, in organizations: id 1',
      () => sql.query(`update organizations set lock_date = 'infinity'`),
    ],
  ])('%s', async (_what, says, spoil) => {
    await spoil();
    const { code, stderr } = await migration();
    expect(code).toBe(1);
    expect(stderr).toMatch(/^Rows of these books do not fit the rules of this version\. Nothing was changed/);
    expect(stderr).toContain(`- ${says}\n`);
  });

  it('all faulty rows at once', async () => {
    await sql.query(`update organizations set time_zone = '+02:00', lock_date = '-infinity'`);
    const { stderr } = await migration();
    expect(stderr.match(/^- /gm)).toHaveLength(2);
  });
});
