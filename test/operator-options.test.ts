import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { connectionUrl } from '../src/database/embedded-postgres/index.js';
import { AuditEventsDocument } from './generated/documents.js';
import { sharedBooks, sharedGateway } from './helpers/gateway.js';
import { asRoot } from './helpers/only-where.js';
import { cli, dataFolder, operatorOf } from './helpers/process.js';
import { startTcpProxy } from './helpers/tcp-proxy.js';

const gateway = sharedGateway();
const books = sharedBooks(gateway, { timeZone: 'America/New_York' });
const operate = operatorOf(gateway);

const inBooks = () => ['--organization', books.organization.publicId];
const createKey = (...more: string[]) => operate('api-key', 'create', ...inBooks(), '--role', 'VIEWER', '--name', 'k', ...more);

describe('the value of an option', () => {
  it.each([
    ['nothing', '--by', '', '--by needs a value: --by WHO'],
    ['blanks', '--by', ' \u00a0', '--by needs a value: --by WHO'],
    ['characters that nobody sees', '--by', '\u200b\u2060', '--by needs a value: --by WHO'],
    ['more than 255 characters', '--by', 'x'.repeat(256), '--by is too long: at most 255 characters'],
    ['a tab', '--by', 'Otto\tOperator', '--by must be a single line without control characters'],
    ['another line', '--by', 'Otto\nOperator', '--by must be a single line without control characters'],
    ["another line in Unicode's way", '--by', 'Otto\u2028Operator', '--by must be a single line without control characters'],
    ['an escape of the terminal', '--by', 'Otto\u001b[2J', '--by must be a single line without control characters'],
  ])('is refused if it is %s, and nothing is written', async (_, option, value, says) => {
    const before = await books.everything();
    const { code, stdout, stderr } = await createKey(option, value);
    expect([code, stdout, stderr.split('\n')[0]]).toEqual([1, '', says]);
    expect(await books.everything()).toEqual(before);
  });

  it.each([
    [['organization', 'create', '--id', 'i', '--currency', 'USD', '--time-zone', 'UTC', '--name', 'x'.repeat(256)]],
    [['member', 'add', '--organization', 'o', '--subject', 'x'.repeat(256), '--name', 'n', '--role', 'VIEWER']],
    [['api-key', 'create', '--organization', 'o', '--role', 'VIEWER', '--name', 'x'.repeat(100_000)]],
    [['audit', '--organization', 'x'.repeat(256)]],
  ])('is too long with more than 255 characters: %#', async (words) => {
    const { code, stderr } = await operate(...words);
    expect([code, stderr.split('\n')[0]]).toEqual([1, expect.stringMatching(/^--\S+ is too long: at most 255 characters$/)]);
  });

  it('may have 255 characters', async () => {
    expect(await createKey('--by', '👍'.repeat(255))).toMatchObject({ code: 0, stderr: '' });
  });
});

describe('the expiry of a key', () => {
  it('may be the last day but one that the database knows', async () => {
    expect(await createKey('--expires', '9999-12-30')).toMatchObject({ code: 0, stderr: '' });
  });

  it('may not be the last one, whose end has five digits in its year', async () => {
    const { code, stderr } = await createKey('--expires', '9999-12-31');
    expect([code, stderr]).toEqual([1, '--expires must be a date that has not passed, before 9999-12-31, such as 2027-12-31\n']);
  });
});

// Only root may become another user. The socket of the tests' server is closed to others, so the command goes through TCP.
asRoot.it('an operator whose user id has no name on the machine is recorded by the id', async () => {
  const proxy = await startTcpProxy();
  const url = new URL(connectionUrl(gateway.database.connection('operator')));
  url.search = '';
  url.host = `127.0.0.1:${proxy.port}`;
  try {
    const words = ['api-key', 'create', ...inBooks(), '--name', 'k', '--role', 'VIEWER'];
    expect(await asUser(54_321, { DATABASE_URL: url.href }, words)).toEqual({ code: 0, stderr: '' });
  } finally {
    await proxy.stop();
  }
  const {
    auditEvents: { nodes: auditEvents },
  } = await books.client.query(AuditEventsDocument);
  expect(auditEvents.at(-1)?.details.by).toBe('uid 54321');
});

/** Runs a command as a container with any user id does. */
function asUser(uid: number, env: Record<string, string>, words: readonly string[]): Promise<{ code: unknown; stderr: string }> {
  const program = fileURLToPath(new URL('../src/cli.js', import.meta.url));
  return new Promise((resolve) => {
    execFile(process.execPath, [program, ...words], { uid, env }, (error, _stdout, stderr) =>
      resolve({ code: error?.code ?? 0, stderr }),
    );
  });
}

describe('the embedded database', () => {
  it.each([[['migrate']], [['restore', '/dev/null']]])('has its own role of the gateway: %j', async ([name = '', ...file]) => {
    const DATA_DIR = await dataFolder();
    const { code, stdout, stderr } = await cli({ DATA_DIR }, name, ...file, '--application-role', 'gateway');
    expect([code, stdout, stderr]).toEqual([
      1,
      '',
      expect.stringContaining('--application-role is for the database of DATABASE_URL'),
    ]);
  });
});
