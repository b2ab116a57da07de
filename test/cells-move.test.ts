import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { createApiKey } from '../src/auth/api-keys.js';
import { signJwt } from '../src/auth/jwt.js';
import { connectionUrl } from '../src/database/embedded-postgres/index.js';
import { Role } from '../src/entities/access.js';
import { addMember } from '../src/services/organizations/members.js';
import { type Books, Gateway, JWT } from './helpers/gateway.js';
import { withHAProxy } from './helpers/only-where.js';
import { cleanUp, cli } from './helpers/process.js';
import { Router } from './helpers/router.js';

jest.setTimeout(180_000);

/** Refusals after which the same request, with the same key, is right. */
const RETRYABLE: readonly string[] = ['ORGANIZATION_MOVING', 'SERVICE_UNAVAILABLE'];
const PAUSE_MS = 25;
const OTTO = ['--by', 'Otto Operator'];

withHAProxy.describe('an organization that moves from cell a to cell b under load', () => {
  let a: Gateway;
  let b: Gateway;
  let router: Router;
  let folder: string;
  /** The books that move, and those that stay in each cell. */
  let moving: Books;
  let staying: readonly Books[];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'credit-note-refunds-cells-'));
    [a, b] = [await Gateway.start({ clientIp: 'forwarded' }), await Gateway.start({ clientIp: 'forwarded' })];
    moving = await a.books();
    staying = [await a.books(), await b.books()];
    const [portOfA, portOfB] = [await a.listen(), await b.listen()];
    const organizations = [`${idOf(moving)} a`, `${idOf(staying[0])} a`, `${idOf(staying[1])} b`];
    router = await Router.start({ a: [portOfA, portOfA], b: [portOfB, portOfB], organizations });
  });
  afterAll(async () => {
    await cleanUp();
    await router.stop();
    await Promise.all([a.stop(), b.stop()]);
    await rm(folder, { recursive: true });
  });

  it('loses nothing that was acknowledged, does nothing twice with its key, and disturbs nobody else', async () => {
    const load = await Load.begin(router, moving, 'a', 8);
    const others = await Promise.all(staying.map((books, index) => Load.begin(router, books, index === 0 ? 'a' : 'b', 2)));
    const all = [load, ...others];
    const running = all.map((each) => each.run());
    let began = 0;
    let ended = 0;

    try {
      await load.until(40);
      began = performance.now();
      await move();
      ended = performance.now();
      await load.until(load.acknowledged.size + 40);
    } finally {
      for (const each of all) each.stop();
    }
    await Promise.all(running);

    await expectEachOnce(load, b);
    expect(load.refused.get('ORGANIZATION_MOVING')).toBeGreaterThan(0);
    for (const [index, other] of others.entries()) {
      expect(other.refused.has('ORGANIZATION_MOVING')).toBe(false);
      await expectEachOnce(other, index === 0 ? a : b);
    }
    process.stderr.write(
      `The move took ${Math.round(ended - began)} ms. ${load.clients} clients made ${load.acknowledged.size} refunds; refused and sent again: ` +
        `${JSON.stringify(Object.fromEntries(load.refused))}. Others made ${others.map(({ acknowledged }) => acknowledged.size)}.\n`,
    );

    await expectReplays(load);
    await expectFrozenCopy(load);
    for (const gateway of [a, b]) {
      const { code, stdout } = await operate(gateway, 'audit');
      expect([code, stdout]).toEqual([0, expect.stringContaining('The books are right')]);
    }
  });

  /** Moves the organization as docs/scale-out.md describes it. */
  async function move(): Promise<void> {
    const id = idOf(moving);
    const file = join(folder, 'moving.export');
    await done(operate(a, 'organization', 'freeze', '--id', id, ...OTTO));
    await done(operate(a, 'organization', 'export', file, '--id', id, ...OTTO));
    await done(cli({ DATABASE_URL: await urlOf(b, 'superuser') }, 'organization', 'import', file, ...OTTO));
    const routes = await done(operate(b, 'organization', 'routes', '--id', id));
    const [, organizations = '', keys = ''] = /^# organizations\.map\n(.*)# keys\.map\n(.*)$/s.exec(routes) ?? [];
    for (const line of organizations.trim().split('\n')) expect(await router.run(`set map organizations.map ${line}`)).toBe('');
    for (const line of keys.trim().split('\n')) expect(await router.run(`add map keys.map ${line}`)).toBe('');
  }

  /** Expects exactly the acknowledged refunds in the cell's database, each with its id. */
  async function expectEachOnce(load: Load, { database }: Gateway): Promise<void> {
    const { rows } = await database.superuser.query(
      `select r.id::text, r.reference_no, n.refunded::text from refunds r
       join organizations o on o.id = r.organization_id join credit_notes n on n.organization_id = o.id and n.id = r.credit_note_id
       where o.public_id = $1 and r.credit_note_id = $2`,
      [idOf(load.books), load.noteId],
    );
    expect(new Map(rows.map(({ reference_no, id }) => [reference_no, id]))).toEqual(load.acknowledged);
    expect(rows.length).toBe(load.acknowledged.size);
    expect(Number(rows[0]?.refunded)).toBe(rows.length / 100);
  }

  /** Sends each refund again with its key, also those that were made before the move. */
  async function expectReplays(load: Load): Promise<void> {
    const before = new Map(load.acknowledged);
    for (const [key, id] of before) expect([key, await load.send(key)]).toEqual([key, { id, replayed: true }]);
    await expectEachOnce(load, b);
  }

  /** Expects that the old cell has what it had when it was frozen, that nothing more can be done there, and that no route leads there. */
  async function expectFrozenCopy(load: Load): Promise<void> {
    const { rows } = await a.database.superuser.query(
      `select r.id::text, r.reference_no from refunds r join organizations o on o.id = r.organization_id where o.public_id = $1`,
      [idOf(load.books)],
    );
    expect(rows.length).toBeGreaterThanOrEqual(40);
    expect(rows.length).toBeLessThan(load.acknowledged.size);
    for (const { id, reference_no } of rows) expect(load.acknowledged.get(reference_no)).toBe(id);
    const refund = load.books.restBody({ referenceNo: 'too late' });
    const late = await load.books.client.rest(`/api/credit-notes/${load.noteId}/refunds`, refund);
    expect([late.status, late.json.errors[0].type]).toEqual([503, 'ORGANIZATION_MOVING']);
    expect((await operate(a, 'organization', 'routes', '--id', idOf(moving))).stderr).toContain('is frozen here');
    const { stdout } = await operate(a, 'organization', 'routes');
    expect(stdout).toContain(`${idOf(staying[0])} a\n`);
    expect(stdout).not.toContain(idOf(moving));
  }

  async function operate(gateway: Gateway, ...words: string[]) {
    return cli({ DATABASE_URL: await urlOf(gateway, 'operator'), CELL: gateway === a ? 'a' : 'b' }, ...words);
  }
});

