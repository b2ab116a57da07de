import type { Books } from './books.js';
import { type HttpWork, numbered, type SqlWork } from './load.js';

const REFUND = `mutation Refund($input: RefundCreditNoteInput!) {
  refundCreditNote(input: $input) { id amount date creditNote { number remaining } fromAccount { name } }
}`;

const FIELDS_OF_PAGE = `nodes {
      id amount date referenceNo description status
      reversal { id date reason }
      creditNote { id number remaining customer { id displayName } }
      fromAccount { id name }
      branch { id name }
      journalEntry { id postingDate memo lines { id side amount account { id code name } } }
    }
    pageInfo { hasNextPage endCursor }`;

const PAGE = `query Page($after: String) {
  refunds(first: 100, after: $after) {
    ${FIELDS_OF_PAGE}
  }
}`;

/** No index has both the filter and the order, and the first rows in the order fill the page. */
const FILTERED_PAGE = `query Filtered($after: String, $branchId: ID!) {
  refunds(first: 100, after: $after, orderBy: DATE_DESC, filter: { branchId: $branchId, amount: { min: 3 } }) {
    ${FIELDS_OF_PAGE}
  }
}`;

const COUNT = `query Count($branchId: ID!) {
  refunds(filter: { branchId: $branchId, date: { from: "2026-03-01", to: "2026-03-30" } }) { totalCount totalCountIsCapped }
}`;

const NOTE = `query Note($id: ID!) {
  creditNote(id: $id) { id number status date total refunded remaining customer { id displayName } }
}`;

/** Rows of refunds with their relations. */
const refundsOf = (rows: string) => `
  select refund.id, refund.amount, refund.date, refund.reference_no, refund.description,
    reversal.id as reversal_id, reversal.date as reversal_date, reversal.reason,
    note.id as note_id, note.number, note.total - note.refunded - note.applied - note.cancelled as remaining,
    customer.id as customer_id, customer.display_name, account.id as account_id, account.name as account_name,
    branch.id as branch_id, branch.name as branch_name, entry.id as entry_id, entry.posting_date, entry.memo
  from refunds refund
    join credit_notes note on note.organization_id = :organization and note.id = refund.credit_note_id
    join customers customer on customer.organization_id = :organization and customer.id = note.customer_id
    join accounts account on account.organization_id = :organization and account.id = refund.from_account_id
    join branches branch on branch.organization_id = :organization and branch.id = refund.branch_id
    join journal_entries entry on entry.organization_id = :organization and entry.id = refund.journal_entry_id
    left join refund_reversals reversal on reversal.organization_id = :organization and reversal.refund_id = refund.id
  where ${rows}`;

const linesOf = (rows: string) => `
  select line.journal_entry_id, line.id, line.side, line.amount, account.id as account_id, account.code, account.name
  from (select journal_entry_id from refunds refund where ${rows}) refund
    join journal_lines line on line.organization_id = :organization and line.journal_entry_id = refund.journal_entry_id
    join accounts account on account.organization_id = :organization and account.id = line.account_id
  order by line.journal_entry_id, line.id`;

const ROWS_OF_PAGE = 'refund.organization_id = :organization and refund.id > :after order by refund.id limit 101';
const ROWS_OF_FILTERED_PAGE =
  'refund.organization_id = :organization and refund.branch_id = :branch and refund.amount >= 3 order by refund.date desc, refund.id desc limit 101';

/** The refunds of a note with their accounts and the note, and the balances of these accounts. */
const ROWS_OF_NOTE = `refund.organization_id = :organization and refund.credit_note_id = :listed
    and not exists (select from refund_reversals where organization_id = refund.organization_id and refund_id = refund.id)
  order by refund.id limit 100`;

const REFUNDS_OF_NOTE = `
  select refund.id, refund.credit_note_id, refund.from_account_id, refund.branch_id, refund.amount, refund.currency_code, refund.exchange_rate,
    refund.reference_no, refund.description, refund.date, refund.created_at,
    account.name, account.code, account.type, account.system_role, account.currency_code as account_currency, account.active,
    account.created_at as account_created_at,
    note.number, note.date as note_date, note.total, note.refunded, note.applied, note.cancelled, note.currency_code as note_currency,
    note.exchange_rate as note_rate, note.reference_no as note_reference, note.note, note.customer_id, note.branch_id as note_branch,
    note.opened_at, note.voided_at, note.created_at as note_created_at
  from refunds refund
    join accounts account on account.organization_id = :organization and account.id = refund.from_account_id
    join credit_notes note on note.organization_id = :organization and note.id = refund.credit_note_id
  where ${ROWS_OF_NOTE}`;

