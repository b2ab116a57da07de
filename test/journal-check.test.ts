import { beforeEach, describe, expect, it } from '@jest/globals';
import { ReverseRefundDocument, VoidCreditNoteDocument } from './generated/documents.js';
import { freshBooks, sharedGateway } from './helpers/gateway.js';

/** The check of the books finds each fault that was inserted with all triggers switched off, and names its document. */
const gateway = sharedGateway();
const books = freshBooks(gateway);
/** Ids of a note with two posted refunds and a reversed one, of a void note, and of accounts and a customer. */
let ids: Record<'note' | 'refund' | 'twin' | 'reversed' | 'voided' | 'expense' | 'fx' | 'stranger', string>;
beforeEach(async () => {
  const euros = { currencyCode: 'EUR', exchangeRate: '1.1' };
  const note = (await books.creditNote('1000.00', euros)).id;
  const [refund, twin, reversed] = [
    (await books.refund(note, { exchangeRate: '1.2' })).id,
    (await books.refund(note, { exchangeRate: '1.2' })).id,
    (await books.refund(note, { exchangeRate: '1.2' })).id,
  ];
  await books.client.query(ReverseRefundDocument, { input: { refundId: reversed, date: '2026-02-05', reason: 'x' } });
  const voided = (await books.creditNote('7.00', euros)).id;
  await books.client.query(VoidCreditNoteDocument, { id: voided, date: '2026-02-05' });
  const { rows } = await gateway.database.sql.query(
    `select id::text from accounts where organization_id = $1 and system_role = 'fx-gain-loss'`,
    [books.organization.id],
  );
  ids = {
    note,
    refund,
    twin,
    reversed,
    voided,
    expense: books.ids.expense,
    fx: rows[0].id,
    stranger: await books.customer('EUR'),
  };
});

async function plant(...statements: string[]): Promise<void> {
  const { superuser } = gateway.database;
  await gateway.database.withoutRules(async () => {
    for (const statement of statements) await superuser.query(statement);
  });
}

const entryOf = (table: string, id: string | undefined, column = 'journal_entry_id') =>
  `(select ${column} from ${table} where id = ${id})`;
const opening = () => entryOf('credit_notes', ids.note);
const voiding = () => entryOf('credit_notes', ids.voided, 'void_entry_id');
const refunding = (id = ids.refund) => entryOf('refunds', id);
const reversing = () => `(select journal_entry_id from refund_reversals where refund_id = ${ids.reversed})`;

/** SQL of two lines that balance each other. */
const more = (entry: string, debited: string, credited: string, amount = 1_000_000) => `
  insert into journal_lines (organization_id, journal_entry_id, posting_date, side, account_id, branch_id, amount)
  select organization_id, id, posting_date, side, account_id, ${books.ids.branch}, ${amount}
  from journal_entries, (values ('DEBIT', ${debited}), ('CREDIT', ${credited})) line (side, account_id) where id = ${entry}`;

const change = (entry: string, where: string, to: string) =>
  `update journal_lines set ${to} where journal_entry_id = ${entry} and ${where}`;

it('finds no fault in a correct ledger', async () => {
  expect(await books.faults()).toEqual([]);
});

