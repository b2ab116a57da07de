// graphql-codegen's client preset, with the configuration that docs/clients.md shows.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startGateway } from './helpers/gateway.mjs';

const FOLDER = new URL('codegen/', import.meta.url);
const PROJECT = new URL('codegen/__generated__/', import.meta.url);

let gateway;
before(async () => {
  const page = await readFile(new URL('../docs/clients.md', import.meta.url), 'utf8');
  const [, config] = /```yaml\n(.*?)```/s.exec(page) ?? [];
  await rm(PROJECT, { recursive: true, force: true });
  await mkdir(new URL('src/', PROJECT), { recursive: true });
  await writeFile(new URL('codegen.yml', PROJECT), config);
  await cp(new URL('../schema.graphql', import.meta.url), new URL('schema.graphql', PROJECT));
  await cp(new URL('refund.ts', FOLDER), new URL('src/refund.ts', PROJECT));
  gateway = await startGateway();
});
after(() => gateway?.stop());

/** Runs a command of an installed package. */
function run(script, args, cwd) {
  const path = fileURLToPath(new URL(script, import.meta.url));
  return promisify(execFile)(process.execPath, [path, ...args], { cwd });
}

test('a client that codegen types compiles, and refunds, pages, and reads a refusal', async () => {
  await run('node_modules/.bin/graphql-codegen', ['--config', 'codegen.yml'], PROJECT);
  // The gateway's own compiler.
  await run('../node_modules/.bin/tsc', ['--project', '.'], FOLDER);
  const { run: useClient } = await import('./codegen/__generated__/dist/refund.js');

  const seen = await useClient(gateway.url, gateway.headers, randomUUID());

  assert.deepEqual([seen.amount, seen.date, seen.isReplay], ['12.50', '2026-02-01', true]);
  assert.match(seen.createdAt, /^\d{4}-\d\d-\d\dT.*Z$/);
  assert.equal(seen.code, 'CREDIT_NOTE_HAS_NO_REMAINING_AMOUNT');
  assert.equal(typeof seen.details, 'object');
  assert.deepEqual(seen.amounts.sort(), ['100.00', '12.50']);
});
