import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import type { Demo } from '../src/demo/demo.js';
import { cleanUp, cli, databaseByUrl, dataFolder, exists, GatewayProcess, readDemo, refusedStart } from './helpers/process.js';
import { untilWaiting } from './helpers/until-waiting.js';

const REFUND = `mutation($input: RefundCreditNoteInput!, $key: String) {
  refundCreditNote(input: $input, idempotencyKey: $key) { id amount }
}`;
type Refunded = { refundCreditNote: { id: string; amount: string } };
const NOTE = 'query($id: ID!) { creditNote(id: $id) { number status currencyCode exchangeRate total refunded remaining } }';
const ENTRY = 'query($id: ID!) { refund(id: $id) { journalEntry { lines { side amount account { name } } } } }';

const authorized = (demo: Demo) => ({ authorization: `Bearer ${demo.apiKey}` });

function refundInput(demo: Demo) {
  return {
    creditNoteId: demo.creditNotes.open,
    fromAccountId: demo.accounts.bank,
    amount: '1.00',
    exchangeRate: '1',
    referenceNo: '',
    description: '',
    date: '2026-02-01',
    branchId: demo.branches.primary,
  };
}

async function refund(gateway: GatewayProcess, demo: Demo): Promise<string> {
  const variables = { input: refundInput(demo), key: randomUUID() };
  const { refundCreditNote } = await gateway.graphql<Refunded>(REFUND, variables, authorized(demo));
  return refundCreditNote.id;
}

