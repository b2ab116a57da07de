import { type Client, DatabaseError, escapeIdentifier } from 'pg';
import { checkBooks, type LedgerHealth } from '../services/ledger/ledger-health.js';
import { OPERATOR } from '../services/unit-of-work/audit-trail.js';
import { databaseTime, rollBack } from './backup.js';
import {
  BackupRefused,
  damaged,
  type Footer,
  type Header,
  headerOf,
  isOfRows,
  line,
  linesOf,
  nextJson,
  ORGANIZATION_FORMAT,
  refusalOfRows,
  rowsOf,
  type TableHeader,
  writeNewFile,
} from './backup-file.js';
import { columnList, insertRows, linesOfTable, target } from './backup-tables.js';
import { type OrganizationTable, organizationTables } from './organization-tables.js';

/** What a file or a database holds of an organization. Both sides of a move must hold the same. */
export interface Holdings {
  /** Number of rows of each table. */
  readonly tables: Readonly<Record<string, number>>;
  /** Sums of all journal lines, in the base currency. */
  readonly debits: string;
  readonly credits: string;
}

/** The report of an export or an import. */
export interface Carried extends Holdings {
  readonly publicId: string;
  /** Whether the organization was frozen when the file was written, so that the file holds all that ever happened there. */
  readonly frozen: boolean;
  /** When the file was written, by the clock of the database that it comes from. */
  readonly takenAt: string;
  /** The check of the books: those of the snapshot that was exported, or those that were imported. */
  readonly health: LedgerHealth;
}

/** The organization's own row, and the users that are or were its members, are in the first line. */
interface OrganizationHeader extends Header {
  readonly format: typeof ORGANIZATION_FORMAT;
  readonly publicId: string;
  readonly frozen: boolean;
  /** Rows in the form of `to_jsonb`. The ids are those of the database that the file comes from. */
  readonly organization: object;
  readonly users: readonly object[];
}

interface OrganizationFooter extends Footer, Holdings {}

/**
 * Writes a consistent snapshot of one organization into a new file, while the gateway goes on.
 *
 * @param onWritten is called before the file gets its name. If it fails, there is no file
 * @throws {BackupRefused} if there is no such organization, or if the file exists already
 */
export async function writeOrganization(
  client: Client,
  migrations: readonly string[],
  publicId: string,
  file: string,
  onWritten: (carried: Carried) => Promise<void>,
): Promise<Carried> {
  await client.query('begin isolation level repeatable read read only');
  try {
    const found = await client.query<{ id: string; frozen: boolean; row: object }>(
      `select id, frozen_at is not null as frozen, to_jsonb(organizations) - '{id,frozen_at}'::text[] as row from organizations where public_id = $1`,
      [publicId],
    );
    const [organization] = found.rows;
    if (organization === undefined)
      throw new BackupRefused(`There is no organization ${publicId}; see: npm run organization -- list`);
    const { id, frozen, row } = organization;
    const takenAt = await databaseTime(client);
    const tables: Record<string, number> = {};
    async function* dump(): AsyncGenerator<string | Buffer> {
      const users = await usersOf(client, id);
      const format = ORGANIZATION_FORMAT;
      yield line<OrganizationHeader>({ format, takenAt, migrations, publicId, frozen, organization: row, users });
      for (const table of await organizationTables(client)) {
        const order = table.key.length > 0 ? `order by ${columnList(table.key)}` : '';
        tables[table.table] = yield* linesOfTable(client, table, `where organization_id = ${id} ${order}`);
      }
    }
    const turnover = await turnoverOf(client, id);
    const health = await checkBooks([async (sql) => (await client.query(sql)).rows], Number(id));
    const carried: Carried = { publicId, frozen, takenAt, tables, ...turnover, health };
    const footer = (): OrganizationFooter => ({ rows: sumOf(tables), tables, ...turnover });
    await writeNewFile(file, dump(), footer, () => onWritten(carried));
    return carried;
  } finally {
    await rollBack(client);
  }
}

