import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from '@jest/globals';
import type { Demo } from '../src/demo/demo.js';
import { welcome } from '../src/demo/welcome.js';

const demo = {
  apiKey: 'bc_secret',
  accounts: { bank: 1 },
  branches: { primary: 1 },
  creditNotes: { open: 2 },
} as unknown as Demo;

it('the welcome contains the key in a terminal only', () => {
  const text = (isTerminal: boolean) => welcome('http://localhost:1', demo, { file: '/d/demo.json', isTerminal, hasSandbox: true });
  expect(text(true)).toContain('Demo API key    bc_secret');
  expect(text(true)).toContain('Bearer bc_secret');
  expect(text(false)).not.toContain('bc_secret');
  expect(text(false)).toContain('Demo API key    in /d/demo.json');
});

it('the welcome names the Sandbox if it is served', () => {
  const text = (hasSandbox: boolean) => welcome('http://localhost:1', demo, { file: '/d/demo.json', isTerminal: true, hasSandbox });
  expect([text(true).includes('Sandbox'), text(false).includes('Sandbox')]).toEqual([true, false]);
});

it("the printed commands read the key from demo.json, whatever the folder's name", async () => {
  const folder = await mkdtemp(join(tmpdir(), `it's "a" $folder `));
  const file = join(folder, 'demo.json');
  await writeFile(file, JSON.stringify(demo));
  const text = welcome('http://localhost:1', demo, { file, isTerminal: false, hasSandbox: true });
  const curls = text.split('\n').filter((line) => line.startsWith('curl '));
  expect(curls).toHaveLength(2);
  for (const line of curls) {
    const { stdout } = await promisify(execFile)('sh', ['-c', `curl() { printf '%s\\n' "$@"; }\n${line}`]);
    expect(stdout.split('\n')).toContain('Authorization: Bearer bc_secret');
  }
  await rm(folder, { recursive: true });
});