/** Clients that make refunds of one credit note through the router, each with a key that is also its reference, until each is acknowledged. */
class Load {
  /** Key → the refund's id. */
  readonly acknowledged = new Map<string, string>();
  /** Error code → the number of requests that were refused with it, and sent again. */
  readonly refused = new Map<string, number>();
  private next = 0;
  private isStopped = false;

  private constructor(
    private readonly router: Router,
    readonly books: Books,
    readonly noteId: string,
    /** The headers of a client with a key and of one with a JWT. */
    private readonly credentials: readonly Record<string, string>[],
    readonly clients: number,
  ) {}

  static async begin(router: Router, books: Books, cell: string, clients: number): Promise<Load> {
    const { database } = books.gateway;
    const member = { subject: 'ann', name: 'Ann', role: Role.ACCOUNTANT };
    await database.asOperator((em) => addMember(em, books.organization, member, { by: 'the test' }));
    const options = { name: 'load', role: Role.ACCOUNTANT, cell };
    const { key } = await database.asOperator((em) => createApiKey(em, books.organization, options));
    const token = await signJwt('ann', JWT.key, '1h');
    const { id } = await books.creditNote('100000.00');
    const credentials: Record<string, string>[] = [
      { authorization: `Bearer ${key}` },
      { authorization: `Bearer ${token}`, 'organization-id': idOf(books) },
    ];
    return new Load(router, books, id, credentials, clients);
  }

