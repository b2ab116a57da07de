import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { FastifyInstance, InjectOptions } from 'fastify';
import { pino } from 'pino';
import { connect } from '../mikro-orm.config.js';
import { connectionOf } from '../src/database/connect.js';
import { type Demo, openDemo } from '../src/demo/demo.js';
import { createApp } from '../src/server/app.js';
import { createDatabase, type TestDatabase } from './helpers/database.js';
import { CONFIG } from './helpers/gateway.js';

/** The requests in the documents, sent to a new demo in their order, have the replies in the documents. */
let database: TestDatabase;
let app: FastifyInstance;
let demo: Demo;
let dataDir: string;
beforeEach(async () => {
  database = await createDatabase();
  dataDir = await mkdtemp(join(tmpdir(), 'credit-note-refunds-readme-'));
  const owner = await connect(connectionOf(database.connection('superuser')));
  const opened = await openDemo({ orm: database.orm, asOwner: (work) => work(owner.em.fork()) }, dataDir);
  await owner.close();
  if (opened === null) throw new Error('the demo was not seeded');
  demo = opened.demo;
  app = await createApp({
    orm: database.orm,
    config: { ...CONFIG, duplicateWindowSeconds: 10, clientIp: 'none' },
    jwt: opened.jwt,
    logger: pino({ level: 'silent' }),
  });
});
afterEach(async () => {
  await app.close();
  await database.drop();
  await rm(dataDir, { recursive: true });
});

const DOCUMENTS = ['README.md', ...readdirSync('docs', { recursive: true, encoding: 'utf8' }).map((file) => join('docs', file))]
  .filter((file) => file.endsWith('.md'))
  .filter((file) => readFileSync(file, 'utf8').includes('<!-- request: '));

it.each(DOCUMENTS)('the requests in %s have the replies that it shows', async (name) => {
  const text = readFileSync(name, 'utf8');
  const examples = [...text.matchAll(EXAMPLE)];
  expect(examples).toHaveLength(text.match(/^<!-- re/gm)?.length ?? 0);

  for (const [, , title = '', language, request = ''] of examples.filter(([, kind]) => kind === 'request')) {
    const reply = await app.inject(language === 'graphql' ? document(request) : curl(request));

    const shown = examples.find(([, kind, other]) => kind === 'reply' && other === title)?.[4];
    if (shown === undefined) throw new Error(`${name} has no reply to ${title}`);
    expect(ofEachRun(reply.json())).toEqual(ofEachRun(JSON.parse(shown)));
  }
});

/** The code block after the HTML comment that names it. */
const EXAMPLE = /^<!-- (request|reply): ([\w ]+) -->\n```(\w+)\n(.*?)^```$/gms;

function document(query: string): InjectOptions {
  return {
    method: 'POST',
    url: '/graphql',
    payload: { query: query.replaceAll(/"(\w{20,})"/g, (_, nodeId: string) => `"${own(nodeId)}"`) },
    headers: { authorization: `Bearer ${demo.apiKey}` },
  };
}

/** The identifier of the same object in this demo: its organization has another name in each run. */
function own(nodeId: string): string {
  const [type, , id] = partsOf(nodeId);
  return id === undefined ? nodeId : Buffer.from([type, demo.organizationId, id].join(':')).toString('base64url');
}

function partsOf(nodeId: string): string[] {
  return Buffer.from(nodeId, 'base64url').toString().split(':');
}

function curl(command: string): InjectOptions {
  const [, url = ''] = /localhost:4000(\S+)/.exec(command) ?? [];
  const [, payload = ''] = /-d '(.*)'/s.exec(command) ?? [];
  const credential = command.includes('Bearer $KEY') ? { authorization: `Bearer ${demo.apiKey}` } : {};
  return { method: 'POST', url, payload, headers: { ...credential, 'content-type': 'application/json' } };
}

/** The reply with the same values for what differs in each run: the time of recording, the id of the request, and the organization's name. */
function ofEachRun(reply: unknown): unknown {
  const differing = ['created_at', 'requestId'];
  return JSON.parse(JSON.stringify(reply), (key, value) => {
    if (key === 'nodeId') return partsOf(value).with(1, 'some organization');
    return differing.includes(key) ? `some ${key}` : value;
  });
}
