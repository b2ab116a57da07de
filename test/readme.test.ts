import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { connect } from '../mikro-orm.config.js';
import { connectionOf } from '../src/database/connect.js';
import { type Demo, openDemo } from '../src/demo/demo.js';
import { createApp } from '../src/server/app.js';
import { readCluster } from './helpers/cluster.js';
import { createDatabase, type TestDatabase } from './helpers/database.js';

/** The requests in the README, sent to a new demo, have the replies in the README. */
let database: TestDatabase;
let app: FastifyInstance;
let demo: Demo;
let dataDir: string;
beforeAll(async () => {
  database = await createDatabase();
  dataDir = await mkdtemp(join(tmpdir(), 'credit-note-refunds-readme-'));
  const { rows } = await database.superuser.query('select current_database() as database');
  const owner = await connect(connectionOf({ ...readCluster().superuser, ...rows[0] }));
  const opened = await openDemo({ orm: database.orm, asOwner: (work) => work(owner.em.fork()) }, dataDir);
  await owner.close();
  if (opened === null) throw new Error('the demo was not seeded');
  demo = opened.demo;
  app = await createApp({
    orm: database.orm,
    config: {
      introspection: true,
      host: 'localhost',
      allowedHosts: [],
      corsOrigins: [],
      duplicateWindowSeconds: 10,
      postingDaysAhead: 7,
      clientIp: 'none',
      trustedProxies: 1,
      maxEventLoopDelayMs: 0,
      rateLimit: null,
      queryCostLimit: 20_000,
      trustedDocuments: null,
      federation: false,
      restContract: 'documented',
      requestWaitMs: 5_000,
    },
    jwt: opened.jwt,
    logger: pino({ level: 'silent' }),
  });
});
afterAll(async () => {
  await app.close();
  await database.drop();
  await rm(dataDir, { recursive: true });
});

const document = (name: string) => readFile(new URL(`../../${name}`, import.meta.url), 'utf8');

it('shows a GraphQL and a REST request, and their real replies', async () => {
  const readme = await document('README.md');
  for (const door of ['graphql', 'rest']) {
    const request = block(readme, `request: ${door}`);
    const [, url = ''] = /localhost:4000(\S+)/.exec(request) ?? [];
    const [, payload = ''] = /-d '(.*)'/s.exec(request) ?? [];

    const reply = await app.inject({
      method: 'POST',
      url,
      payload,
      headers: { authorization: `Bearer ${demo.apiKey}`, 'content-type': 'application/json' },
    });

    expect(undated(reply.json())).toEqual(undated(JSON.parse(block(readme, `reply: ${door}`))));
  }
});

/** The code block after the HTML comment. */
function block(markdown: string, comment: string): string {
  const [, text] = new RegExp(`<!-- ${comment} -->\\n\`\`\`\\w+\\n(.*?)\`\`\``, 's').exec(markdown) ?? [];
  if (text === undefined) throw new Error(`the README has no block for ${comment}`);
  return text;
}

/** The reply without the time of recording, which differs in each run. */
function undated(reply: Record<string, unknown>): Record<string, unknown> {
  return 'created_at' in reply ? { ...reply, created_at: 'some time' } : reply;
}
