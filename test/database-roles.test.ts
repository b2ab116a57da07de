import { beforeAll, describe, expect, it } from '@jest/globals';
import { connect } from '../mikro-orm.config.js';
import { connectionOf } from '../src/database/connect.js';
import { connectionUrl } from '../src/database/embedded-postgres/index.js';
import { migrate } from '../src/database/migrate.js';
import { Role } from '../src/entities/access.js';
import { addMember } from '../src/services/organizations/members.js';
import { readCluster } from './helpers/cluster.js';
import { sharedBooks, sharedGateway } from './helpers/gateway.js';
import { cli, GatewayProcess, refusedStart } from './helpers/process.js';
import { outcomeOf } from './helpers/sql-outcome.js';

/** Three database roles: the owner migrates, an operator manages organizations, members and keys, and the gateway serves requests. */
const gateway = sharedGateway();
const books = sharedBooks(gateway);
let database: string;
beforeAll(async () => {
  await gateway.database.asOperator((em) =>
    addMember(em, books.organization, { subject: 'ann', name: 'Ann', role: Role.VIEWER }, { by: 'the test' }),
  );
  const { rows } = await gateway.database.sql.query('select current_database() as name');
  database = rows[0].name;
});

const asGateway = (...statements: string[]) => outcomeOf(gateway.database.sql, ...statements);
const asOperator = (...statements: string[]) => outcomeOf(gateway.database.operator, ...statements);
const asOwner = (...statements: string[]) => outcomeOf(gateway.database.superuser, ...statements);

const own = () => books.organization.id;
const HASH = `'${'0'.repeat(64)}'`;
const key = () =>
  `insert into api_keys (organization_id, name, role, prefix, hash) values (${own()}, 'mine', 'ADMIN', 'bc_', ${HASH})`;
const event = (columns = '', values = '') =>
  `insert into audit_events (organization_id, action, details, created_by, request_id${columns})
   values (${own()}, 'member change', '{"subject": "ann"}', 'operator', 'cli'${values})`;

describe('the gateway’s role', () => {
  it.each<[string, () => string]>([
    ['make a key', key],
    ['make a member', () => `insert into memberships (organization_id, user_id, role) select ${own()}, id, 'ADMIN' from users`],
    ['make a user', () => `insert into users (subject, name) values ('mallory', 'Mallory')`],
    [
      'make an organization',
      () => `insert into organizations (public_id, name, base_currency, time_zone) values ('x', 'x', 'USD', 'UTC')`,
    ],
    ['revive a key', () => 'update api_keys set revoked_at = null'],
    ['revoke a key', () => 'update api_keys set revoked_at = now()'],
    ['prolong a key', () => 'update api_keys set expires_at = null'],
    ['give a key another role', () => `update api_keys set role = 'ADMIN'`],
    ['give a member another role', () => `update memberships set role = 'ADMIN'`],
    ['revive a membership', () => 'update memberships set ended_at = null'],
    ['change the currency of the books', () => `update organizations set base_currency = 'EUR'`],
    ['mark a migration as applied', () => `insert into schema_migrations (name) values ('x')`],
    ['write an operator’s audit event', event],
  ])('cannot %s', async (_name, statement) => {
    expect(await asGateway(statement())).toMatch(/permission denied|only an operator/);
  });

  it.each(['lo_create(0)', 'lo_creat(-1)', `lo_from_bytea(0, 'x')`, 'lo_open(1, 131072)', `lo_put(1, 0, 'x')`, 'lo_unlink(1)'])(
    'cannot store large objects: %s',
    async (call) => {
      expect(await asGateway(`select ${call}`)).toMatch(/permission denied for function lo_/);
      expect(await asOperator(`select ${call}`)).toMatch(/permission denied for function lo_/);
    },
  );

  it("can set the lock date and the time of a key's last use", async () => {
    expect(await asGateway('update api_keys set last_used_at = now()', 'update organizations set lock_date = null')).toBe(
      'accepted',
    );
  });

  it('can choose neither the id nor the time nor the transaction of a record', async () => {
    const { rows } = await gateway.database.superuser.query(
      `select table_name || '.' || column_name as name from information_schema.column_privileges
       where grantee = $1 and privilege_type in ('INSERT', 'UPDATE') and table_schema = 'public' and column_name in ('id', 'created_at', 'xid')`,
      [readCluster().application.user],
    );
    expect(rows).toEqual([]);
    const entry = (column: string, value: string) =>
      `insert into journal_entries (organization_id, posting_date, source, memo, ${column}) values (${own()}, '2026-02-01', 'REFUND', '', ${value})`;
    expect(await asGateway(entry('created_at', `'2020-01-01'`))).toContain('permission denied');
    expect(await asGateway(entry('xid', `'1'`))).toContain('permission denied');
    expect(
      await asGateway(`insert into idempotency_keys (organization_id, key, fingerprint, time_zone, result_id, created_at)
      values (${own()}, 'k', ${HASH}, 'UTC', 1, '2020-01-01')`),
    ).toContain('permission denied');
  });
});

