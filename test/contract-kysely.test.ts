import { expect, it } from '@jest/globals';
import { CompiledQuery, Kysely, PostgresDialect, type PostgresPool } from 'kysely';

/** What we rely on in kysely 0.29 beyond its documentation. A test that fails here after an upgrade names what to look at. */

/** A pool whose one connection writes down what it is asked. */
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

it('hands a text and its parameters to the connection as they are, and the rows back, before executeQuery returns', async () => {
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

it('waits for an answer before it sends the next query of a transaction: send statements one by one when this test fails', async () => {
  const { kysely, queries } = recording(() => new Promise((resolve) => setTimeout(resolve, 5)));
  const transaction = await kysely.startTransaction().execute();
  const both = ['one', 'two'].map((sql) => transaction.executeQuery(CompiledQuery.raw(sql)));
  expect(queries.map(([sql]) => sql)).toEqual(['begin', 'one']);
  await Promise.all(both);
  expect(queries.map(([sql]) => sql)).toEqual(['begin', 'one', 'two']);
});

it('begins, commits and rolls back by these texts', async () => {
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
  'keeps the connection when %s fails: delete our release of it when this test fails (kysely#1990)',
  async (text) => {
    const { kysely, released } = recording(async (sql) => {
      if (sql === text) throw new Error('lost');
    });
    const run = async () => (await kysely.startTransaction().execute()).rollback().execute();
    await expect(run()).rejects.toThrow('lost');
    expect(released()).toBe(0);
  },
);
