import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type FileHandle, open } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { onLinux } from './helpers/only-where.js';
import { databaseByUrl, GatewayProcess } from './helpers/process.js';

jest.setTimeout(120_000);

/** Runs a command whose output goes to an open file, or to a reader that has already ended. */
async function command(stdout: number | 'ended reader', ...words: string[]) {
  const program = fileURLToPath(new URL('../src/cli.js', import.meta.url));
  const child = spawn(process.execPath, [program, ...words], {
    stdio: ['ignore', stdout === 'ended reader' ? 'pipe' : stdout, 'pipe'],
  });
  child.stdout?.destroy();
  const [stderr, [code]] = await Promise.all([child.stderr ? text(child.stderr) : '', once(child, 'close')]);
  return { code, stderr };
}

// The device is always full. Only Linux has it.
onLinux.describe('a full disk for the output', () => {
  let full: FileHandle;
  beforeEach(async () => {
    full = await open('/dev/full', 'w');
  });
  afterEach(() => full.close());

  it('costs the gateway its log, but neither requests nor a clean stop', async () => {
    const { url } = await databaseByUrl();
    const PORT = await freePort();
    const gateway = GatewayProcess.launch({ DATABASE_URL: url, PORT, LOG_LEVEL: 'debug' }, full.fd);
    const probe = () => fetch(`http://127.0.0.1:${PORT}/healthz`).catch(() => null);
    while ((await probe()) === null) await sleep(100);

    for (let count = 0; count < 20; count += 1) expect((await probe())?.status).toBe(200);
    const { code, stderr } = await gateway.stopped('SIGTERM');

    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringMatching(/^The log cannot be written: ENOSPC.*\n$/) });
  });

  it('is reported by a command, with exit code 1', async () => {
    const { code, stderr } = await command(full.fd, '--help');

    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(/^The output cannot be written: ENOSPC.*\n$/) });
  });
});

it('the log at level trace has the SQL without colours, and no credential', async () => {
  const { url } = await databaseByUrl();
  const gateway = await GatewayProcess.start({ DATABASE_URL: url, LOG_LEVEL: 'trace' });
  await gateway.graphql('{ me { role } }', {}, { authorization: 'Bearer bc_of-nobody' }).catch(() => undefined);
  const { stdout } = await gateway.stopped('SIGTERM');

  expect(stdout).toContain('"msg":"[query] ');
  for (const secret of ['\\u001b', 'bc_of-nobody', new URL(url).password]) expect(stdout).not.toContain(secret);
});

describe('a reader that ends early, such as head', () => {
  it.each([['--help'], ['nonsense']])('costs a command neither its exit code nor a message: %s', async (word) => {
    const { code, stderr } = await command('ended reader', word);

    expect({ code, complains: stderr.includes('EPIPE') }).toEqual({ code: word === '--help' ? 0 : 1, complains: false });
  });
});

async function freePort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return String(port);
}