describe('the operator’s role', () => {
  it('can create and revoke keys', async () => {
    expect(await asOperator(key(), `update api_keys set revoked_at = now() where hash = ${HASH}`)).toBe('accepted');
  });

  it('can change neither posted records nor credit notes', async () => {
    const note = await books.creditNote('100.00');
    await books.refund(note.id);
    const { rows } = await gateway.database.superuser.query(
      `select table_name as name from information_schema.table_privileges where grantee = $1 and privilege_type not in ('SELECT')`,
      [readCluster().operator.user],
    );
    expect(rows).toEqual([]);
    for (const table of [
      'refunds',
      'refund_reversals',
      'journal_entries',
      'journal_lines',
      'credit_notes',
      'credit_note_lines',
      'idempotency_keys',
    ]) {
      expect(await asOperator(`insert into ${table} (organization_id) values (${own()})`)).toContain('permission denied');
      expect(await asOperator(`delete from ${table}`)).toContain('permission denied');
    }
    expect(await asOperator(`update organizations set lock_date = null`)).toContain('permission denied');
    expect(await asOperator(`update credit_notes set voided_at = now()`)).toContain('permission denied');
    expect(await asOperator('alter table refunds disable trigger all')).toContain('must be owner');
  });

  it('cannot backdate an audit event', async () => {
    expect(await asOperator(event(', created_at', `, '2020-01-01'`))).toContain('permission denied');
  });
});

describe('every role, the owner too,', () => {
  const asOwnerOrOperator = async (...statements: string[]) => [await asOperator(...statements), await asOwner(...statements)];

  it('cannot unrevoke a key, or change its role or expiry', async () => {
    await asOwner(key().replace('0', '1'), 'update api_keys set revoked_at = now() where revoked_at is null and name = $$mine$$');
    for (const value of ['null', `'2099-01-01'`]) {
      for (const refusal of await asOwnerOrOperator(`update api_keys set revoked_at = ${value} where name = 'mine'`)) {
        expect(refusal).toContain('revoked for good');
      }
    }
    expect(await asOwner(`update api_keys set expires_at = now()`)).toContain('stays as it was made');
    expect(await asOwner(`update api_keys set role = 'VIEWER'`)).toContain('stays as it was made');
  });

  it('cannot change, end or renew a membership without an audit event', async () => {
    const change = (value: string) => `update memberships set ${value} where organization_id = ${own()}`;
    for (const value of [`role = 'ADMIN'`, 'ended_at = now()']) {
      for (const refusal of await asOwnerOrOperator(change(value))) expect(refusal).toContain('without an audit event');
    }
    for (const value of [`created_at = '2020-01-01'`, 'user_id = -1', 'organization_id = -1']) {
      expect(await asOwner(event(), change(value))).toContain('stays that of its user in its organization');
    }
    expect(await asOperator(event(), change('ended_at = now()'))).toBe('accepted');
    expect(await asOperator(change('ended_at = null'))).toContain('without an audit event');
    expect(await asOperator(event(), change(`ended_at = '2020-01-01'`))).toContain('ended before');
    expect(await asOperator(event(), change('ended_at = null'))).toBe('accepted');
  });

  it.each(['organizations', 'users', 'memberships', 'api_keys'])('cannot delete from %s', async (table) => {
    expect(await asOwner(`delete from ${table}`)).toContain('never deleted');
    expect(await asOwner(`truncate ${table} cascade`)).toContain('never deleted');
  });

  it('cannot backdate an audit event', async () => {
    expect(await asOwner(event(', created_at', `, '2020-01-01'`))).toBe('accepted');
    const { rows } = await gateway.database.sql.query(`select 1 from audit_events where created_at < now() - interval '1 day'`);
    expect(rows).toEqual([]);
  });
});

