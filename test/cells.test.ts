import { once } from 'node:events';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createApiKey, hashApiKey } from '../src/auth/api-keys.js';
import { signJwt } from '../src/auth/jwt.js';
import { ApiKey, Role } from '../src/entities/access.js';
import { addMember } from '../src/services/organizations/members.js';
import { type Books, Gateway, JWT } from './helpers/gateway.js';
import { withHAProxy } from './helpers/only-where.js';
import { freePort, Router } from './helpers/router.js';

const RANDOM = 'x'.repeat(43);
const WHO = '{ me { organization { id } } }';

type Headers = Record<string, string>;

withHAProxy.describe('two cells behind HAProxy', () => {
  let a: Gateway;
  let second: Gateway;
  let b: Gateway;
  /** The books of an organization in cell a and of one in cell b. */
  let acme: Books;
  let globex: Books;
  let router: Router;
  let ports: { a: [number, number]; b: [number, number] };

  beforeAll(async () => {
    const options = { clientIp: 'forwarded' } as const;
    a = await Gateway.start(options);
    second = await Gateway.start({ ...options, orm: a.database.orm });
    b = await Gateway.start(options);
    acme = await a.books();
    globex = await b.books();
    const portOfB = await b.listen();
    ports = { a: [await a.listen(), await second.listen()], b: [portOfB, portOfB] };
    router = await Router.start({ ...ports, organizations: [`${idOf(acme)} a`, `${idOf(globex)} b`] });
  });
  afterAll(async () => {
    await router.stop();
    for (const gateway of [a, second, b]) await gateway.stop();
  });

  const others: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const stop of others.splice(0)) await stop();
  });

  async function otherRouter(routing: Partial<Parameters<typeof Router.start>[0]>): Promise<Router> {
    const other = await Router.start({ ...ports, ...routing });
    others.push(() => other.stop());
    return other;
  }

  /** Makes a key in the books, as the command does in the cell. */
  async function newKey(books: Books, cell: string | null): Promise<{ key: string; prefix: string }> {
    const { key, apiKey } = await books.gateway.database.asOperator((em) =>
      createApiKey(em, books.organization, { name: 'k', role: Role.ADMIN, cell }),
    );
    return { key, prefix: apiKey.prefix };
  }

  describe('a request', () => {
    it('with a key reaches the cell that the key names', async () => {
      expect(await who(bearer((await newKey(acme, 'a')).key))).toBe(idOf(acme));
      expect(await who(bearer((await newKey(globex, 'b')).key))).toBe(idOf(globex));
    });

    it('with a key reaches that cell whatever the organization-id header, which the gateway then refuses', async () => {
      const { key } = await newKey(globex, 'b');
      expect(await who(bearer(key, { 'organization-id': idOf(globex) }))).toBe(idOf(globex));
      const plain = (await newKey(acme, null)).key;
      for (const headers of [bearer(key, { 'organization-id': idOf(acme) }), bearer(plain, { 'organization-id': idOf(globex) })]) {
        const reply = await graphql(router, WHO, headers);
        expect([reply.status, reasonIn(await reply.json())]).toEqual([401, 'ORGANIZATION_UNKNOWN']);
      }
    });

    it('with a key without a cell reaches the default cell', async () => {
      expect(await who(bearer((await newKey(acme, null)).key))).toBe(idOf(acme));
    });

    it('with a key without a cell reaches the default cell, also if its random characters begin like a cell', async () => {
      const key = `bc_b_${RANDOM.slice(2)}`;
      await a.database.asOperator(async (em) => {
        const row = { organization: acme.organization.id, name: 'k', role: Role.VIEWER, prefix: key.slice(0, 9) };
        em.create(ApiKey, { ...row, hash: hashApiKey(key) });
        await em.flush();
      });
      expect(await who(bearer(key))).toBe(idOf(acme));
    });

    it('with a key that is listed by its beginning reaches the cell of the list, whatever the key names', async () => {
      const [moved, older, stayed] = [await newKey(globex, 'a'), await newKey(globex, null), await newKey(acme, 'a')];
      const other = await otherRouter({ keys: [`${moved.prefix} b`, `${older.prefix} b`] });
      expect(await who(bearer(moved.key), other)).toBe(idOf(globex));
      expect(await who(bearer(older.key), other)).toBe(idOf(globex));
      expect(await who(bearer(stayed.key), other)).toBe(idOf(acme));
    });

    it('with a JWT reaches the cell of its organization-id header', async () => {
      for (const books of [acme, globex]) {
        await books.gateway.database.asOperator((em) =>
          addMember(em, books.organization, { subject: 'ann', name: 'Ann', role: Role.VIEWER }, { by: 'the test' }),
        );
        expect(await who(await jwt('ann', idOf(books)))).toBe(idOf(books));
      }
    });

    it('over REST reaches the same cell', async () => {
      for (const [books, cell] of [
        [acme, 'a'],
        [globex, 'b'],
      ] as const) {
        const note = await books.creditNote('100.00');
        const reply = await post(
          router,
          `/api/credit-notes/${note.id}/refunds`,
          books.restBody(),
          bearer((await newKey(books, cell)).key),
        );
        expect([reply.status, (await reply.json()) as unknown]).toMatchObject([
          201,
          { amount: 40, credit_note_id: Number(note.id) },
        ]);
      }
    });
  });

  it.each<[string, () => Promise<Headers> | Headers]>([
    ['no credential', () => ({})],
    ['an unknown key without a cell', () => bearer(`bc_${RANDOM}`)],
    ['an unknown key of the default cell', () => bearer(`bc_a_${RANDOM}`)],
    ['an unknown key of the other cell', () => bearer(`bc_b_${RANDOM}`)],
    ['an unknown key of a cell that does not exist', () => bearer(`bc_zz_${RANDOM}`)],
    ['a key of the other cell that names this one', async () => bearer((await newKey(globex, 'a')).key)],
    ['a JWT for an organization that does not exist', () => jwt('ann', 'nobody')],
    ['a JWT for an organization of the default cell, of somebody else', () => jwt('bob', idOf(acme))],
    ['a JWT for an organization of the other cell, of somebody else', () => jwt('bob', idOf(globex))],
    ['a JWT without an organization', async () => bearer(await signJwt('ann', JWT.key, '1h'))],
  ])('a request with %s gets the same 401 as from a gateway', async (_, headersOf) => {
    const headers = await headersOf();
    for (const ask of [
      (at: { url: string }) => graphql(at, WHO, headers),
      (at: { url: string }) => post(at, '/api/credit-notes/1/refunds', {}, headers),
    ]) {
      const [routed, direct] = [await ask(router), await ask({ url: `http://127.0.0.1:${ports.a[0]}` })];
      expect([routed.status, routed.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
      expect(withoutId(await routed.json())).toEqual(withoutId(await direct.json()));
    }
  });

  it("the gateway keeps the client's address, and not one that the client claims", async () => {
    const note = await acme.creditNote('100.00');
    const headers = { ...acme.client.headers, 'x-forwarded-for': '203.0.113.7' };
    await post(router, `/api/credit-notes/${note.id}/refunds`, acme.restBody({ referenceNo: 'routed' }), headers);
    const { rows } = await a.database.sql.query("select ip from refunds where reference_no = 'routed'");
    expect(rows).toEqual([{ ip: '127.0.0.1' }]);
  });

  it('the maps can be changed while requests run, and no request fails', async () => {
    const { key, prefix } = await newKey(globex, null);
    const other = await otherRouter({ organizations: [`${idOf(acme)} a`, `${idOf(globex)} a`] });
    const ann = await jwt('carl', idOf(globex));
    await b.database.asOperator((em) =>
      addMember(em, globex.organization, { subject: 'carl', name: 'Carl', role: Role.VIEWER }, { by: 'the test' }),
    );
    const before = [(await graphql(other, WHO, ann)).status, (await graphql(other, WHO, bearer(key))).status];
    const stop = new AbortController();
    const load = Array.from({ length: 4 }, async () => {
      const seen = new Set<unknown>();
      while (!stop.signal.aborted) seen.add(await who(acme.client.headers, other));
      return [...seen];
    });

    try {
      for (let change = 0; change < 50; change += 1) {
        await other.run(`set map organizations.map ${idOf(globex)} ${change % 2 === 0 ? 'b' : 'a'}`);
        await other.run(`del map keys.map ${prefix}`);
        await other.run(`add map keys.map ${prefix} ${change % 2 === 0 ? 'b' : 'a'}`);
      }
      await other.run(`set map organizations.map ${idOf(globex)} b`);
      await other.run(`set map keys.map ${prefix} b`);
    } finally {
      stop.abort();
    }

    expect(await Promise.all(load)).toEqual(load.map(() => [idOf(acme)]));
    expect([before, await who(ann, other), await who(bearer(key), other)]).toEqual([[401, 401], idOf(globex), idOf(globex)]);
  });

  it('a request that no gateway has seen goes to another gateway of the cell', async () => {
    const other = await otherRouter({ a: [await freePort(), ports.a[1]] });
    // The router has not noticed that the first gateway is gone.
    await other.run('disable health cell_a/a1');
    await other.run('set server cell_a/a1 health up');
    for (let count = 0; count < 10; count += 1) expect(await who(acme.client.headers, other)).toBe(idOf(acme));
  });

  it('a request that may have reached a gateway is never repeated, and gets the 503 of a lost answer', async () => {
    const received: string[] = [];
    const broken = createServer((incoming) => {
      if (incoming.url !== '/readyz') received.push(`${incoming.method}`);
      incoming.socket.destroy();
    }).listen(0, '127.0.0.1');
    others.push(() => closed(broken));
    await once(broken, 'listening');
    const { port } = broken.address() as AddressInfo;
    const other = await otherRouter({ a: [port, port] });

    const replies = [
      await graphql(other, WHO, acme.client.headers),
      await post(other, '/api/credit-notes/1/refunds', acme.restBody(), acme.client.headers),
    ];

    expect(received).toEqual(['POST', 'POST']);
    for (const reply of replies) {
      expect([reply.status, reply.headers.get('retry-after')]).toEqual([503, '1']);
      expect((await reply.json()) as unknown).toMatchObject({
        errors: [{ type: 'SERVICE_UNAVAILABLE', extensions: { code: 'SERVICE_UNAVAILABLE', retryable: true } }],
      });
    }
  });

  it('a cell without any gateway gets the same 503, and the other cell works', async () => {
    const [down, dead] = [await freePort(), await freePort()];
    const other = await otherRouter({ a: [down, dead] });
    const reply = await graphql(other, WHO, acme.client.headers);
    expect([reply.status, (await reply.json()) as unknown]).toMatchObject([503, { errors: [{ type: 'SERVICE_UNAVAILABLE' }] }]);
    expect(await who(bearer((await newKey(globex, 'b')).key), other)).toBe(idOf(globex));
  });

  it('a body that no gateway accepts is refused by its length, before it is sent', async () => {
    const headers = { ...acme.client.headers, 'content-type': 'application/json', 'content-length': 2_000_001 };
    const { status, body } = await new Promise<{ status: unknown; body: string }>((resolve, reject) => {
      const sent = request({ port: router.port, host: '127.0.0.1', method: 'POST', path: '/graphql', headers }, async (reply) => {
        let body = '';
        for await (const text of reply.setEncoding('utf8')) body += text;
        resolve({ status: reply.statusCode, body });
        sent.destroy();
      });
      sent.on('error', reject).flushHeaders();
    });
    expect([status, JSON.parse(body)]).toMatchObject([413, { errors: [{ type: 'PAYLOAD_TOO_LARGE' }] }]);
  });

  it('a header that a gateway accepts passes the router', async () => {
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`x-${index}`, 'y'.repeat(15)]));
    expect(await who({ ...acme.client.headers, ...many })).toBe(idOf(acme));
  });

  /** The organization of the caller, as a routed request returns it. */
  async function who(headers: Headers, at: { url: string } = router): Promise<unknown> {
    const reply = (await (await graphql(at, WHO, headers)).json()) as { data?: { me: { organization: { id: string } } } };
    return reply.data?.me.organization.id ?? JSON.stringify(reply);
  }
});

const idOf = ({ organization }: Books): string => organization.publicId;
const bearer = (credential: string, headers: Headers = {}): Headers => ({ authorization: `Bearer ${credential}`, ...headers });

async function jwt(subject: string, organizationId: string): Promise<Headers> {
  return bearer(await signJwt(subject, JWT.key, '1h'), { 'organization-id': organizationId });
}

function graphql(at: { url: string }, query: string, headers: Headers): Promise<Response> {
  return post(at, '/graphql', { query }, headers);
}

function post({ url }: { url: string }, path: string, body: unknown, headers: Headers): Promise<Response> {
  return fetch(url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
}

function reasonIn(reply: unknown): unknown {
  return (reply as { errors: { extensions: { details: { reason: unknown } } }[] }).errors[0]?.extensions.details.reason;
}

/** The reply without the id of the request. */
function withoutId(reply: unknown): unknown {
  return JSON.parse(JSON.stringify(reply, (key, value) => (key === 'requestId' ? undefined : value)));
}

async function closed(server: Server): Promise<void> {
  server.close();
  server.closeAllConnections();
  await once(server, 'close');
}