  async run(): Promise<void> {
    await Promise.all(Array.from({ length: this.clients }, () => this.client()));
  }

  stop(): void {
    this.isStopped = true;
  }

  /** Waits until so many refunds are acknowledged. */
  async until(count: number): Promise<void> {
    while (this.acknowledged.size < count && !this.isStopped) await sleep(PAUSE_MS);
  }

  /** Sends the refund of the key once; `null` if it was refused for now. */
  async send(key: string): Promise<{ id: string; replayed: boolean } | null> {
    const number = Number(key.split('-')[1]);
    const headers = { ...this.credentials[number % 2], 'idempotency-key': key, 'content-type': 'application/json' };
    return number % 4 < 2 ? this.byRest(key, headers) : this.byGraphQL(key, headers);
  }

  private async client(): Promise<void> {
    while (!this.isStopped) {
      const key = `key-${this.next++}`;
      let refund = await this.send(key);
      while (refund === null) {
        await sleep(PAUSE_MS);
        refund = await this.send(key);
      }
      this.acknowledged.set(key, refund.id);
    }
  }

  private async byRest(key: string, headers: Record<string, string>) {
    const body = JSON.stringify(this.books.restBody({ amount: 0.01, referenceNo: key }));
    const reply = await fetch(`${this.router.url}/api/credit-notes/${this.noteId}/refunds`, { method: 'POST', headers, body });
    const { id, errors } = (await reply.json()) as { id?: number; errors?: { type: string }[] };
    return id === undefined ? this.refusal(errors?.[0]?.type, reply) : { id: String(id), replayed: isReplayed(reply) };
  }

  private async byGraphQL(key: string, headers: Record<string, string>) {
    const query = 'mutation ($input: RefundCreditNoteInput!) { refundCreditNote(input: $input) { id } }';
    const input = this.books.refundInput(this.noteId, { amount: '0.01', referenceNo: key });
    const body = JSON.stringify({ query, variables: { input } });
    const reply = await fetch(`${this.router.url}/graphql`, { method: 'POST', headers, body });
    const { data, errors } = (await reply.json()) as {
      data?: { refundCreditNote: { id: string } | null } | null;
      errors?: { extensions: { code: string } }[];
    };
    const id = data?.refundCreditNote?.id;
    return id === undefined ? this.refusal(errors?.[0]?.extensions.code, reply) : { id, replayed: isReplayed(reply) };
  }

  /** @throws {Error} if the refusal is not one for now */
  private refusal(code: string | undefined, { status }: Response): null {
    if (code !== undefined && RETRYABLE.includes(code)) {
      this.refused.set(code, (this.refused.get(code) ?? 0) + 1);
      return null;
    }
    this.stop();
    throw new Error(`${status} ${code}`);
  }
}

const idOf = (books: Books | undefined): string => books?.organization.publicId ?? '';
const isReplayed = (reply: Response): boolean => reply.headers.get('idempotency-replayed') === 'true';

async function urlOf({ database }: Gateway, role: 'operator' | 'superuser'): Promise<string> {
  return connectionUrl(database.connection(role));
}

/** Returns the output of a command that must succeed. */
async function done(ended: ReturnType<typeof cli>): Promise<string> {
  const { code, stdout, stderr } = await ended;
  if (code !== 0) throw new Error(stdout + stderr);
  return stdout;
}