describe('finds', () => {
  it.each<[string, () => string[], () => string]>([
    [
      'an opening entry by which a million leaves the bank',
      () => [more(opening(), ids.expense, books.ids.bank)],
      () => `every-opened-note-has-its-entry: credit note ${ids.note}`,
    ],
    [
      'an opening entry with lines that cancel one another',
      () => [more(opening(), books.ids.bank, books.ids.bank)],
      () => `every-opened-note-has-its-entry: credit note ${ids.note}`,
    ],
    [
      'an opening entry with another foreign amount',
      () => [change(opening(), `side = 'CREDIT'`, 'foreign_amount = 999')],
      () => `every-opened-note-has-its-entry: credit note ${ids.note}`,
    ],
    [
      'an opening entry with another customer',
      () => [change(opening(), `side = 'CREDIT'`, `customer_id = ${ids.stranger}`)],
      () => `every-opened-note-has-its-entry: credit note ${ids.note}`,
    ],
    [
      'an opening entry without its branch',
      () => [change(opening(), `side = 'DEBIT'`, 'branch_id = null')],
      () => `every-opened-note-has-its-entry: credit note ${ids.note}`,
    ],
    [
      'a refund by which a million leaves the bank',
      () => [more(refunding(), ids.expense, books.ids.cash)],
      () => `every-refund-has-its-entry: refund ${ids.refund}`,
    ],
    [
      'a refund with lines that cancel one another',
      () => [more(refunding(), books.ids.bank, books.ids.bank)],
      () => `every-refund-has-its-entry: refund ${ids.refund}`,
    ],
    [
      'a refund without the foreign amount of the bank',
      () => [change(refunding(), `account_id = ${books.ids.bank}`, 'foreign_amount = null, foreign_currency_code = null')],
      () => `every-refund-has-its-entry: refund ${ids.refund}`,
    ],
    [
      'a refund with another customer in its entry',
      () => [change(refunding(), 'customer_id is not null', `customer_id = ${ids.stranger}`)],
      () => `every-refund-has-its-entry: refund ${ids.refund}`,
    ],
    [
      'a refund whose loss is an expense',
      () => [change(refunding(), `account_id = ${ids.fx}`, `account_id = ${ids.expense}`)],
      () => `every-refund-has-its-entry: refund ${ids.refund}`,
    ],
    [
      'a reversal with lines that cancel one another',
      () => [more(reversing(), books.ids.bank, books.ids.bank)],
      () => `every-reversal-is-the-mirror-of-one-refund: refund ${ids.reversed}`,
    ],
    [
      'a reversal on another account',
      () => [change(reversing(), `account_id = ${books.ids.bank}`, `account_id = ${books.ids.cash}`)],
      () => `every-reversal-is-the-mirror-of-one-refund: refund ${ids.reversed}`,
    ],
    [
      'a void note whose mirror moves a million',
      () => [more(voiding(), ids.expense, books.ids.bank)],
      () => `every-void-note-is-mirrored: credit note ${ids.voided}`,
    ],
    [
      'a void note with the mirror of another note',
      () => [`update journal_entries set reversal_of_id = ${opening()} where id = ${voiding()}`],
      () => `every-void-note-is-mirrored: credit note ${ids.voided}`,
    ],
    [
      'a refund that settles nothing and posts the rest as FX',
      () => [
        `update refunds set settled_amount = 0, realized_gain = -48 where id = ${ids.refund}`,
        `update credit_notes set refunded_base = refunded_base - 44, realized_gain = realized_gain - 44 where id = ${ids.note}`,
        change(refunding(), `account_id = ${books.ids.receivable}`, 'amount = 0'),
        change(refunding(), `account_id = ${ids.fx}`, 'amount = 48'),
      ],
      () => `every-refund-settles-and-gains-its-share: refund ${ids.refund}`,
    ],
    [
      'a refund that settles a part of another',
      () => [
        `update refunds set settled_amount = settled_amount + 10, realized_gain = realized_gain + 10 where id = ${ids.refund}`,
        `update refunds set settled_amount = settled_amount - 10, realized_gain = realized_gain - 10 where id = ${ids.twin}`,
        change(refunding(), `account_id = ${books.ids.receivable}`, 'amount = amount + 10'),
        change(refunding(ids.twin), `account_id = ${books.ids.receivable}`, 'amount = amount - 10'),
        `delete from journal_lines where account_id = ${ids.fx} and journal_entry_id = ${refunding()}`,
        `insert into journal_lines (organization_id, journal_entry_id, posting_date, side, account_id, branch_id, amount)
         select organization_id, journal_entry_id, date, 'CREDIT', ${ids.fx}, branch_id, 6 from refunds where id = ${ids.refund}`,
        change(refunding(ids.twin), `account_id = ${ids.fx}`, 'amount = amount + 10'),
      ],
      () => `every-refund-settles-and-gains-its-share: refund ${ids.refund}, refund ${ids.twin}`,
    ],
  ])('%s', async (_name, statements, expected) => {
    await plant(...statements());
    expect(await books.faults()).toContain(expected());
  });

  it.each(['CREDIT_NOTE', 'REFUND'])('an entry that balances but belongs to no %s', async (source) => {
    await plant(
      `insert into journal_entries (organization_id, posting_date, source, memo) values (${books.organization.id}, '2026-02-01', '${source}', 'planted')`,
      more(books.newest('journal_entries'), ids.expense, books.ids.bank),
    );
    const { rows } = await gateway.database.sql.query(`select ${books.newest('journal_entries')} as id`);
    expect(await books.faults()).toEqual([`every-entry-has-its-document: journal entry ${rows[0].id}`]);
  });

  it('an entry whose source is not that of its document', async () => {
    const { rows } = await gateway.database.sql.query(`select ${refunding()} as id`);
    await plant(`update journal_entries set source = 'CREDIT_NOTE' where id = ${rows[0].id}`);
    expect(await books.faults()).toEqual([
      `every-refund-has-its-entry: refund ${ids.refund}`,
      `every-entry-has-its-document: journal entry ${rows[0].id}`,
    ]);
  });
});