const BALANCES_OF_ACCOUNTS = `
  with account as (select distinct from_account_id as id from (select from_account_id from refunds refund where ${ROWS_OF_NOTE}) refund)
  select account_id, sum(debits) as debits, sum(credits) as credits from (
    select account_id, debits, credits from balance_snapshots
    where organization_id = :organization and account_id = any (array(select id from account)) and period = 'YEAR'
    union all
    select account_id, case side when 'DEBIT' then amount else 0 end, case side when 'CREDIT' then amount else 0 end
    from journal_lines where organization_id = :organization and account_id = any (array(select id from account))
      and id > coalesce((select line_id from balance_watermarks where organization_id = :organization), 0)
  ) turnover group by account_id`;

const NOTE_WITH_CUSTOMER = `
  select note.id, note.number, note.date, note.opened_at, note.voided_at, note.total, note.refunded,
    note.total - note.refunded - note.applied - note.cancelled as remaining, customer.id as customer_id, customer.display_name
  from credit_notes note join customers customer on customer.organization_id = :organization and customer.id = note.customer_id
  where note.id = :note and note.organization_id = :organization`;

/** The HTTP requests of the loads. */
export const HTTP_DOORS = {
  graphql: (url: string, books: Books) =>
    graphql(url, books, REFUND, refundVariables(books), '{"data":{"refundCreditNote":{"id":"'),

  rest: (url: string, { apiKey, branchId }: Books): HttpWork => ({
    kind: 'http',
    origin: url,
    method: 'POST',
    headers: headers(apiKey),
    path: '/api/credit-notes/<note>/refunds',
    body:
      '{"fromAccountId":<account>,"amount":<units>.25,"exchangeRate":1,"referenceNo":"<reference>","description":"Paid back",' +
      `"date":"2026-02-01","branchId":${branchId}}`,
    status: 201,
    begins: '{"id":',
  }),

  page: (url: string, books: Books) =>
    graphql(url, books, PAGE, { after: '<after:cursor>' }, '{"data":{"refunds":{"nodes":[{"id":"'),

  /** The refunds of the note that the load `one-note` refunds. */
  list: (url: string, { apiKey, notes }: Books): HttpWork => ({
    kind: 'http',
    origin: url,
    method: 'GET',
    headers: headers(apiKey),
    path: `/api/credit-notes/${notes[0]}/refunds?page_size=100`,
    body: null,
    status: 200,
    begins: '[{"id":',
  }),

  filtered: (url: string, books: Books, after: string | null = null) =>
    graphql(url, books, FILTERED_PAGE, { after, branchId: books.branchId }, '{"data":{"refunds":{"nodes":[{"id":"'),

  count: (url: string, books: Books) =>
    graphql(url, books, COUNT, { branchId: books.branchId }, '{"data":{"refunds":{"totalCount":10000'),

  note: (url: string, books: Books) => graphql(url, books, NOTE, { id: '<note>' }, '{"data":{"creditNote":{"id":"'),
} as const;

/** The same reads as hand-written SQL. One row more than the page has shows whether there is a next page. */
export const SQL_READS = {
  page: (books: Books) => sql(books, refundsOf(ROWS_OF_PAGE), linesOf(ROWS_OF_PAGE)),
  filtered: (books: Books) => sql(books, refundsOf(ROWS_OF_FILTERED_PAGE), linesOf(ROWS_OF_FILTERED_PAGE)),
  list: (books: Books) =>
    sql({ ...books, constants: { ...books.constants, listed: String(books.notes[0]) } }, REFUNDS_OF_NOTE, BALANCES_OF_ACCOUNTS),
  note: (books: Books) => sql(books, NOTE_WITH_CUSTOMER),
} as const;

function refundVariables({ branchId }: Books) {
  return {
    input: {
      creditNoteId: '<note>',
      fromAccountId: '<account>',
      amount: '<units>.25',
      exchangeRate: '1',
      referenceNo: '<reference>',
      description: 'Paid back',
      date: '2026-02-01',
      branchId,
    },
  };
}

function graphql(origin: string, { apiKey }: Books, query: string, variables: object, begins: string): HttpWork {
  const body = JSON.stringify({ query, variables });
  return { kind: 'http', origin, method: 'POST', headers: headers(apiKey), path: '/graphql', body, status: 200, begins };
}

function headers(apiKey: string): Record<string, string> {
  return { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' };
}

function sql({ databaseUrl: url, constants }: Books, ...texts: string[]): SqlWork {
  const statements = texts.map((text) => ({ name: text.slice(0, 60), into: null, ...numbered(text) }));
  return { kind: 'sql', url, statements, constants };
}