describe('the first start in an empty folder', () => {
  let dataDir: string;
  let gateway: GatewayProcess;
  let demo: Demo;
  beforeAll(async () => {
    dataDir = await dataFolder();
    gateway = await GatewayProcess.start({ DATA_DIR: dataDir });
    await gateway.printed('Demo API key');
    demo = await readDemo(dataDir);
  });
  afterAll(cleanUp);

  it('writes everything that is needed to try the gateway into demo.json, for the owner only', async () => {
    const id = expect.any(Number);
    const key = expect.stringMatching(/^bc_[\w-]{43}$/);
    expect(demo).toEqual({
      apiKey: key,
      jwt: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
      organizationId: expect.any(String),
      accounts: { bank: id, cash: id, receivable: id, expense: id, foreignBank: id },
      branches: { primary: id, second: id },
      customers: { base: id, foreign: id },
      creditNotes: { open: id, foreign: id, draft: id, closed: id },
      other: { apiKey: key, organizationId: expect.any(String), creditNotes: { open: id }, accounts: { bank: id } },
    });
    expect((await stat(join(dataDir, 'demo.json'))).mode & 0o077).toBe(0);
  });

  it.each([
    ['open', { status: 'OPEN', currencyCode: 'USD', exchangeRate: '1', remaining: '10000.00' }],
    ['foreign', { status: 'OPEN', currencyCode: 'EUR', exchangeRate: '1.1', remaining: '1000.00' }],
    ['draft', { status: 'DRAFT', currencyCode: 'USD', refunded: '0.00' }],
    ['closed', { status: 'CLOSED', remaining: '0.00' }],
  ] as const)('creates a credit note that is %s', async (name, expected) => {
    const data = await gateway.graphql(NOTE, { id: demo.creditNotes[name] }, authorized(demo));
    expect(data).toMatchObject({ creditNote: expected });
  });

  it.each([
    ['bank', { type: 'BANK', currencyCode: 'USD' }],
    ['cash', { type: 'CASH', currencyCode: 'USD' }],
    ['receivable', { type: 'ACCOUNTS_RECEIVABLE', currencyCode: 'USD' }],
    ['expense', { type: 'OTHER_EXPENSE', currencyCode: 'USD' }],
    ['foreignBank', { type: 'BANK', currencyCode: 'EUR' }],
  ] as const)('creates an account that is %s', async (name, expected) => {
    const query = 'query($id: ID!) { account(id: $id) { type currencyCode active } }';
    const data = await gateway.graphql(query, { id: demo.accounts[name] }, authorized(demo));
    expect(data).toEqual({ account: { ...expected, active: true } });
  });

  it('creates a JWT for its organization, which another organization refuses', async () => {
    const query = '{ me { role organization { id baseCurrency } } }';
    const asked = (organizationId: string) =>
      gateway.graphql(query, {}, { authorization: `Bearer ${demo.jwt}`, 'organization-id': organizationId });

    const organization = { id: demo.organizationId, baseCurrency: 'USD' };
    expect(await asked(demo.organizationId)).toEqual({ me: { role: 'ADMIN', organization } });
    await expect(asked(demo.other.organizationId)).rejects.toThrow('UNAUTHENTICATED');
  });

  it('creates a second organization with a key for that alone', async () => {
    const { other } = demo;
    const query =
      'query($ours: ID!, $theirs: ID!) { ours: creditNote(id: $ours) { id } theirs: creditNote(id: $theirs) { status } }';
    const variables = { ours: demo.creditNotes.open, theirs: other.creditNotes.open };

    const data = await gateway.graphql(query, variables, { authorization: `Bearer ${other.apiKey}` });

    expect(data).toEqual({ ours: null, theirs: { status: 'OPEN' } });
  });

  it('prints the address to open, but no demo key into a log', () => {
    expect(gateway.output().split('\n')).toEqual(
      expect.arrayContaining([`  Open ${gateway.url}/`, `  Demo API key: in ${join(dataDir, 'demo.json')}`]),
    );
  });

  it('opens with a page that shows a working curl command', async () => {
    const page = await (await gateway.get('/', { accept: 'text/html' })).text();
    const command = /<pre[^>]*><code>(.*?)<\/code>/s.exec(page)?.[1] ?? '';

    const reply = await paste<{ data: Refunded }>(command);

    expect(reply).toMatchObject({ data: { refundCreditNote: { amount: '25.00' } } });
    const { id } = reply.data.refundCreditNote;
    expect(await ledger(gateway, demo, id)).toEqual(['DEBIT Accounts Receivable 25.00', 'CREDIT Bank 25.00']);
  });

  it('gives the key of the demo to its own pages only', async () => {
    const signIn = async (page: string, site: string) => {
      const headers = { 'sec-fetch-site': site, origin: gateway.url };
      const reply = await fetch(`${gateway.url}/${page}/session`, { method: 'POST', headers });
      return reply.status === 200 ? ((await reply.json()) as { apiKey: string }).apiKey : reply.status;
    };

    for (const page of ['desk', 'graphiql']) {
      expect([await signIn(page, 'same-origin'), await signIn(page, 'cross-site')]).toEqual([demo.apiKey, 404]);
    }
  });

  it('serves the Sandbox with a refund that can be run without changes', async () => {
    const page = await (await gateway.get('/graphql', { accept: 'text/html' })).text();

    const { document, variables, headers } = JSON.parse(/embeddedSandboxConfig = (.*);$/m.exec(page)?.[1] ?? '').initialState;

    expect(headers).toEqual({ authorization: `Bearer ${demo.apiKey}` });
    const { refundCreditNote } = await gateway.graphql<Refunded>(document, variables, headers);
    expect(refundCreditNote).toMatchObject({ amount: '25.00', creditNote: { status: 'OPEN' }, fromAccount: { name: 'Bank' } });
  });

  it('allows requests from the origin of the hosted Sandbox', async () => {
    const reply = await gateway.post(
      '/graphql',
      { query: '{ __schema { queryType { name } } }' },
      { origin: 'https://studio.apollographql.com' },
    );
    expect(reply.headers.get('access-control-allow-origin')).toBe('https://studio.apollographql.com');
    expect(await reply.json()).toEqual({ data: { __schema: { queryType: { name: 'Query' } } } });
  });

  it('returns 200 from both probes', async () => {
    expect([(await gateway.get('/healthz')).status, (await gateway.get('/readyz')).status]).toEqual([200, 200]);
  });

  it('prints and logs no secret', () => {
    expect(gateway.output().split('\n').length).toBeGreaterThan(20);
    for (const secret of [demo.apiKey, demo.jwt, demo.other.apiKey]) expect(gateway.output()).not.toContain(secret.slice(5));
  });
});

