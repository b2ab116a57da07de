import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from '@jest/globals';
import { type Demo, demoContent } from '../src/demo/demo.js';
import { welcome } from '../src/demo/welcome.js';

const demo = {
  apiKey: 'bc_secret',
  accounts: { bank: 1 },
  branches: { primary: 1 },
  creditNotes: { open: 2 },
} as unknown as Demo;

const URL = 'http://localhost:1';
const audience = { file: '/d/demo.json', isTerminal: true, hasPages: true };

it('the welcome contains the key in a terminal only', () => {
  expect(welcome(URL, demo, audience)).toContain('Demo API key: bc_secret');

  const logged = welcome(URL, demo, { ...audience, isTerminal: false });
  expect(logged).not.toContain('bc_secret');
  expect(logged).toContain('Demo API key: in /d/demo.json');
});

it('the welcome has one address: that of the page that leads everywhere, or else of GraphQL', () => {
  const addresses = (hasPages: boolean) => welcome(URL, demo, { ...audience, hasPages }).match(/http\S*/g);

  expect([addresses(true), addresses(false)]).toEqual([[`${URL}/`], [`${URL}/graphql`]]);
});

it("the command that the pages show reads the key from demo.json, whatever the folder's name", async () => {
  const folder = await mkdtemp(join(tmpdir(), `it's "a" $folder `));
  const file = join(folder, 'demo.json');
  await writeFile(file, JSON.stringify(demo));

  const { stdout } = await promisify(execFile)('sh', ['-c', demoContent(demo, file).keyCommand]);
  await rm(folder, { recursive: true });

  expect(stdout).toBe('bc_secret\n');
});
