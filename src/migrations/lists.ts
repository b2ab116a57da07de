import { CASE_PAIRS, NO_WORD } from '../values/text.js';

/**
 * The indexes of the lists that clients read in pages. Each begins with the organization; the column of a filter, if any; the column of the order; the
 * id. So a page costs the same wherever it is. `src/inputs/lists` names them, and `test/list-indexes.test.ts` compares.
 */
const INDEXES: Readonly<Record<string, readonly string[]>> = {
  refunds: [
    'date',
    'amount',
    'from_account_id',
    'branch_id',
    'currency_code',
    'created_by',
    'request_id',
    'trace_id',
    'client_name',
  ],
  credit_notes: ['date', 'number', 'total', 'customer_id', 'branch_id', 'currency_code', 'status'],
  accounts: ['code', 'name', 'active'],
  branches: ['code', 'name', 'active'],
  customers: ['display_name', 'currency_code', 'active'],
  journal_entries: ['posting_date'],
  journal_lines: ['account_id, posting_date'],
};

/** Columns that many rows leave empty. These rows are not in the index. */
const OPTIONAL: readonly string[] = ['trace_id', 'client_name'];

/** The texts that a search looks into. */
const TEXTS: Readonly<Record<string, string>> = {
  refunds: "coalesce(reference_no, '') || ' ' || coalesce(description, '')",
  credit_notes: "number || ' ' || reference_no || ' ' || note",
  accounts: "code || ' ' || name",
  branches: "code || ' ' || name",
  customers: "display_name || ' ' || coalesce(email, '')",
};

/** Returns SQL for the indexes of lists. */
export function listIndexes(): string {
  const orders = Object.entries(INDEXES).flatMap(([table, columns]) =>
    columns.map((column) => {
      const rows = OPTIONAL.includes(column) ? ` where ${column} is not null` : '';
      return `create index ${table}_by_${column.replace(', ', '_')} on ${table} (organization_id, ${column}, id)${rows};`;
    }),
  );
  const searches = Object.entries(TEXTS).map(
    ([table, texts]) => `create index ${table}_words on ${table} using gin (words_of(organization_id, ${texts}));`,
  );
  return [WORDS, ...orders, ...searches].join('\n');
}

/**
 * A search finds the beginnings of words. In the index, each word begins with the number of its organization and an x, so that a search reads the
 * words of one organization only, and needs no extension of PostgreSQL. PostgreSQL inlines the function.
 */
const WORDS = `
  create function words_of(organization bigint, texts text) returns tsvector language sql immutable parallel safe
    return to_tsvector('simple', regexp_replace(' ' || ${withOneForm('texts')}, '[${NO_WORD}]+', ' ' || organization::text || 'x', 'g'));
`;

/**
 * Returns SQL for the text with composed letters, in which each of {@link CASE_PAIRS} has one form, as `wordsIn` makes them. PostgreSQL makes all
 * letters small, one by one. Most texts are ASCII, and need nothing of it.
 */
function withOneForm(text: string): string {
  const oneForm = CASE_PAIRS.reduce((sql, [form, same]) => `replace(${sql}, '${form}', '${same}')`, `normalize(${text}, NFC)`);
  return `(case when octet_length(${text}) = length(${text}) then ${text} else ${oneForm} end)`;
}
