import { expect, it } from '@jest/globals';
import { combine, type Query, query, type ResultRow } from '../src/orm/query.js';

const names = (text: string): Query<string[]> => query(text, [], (rows) => rows.map(({ name }) => String(name)));
const nothing: Query<'nothing'> = { statements: [], read: () => 'nothing' };
const rows = (...values: string[]): ResultRow[] => values.map((name) => ({ name }));

it('passes each combined query its own rows, whatever the number of statements of the queries before it', () => {
  const two = combine([names('select 1'), names('select 2')], (answers) => answers);
  const all = combine([nothing, two, nothing, names('select 3')], (answers) => answers);

  expect(all.statements.map(({ text }) => text)).toEqual(['select 1', 'select 2', 'select 3']);
  expect(all.read([rows('a'), rows('b', 'c'), rows()])).toEqual(['nothing', [['a'], ['b', 'c']], 'nothing', []]);
});
