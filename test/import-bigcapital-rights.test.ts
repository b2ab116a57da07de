import { beforeEach, describe, expect, it } from '@jest/globals';
import { freshBooks, sharedGateway } from './helpers/gateway.js';
import { outcomeOf } from './helpers/sql-outcome.js';

const gateway = sharedGateway();

const books = freshBooks(gateway);
let noteId: string;
beforeEach(async () => {
  ({ id: noteId } = await books.creditNote('100.00'));
});

/** Runs the statements in a transaction that names an organization as the one that is imported. Returns "accepted" or the database's error message. */
function importing(role: 'application' | 'owner', organizationId: number, ...statements: string[]): Promise<string> {
  const { sql, superuser } = gateway.database;
  return outcomeOf(role === 'owner' ? superuser : sql, `set local books.import = '${organizationId}'`, ...statements);
}

const opening = (...lines: [side: string, accountId: string, amount: number, rest?: string][]) => {
  const { id } = books.organization;
  return [
    `insert into journal_entries (organization_id, posting_date, source, memo) values (${id}, '2026-02-01', 'OPENING', 'Opening')`,
    ...lines.map(
      ([side, account, amount, rest = 'null']) =>
        `insert into journal_lines (organization_id, journal_entry_id, posting_date, side, account_id, amount, customer_id)
         values (${id}, ${books.newest('journal_entries')}, '2026-02-01', '${side}', ${account}, ${amount}, ${rest})`,
    ),
  ];
};

/** A refund of the whole note without an author, with its entry. */
const unsigned = () => {
  const { id } = books.organization;
  const { bank, receivable, branch } = books.ids;
  const line = (side: string, account: string, customer: string) =>
    `insert into journal_lines (organization_id, journal_entry_id, posting_date, side, account_id, amount, customer_id, branch_id)
     values (${id}, ${books.newest('journal_entries')}, '2026-02-01', '${side}', ${account}, 100, ${customer}, ${branch})`;
  return [
    `insert into journal_entries (organization_id, posting_date, source, memo) values (${id}, '2026-02-01', 'REFUND', 'Refund')`,
    line('DEBIT', receivable, `(select customer_id from credit_notes where organization_id = ${id} and id = ${noteId})`),
    line('CREDIT', bank, 'null'),
    `insert into refunds (organization_id, credit_note_id, from_account_id, branch_id, amount, currency_code, exchange_rate, settled_amount,
       paid_amount, date, reference_no, description, journal_entry_id, created_by, request_id, protocol)
     values (${id}, ${noteId}, ${bank}, ${branch}, 100, 'USD', 1, 100, 100, '2026-02-01', '', '', ${books.newest('journal_entries')}, 'x', 'x', 'IMPORT')`,
  ];
};

describe('only the owner of the tables imports, and only into the organization that the transaction names', () => {
  it('opening balances', async () => {
    const { bank, sales } = books.ids;
    const balanced = () => opening(['DEBIT', bank, 5], ['CREDIT', sales, 5]);
    expect(await importing('application', books.organization.id, ...balanced())).toBe('only an import posts opening balances');
    expect(await importing('owner', books.organization.id + 1, ...balanced())).toBe('only an import posts opening balances');
    expect(await importing('owner', books.organization.id, ...balanced())).toBe('accepted');
  });

  it('refunds without an author', async () => {
    const message = 'a row of refunds is attributed to a key or a member that may not make it';
    expect(await importing('application', books.organization.id, ...unsigned())).toBe(message);
    expect(await importing('owner', books.organization.id + 1, ...unsigned())).toBe(message);
    expect(await importing('owner', books.organization.id, ...unsigned())).toBe('accepted');
  });

  it('given ids', async () => {
    const customer = (id: number) =>
      `insert into customers (id, organization_id, display_name, currency_code) values (${id}, ${books.organization.id}, 'Carl', 'USD')`;
    expect(await importing('application', books.organization.id, customer(7))).toBe('permission denied for table customers');
    await importing('owner', books.organization.id + 1, customer(7));
    await importing('owner', books.organization.id, customer(8));
    const { rows } = await gateway.database.superuser.query('select id from customers where organization_id = $1 and id < 10', [
      books.organization.id,
    ]);
    expect(rows).toEqual([{ id: '8' }]);
  });
});

describe('an opening entry is refused by the database', () => {
  it('if it does not balance, names a customer, or an account of another organization', async () => {
    const { bank, sales } = books.ids;
    const customerId = await books.customer();
    expect(await importing('owner', books.organization.id, ...opening(['DEBIT', bank, 5], ['CREDIT', sales, 6]))).toMatch(
      /does not balance: debits − credits = -1/,
    );
    const naming = opening(['DEBIT', bank, 5, customerId], ['CREDIT', sales, 5]);
    expect(await importing('owner', books.organization.id, ...naming)).toMatch(/names a customer, a branch, a foreign amount or/);
    const foreign = (await gateway.books()).ids.bank;
    expect(await importing('owner', books.organization.id, ...opening(['DEBIT', foreign, 5], ['CREDIT', sales, 5]))).toMatch(
      /an account that is not here/,
    );
  });
});
