import { beforeEach, describe, expect, it } from '@jest/globals';
import { ReverseRefundDocument } from './generated/documents.js';
import { freshBooks, sharedGateway } from './helpers/gateway.js';
import { outcomeOf } from './helpers/sql-outcome.js';

/** The database compares each entry with its document, line by line; the tests send SQL in the gateway's role. */
const gateway = sharedGateway();
const books = freshBooks(gateway);
let customerId: string;
beforeEach(async () => {
  customerId = await books.customer('EUR');
});

interface Line {
  readonly side: 'DEBIT' | 'CREDIT';
  readonly account: string;
  readonly amount: string;
  readonly customer?: string | null;
  readonly branch?: string | null;
  readonly euros?: string | null;
}

const debit = (account: string, amount: string, rest: Partial<Line> = {}): Line => ({ side: 'DEBIT', account, amount, ...rest });
const credit = (account: string, amount: string, rest: Partial<Line> = {}): Line => ({ side: 'CREDIT', account, amount, ...rest });

/** Runs the statements in one transaction; returns "accepted" or the database's error message. */
function refusal(...statements: string[]): Promise<string> {
  return outcomeOf(gateway.database.sql, ...statements);
}

function lines(entries: readonly Line[], date = '2026-02-01'): string {
  const rows = entries.map(({ side, account, amount, customer = null, branch = books.ids.branch, euros = null }) => {
    const foreign = euros === null ? 'null, null' : `${euros}, 'EUR'`;
    return `(${books.organization.id}, ${books.newest('journal_entries')}, '${date}', '${side}', ${account}, ${customer}, ${branch}, ${amount}, ${foreign})`;
  });
  return `insert into journal_lines (organization_id, journal_entry_id, posting_date, side, account_id, customer_id, branch_id, amount,
    foreign_amount, foreign_currency_code) values ${rows.join(', ')}`;
}

function entry(source: string, entries: readonly Line[], { date = '2026-02-01', reversalOf = 'null' } = {}): string[] {
  const header = `insert into journal_entries (organization_id, posting_date, source, memo, reversal_of_id)
    values (${books.organization.id}, '${date}', '${source}', 'by hand', ${reversalOf})`;
  return [header, lines(entries, date)];
}

function account(role: string): Promise<string> {
  return value(
    `select id as value from accounts where organization_id = ${books.organization.id} and (system_role = '${role}' or code = '${role}')`,
  );
}

async function value(sql: string): Promise<string> {
  const { rows } = await gateway.database.sql.query(sql);
  return String(rows[0]?.value);
}

