import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type MikroORM, ReferenceKind } from '@mikro-orm/postgresql';
import pg from 'pg';
import { connect } from '../mikro-orm.config.js';
import { connectionOf } from '../src/database/connect.js';
import { migrate, pendingMigrations } from '../src/database/migrate.js';
import { ENTITIES } from '../src/entities/index.js';
import { Owned } from '../src/entities/owned.js';
import { MIGRATIONS } from '../src/migrations/index.js';
import { CURRENCIES } from '../src/values/currencies.js';
import { readCluster } from './helpers/cluster.js';
import { createDatabase, type TestDatabase } from './helpers/database.js';

const ALL = MIGRATIONS.map(({ name }) => name);
const { superuser } = readCluster();

describe('an empty database', () => {
  const admin = new pg.Client(superuser);
  const database = `test_${randomBytes(6).toString('hex')}`;
  let processes: [MikroORM, MikroORM];

  beforeAll(async () => {
    await admin.connect();
    await admin.query(`create database ${database}`);
    const connection = connectionOf({ ...superuser, database });
    processes = [await connect(connection), await connect(connection)];
  });

  afterAll(async () => {
    for (const orm of processes) await orm.close();
    await admin.query(`drop database ${database} with (force)`);
    await admin.end();
  });

  it('is migrated by exactly one of two processes at the same time, and needs no migration afterwards', async () => {
    const [one, other] = processes;
    expect(await pendingMigrations(one)).toEqual(ALL);

    const applied = await Promise.all([migrate(one), migrate(other)]);

    expect(applied.map((names) => names.length).sort()).toEqual([0, ALL.length]);
    expect(applied.flat()).toEqual(ALL);
    expect(await pendingMigrations(other)).toEqual([]);
    expect(await migrate(one)).toEqual([]);
  });
});

describe('a migrated database', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createDatabase();
  });
  afterAll(() => database.drop());

  it.each(ENTITIES.filter((entity) => entity !== Owned).map(({ name }) => name))(
    'has each column of %s, and lets it be null where the entity does',
    async (name) => {
      const { tableName, props } = database.orm.getMetadata().getByClassName(name);
      const mapped = props.filter(({ persist, formula, kind }) => persist !== false && !formula && kind !== ReferenceKind.EMBEDDED);
      // The second column of a reference is the organization's own.
      const expected = mapped.flatMap(({ fieldNames = [], nullable = false }) =>
        fieldNames.slice(0, 1).map((column) => [column, nullable]),
      );
      expect(expected.length).toBeGreaterThan(1);

      const { rows } = await database.sql.query(
        `select column_name as name, is_nullable = 'YES' as nullable from information_schema.columns where table_name = $1`,
        [tableName],
      );

      expect(Object.fromEntries(rows.map((row) => [row.name, row.nullable]))).toMatchObject(Object.fromEntries(expected));
    },
  );

  it('has the same number of decimals for every currency of ISO 4217 as the gateway', async () => {
    const { rows } = await database.sql.query(`select code, currency_digits(code) as digits from unnest($1::text[]) as code`, [
      [...CURRENCIES.keys()],
    ]);
    expect(rows.length).toBeGreaterThan(150);
    expect(rows).toEqual([...CURRENCIES].map(([code, { digits }]) => ({ code, digits })));
  });
});