describe('npm run migrate', () => {
  it('revokes extra privileges of the gateway’s role', async () => {
    const { superuser } = gateway.database;
    const { user } = readCluster().application;
    await superuser.query(`grant insert, delete on api_keys to ${user}`);
    const orm = await connect(connectionOf({ ...readCluster().superuser, database }));
    await migrate(orm, { application: user }).finally(() => orm.close());
    expect(await asGateway(key())).toContain('permission denied');
  });

  it('grants the roles their privileges when the owner is no superuser', async () => {
    const { superuser } = gateway.database;
    const owner = `owner_${database}`;
    await superuser.query(`create role ${owner} login password 'owner'`);
    await superuser.query(`create database ${owner} owner ${owner}`);
    const { user } = readCluster().application;
    const orm = await connect(connectionOf({ ...readCluster().superuser, user: owner, password: 'owner', database: owner }));
    try {
      expect(await migrate(orm, { application: user })).not.toEqual([]);
    } finally {
      await orm.close();
      await superuser.query(`drop database ${owner} with (force)`);
      await superuser.query(`drop role ${owner}`);
    }
  });

  it.each([
    ['an unknown role', ['--application-role', 'nobody"; drop table refunds; --'], 'There is no database role nobody"; drop table'],
    ['the owner itself', ['--operator-role', 'postgres'], 'postgres owns the tables'],
    ['one role for both', ['--application-role', 'x', '--operator-role', 'x'], 'must be two roles'],
  ])('refuses %s with a message of one line', async (_name, words, says) => {
    const DATABASE_URL = connectionUrl({ ...readCluster().superuser, database });
    const { code, stderr } = await cli({ DATABASE_URL }, 'migrate', ...words);
    expect({ code, lines: stderr.trim().split('\n').length }).toEqual({ code: 1, lines: 1 });
    expect(stderr).toContain(says);
  });
});

it('an operator’s command with the gateway’s role ends with a message of one line', async () => {
  const DATABASE_URL = connectionUrl({ ...readCluster().application, database });
  const words = ['--organization', books.organization.publicId, '--name', 'k', '--role', 'ADMIN'];
  const { code, stdout, stderr } = await cli({ DATABASE_URL }, 'api-key', 'create', ...words);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(/^The role of DATABASE_URL may not do this\..*operations\.md.*\n$/);
});

it('the gateway does not start with a role that has no rights, and says how to give them, in one line', async () => {
  const { superuser } = gateway.database;
  const user = `none_${database}`;
  await superuser.query(`create role ${user} login password 'none'`);
  const { code, stderr } = await refusedStart({
    DATABASE_URL: connectionUrl({ ...readCluster().application, user, password: 'none', database }),
  });
  await superuser.query(`drop role ${user}`);

  expect(code).toBe(1);
  expect(stderr).toMatch(
    /^The role of DATABASE_URL may not serve requests: permission denied.*--application-role.*operations\.md.*\n$/,
  );
});

it('the gateway warns at the start if its role may do more than serve requests', async () => {
  const start = async (role: 'superuser' | 'application') => {
    const started = await GatewayProcess.start({ DATABASE_URL: connectionUrl({ ...readCluster()[role], database }) });
    await started.stop('SIGTERM');
    return started.output().includes('Three roles');
  };
  expect([await start('superuser'), await start('application')]).toEqual([true, false]);
});
