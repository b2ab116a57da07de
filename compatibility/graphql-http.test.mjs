// The audits of graphql-http, with the differences that docs/graphql-over-http.md explains.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { serverAudits } from 'graphql-http';
import { startGateway } from './helpers/gateway.mjs';

let gateway;
before(async () => {
  gateway = await startGateway();
});
after(() => gateway?.stop());

test('all audits pass but those that the specification of September 2026 contradicts', async () => {
  const withKey = (url, options) => fetch(url, { ...options, headers: { ...options?.headers, ...gateway.headers } });
  const documented = await readFile(new URL('../docs/graphql-over-http.md', import.meta.url), 'utf8');
  const audits = serverAudits({ url: gateway.url, fetchFn: withKey });

  const failed = [];
  for (const audit of audits) {
    const { status } = await audit.fn();
    if (status !== 'ok') failed.push(audit.id);
  }

  const [, total, passed] = /Of (\d+), (\d+) pass/.exec(documented) ?? [];
  assert.deepEqual(failed.sort(), [...documented.matchAll(/^\| ([0-9A-F]{4}|423L) \|/gm)].map(([, id]) => id).sort());
  assert.deepEqual([audits.length, audits.length - failed.length], [Number(total), Number(passed)]);
});
