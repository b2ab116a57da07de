import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { signJwt } from '../src/auth/jwt.js';
import { AuditEventsDocument, MeDocument } from './generated/documents.js';
import { Client, JWT, sharedGateway } from './helpers/gateway.js';
import { cleanUp, cli, databaseByUrl, dataFolder, exists, GatewayProcess, operatorOf, readDemo } from './helpers/process.js';

const DAY_MS = 86_400_000;
const dayFromNow = (days: number) => new Date(Date.now() + days * DAY_MS).toISOString().slice(0, 10);

describe('the operator', () => {
  const gateway = sharedGateway();
  const operate = operatorOf(gateway);
  beforeAll(async () => {
    await operate('organization', 'create', '--id', 'acme', '--name', 'Acme', '--currency', 'EUR', '--time-zone', 'Europe/Berlin');
  });

  const viewer = async (credential: string, headers = {}) =>
    new Client(gateway.app, { authorization: `Bearer ${credential}`, ...headers }).graphql(MeDocument);

  async function newKey(...words: string[]): Promise<{ key: string; id: string }> {
    const { stdout, stderr } = await operate('api-key', 'create', '--organization', 'acme', '--name', 'Importer', ...words);
    const [key = stderr] = stdout.split('\n');
    return { key, id: /key (\d+)/.exec(stdout)?.[1] ?? '' };
  }

  it('creates an organization with the accounts that it needs, and lists it', async () => {
    const words = ['--id', 'globex', '--name', 'Globex & Söhne', '--currency', 'JPY', '--time-zone', 'Asia/Tokyo'];

    expect(await operate('organization', 'create', ...words)).toMatchObject({ code: 0, stderr: '' });

    expect((await operate('organization', 'list')).stdout.split('\n')).toContain('globex\tGlobex & Söhne\tJPY\tAsia/Tokyo');
    const { rows } = await gateway.database.sql.query(
      `select a.name from accounts a join organizations o on o.id = a.organization_id where o.public_id = 'globex' order by a.code`,
    );
    expect(rows.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['Bank', 'Petty Cash', 'Accounts Receivable', 'Exchange Gain or Loss', 'Sales']),
    );
  });

  it.each(['VIEWER', 'ACCOUNTANT', 'ADMIN'])('creates an API key that works at once, as %s', async (role) => {
    const { key } = await newKey('--role', role, '--expires', dayFromNow(2));

    expect((await viewer(key)).data?.me).toMatchObject({
      name: 'Importer',
      role,
      organization: { id: 'acme', baseCurrency: 'EUR' },
    });
  });

  it("stores only the hash of an API key, and shows only the key's beginning", async () => {
    const { key, id } = await newKey('--role', 'VIEWER');

    const { stdout } = await operate('api-key', 'list', '--organization', 'acme');
    const line = stdout.split('\n').find((text) => text.startsWith(`${id}\t`));
    expect(line).toBe(`${id}\t${key.slice(0, 9)}…\tImporter\tVIEWER\tnever\tno\tnever`);
    const { rows } = await gateway.database.sql.query('select to_jsonb(k)::text as row from api_keys k where id = $1', [id]);
    expect(rows[0].row).not.toContain(key.slice(9, 20));
    expect(key).toMatch(/^bc_[\w-]{43}$/);
  });

  it('revokes an API key permanently', async () => {
    const { key, id } = await newKey('--role', 'ADMIN');

    expect(await operate('api-key', 'revoke', '--organization', 'acme', '--key', id)).toMatchObject({ code: 0 });

    expect((await viewer(key)).errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
    expect(await operate('api-key', 'revoke', '--organization', 'acme', '--key', id)).toMatchObject({ code: 1 });
    expect((await operate('api-key', 'list', '--organization', 'acme')).stdout).toMatch(
      new RegExp(`^${id}\t.*\t20\\d\\d-\\S+Z\tnever$`, 'm'),
    );
  });

  it('checks the books of one organization or of all, with exit code 2 if it is wrong', async () => {
    expect(await operate('audit')).toMatchObject({ code: 0, stdout: expect.stringContaining('The books are right') });

    const books = await gateway.books();
    const note = await books.creditNote('100.00');
    const { superuser } = gateway.database;
    const set = (refunded: number) => superuser.query('update credit_notes set refunded = $2 where id = $1', [note.id, refunded]);
    await gateway.database.withoutRules(() => set(1));
    const one = await operate('audit', '--organization', books.organization.publicId);
    const all = await operate('audit');
    await gateway.database.withoutRules(() => set(0));

    for (const { code, stdout } of [one, all])
      expect([code, stdout]).toEqual([2, expect.stringContaining(`credit note ${note.id}`)]);
    expect((await operate('audit', '--organization', 'acme')).code).toBe(0);
    expect((await operate('audit', '--organization', 'nobody')).code).toBe(1);
  });

  it('writes an audit event for each change of an API key, which admins can read', async () => {
    const { key, id } = await newKey('--role', 'ADMIN');
    const client = new Client(gateway.app, { authorization: `Bearer ${key}` });
    const {
      auditEvents: { nodes: auditEvents },
    } = await client.query(AuditEventsDocument);
    const created = auditEvents.find(({ action, details }) => action === 'api-key create' && details.id === id);
    expect(created).toMatchObject({ createdBy: 'operator', requestId: 'cli' });
  });

  it('adds a member, who authenticates by JWT and has that role in this organization', async () => {
    const words = ['--organization', 'acme', '--subject', 'idp|42', '--name', 'Zoë', '--role', 'ACCOUNTANT'];

    expect(await operate('member', 'add', ...words)).toMatchObject({ code: 0 });

    const reply = await viewer(await signJwt('idp|42', JWT.key, '1h'), { 'organization-id': 'acme' });
    expect(reply.data?.me).toMatchObject({ name: 'Zoë', role: 'ACCOUNTANT' });
    expect(await operate('member', 'add', ...words)).toMatchObject({ code: 1, stdout: '' });
  });

  /** Every row that a command could write. */
  async function written(): Promise<unknown> {
    const tables = ['organizations', 'accounts', 'users', 'memberships', 'api_keys'];
    const { rows } = await gateway.database.sql.query(
      tables.map((table) => `select to_jsonb(t)::text as row from ${table} t`).join(' union all '),
    );
    return rows.map(({ row }) => row).sort();
  }

  const CREATE = ['organization', 'create', '--id', 'new', '--name', 'New', '--currency', 'USD', '--time-zone', 'UTC'];
  const KEY = ['api-key', 'create', '--organization', 'acme', '--name', 'k', '--role', 'VIEWER'];
  const REVOKE = ['api-key', 'revoke', '--organization', 'acme', '--key', '1'];
  const MEMBER = ['--organization', 'acme', '--subject', 'nobody'];

  const WRONG_CALLS: Record<string, [says: string, words: string[]]> = {
    'no command': ['There is no such command', []],
    'half a command': ['There is no such command', ['api-key']],
    'a command with an extra word': ['There is no such command', ['migrate', 'now']],
    'a command named like a property of every object': ['There is no such command: constructor', ['constructor']],
    'an unknown flag': ['--colour', ['organization', 'list', '--colour', 'red']],
    'an unknown flag of one letter': ['There is no option --x for organization list', ['organization', 'list', '--x=1']],
    'an unknown short flag': ['There is no option -x for organization list', ['organization', 'list', '-x']],
    'a flag named like a property of every object': ['There is no option --toString', ['organization', 'list', '--toString=1']],
    'a flag named __proto__': ['There is no option --__proto__', ['organization', 'list', '--__proto__=1']],
    'a flag without its value': ['--key', ['api-key', 'revoke', '--organization', 'acme', '--key']],
    'a flag that is missing': ['--name is missing', ['organization', 'create', '--id', 'new']],
  };

  it.each(Object.entries(WRONG_CALLS))('gets the usage after %s, and nothing is written', async (_, [says, words]) => {
    const before = await written();

    const { code, stdout, stderr } = await operate(...words);

    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr.split('\n')[0]).toContain(says);
    expect(stderr).toContain('\n\nusage:\n  npm run ');
    expect(await written()).toEqual(before);
  });

  it.each([
    ['one command', ['api-key', 'revoke', '--organization', 'acme'], ['npm run api-key -- revoke']],
    [
      'all commands of its topic',
      ['member', 'remove'],
      ['add', 'list', 'change', 'end'].map((each) => `npm run member -- ${each}`),
    ],
  ])('gets the usage of %s', async (_, words, calls) => {
    const { stderr } = await operate(...words);

    expect(stderr.match(/npm run [\w:-]+( -- [a-z]+)?/g)).toEqual(calls);
  });

  const REFUSALS: Record<string, [says: string, words: string[]]> = {
    'an id that is taken': ['There is an organization acme already', CREATE.with(3, 'acme')],
    'an id that is taken in lower case': ['There is an organization acme already', CREATE.with(3, 'ACME')],
    'a malformed id': ['--id must be 1 to 64 letters', CREATE.with(3, 'a/b')],
    'an unknown currency': ['XQQ is no currency of ISO 4217', CREATE.with(7, 'XQQ')],
    'an unknown time zone': ['--time-zone must be the IANA name', CREATE.with(9, 'Mars/Olympus')],
    'a time zone that only Node.js knows': ['--time-zone must be the IANA name', CREATE.with(9, 'US/Pacific-New')],
    'an unknown organization': ['There is no organization nope', KEY.with(3, 'nope')],
    'an unknown organization, in a check': ['There is no organization nope', ['audit', '--organization', 'nope']],
    'an unknown role': ['VIEWER, ACCOUNTANT, ADMIN', KEY.with(7, 'accountant')],
    'a day that does not exist': ['--expires', [...KEY, '--expires', '2099-02-30']],
    'an expiry in the past': ['--expires', [...KEY, '--expires', dayFromNow(-1)]],
    "another organization's key": ['There is no such key', REVOKE.with(5, '999999')],
    'a key id that is no number': ['There is no such key', REVOKE.with(5, '1x')],
    'a key id that is too large': ['There is no such key', REVOKE.with(5, '9'.repeat(40))],
    'a change of an unknown member': ['nobody is no member', ['member', 'change', ...MEMBER, '--role', 'ADMIN']],
    'the end of an unknown membership': ['nobody is no member', ['member', 'end', ...MEMBER]],
    'a backup file that exists': ['/dev/null', ['backup', '/dev/null']],
    'a backup file that does not exist': ['/nowhere/books', ['restore', '/nowhere/books']],
  };

  it.each(Object.entries(REFUSALS))('gets one line about %s, and nothing is written', async (_, [says, words]) => {
    const before = await written();

    const { code, stdout, stderr } = await operate(...words);

    expect({ code, stdout, lines: stderr.trimEnd().split('\n').length }).toEqual({ code: 1, stdout: '', lines: 1 });
    expect(stderr).toContain(says);
    expect(await written()).toEqual(before);
  });

  it('gets one line about an existing member', async () => {
    const words = ['member', 'add', '--organization', 'acme', '--subject', 'twice', '--name', 'T', '--role', 'VIEWER'];
    await operate(...words);
    expect(await operate(...words)).toEqual({ code: 1, stdout: '', stderr: 'twice is a member already\n' });
  });
});