/**
 * Inserts an organization from a file, in one transaction: all of it or nothing. Row ids stay; the organization and its users get the numbers
 * of this database. Triggers are off meanwhile, because they would post again what the file holds as posted. Constraints stay enabled, and
 * the check of the books includes all references. The client's role must own the tables and may set `session_replication_role`.
 *
 * @throws {BackupRefused} if the file is damaged, incomplete or of another version, if its public id or one of its API keys is taken, or if
 *   its books are wrong
 */
export async function readOrganization(client: Client, migrations: readonly string[], file: string, by: string): Promise<Carried> {
  const lines = linesOf(file);
  try {
    const header = await headerOf<OrganizationHeader>(lines, file, ORGANIZATION_FORMAT);
    if (header.migrations.join() !== migrations.join()) {
      throw new BackupRefused(`${file} was exported by another version of this program; export and import with the same one`);
    }
    await client.query('begin');
    await assertNew(client, header.publicId);
    await disableTriggers(client);
    const users = await insertUsers(client, header.users);
    const id = await insertOrganization(client, header.organization);
    const tables: Record<string, number> = {};
    for (const table of await organizationTables(client)) {
      const next = await nextJson<TableHeader>(lines, file);
      // Prevents SQL injection, too: statements contain only names of tables and columns that exist.
      if (!('columns' in next) || target(next) !== target(table))
        throw new BackupRefused(`${file} has other tables than the database`);
      const columns = ['organization_id', ...table.columns];
      const rows = renumbered(rowsOf(lines, file), id, table, users, file);
      tables[table.table] = await insertRows(client, { table: table.table, columns }, rows);
      await client.query(`analyze ${escapeIdentifier(table.table)}`);
    }
    const footer = await nextJson<OrganizationFooter>(lines, file);
    const { done } = await lines.next();
    const held = { tables, ...(await turnoverOf(client, id)) };
    if (!done || !isSame(held, footer)) throw damaged(file);
    await client.query('set local session_replication_role = origin');
    const health = await checkBooks([async (sql) => (await client.query(sql)).rows], Number(id));
    const { publicId, frozen, takenAt } = header;
    if (health.healthy) {
      await recordImport(client, id, { takenAt, by });
      await client.query('commit');
    }
    return { publicId, frozen, takenAt, ...held, health };
  } catch (error) {
    throw await refusalBehind(error, file);
  } finally {
    await rollBack(client);
    await lines.return(undefined);
  }
}

async function usersOf(client: Client, organizationId: string): Promise<object[]> {
  const { rows } = await client.query<{ row: object }>(
    `select to_jsonb(users) as row from users
     where id in (select user_id from memberships where organization_id = $1) order by id`,
    [organizationId],
  );
  return rows.map(({ row }) => row);
}

async function turnoverOf(client: Client, organizationId: string): Promise<{ debits: string; credits: string }> {
  const { rows } = await client.query<{ debits: string; credits: string }>(
    `select coalesce(sum(amount) filter (where side = 'DEBIT'), 0) as debits, coalesce(sum(amount) filter (where side = 'CREDIT'), 0) as credits
     from journal_lines where organization_id = $1`,
    [organizationId],
  );
  return rows[0] ?? { debits: '0', credits: '0' };
}

/** @throws {BackupRefused} if an organization has this id already; case does not matter */
async function assertNew(client: Client, publicId: string): Promise<void> {
  const { rows } = await client.query<{ id: string }>(
    'select public_id as id from organizations where lower(public_id) = lower($1)',
    [publicId],
  );
  if (rows[0] !== undefined) throw new BackupRefused(`There is an organization ${rows[0].id} already`);
}

/** Disables triggers for this transaction only: unlike `alter table`, this locks no table that other organizations use. */
async function disableTriggers(client: Client): Promise<void> {
  try {
    await client.query('set local session_replication_role = replica');
  } catch (error) {
    if (!(error instanceof DatabaseError) || error.code !== INSUFFICIENT_PRIVILEGE) throw error;
    throw new BackupRefused(
      'The role of DATABASE_URL may not import: it must own the tables and may set session_replication_role. See docs/operations.md',
    );
  }
}

const INSUFFICIENT_PRIVILEGE = '42501';

