import { expect, it } from '@jest/globals';
import { CompiledQuery, Kysely, PostgresDialect, type PostgresPool } from 'kysely';

/** The behaviour of kysely 0.29 on which src/orm relies beyond its documentation; a failure after an upgrade names the cause. */

/** A pool with a single connection, which records its queries. */
function recording(answer: (sql: string) => Promise<unknown> = async () => undefined) {
  const queries: unknown[][] = [];
  let released = 0;
  const query = async (...asked: unknown[]) => {
    queries.push(asked);
    await answer(String(asked[0]));
    return { command: 'SELECT', rowCount: 0, rows: ['a row that is no object'] };
  };
  const client = {
    query,
    release: () => {
      released += 1;
    },
  };
  const pool = { options: {}, connect: async () => client, end: async () => undefined } as unknown as PostgresPool;
  return { kysely: new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) }), queries, released: () => released };
}

it('passes SQL and parameters unchanged to the connection, and returns its rows unchanged, without a delay before the query', async () => {
  const { kysely, queries } = recording();
  const parameters = [{ any: 'thing' }];
  const transaction = await kysely.startTransaction().execute();
  const running = transaction.executeQuery(CompiledQuery.raw('no SQL', parameters));
  expect(queries).toEqual([
    ['begin', []],
    ['no SQL', parameters],
  ]);
  expect((await running).rows).toEqual(['a row that is no object']);
});

it('waits for a result before the next query of a transaction (if this fails, src/orm must send statements one by one)', async () => {
  const { kysely, queries } = recording(() => new Promise((resolve) => setTimeout(resolve, 5)));
  const transaction = await kysely.startTransaction().execute();
  const both = ['one', 'two'].map((sql) => transaction.executeQuery(CompiledQuery.raw(sql)));
  expect(queries.map(([sql]) => sql)).toEqual(['begin', 'one']);
  await Promise.all(both);
  expect(queries.map(([sql]) => sql)).toEqual(['begin', 'one', 'two']);
});

it('begins, commits and rolls back with these SQL statements', async () => {
  const { kysely, queries } = recording();
  await (await kysely.startTransaction().execute()).commit().execute();
  await (await kysely.startTransaction().execute()).rollback().execute();
  await (await kysely.startTransaction().setIsolationLevel('repeatable read').execute()).commit().execute();
  expect(queries.map(([sql]) => sql)).toEqual([
    'begin',
    'commit',
    'begin',
    'rollback',
    'start transaction isolation level repeatable read',
    'commit',
  ]);
});

it.each(['begin', 'rollback'])(
  'does not release the connection when %s fails (if this test fails, kysely#1990 is fixed: delete our release)',
  async (text) => {
    const { kysely, released } = recording(async (sql) => {
      if (sql === text) throw new Error('lost');
    });
    const run = async () => (await kysely.startTransaction().execute()).rollback().execute();
    await expect(run()).rejects.toThrow('lost');
    expect(released()).toBe(0);
  },
);
