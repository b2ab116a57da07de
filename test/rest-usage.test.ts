import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { signJwt } from '../src/auth/jwt.js';
import { connectionUrl } from '../src/database/embedded-postgres/index.js';
import { Role } from '../src/entities/access.js';
import { addMember } from '../src/services/organizations/members.js';
import { RestUsageCounts } from '../src/services/organizations/rest-usage.js';
import { type Books, Client, Gateway, JWT } from './helpers/gateway.js';
import { cli } from './helpers/process.js';

/** Requests go to this gateway. The other one reads what it has written. */
let gateway: Gateway;
let reader: Gateway;
let books: Books;
let others: Books;
/** Somewhere it is always another day than in UTC. */
const ZONES = ['Etc/GMT+12', 'Pacific/Kiritimati'] as const;
const inZone = new Map<string, Books>();
beforeAll(async () => {
  gateway = await Gateway.start();
  reader = await Gateway.start({ orm: gateway.database.orm });
  books = await gateway.books({ timeZone: 'Pacific/Kiritimati' });
  others = await gateway.books();
  for (const timeZone of ZONES) inZone.set(timeZone, await gateway.books({ timeZone }));
  const get = (url: string, client: Client, method: 'GET' | 'HEAD' = 'GET') =>
    gateway.app.inject({ method, url, headers: client.headers });

  const { id } = await books.creditNote('100.00');
  const path = `/api/credit-notes/${id}/refunds`;
  await books.client.rest(path, books.restBody({ amount: 1 }));
  await books.client.rest(`${path}/`, books.restBody({ amount: 2 }));
  await books.client.rest(path, {});
  await books.client.post(path, '{', { ...books.client.headers, 'content-type': 'application/json' });
  await books.client.rest(path, books.restBody({ amount: 3 }), { accept: 'text/html' });
  const viewer = await gateway.client(books.organization, Role.VIEWER);
  await get('/api/accounts', viewer);
  await get('/api/accounts', viewer, 'HEAD');
  await gateway.database.asOperator((em) =>
    addMember(em, books.organization, { subject: 'ann', name: 'Ann', role: Role.VIEWER }, { by: 'Otto' }),
  );
  const authorization = `Bearer ${await signJwt('ann', JWT.key, '1h')}`;
  await get('/api/accounts', new Client(gateway.app, { authorization, 'organization-id': books.organization.publicId }));
  await get('/api/branches', others.client);
  // Not counted: a stranger, GraphQL, and a path that does not exist.
  await get('/api/accounts', new Client(gateway.app, { authorization: 'Bearer bc_wrong' }));
  await books.client.graphql('{ me { name } }');
  await get('/api/nothing', books.client);
  await gateway.app.close();
});
afterAll(async () => {
  await reader.stop();
  await gateway.database.drop();
});

interface Line {
  readonly caller: string;
  readonly apiKeyId: string | null;
  readonly route: string;
  readonly requests: number;
  readonly lastUsedOn: string;
}

const clientOf = ({ client }: Books) => new Client(reader.app, client.headers);

async function usage(client: Client, argument = ''): Promise<readonly Line[] | null | undefined> {
  const query = `{ restUsage${argument} { caller apiKeyId route requests lastUsedOn } }`;
  return (await client.graphql<{ restUsage: Line[] | null }, object>(query)).data?.restUsage;
}

it('counts the requests of each key and each user to each route, also refused and unreadable ones', async () => {
  const lines = await usage(clientOf(books));
  expect(lines?.map(({ caller, apiKeyId, route, requests }) => [caller, apiKeyId !== null, route, requests])).toEqual([
    ['key of ADMIN', true, 'POST /api/credit-notes/{creditNoteId}/refunds', 5],
    ['key of VIEWER', true, 'GET /api/accounts', 2],
    ['Ann', false, 'GET /api/accounts', 1],
  ]);
});

it("has the day of the latest request in the organization's time zone", async () => {
  const { rows } = await gateway.database.sql.query(`select (now() at time zone 'Pacific/Kiritimati')::date::text as today`);
  expect((await usage(clientOf(books)))?.map(({ lastUsedOn }) => lastUsedOn)).toEqual(Array(3).fill(rows[0].today));
});