describe('stopping and starting again', () => {
  afterEach(cleanUp);

  async function firstStart() {
    const dataDir = await dataFolder();
    const gateway = await GatewayProcess.start({ DATA_DIR: dataDir });
    return { dataDir, gateway, demo: await readDemo(dataDir), again: () => GatewayProcess.start({ DATA_DIR: dataDir }) };
  }

  it('exits with code 0 on SIGTERM, leaves no process, and keeps refunds and the demo key', async () => {
    const { dataDir, gateway, demo, again } = await firstStart();
    const id = await refund(gateway, demo);
    const postgres = Number.parseInt(await readFile(join(dataDir, 'postgres/postmaster.pid'), 'utf8'), 10);

    expect(await gateway.stop('SIGTERM')).toBe(0);

    expect(() => process.kill(postgres, 0)).toThrow('ESRCH');
    const second = await again();
    expect(await ledger(second, demo, id)).toEqual(['DEBIT Accounts Receivable 1.00', 'CREDIT Bank 1.00']);
    expect({ ...(await readDemo(dataDir)), jwt: demo.jwt }).toEqual(demo);
  });

  it('keeps all acknowledged refunds when it is killed during refunds', async () => {
    const { gateway, demo, again } = await firstStart();
    const acknowledged: string[] = [];
    const client = async () => {
      for (;;) {
        acknowledged.push(await refund(gateway, demo));
        if (acknowledged.length === 20) void gateway.stop('SIGKILL');
      }
    };

    await Promise.allSettled([client(), client()]);

    expect(acknowledged.length).toBeGreaterThanOrEqual(20);
    const query = 'query($id: ID!) { creditNote(id: $id) { refunded refunds(first: 100) { nodes { id } } } }';
    type Kept = { creditNote: { refunded: string; refunds: { nodes: { id: string }[] } } };
    const { creditNote } = await (await again()).graphql<Kept>(query, { id: demo.creditNotes.open }, authorized(demo));
    expect(creditNote.refunds.nodes.map(({ id }) => id)).toEqual(expect.arrayContaining(acknowledged));
    // A refund that was committed but not acknowledged may exist, too; every existing refund is complete.
    expect(creditNote.refunded).toBe(`${creditNote.refunds.nodes.length}.00`);
  });

  it.each([
    ['SIGTERM', (gateway: GatewayProcess) => void gateway.stop('SIGTERM')],
    ['Ctrl-C, which its database receives too,', (gateway: GatewayProcess) => gateway.interruptGroup()],
  ])('finishes requests in flight after %s', async (_, stop) => {
    const { dataDir, gateway, demo, again } = await firstStart();
    const clerk = new pg.Client({ connectionString: (await readFile(join(dataDir, 'database-url'), 'utf8')).trim() });
    await clerk.connect();
    await clerk.query('begin');
    await clerk.query('select from credit_notes where id = $1 for update', [demo.creditNotes.open]);
    const inFlight = refund(gateway, demo);
    await untilWaiting(clerk, 1);

    stop(gateway);
    await gateway.printed('"msg":"stopping"');
    await clerk.query('rollback');
    await clerk.end();

    const id = await inFlight;
    expect(await gateway.ended).toBe(0);
    expect(await ledger(await again(), demo, id)).toEqual(['DEBIT Accounts Receivable 1.00', 'CREDIT Bank 1.00']);
  });
});

describe('on an external database', () => {
  afterEach(cleanUp);

  it('refuses to start before the migration, and then starts without a demo and an embedded server', async () => {
    const { url, superuserUrl, role } = await databaseByUrl('template0');
    const DATA_DIR = await dataFolder();

    const { code, stderr } = await refusedStart({ DATABASE_URL: url, DATA_DIR });
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(/^The database lacks .* npm run migrate\n$/) });

    expect(await cli({ DATABASE_URL: superuserUrl }, 'migrate', '--application-role', role)).toMatchObject({ code: 0 });
    const gateway = await GatewayProcess.start({ DATABASE_URL: url, DATA_DIR });
    expect((await gateway.get('/readyz')).status).toBe(200);
    expect(await readdir(DATA_DIR)).toEqual([]);
    expect(gateway.output()).not.toContain('bc_');
  });

  it('is not ready while the database refuses connections, but stays alive, and is ready afterwards', async () => {
    const { url, admin, database } = await databaseByUrl();
    const gateway = await GatewayProcess.start({ DATABASE_URL: url });
    const statuses = async () => [(await gateway.get('/healthz')).status, (await gateway.get('/readyz')).status];
    expect(await statuses()).toEqual([200, 200]);

    await admin.query(`alter database ${database} allow_connections false`);
    await admin.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [database]);
    expect(await statuses()).toEqual([200, 503]);

    await admin.query(`alter database ${database} allow_connections true`);
    expect(await statuses()).toEqual([200, 200]);
  });

  it('in production, the schema and the Sandbox need a credential, and no origin is allowed', async () => {
    const { url } = await databaseByUrl();
    const gateway = await GatewayProcess.start({ DATABASE_URL: url, NODE_ENV: 'production' });
    const origin = 'https://studio.apollographql.com';
    const accept = 'text/html';

    expect((await gateway.get('/', { accept, origin })).status).toBe(404);
    expect(await (await gateway.get('/graphql', { accept, origin })).text()).not.toContain('Sandbox');
    const reply = await gateway.post('/graphql', { query: '{ __schema { queryType { name } } }' }, { origin });
    expect(reply.headers.has('access-control-allow-origin')).toBe(false);
    expect(await reply.json()).toEqual({
      errors: [expect.objectContaining({ extensions: expect.objectContaining({ code: 'UNAUTHENTICATED' }) })],
    });
  });
});

