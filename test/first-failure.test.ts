import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type Query, query, run } from '../src/orm/query.js';
import { createDatabase, type TestDatabase } from './helpers/database.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());

const divideBy = (divisor: number): Query<unknown> => query('select 1 / $1::integer', [divisor], (rows) => rows);
const NUMBER = query('select $1::integer', [1], (rows) => rows);
const WITHOUT_VALUES = query('select 1', [], (rows) => rows);

it.each([
  ['a statement without values', [divideBy(0), WITHOUT_VALUES]],
  ['a statement with values', [divideBy(0), NUMBER]],
  ['several statements', [NUMBER, divideBy(0), WITHOUT_VALUES, NUMBER, WITHOUT_VALUES]],
  ['one that fails without values', [query('select 1 / 0', [], (rows) => rows), WITHOUT_VALUES, NUMBER]],
  ['another failure', [divideBy(0), query('select nothing', [], (rows) => rows)]],
])(
  'statements that are sent together report the first failure, and not those that follow from it: before %s',
  async (_after, queries) => {
    for (const begun of [true, false]) {
      const failed = await database.orm.em
        .fork()
        .transactional(async (em) => {
          if (begun) await run(em, NUMBER);
          await run(em, ...queries);
        })
        .catch((error: unknown) => error);

      expect(failed).toMatchObject({ code: '22012', message: expect.stringContaining('division by zero') });
    }
  },
);

it('a connection serves the next transaction after such a failure', async () => {
  const em = database.orm.em.fork();
  await expect(em.transactional((em) => run(em, divideBy(0), WITHOUT_VALUES, NUMBER))).rejects.toMatchObject({ code: '22012' });

  expect(await em.transactional((em) => run(em, WITHOUT_VALUES, NUMBER))).toHaveLength(2);
});