it.each(ZONES)('counts the days of the organization, also in %s', async (timeZone) => {
  const own = inZone.get(timeZone) as Books;
  await gateway.database.superuser.query(
    `insert into rest_usage (organization_id, day, route, api_key_id, requests)
     select $1, (now() at time zone $2)::date - back, 'GET /' || back, (select min(id) from api_keys where organization_id = $1), 1
     from generate_series(0, 1) back`,
    [own.organization.id, timeZone],
  );
  expect((await usage(clientOf(own), '(days: 1)'))?.map(({ route }) => route)).toEqual(['GET /0']);
});

it('shows an admin the requests of the own organization alone', async () => {
  expect((await usage(clientOf(others)))?.map(({ route }) => route)).toEqual(['GET /api/branches']);
});

it('is listed by npm run legacy-report, for all organizations or for one', async () => {
  const DATABASE_URL = connectionUrl(gateway.database.connection('operator'));
  const report = async (...words: string[]) => {
    const { code, stdout, stderr } = await cli({ DATABASE_URL }, 'legacy-report', ...words);
    return {
      code,
      stderr,
      lines: stdout
        .trim()
        .split('\n')
        .map((line) => line.split('\t')),
    };
  };
  const all = await report('--days', '90');
  expect([all.code, all.stderr]).toEqual([0, '']);
  const [first] = (await usage(clientOf(books))) ?? [];
  expect(all.lines).toContainEqual([
    books.organization.publicId,
    'key of ADMIN',
    `key ${first?.apiKeyId}`,
    'POST /api/credit-notes/{creditNoteId}/refunds',
    '5',
    first?.lastUsedOn,
  ]);
  const own = await report('--organization', others.organization.publicId);
  expect(new Set(own.lines.map(([organization]) => organization))).toEqual(new Set([others.organization.publicId]));
  expect((await report('--days', '0')).code).toBe(1);
}, 60_000);

it.each([0, 91, -1])('is refused for %d days', async (days) => {
  const { errors } = await clientOf(books).graphql(`{ restUsage(days: ${days}) { route } }`);
  expect(errors?.[0]?.extensions).toMatchObject({ code: expect.stringMatching(/VALIDATION_FAILED|BAD_USER_INPUT/), field: 'days' });
});

/** The key of the other organization. */
async function othersKey(): Promise<Parameters<RestUsageCounts['add']>[0]> {
  const { rows } = await gateway.database.sql.query('select id from api_keys where organization_id = $1', [others.organization.id]);
  return { organization: others.organization, apiKeyId: Number(rows[0].id), userId: null } as Parameters<RestUsageCounts['add']>[0];
}

const requestsTo = async (route: string) => (await usage(clientOf(others)))?.find((line) => line.route === route)?.requests;

it('adds the counts of several writes, and deletes those of old days', async () => {
  const counts = new RestUsageCounts(gateway.database.orm.em);
  const caller = await othersKey();
  for (let write = 0; write < 2; write += 1) {
    counts.add(caller, 'GET /api/x');
    counts.add(caller, 'GET /api/x');
    await Promise.all([counts.write(), counts.write()]);
  }
  expect(await requestsTo('GET /api/x')).toBe(4);

  await gateway.database.superuser.query("update rest_usage set day = day - 91 where route = 'GET /api/x'");
  counts.add(caller, 'GET /api/z');
  await counts.write();
  const { rows } = await gateway.database.sql.query("select route from rest_usage where route in ('GET /api/x', 'GET /api/z')");
  expect(rows).toEqual([{ route: 'GET /api/z' }]);
});

it('keeps the counts that could not be written for the next time', async () => {
  const counts = new RestUsageCounts(gateway.database.orm.em);
  const caller = await othersKey();
  const { superuser } = gateway.database;
  counts.add(caller, 'GET /api/y');
  await superuser.query('alter table rest_usage rename to hidden');
  await expect(counts.write()).rejects.toThrow('rest_usage');
  await superuser.query('alter table hidden rename to rest_usage');
  counts.add(caller, 'GET /api/y');
  await counts.write();
  expect(await requestsTo('GET /api/y')).toBe(2);
});