describe('the opening entry of a credit note', () => {
  let draft: string;
  let due: Line[];
  let open: string;
  beforeEach(async () => {
    const { receivable, sales } = books.ids;
    const input = { currencyCode: 'EUR', customerId, exchangeRate: '1.005', open: false };
    const note = await books.creditNote('0', {
      ...input,
      lines: ['1.00', '1.00', '1.00'].map((amount) => ({ accountId: sales, amount })),
    });
    draft = note.id;
    open = `update credit_notes set opened_at = now(), journal_entry_id = ${books.newest('journal_entries')} where id = ${draft}`;
    // The running totals 1.005, 2.01 and 3.015 are rounded, and each line is the difference of two of them.
    due = [
      debit(sales, '1.01', { euros: '1.00' }),
      debit(sales, '1.00', { euros: '1.00' }),
      debit(sales, '1.01', { euros: '1.00' }),
      credit(receivable, '3.02', { euros: '3.00', customer: customerId }),
    ];
  });
  const opened = (entries: readonly Line[], source = 'CREDIT_NOTE') =>
    refusal(...entry(source, entries, { date: '2026-01-15' }), open);

  it('is accepted with the lines of the note and the receivable', async () => {
    expect(await opened(due)).toBe('accepted');
    expect(await value(`select opened_at is not null as value from credit_notes where id = ${draft}`)).toBe('true');
  });

  it.each<[string, () => Line[] | Promise<Line[]>]>([
    [
      'a million that leaves the bank for an expense',
      () => [...due, debit(books.ids.expense, '1000000'), credit(books.ids.bank, '1000000')],
    ],
    [
      'an extra payment from the bank to the receivable',
      () => [...due, debit(books.ids.receivable, '5', { customer: customerId }), credit(books.ids.bank, '5')],
    ],
    ['two lines merged into one', () => [due[0] as Line, debit(books.ids.sales, '2.01', { euros: '2.00' }), due[3] as Line]],
    [
      'another distribution of the rounding',
      () => [
        debit(books.ids.sales, '1.02', { euros: '1.00' }),
        ...[1, 2].map(() => debit(books.ids.sales, '1.00', { euros: '1.00' })),
        due[3] as Line,
      ],
    ],
    ['no foreign amounts', () => due.map((line) => ({ ...line, euros: null }))],
    ['another foreign amount', () => due.map((line) => ({ ...line, euros: '2.00' }))],
    ['no customer', () => due.map((line) => ({ ...line, customer: null }))],
    [
      'another customer',
      async () => {
        const customer = await books.customer('EUR');
        return due.map((line) => ({ ...line, customer: line.customer && customer }));
      },
    ],
    ['no branch', () => due.map((line) => ({ ...line, branch: null }))],
    ['another account', () => due.map((line) => ({ ...line, account: line.side === 'DEBIT' ? books.ids.expense : line.account }))],
    [
      'debits and credits exchanged',
      () => due.map((line) => ({ ...line, side: line.side === 'DEBIT' ? 'CREDIT' : 'DEBIT' }) as const),
    ],
  ])('is refused with %s', async (_name, entries) => {
    expect(await opened(await entries())).toContain('not what its journal entry says');
  });

  it('is refused with another source, or without a credit note', async () => {
    expect(await opened(due, 'REFUND')).toMatch(/no document of its kind|not what its journal entry says/);
    expect(await refusal(...entry('CREDIT_NOTE', due, { date: '2026-01-15' }))).toContain('no document of its kind');
  });

  it('accepts no more lines after the constraints were checked', async () => {
    const late = lines([debit(books.ids.expense, '5'), credit(books.ids.bank, '5')], '2026-01-15');
    const statements = [...entry('CREDIT_NOTE', due, { date: '2026-01-15' }), open];
    expect(await refusal(...statements, 'set constraints all immediate', late)).toContain('not what its journal entry says');
    expect(await refusal(...statements, 'set constraints all immediate', 'set constraints all deferred', late)).toContain(
      'not what its journal entry says',
    );
  });

  it('is refused on the lock date', async () => {
    await books.lock('2026-01-15');
    expect(await opened(due)).toContain('the books are locked on 2026-01-15');
  });
});

describe('the entry of a refund', () => {
  let noteId: string;
  let fx: string;
  beforeEach(async () => {
    const note = await books.creditNote('1000.00', { currencyCode: 'EUR', customerId, exchangeRate: '1.1' });
    noteId = note.id;
    fx = await account('fx-gain-loss');
  });

  const refund = (changes: Record<string, string> = {}) =>
    books.refundBySql(noteId, {
      ...{ currency_code: `'EUR'`, exchange_rate: '1.2', settled_amount: '44', paid_amount: '48', realized_gain: '-4' },
      ...changes,
    });
  const due = (): Line[] => [
    debit(books.ids.receivable, '44', { euros: '40', customer: customerId }),
    credit(books.ids.bank, '48', { euros: '40' }),
    debit(fx, '4'),
  ];
  const posted = (entries: readonly Line[], source = 'REFUND') => refusal(...entry(source, entries), refund());

  it('is accepted with the settled amount, the paid amount and the gain', async () => {
    expect(await posted(due())).toBe('accepted');
  });

  it.each<[string, () => Line[]]>([
    [
      'a million that leaves the bank for an expense',
      () => [...due(), debit(books.ids.expense, '1000000'), credit(books.ids.cash, '1000000')],
    ],
    ['two extra lines that cancel one another', () => [...due(), debit(books.ids.bank, '5'), credit(books.ids.bank, '5')]],
    [
      'its payment in two lines',
      () => [...due().filter(({ side }) => side === 'DEBIT'), ...[1, 2].map(() => credit(books.ids.bank, '24', { euros: '20' }))],
    ],
    ['no foreign amount on the bank', () => due().map((line) => (line.side === 'CREDIT' ? { ...line, euros: null } : line))],
    ['another foreign amount', () => due().map((line) => (line.euros ? { ...line, euros: '41' } : line))],
    ['a foreign amount on the FX line', () => due().map((line) => (line.account === fx ? { ...line, euros: '1' } : line))],
    [
      'another account for the loss',
      () => due().map((line) => (line.account === fx ? { ...line, account: books.ids.expense } : line)),
    ],
    ['no customer', () => due().map((line) => ({ ...line, customer: null }))],
    ['a customer on the bank', () => due().map((line) => ({ ...line, customer: customerId }))],
    ['no branch', () => due().map((line) => ({ ...line, branch: null }))],
    [
      'the cash account instead of the bank',
      () => due().map((line) => (line.side === 'CREDIT' ? { ...line, account: books.ids.cash } : line)),
    ],
  ])('is refused with %s', async (_name, entries) => {
    expect(await posted(entries())).toContain('not what its journal entry says');
  });

  it('is refused when nothing is settled and the whole payment is FX', async () => {
    const entries = [
      debit(books.ids.receivable, '0', { euros: '40', customer: customerId }),
      credit(books.ids.bank, '48', { euros: '40' }),
      debit(fx, '48'),
    ];
    expect(await refusal(...entry('REFUND', entries), refund({ settled_amount: '0', realized_gain: '-48' }))).toContain(
      'settles another part',
    );
  });

  it('is refused with another source, or without a refund', async () => {
    expect(await posted(due(), 'CREDIT_NOTE')).toContain('not what its journal entry says');
    expect(await refusal(...entry('REFUND', due()))).toContain('no document of its kind');
  });

  it('must be posted in the transaction of the refund', async () => {
    await books.refund(noteId, { exchangeRate: '1.2' });
    const earlier = `(select journal_entry_id from credit_notes where id = ${noteId})`;
    expect(await refusal(refund({ journal_entry_id: earlier, date: `'2026-01-15'` }))).toContain('not what its journal entry says');
  });
});