/** Inserts the users that are missing, in the order of their subjects because of other imports, and returns the id here of each user's id in the file. A user that exists stays as it is. */
async function insertUsers(client: Client, users: readonly object[]): Promise<ReadonlyMap<string, string>> {
  const given = JSON.stringify(users);
  const columns = await columnsOf(client, 'users', ['id']);
  await client.query(
    `insert into users (${columns}) select ${columns} from jsonb_populate_recordset(null::users, $1)
     order by subject on conflict (subject) do nothing`,
    [given],
  );
  const { rows } = await client.query<{ theirs: string; ours: string }>(
    `select given.id as theirs, users.id as ours from jsonb_populate_recordset(null::users, $1) given join users using (subject)`,
    [given],
  );
  return new Map(rows.map(({ theirs, ours }) => [theirs, ours]));
}

/** Inserts the organization, which is not frozen here, and returns its number. */
async function insertOrganization(client: Client, organization: object): Promise<string> {
  const columns = await columnsOf(client, 'organizations', ['id', 'frozen_at']);
  const { rows } = await client.query<{ id: string }>(
    `insert into organizations (${columns}) select ${columns} from jsonb_populate_record(null::organizations, $1) returning id`,
    [JSON.stringify(organization)],
  );
  return String(rows[0]?.id);
}

async function columnsOf(client: Client, table: string, without: readonly string[]): Promise<string> {
  const { rows } = await client.query<{ name: string }>(
    `select attname::text as name from pg_attribute
     where attrelid = $1::regclass and attnum > 0 and not attisdropped and attgenerated = '' and attname <> all ($2) order by attnum`,
    [table, without],
  );
  return columnList(rows.map(({ name }) => name));
}

/** Characters that are collected before they are sent, since a message for each row would take longer than its insert. */
const CHUNK = 64 * 1024;

/** Yields the rows with the organization's number here in front, and with the numbers of the users here. */
async function* renumbered(
  rows: AsyncIterable<Buffer>,
  organizationId: string,
  { columns, userColumns }: OrganizationTable,
  users: ReadonlyMap<string, string>,
  file: string,
): AsyncGenerator<Buffer> {
  const places = columns.flatMap((column, place) => (userColumns.includes(column) ? [place] : []));
  let chunk = '';
  for await (const row of rows) {
    // Latin-1 keeps each byte, whatever the encoding of the texts. `COPY` escapes tabs within values.
    const values = row.toString('latin1', 0, row.length - 1).split('\t');
    for (const place of places) {
      const theirs = values[place];
      if (theirs === undefined) throw damaged(file);
      values[place] = theirs === NULL ? NULL : (users.get(theirs) ?? '');
    }
    chunk += `${organizationId}\t${values.join('\t')}\n`;
    if (chunk.length < CHUNK) continue;
    yield Buffer.from(chunk, 'latin1');
    chunk = '';
  }
  if (chunk !== '') yield Buffer.from(chunk, 'latin1');
}

/** `COPY` writes null so. */
const NULL = '\\N';

async function recordImport(client: Client, organizationId: string, details: Readonly<Record<string, string>>): Promise<void> {
  await client.query(
    `insert into audit_events (organization_id, action, details, created_by, request_id) values ($1, 'organization import', $2, $3, $4)`,
    [organizationId, JSON.stringify(details), OPERATOR.createdBy, OPERATOR.requestId],
  );
}

function isSame(held: Holdings, footer: OrganizationFooter): boolean {
  const { tables, debits, credits } = footer;
  return JSON.stringify(held) === JSON.stringify({ tables, debits, credits }) && sumOf(held.tables) === footer.rows;
}

function sumOf(tables: Readonly<Record<string, number>>): number {
  return Object.values(tables).reduce((sum, rows) => sum + rows, 0);
}

/** Returns the refusal of a file whose rows break a constraint; any other error as it is. */
async function refusalBehind(error: unknown, file: string): Promise<unknown> {
  if (!isOfRows(error)) return error;
  if (error.table === 'api_keys' && error.code === UNIQUE_VIOLATION) {
    return new BackupRefused(`An API key of ${file} exists in this database already`);
  }
  // Another import, or a new organization, was faster.
  if (error.table === 'organizations' && error.code === UNIQUE_VIOLATION) {
    return new BackupRefused(`There is an organization with the public id of ${file} already`);
  }
  return refusalOfRows(error, file);
}

const UNIQUE_VIOLATION = '23505';