describe('a failed start', () => {
  afterAll(cleanUp);

  it.each([
    ['a wrong port', 'PORT', { PORT: 'hunter2' }],
    ['a database of another kind', 'DATABASE_URL', { DATABASE_URL: 'mysql://user:hunter2@localhost/books' }],
    ['a secret that is too short', 'JWT_SECRET', { JWT_SECRET: 'hunter2' }],
    ['production without a database of its own', 'DATABASE_URL', { NODE_ENV: 'production' }],
    ['production with an empty DATABASE_URL', 'DATABASE_URL', { NODE_ENV: 'production', DATABASE_URL: '' }],
    ['an unknown environment', 'NODE_ENV', { NODE_ENV: 'prod' }],
    ['a password with a bare %', 'DATABASE_URL.*%25', { DATABASE_URL: 'postgres://user:hunter2%@127.0.0.1:1/books' }],
    ['two hosts', 'DATABASE_URL', { DATABASE_URL: 'postgres://user:hunter2@one,two/books' }],
    ['a data folder that is a file', 'DATA_DIR', { DATA_DIR: '/etc/passwd' }],
    ['a data folder that cannot be created', 'DATA_DIR', { DATA_DIR: '/etc/passwd/data' }],
    ['a database that does not answer', 'DATABASE_URL', { DATABASE_URL: 'postgres://user:hunter2@127.0.0.1:1/books' }],
  ])('prints one line without the secret and exits with code 1: %s', async (_, variable, environment) => {
    const { code, stdout, stderr } = await refusedStart({ DATA_DIR: '/nonexistent', ...environment });

    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(new RegExp(`^.*${variable}.*\\n$`));
    expect(stderr).not.toContain('hunter2');
  });

  it('prints one line without the secret and exits with code 1: a wrong password', async () => {
    const { url } = await databaseByUrl();
    const wrong = url.replace(/:[^:@]+@/, ':hunter2@');

    const { code, stderr } = await refusedStart({ DATABASE_URL: wrong });

    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringMatching(/^.*DATABASE_URL.*password authentication failed.*\n$/),
    });
    expect(stderr).not.toContain('hunter2');
  });

  it('prints one line with what to do, and stops the embedded database again: a port or host that it cannot listen on', async () => {
    const taken = createServer().listen(0, 'localhost');
    await new Promise((resolve) => taken.once('listening', resolve));
    const { port } = taken.address() as { port: number };
    const DATA_DIR = await dataFolder();

    const inUse = await refusedStart({ DATA_DIR, PORT: String(port) });
    const unknown = await refusedStart({ DATA_DIR, PORT: '0', HOST: 'no-such-host.invalid' });
    const foreign = await refusedStart({ DATA_DIR, PORT: '0', HOST: '192.0.2.1' });
    taken.close();

    const where = 'The gateway cannot listen on HOST';
    expect([inUse, unknown, foreign].map(({ code, stderr }) => [code, stderr])).toEqual([
      [1, `${where} localhost, PORT ${port}: another program uses it; stop that, or choose another PORT.\n`],
      [1, `${where} no-such-host.invalid, PORT 0: the name has no address; choose another HOST.\n`],
      [1, `${where} 192.0.2.1, PORT 0: no interface of this machine has the address; choose another HOST.\n`],
    ]);
    expect(await exists(join(DATA_DIR, 'postgres/postmaster.pid'))).toBe(false);
  });
});

/** Sends the printed curl command; a shell splits it into words, so that curl itself is not needed. */
async function paste<T>(command: string): Promise<T> {
  const { stdout } = await promisify(execFile)('sh', ['-c', `curl() { printf '%s\\0' "$@"; }\n${command}`]);
  const words = stdout.split('\0');
  const after = (flag: string) => words.flatMap((word, index) => (words[index - 1] === flag ? [word] : []));
  const headers = after('-H').map((header) => header.split(': ') as [string, string]);
  const url = words.find((word) => word.startsWith('http')) ?? '';
  const reply = await fetch(url, { method: 'POST', headers, body: after('-d').join('&') });
  return reply.json() as Promise<T>;
}

async function ledger(gateway: GatewayProcess, demo: Demo, id: string | number): Promise<string[]> {
  type Entry = { refund: { journalEntry: { lines: { side: string; amount: string; account: { name: string } }[] } } };
  const { refund } = await gateway.graphql<Entry>(ENTRY, { id }, authorized(demo));
  return refund.journalEntry.lines.map(({ side, amount, account }) => `${side} ${account.name} ${amount}`);
}
