// Clients that are generated from the legacy document, and from ours, refund with an API key and with a JWT.
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { cp, mkdir, rm } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { BANK, DATE, NOTE } from './helpers/books.mjs';
import { startGateway } from './helpers/gateway.mjs';

const FOLDER = new URL('openapi/', import.meta.url);
const GENERATED = new URL('openapi/__generated__/', import.meta.url);
const DOCUMENTS = {
  legacy: fileURLToPath(new URL('../test/fixtures/seed-openapi.json', import.meta.url)),
  ours: fileURLToPath(new URL('../openapi.json', import.meta.url)),
};

/** Keeps redocly from the internet. */
const QUIET = { REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' };

let gateway;
before(async () => {
  await rm(GENERATED, { recursive: true, force: true });
  for (const [name, document] of Object.entries(DOCUMENTS)) {
    const source = fileURLToPath(new URL(`src/${name}/`, GENERATED));
    await mkdir(source, { recursive: true });
    for (const client of ['fetch-client.ts', 'hey-client.ts']) await cp(new URL(client, FOLDER), `${source}${client}`);
    await run('openapi-typescript/bin/cli.js', [document, '-o', `${source}document.ts`]);
    await run('@hey-api/openapi-ts/bin/run.js', ['-i', document, '-o', `${source}hey`, '-c', '@hey-api/client-fetch']);
  }
  await run('../../node_modules/.bin/tsc', ['--project', '.']);
  gateway = await startGateway();
});
after(() => gateway?.stop());

/** Runs a command of an installed package in the folder of the clients. */
async function run(script, args) {
  const path = fileURLToPath(new URL(`node_modules/${script}`, import.meta.url));
  try {
    await promisify(execFile)(process.execPath, [path, ...args], { cwd: FOLDER, env: { ...process.env, ...QUIET } });
  } catch (error) {
    throw new Error(`${script}: ${error.stdout}${error.stderr}`);
  }
}

/** The headers that both documents require, with the key and with the token of the demo's user. */
function credentials() {
  const { apiKey, jwt, organizationId } = gateway.demo;
  return { 'an API key': apiKey, 'a JWT': jwt, organizationId };
}

/** The documented example, for the records of the demo. */
function bodyOf() {
  const ids = { fromAccountId: Number(BANK), branchId: 1 };
  return { ...ids, amount: 1, exchangeRate: 1, referenceNo: randomUUID(), description: 'Credit note refund', date: DATE };
}

test('redocly finds nothing in the document', async () => {
  await run('@redocly/cli/bin/cli.js', [
    'lint',
    '--config',
    fileURLToPath(new URL('../redocly.yaml', import.meta.url)),
    DOCUMENTS.ours,
  ]);
});

const skip = spawnSync('python3', ['-c', 'import requests']).status !== 0 && 'python3-requests is not installed';

for (const name of Object.keys(DOCUMENTS)) {
  for (const credential of ['an API key', 'a JWT']) {
    for (const client of ['fetch-client', 'hey-client']) {
      test(`the ${client} of the document ${name} refunds with ${credential}`, async () => {
        const { refund } = await import(new URL(`dist/${name}/${client}.js`, GENERATED));
        const { organizationId, [credential]: token } = credentials();
        const headers = { Authorization: `Bearer ${token}`, 'organization-id': organizationId };
        assert.equal(await refund(gateway.origin, headers, Number(NOTE), bodyOf()), 201);
      });
    }

    test(`requests for Python refunds by the document ${name} with ${credential}`, { skip }, async () => {
      const { organizationId, [credential]: token } = credentials();
      const args = [DOCUMENTS[name], gateway.origin, `Bearer ${token}`, organizationId, NOTE, JSON.stringify(bodyOf())];
      const { stdout } = await promisify(execFile)('python3', [fileURLToPath(new URL('client.py', FOLDER)), ...args]);
      assert.equal(stdout.trim(), '201');
    });
  }
}
