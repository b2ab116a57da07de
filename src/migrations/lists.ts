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
    'protocol',
    'client_name',
  ],
  credit_notes: ['date', 'number', 'total', 'customer_id', 'branch_id', 'currency_code', 'status'],
  accounts: ['code', 'name'],
  branches: ['code', 'name'],
  customers: ['display_name', 'currency_code'],
  journal_entries: ['posting_date'],
  journal_lines: ['account_id, posting_date'],
};

/** The texts that a search looks into. */
const TEXTS: Readonly<Record<string, string>> = {
  refunds: "reference_no || ' ' || description",
  credit_notes: "number || ' ' || reference_no || ' ' || note",
  accounts: "code || ' ' || name",
  branches: "code || ' ' || name",
  customers: "display_name || ' ' || coalesce(email, '')",
};

/** Returns SQL for the indexes of lists. */
export function listIndexes(): string {
  const orders = Object.entries(INDEXES).flatMap(([table, columns]) =>
    columns.map((column) => `create index ${table}_by_${column.replace(', ', '_')} on ${table} (organization_id, ${column}, id);`),
  );
  const searches = Object.entries(TEXTS).map(
    ([table, texts]) => `create index ${table}_words on ${table} using gin (words_of(organization_id, ${texts}));`,
  );
  return [WORDS, ...orders, ...searches].join('\n');
}

/**
 * A search finds the beginnings of words, as they are read. A word begins with its organization, so that a search reads the words of one
 * organization only, and needs no extension of PostgreSQL.
 */
const WORDS = `
  create function words_in(text text) returns text[] language sql immutable parallel safe
    return array(
      select distinct left(word, 64)
      from unnest(string_to_array(regexp_replace(as_read(text), '[!-/:-@[-\`{-~]+', ' ', 'g'), ' ')) word where word <> ''
    );

  create function words_of(organization bigint, text text) returns tsvector language sql immutable parallel safe
    return array_to_tsvector(array(select organization || '/' || word from unnest(words_in(text)) word));

  -- Matches texts that have, for each of the words, a word that begins with it.
  create function search_for(organization bigint, text text) returns tsquery language sql immutable parallel safe
    return (select string_agg('''' || organization || '/' || word || ''':*', ' & ')::tsquery from unnest(words_in(text)) word);
`;