describe('the entry of a reversal', () => {
  let noteId: string;
  let refundId: string;
  let original: string;
  let mirrored: Line[];
  beforeEach(async () => {
    noteId = (await books.creditNote('1000.00', { currencyCode: 'EUR', customerId, exchangeRate: '1.1' })).id;
    refundId = (await books.refund(noteId, { exchangeRate: '1.2' })).id;
    original = await value(`select journal_entry_id as value from refunds where id = ${refundId}`);
    mirrored = [
      credit(books.ids.receivable, '44', { euros: '40', customer: customerId }),
      debit(books.ids.bank, '48', { euros: '40' }),
      credit(await account('fx-gain-loss'), '4'),
    ];
  });
  const reversal = () => `
    insert into refund_reversals (organization_id, refund_id, journal_entry_id, date, reason, created_by, api_key_id, request_id, protocol)
    values (${books.organization.id}, ${refundId}, ${books.newest('journal_entries')}, '2026-02-01', '', 'psql',
      (select min(id) from api_keys where organization_id = ${books.organization.id}), 'psql', 'INTERNAL')`;
  const reversed = (entries: readonly Line[]) => refusal(...entry('REVERSAL', entries, { reversalOf: original }), reversal());

  it('is accepted with each line of the original on its other side', async () => {
    expect(await reversed(mirrored)).toBe('accepted');
  });

  it.each<[string, () => Line[]]>([
    ['a million more', () => [...mirrored, credit(books.ids.bank, '1000000'), debit(books.ids.expense, '1000000')]],
    ['lines that cancel one another', () => [...mirrored, credit(books.ids.bank, '5'), debit(books.ids.bank, '5')]],
    [
      'one line split in two',
      () => [...mirrored.slice(0, 1), ...mirrored.slice(2), ...[1, 2].map(() => debit(books.ids.bank, '24', { euros: '20' }))],
    ],
    ['no foreign amounts', () => mirrored.map((line) => ({ ...line, euros: null }))],
    ['another customer', () => mirrored.map((line) => ({ ...line, customer: null }))],
    [
      'the lines on their original sides',
      () => mirrored.map((line) => ({ ...line, side: line.side === 'DEBIT' ? 'CREDIT' : 'DEBIT' }) as const),
    ],
  ])('is refused with %s', async (_name, entries) => {
    expect(await reversed(entries())).toContain('no mirror');
  });

  it('is refused without a reversal or a void note', async () => {
    expect(await refusal(...entry('REVERSAL', mirrored, { reversalOf: original }))).toContain('no mirror');
  });

  it('voids a credit note, line by line, and the void note stays void', async () => {
    await books.client.query(ReverseRefundDocument, { input: { refundId, date: '2026-02-01', reason: 'x' } });
    const { receivable, sales } = books.ids;
    const opening = await value(`select journal_entry_id as value from credit_notes where id = ${noteId}`);
    const voided = (entries: readonly Line[]) =>
      refusal(
        ...entry('REVERSAL', entries, { reversalOf: opening }),
        `update credit_notes set voided_at = now(), void_entry_id = ${books.newest('journal_entries')} where id = ${noteId}`,
      );
    const right = [credit(sales, '1100', { euros: '1000' }), debit(receivable, '1100', { euros: '1000', customer: customerId })];
    expect(await voided([...right, credit(books.ids.bank, '5'), debit(books.ids.expense, '5')])).toContain('no mirror');
    expect(await voided(right)).toBe('accepted');
    expect(await refusal(`update credit_notes set void_entry_id = ${original} where id = ${noteId}`)).toContain('stays as it is');
  });

  it('is refused on the lock date', async () => {
    await books.lock('2026-02-01');
    expect(await reversed(mirrored)).toContain('the books are locked');
  });
});

