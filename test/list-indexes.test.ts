import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { AUDIT_EVENTS } from '../src/inputs/lists/audit-events.list.js';
import { CREDIT_NOTES, NOTES_OF_CUSTOMER } from '../src/inputs/lists/credit-notes.list.js';
import { JOURNAL_ENTRIES, LINES_OF_ACCOUNT } from '../src/inputs/lists/journal.lists.js';
import { ACCOUNTS, BRANCHES, CUSTOMERS } from '../src/inputs/lists/records.lists.js';
import { REFUNDS, REFUNDS_OF_NOTE } from '../src/inputs/lists/refunds.list.js';
import { columnOf, metadataOf } from '../src/orm/columns.js';
import { createDatabase, type TestDatabase } from './helpers/database.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());

const LISTS = [
  ACCOUNTS,
  AUDIT_EVENTS,
  BRANCHES,
  CREDIT_NOTES,
  CUSTOMERS,
  JOURNAL_ENTRIES,
  LINES_OF_ACCOUNT,
  NOTES_OF_CUSTOMER,
  REFUNDS,
  REFUNDS_OF_NOTE,
];

it('each order of a list, and each filter that divides an index of it, has an index; and each index of lists is for one of these', async () => {
  const { rows } = await database.superuser.query<{ name: string; index: string }>(`
    select indexrelid::regclass::text as name, indrelid::regclass || ' (' || array_to_string(array(
        select pg_get_indexdef(indexrelid, position, true) from generate_series(1, indnkeyatts) position
      ), ', ') || ')' as index
    from pg_index
    where indisvalid and (indpred is null
      or pg_get_expr(indpred, indrelid) = format('(%s IS NOT NULL)', pg_get_indexdef(indexrelid, 2, true)))`);
  const indexes = new Set(rows.map(({ index }) => index));
  const promised = LISTS.flatMap(({ entity, orders, reference }) => {
    const meta = metadataOf(database.orm.em, entity);
    const column = (property: string) => columnOf(meta, property);
    return [...orders.values()].flatMap(({ indexed, properties }) => {
      // Other orders of an owner's list, such as the refunds of a note by amount, have no index: a limited number of rows is sorted.
      if (reference !== undefined && !indexed.includes(reference)) return [];
      const dividers = reference === undefined ? [[], ...indexed.map((each) => [each])] : [[reference]];
      return dividers.map((divider) => {
        const columns = ['organization_id', ...divider.map(column), ...properties.map(column)];
        return `${meta.tableName} (${columns.join(', ')})`;
      });
    });
  });

  expect(new Set(promised).size).toBeGreaterThan(30);
  expect(promised.filter((index) => !indexes.has(index))).toEqual([]);
  const forLists = rows.filter(({ name }) => /^[a-z_]+_by_/.test(name));
  expect(forLists.length).toBeGreaterThan(20);
  expect(forLists.filter(({ index }) => !promised.includes(index))).toEqual([]);
});