describe('beside a running gateway', () => {
  afterAll(cleanUp);

  it('works on its embedded database, and leaves it running', async () => {
    const DATA_DIR = await dataFolder();
    const gateway = await GatewayProcess.start({ DATA_DIR });
    const { organizationId, creditNotes } = await readDemo(DATA_DIR);

    const { stdout, stderr } = await cli(
      { DATA_DIR },
      'api-key',
      'create',
      '--organization',
      organizationId,
      '--name',
      'k',
      '--role',
      'VIEWER',
    );

    expect(stderr).toBe('');
    const authorization = `Bearer ${stdout.split('\n')[0]}`;
    const data = await gateway.graphql(
      'query($id: ID!) { creditNote(id: $id) { total } }',
      { id: creditNotes.open },
      { authorization },
    );
    expect(data).toEqual({ creditNote: { total: '10000.00' } });
    expect((await gateway.get('/readyz')).status).toBe(200);
  });
});

describe('before the first migration', () => {
  afterAll(cleanUp);

  it('the operator gets a message with the command that migrates', async () => {
    const { url } = await databaseByUrl('template0');

    const { code, stderr } = await cli({ DATABASE_URL: url }, 'organization', 'list');

    expect(code).toBe(1);
    expect(stderr).toMatch(/^The database lacks .*npm run migrate\n$/);
  });

  it('a database with another encoding than UTF8 is refused in one line, and gets no table', async () => {
    const { superuserUrl, url } = await databaseByUrl("template0 encoding 'LATIN1' locale_provider libc locale 'C'");

    const { code, stderr } = await cli({ DATABASE_URL: superuserUrl }, 'migrate');

    expect(code).toBe(1);
    expect(stderr).toMatch(/^The database \w+ has the encoding LATIN1, and must have UTF8: .*\n$/);
    // A failed migration leaves its own table behind, which the gateway's role may not read.
    expect((await cli({ DATABASE_URL: url }, 'organization', 'list')).stderr).toMatch(/^The database lacks /);
  });

  it('the embedded database is migrated by the command, and an own organization replaces the demo', async () => {
    const DATA_DIR = await dataFolder();
    expect(await cli({ DATA_DIR }, 'migrate')).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Applied: /) });
    expect(await cli({ DATA_DIR }, 'migrate')).toMatchObject({ code: 0, stdout: 'Nothing to migrate.\n' });
    await cli({ DATA_DIR }, 'organization', 'create', '--id', 'own', '--name', 'Own', '--currency', 'USD', '--time-zone', 'UTC');

    const gateway = await GatewayProcess.start({ DATA_DIR });

    expect((await gateway.get('/readyz')).status).toBe(200);
    expect(await exists(`${DATA_DIR}/demo.json`)).toBe(false);
    expect((await cli({ DATA_DIR }, 'organization', 'list')).stdout).toBe('own\tOwn\tUSD\tUTC\n');
  });
});