it('refuses a credit note with a line on an account that is no active income or tax account in the base currency', async () => {
  for (const wrong of [
    books.ids.bank,
    books.ids.expense,
    await books.account('INCOME', { currencyCode: 'EUR' }),
    await books.account('INCOME', { active: false }),
  ]) {
    const note = `with note as (
        insert into credit_notes (organization_id, number, customer_id, branch_id, date, currency_code, exchange_rate, total, reference_no, note, created_by)
        values (${books.organization.id}, 'by hand', ${customerId}, ${books.ids.branch}, '2026-01-15', 'EUR', 1.1, 1, '', '', 'psql') returning id
      )
      insert into credit_note_lines (organization_id, credit_note_id, account_id, description, amount)
      select ${books.organization.id}, id, ${wrong}, '', 1 from note`;
    expect(await refusal(note)).toContain('no active income or tax account');
  }
});

describe('a credit note', () => {
  const other = async () => {
    const refund = await books.refund((await books.creditNote('100.00')).id);
    return value(`select journal_entry_id as value from refunds where id = ${refund.id}`);
  };

  it('cannot be opened with an entry of another document', async () => {
    const { id } = await books.creditNote('100.00', { open: false });
    const open = `update credit_notes set opened_at = now(), journal_entry_id = ${await other()} where id = ${id}`;
    expect(await refusal(open)).toBe(`credit note ${id} is not what its journal entry says`);
  });

  it('cannot be voided with an entry of another document', async () => {
    const { id } = await books.creditNote('100.00');
    const voided = `update credit_notes set voided_at = now(), void_entry_id = ${await other()} where id = ${id}`;
    expect(await refusal(voided)).toBe(`credit note ${id} is voided by an entry that is not its mirror`);
  });

  it.each(['refunded', 'refunded_base'])('cannot be inserted with an amount in %s', async (column) => {
    const note = `insert into credit_notes (organization_id, number, customer_id, branch_id, date, currency_code, exchange_rate, total,
        ${column}, reference_no, note, created_by)
      values (${books.organization.id}, 'by hand', ${customerId}, ${books.ids.branch}, '2026-01-15', 'EUR', 1.1, 1, 1, '', '', 'psql')`;
    expect(await refusal(note)).toBe('a new credit note has no refunds and no cancellations');
  });
});

it('a lock date waits for an uncommitted entry by SQL', async () => {
  const { id } = await books.creditNote('3.00', { customerId, exchangeRate: '1', open: false });
  const { sql, superuser } = gateway.database;
  await sql.query('begin');
  const entries = [
    debit(books.ids.sales, '3', { euros: '3' }),
    credit(books.ids.receivable, '3', { euros: '3', customer: customerId }),
  ];
  for (const statement of entry('CREDIT_NOTE', entries, { date: '2026-01-15' })) await sql.query(statement);
  await sql.query(
    `update credit_notes set opened_at = now(), journal_entry_id = ${books.newest('journal_entries')} where id = ${id}`,
  );

  await superuser.query(`set lock_timeout = '200ms'`);
  const lock = () =>
    superuser.query(
      `with event as (
         insert into audit_events (organization_id, action, details, created_by, request_id)
         values ($1, 'lockTransactions', '{"before": "none", "after": "2026-01-31", "reason": "Filed"}', 'psql', 'psql')
       ) update organizations set lock_date = '2026-01-31' where id = $1`,
      [books.organization.id],
    );
  await expect(lock()).rejects.toThrow('lock timeout');
  // The audit event waits for the id that it draws; without the event, the update itself has to wait.
  const withoutEvent = superuser.query(`update organizations set lock_date = '2026-01-31' where id = $1`, [books.organization.id]);
  await expect(withoutEvent).rejects.toThrow('lock timeout');
  await sql.query('commit');
  await lock();
  await superuser.query('reset lock_timeout');
});
