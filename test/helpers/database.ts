import { randomBytes } from 'node:crypto';
import { DefaultLogger, type LogContext, type LoggerOptions } from '@mikro-orm/core';
import type { EntityManager, MikroORM } from '@mikro-orm/postgresql';
import pg from 'pg';
import { connect } from '../../mikro-orm.config.js';
import { connectionOf } from '../../src/database/connect.js';
import type { EmbeddedConnection } from '../../src/database/embedded-postgres/index.js';
import { DEFAULT_POOL_SIZE } from '../../src/orm/pool.js';
import { type ClusterRole, readCluster, TEMPLATE } from './cluster.js';
import { readTenantTables, record } from './recorded-statements.js';
import { untilWaiting } from './until-waiting.js';

/** A new migrated database, with a connection for each of its roles. */
export interface TestDatabase {
  readonly orm: MikroORM;
  /** Every SQL statement that the ORM has sent. */
  readonly statements: string[];
  /** The same with the values of their parameters. */
  readonly queries: LogContext[];
  /** A connection in the gateway's role. */
  readonly sql: pg.Client;
  readonly operator: pg.Client;
  readonly superuser: pg.Client;
  /** How a role connects to this database. */
  connection(role: ClusterRole): EmbeddedConnection;
  /** Runs the work in the operator's role, which may create organizations, members and keys. */
  asOperator<T>(work: (em: EntityManager) => Promise<T>): Promise<T>;
  /** Runs the work while triggers and foreign keys are off for the superuser's connection. */
  withoutRules(work: () => Promise<unknown>): Promise<void>;
  /** {@link untilWaiting} on this database. */
  untilWaiting(count: number): Promise<number>;
  drop(): Promise<void>;
}

/** Returns the columns of a table into which rows can be inserted, in SQL. */
export async function columnsOf(client: pg.Client, table: string): Promise<string> {
  const { rows } = await client.query<{ columns: string }>(
    `select string_agg(quote_ident(attname), ', ') as columns from pg_attribute
     where attrelid = $1::regclass and attnum > 0 and not attisdropped and attgenerated = ''`,
    [table],
  );
  return rows[0]?.columns ?? '';
}

export interface DatabaseOptions {
  readonly poolSize?: number;
  /** The database to copy. */
  readonly template?: string;
  /** PostgreSQL's settings for each connection to the database. */
  readonly settings?: Readonly<Record<string, string>>;
}

export async function createDatabase({
  poolSize = DEFAULT_POOL_SIZE,
  template = TEMPLATE,
  settings = {},
}: DatabaseOptions = {}): Promise<TestDatabase> {
  const cluster = readCluster();
  const database = `test_${randomBytes(6).toString('hex')}`;
  const connection = (role: ClusterRole): EmbeddedConnection => ({ ...cluster[role], database });
  const admin = new pg.Client(cluster.superuser);
  await admin.connect();
  await admin.query(`create database ${database} template ${template}`);
  for (const [name, value] of Object.entries(settings)) await admin.query(`alter database ${database} set ${name} = '${value}'`);

  // `migrate` revokes this from a database, and a copy of that database does not inherit it.
  await admin.query(`revoke temporary on database ${database} from public`);

  const statements: string[] = [];
  const queries: LogContext[] = [];
  const logging = { debug: ['query' as const], colors: false };
  const orm = await connect(connectionOf(connection('application')), {
    pool: { max: poolSize },
    ...logging,
    logger: (message) => {
      statements.push(message);
      record(message);
    },
    loggerFactory: (options) => new RecordingLogger(options, queries),
  });
  const sql = new pg.Client(connection('application'));
  const operators = await connect(connectionOf(connection('operator')), { ...logging, logger: record });
  const operator = new pg.Client(connection('operator'));
  const superuser = new pg.Client(connection('superuser'));
  await Promise.all([sql.connect(), operator.connect(), superuser.connect()]);
  await readTenantTables(superuser);
  return {
    orm,
    statements,
    queries,
    sql,
    operator,
    superuser,
    connection,
    asOperator: (work) => work(operators.em.fork()),
    async withoutRules(work) {
      await superuser.query('set session_replication_role = replica');
      await work();
      await superuser.query('set session_replication_role = origin');
    },
    untilWaiting: (count) => untilWaiting(admin, count, database),
    async drop() {
      await Promise.all([orm.close(), operators.close(), sql.end(), operator.end(), superuser.end()]);
      await admin.query(`drop database ${database} with (force)`);
      await admin.end();
    },
  };
}

/** Also keeps the values of each query's parameters, which the log does not show. */
class RecordingLogger extends DefaultLogger {
  constructor(
    options: LoggerOptions,
    private readonly queries: LogContext[],
  ) {
    super(options);
  }

  override logQuery(context: { query: string } & LogContext): void {
    this.queries.push(context);
    super.logQuery(context);
  }
}
