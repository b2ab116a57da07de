import { lookup } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import type { Demo } from '../src/demo/demo.js';
import { dataFolder, exists, GatewayProcess, readDemo } from './helpers/process.js';
import { untilWaiting } from './helpers/until-waiting.js';
import { Wire } from './helpers/wire.js';

jest.setTimeout(120_000);

/** Longer than a test may take: a shutdown that waits for this limit fails the test. */
const FOR_EVER = '900000';
const HEALTH = 'GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n';

let dataDir: string;
let demo: Demo;
let gateway: GatewayProcess;
let clerk: pg.Client | undefined;
beforeAll(async () => {
  dataDir = await dataFolder();
  await start();
  demo = await readDemo(dataDir);
  expect(await gateway.stop('SIGTERM')).toBe(0);
});
afterEach(async () => {
  await clerk?.end().catch(() => undefined);
  clerk = undefined;
  gateway.send('SIGKILL');
  await gateway.ended;
});

async function start(variables: Record<string, string> = {}): Promise<void> {
  gateway = await GatewayProcess.start({ DATA_DIR: dataDir, STOP_TIMEOUT_SECONDS: FOR_EVER, ...variables });
}

const connect = (host = '127.0.0.1') => Wire.connect(Number(new URL(gateway.url).port), host);

function post(): string {
  const input = { creditNoteId: demo.creditNotes.open, fromAccountId: demo.accounts.bank, branchId: demo.branches.primary };
  const rest = { amount: '1.00', exchangeRate: '1', referenceNo: `${Math.random()}`, description: '', date: '2026-02-01' };
  const query = 'mutation($input: RefundCreditNoteInput!) { refundCreditNote(input: $input) { id } }';
  const body = JSON.stringify({ query, variables: { input: { ...input, ...rest } } });
  const head = ['POST /graphql HTTP/1.1', 'host: localhost', `authorization: Bearer ${demo.apiKey}`];
  return `${head.join('\r\n')}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
}

/** Locks the note, and sends a refund that waits for it. */
async function inFlight(): Promise<{ wire: Wire; release: () => Promise<unknown> }> {
  const holder = new pg.Client({ connectionString: (await readFile(join(dataDir, 'database-url'), 'utf8')).trim() });
  holder.on('error', () => undefined);
  await holder.connect();
  clerk = holder;
  await holder.query('begin');
  await holder.query('select from credit_notes where id = $1 for update', [demo.creditNotes.open]);
  const wire = (await connect()).send(post());
  await untilWaiting(holder, 1);
  return { wire, release: () => holder.query('rollback') };
}

const UNFINISHED: Record<string, (wire: Wire) => Promise<unknown>> = {
  'a silent connection': async () => undefined,
  'half a header': async (wire) => wire.send('POST /graphql HTTP/1.1\r\nhost: local'),
  'half a body': async (wire) => wire.send(post().slice(0, -10)),
  'an idle connection': async (wire) => wire.send(HEALTH).replies(1),
  'an unread reply': async (wire) => {
    wire.socket.pause();
    wire.send(HEALTH);
  },
};

describe('a shutdown', () => {
  it.each(Object.entries(UNFINISHED))(
    'does not wait for clients with unfinished requests, and exits with code 0: %s',
    async (_, open) => {
      await start();
      const wire = await connect();
      await open(wire);
      // The reply to this request shows that the server has read the earlier bytes.
      await (await connect()).send(HEALTH).replies(1);

      expect(await gateway.stop('SIGTERM')).toBe(0);
      expect(await exists(join(dataDir, 'postgres/postmaster.pid'))).toBe(false);
    },
  );

  it('answers a request whose body has not arrived with 503', async () => {
    await start();
    const wire = await connect();
    wire.send(post().slice(0, -10));
    await (await connect()).send(HEALTH).replies(1);

    const code = gateway.stop('SIGTERM');
    const [reply] = await wire.allReplies();

    expect([reply?.status, reply?.headers.connection]).toEqual([503, 'close']);
    expect(reply?.body).toContain('The gateway is stopping; this request was not started, send it again');
    expect(await code).toBe(0);
  });

  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('answers requests in flight, and exits with code 0: %s', async (signal) => {
    await start();
    for (const open of Object.values(UNFINISHED)) await open(await connect());
    const { wire, release } = await inFlight();

    const code = gateway.stop(signal);
    await gateway.printed('"msg":"stopping"');
    await release();

    const [reply] = await wire.replies(1);
    expect([reply?.status, reply?.body]).toEqual([200, expect.stringContaining('"id"')]);
    expect(await code).toBe(0);
  });

  it('cuts requests that exceed the time limit, and exits with code 1', async () => {
    await start({ STOP_TIMEOUT_SECONDS: '1' });
    const { wire } = await inFlight();

    expect(await gateway.stop('SIGTERM')).toBe(1);
    expect(await wire.allReplies()).toEqual([]);
    expect(gateway.output()).toContain('requests in flight are cut off');
    expect(await exists(join(dataDir, 'postgres/postmaster.pid'))).toBe(false);
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('ends immediately at the second signal: %s', async (signal, expected) => {
    await start();
    await inFlight();

    gateway.send('SIGINT');
    await gateway.printed('"msg":"stopping"');
    expect(await gateway.stop(signal)).toBe(expected);

    // The ledger is intact.
    await start();
    const { ledgerHealth } = await gateway.graphql<{ ledgerHealth: { healthy: boolean } }>(
      '{ ledgerHealth { healthy } }',
      {},
      { authorization: `Bearer ${demo.apiKey}` },
    );
    expect(ledgerHealth.healthy).toBe(true);
  });

  it('ignores the second SIGINT when npm passes the same Ctrl-C on', async () => {
    await start({ npm_lifecycle_event: 'start' });
    const { wire, release } = await inFlight();

    gateway.send('SIGINT');
    await gateway.printed('"msg":"stopping"');
    const code = gateway.stop('SIGINT');
    await release();

    expect((await wire.replies(1))[0]?.status).toBe(200);
    expect(await code).toBe(0);
  });

  it.each(['Made a new PostgreSQL database', 'Migrated'])('during the start is clean, after "%s"', async (message) => {
    const fresh = await dataFolder();
    gateway = GatewayProcess.launch({ DATA_DIR: fresh, STOP_TIMEOUT_SECONDS: FOR_EVER });
    await gateway.printed(message);

    expect(await gateway.stop('SIGTERM')).toBe(0);

    expect(gateway.output()).toContain('"msg":"stopped"');
    expect(await exists(join(fresh, 'postgres/postmaster.pid'))).toBe(false);
    gateway = await GatewayProcess.start({ DATA_DIR: fresh });
    expect(await gateway.stop('SIGTERM')).toBe(0);
  });
});

it('the gateway listens on every address of localhost', async () => {
  await start();
  for (const { address } of await lookup('localhost', { all: true })) {
    const wire = await connect(address);
    expect((await wire.send(HEALTH).replies(1)).map(({ status }) => status)).toEqual([200]);
    wire.socket.destroy();
  }
  expect(await gateway.stop('SIGTERM')).toBe(0);
});
