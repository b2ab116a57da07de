import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { createApiKey } from '../src/auth/api-keys.js';
import { Role } from '../src/entities/access.js';
import { sweepIdempotencyKeys } from '../src/services/unit-of-work/idempotency-sweep.js';
import {
  LedgerHealthDocument,
  MeDocument,
  RefundabilityDocument,
  RefundCreditNoteDocument,
  VoidCreditNoteDocument,
} from './generated/documents.js';
import { Client, freshBooks, sharedGateway } from './helpers/gateway.js';

/** All times that a gateway with a wrong clock returns or stores come from the database's clock. */
const DAY_MS = 24 * 60 * 60 * 1000;

const gateway = sharedGateway();
const books = freshBooks(gateway);
afterEach(() => void jest.useRealTimers());

/** Changes only the current time; timers keep running. */
function setGatewayClock(daysAhead: number): void {
  jest.useFakeTimers({
    now: Date.now() + daysAhead * DAY_MS,
    doNotFake: [
      'hrtime',
      'nextTick',
      'performance',
      'queueMicrotask',
      'setImmediate',
      'clearImmediate',
      'setInterval',
      'clearInterval',
      'setTimeout',
      'clearTimeout',
    ],
  });
}

async function inDatabase<T>(expression: string, ...values: unknown[]): Promise<T> {
  const { rows } = await gateway.database.superuser.query(`select ${expression} as value`, values);
  return rows[0].value;
}

/** Seconds between the time and the database's current time. */
async function secondsOff(time: unknown): Promise<number> {
  return Math.abs(Number(await inDatabase(`extract(epoch from now() - $1::timestamptz)`, time)));
}

const today = () => inDatabase<string>(`(now() at time zone 'UTC')::date::text`);
const daysFromToday = (days: number) => inDatabase<string>(`((now() at time zone 'UTC')::date + $1::integer)::text`, days);

describe.each([31, -31])('a gateway whose clock is %i days ahead', (daysAhead) => {
  it('keeps idempotency keys until their retention ends, so that a replay pays nothing twice', async () => {
    const input = books.refundInput((await books.creditNote('100.00')).id);
    const send = () => books.client.graphql(RefundCreditNoteDocument, { input, idempotencyKey: 'mine' });
    const first = await send();
    setGatewayClock(daysAhead);

    await sweepIdempotencyKeys(gateway.database.orm.em.fork());

    const second = await send();
    expect(second.extensions).toMatchObject({ idempotency: { replayed: true } });
    expect(second.data).toEqual(first.data);
  });

  it('accepts an API key until it expires and refuses it afterwards', async () => {
    const keyWhich = async (expires: string) => {
      const expiresAt = await inDatabase<Date>(`now() + $1::interval`, expires);
      const { key } = await gateway.database.asOperator((em) =>
        createApiKey(em, books.organization, {
          name: 'k',
          role: Role.ADMIN,
          expiresAt,
        }),
      );
      return new Client(gateway.app, { authorization: `Bearer ${key}` });
    };
    const [expired, valid] = [await keyWhich('-1 minute'), await keyWhich('1 day')];
    setGatewayClock(daysAhead);

    const codes = [await valid.graphql(MeDocument), await expired.graphql(MeDocument)].map(
      ({ errors }) => errors?.[0]?.extensions.code,
    );

    expect(codes).toEqual([undefined, 'UNAUTHENTICATED']);
    const lastUsed = await inDatabase(
      `(select last_used_at from api_keys where organization_id = $1 order by id desc limit 1)`,
      books.organization.id,
    );
    expect(await secondsOff(lastUsed)).toBeLessThan(3600);
  });

  it('returns what can be refunded today', async () => {
    const notes = [
      await books.creditNote('1.00', { date: await today() }),
      await books.creditNote('1.00', { date: await daysFromToday(1) }),
    ];
    setGatewayClock(daysAhead);

    const reasons = [];
    for (const { id } of notes) {
      const { creditNote } = await books.client.query(RefundabilityDocument, { id });
      reasons.push(creditNote?.refundability.reasons.map(({ code }) => code));
    }

    expect(reasons).toEqual([[], ['DATE_BEFORE_CREDIT_NOTE']]);
  });

  it('opens and voids credit notes with the present time and day', async () => {
    setGatewayClock(daysAhead);
    const { id } = await books.creditNote('1.00');
    await books.client.query(VoidCreditNoteDocument, { id });

    const query = `query($id: ID!) { creditNote(id: $id) { createdAt openedAt voidedAt journalEntry { reversedBy { postingDate } } } }`;
    const { data } = await books.client.graphql<{ creditNote: Record<string, unknown> }, unknown>(query, { id });
    const { createdAt, openedAt, voidedAt, journalEntry } = data?.creditNote ?? {};
    for (const time of [createdAt, openedAt, voidedAt]) expect(await secondsOff(time)).toBeLessThan(3600);
    expect(journalEntry).toEqual({ reversedBy: { postingDate: await today() } });
  });

  it('returns when the ledger was checked', async () => {
    setGatewayClock(daysAhead);
    const { ledgerHealth } = await books.client.query(LedgerHealthDocument);
    expect(await secondsOff(ledgerHealth.checkedAt)).toBeLessThan(3600);
  });
});

it('ignores the time of voiding that a client of the database sets', async () => {
  const draft = await books.creditNote('1.00', { open: false });
  await gateway.database.sql.query(`update credit_notes set voided_at = '2001-01-01' where id = $1`, [draft.id]);
  expect(await secondsOff(await inDatabase('(select voided_at from credit_notes where id = $1)', draft.id))).toBeLessThan(3600);
});

describe('a sweep of idempotency keys', () => {
  const sweep = () => sweepIdempotencyKeys(gateway.database.orm.em.fork());
  const keys = (count: number, days: number) =>
    gateway.database.superuser.query(
      `insert into idempotency_keys (organization_id, key, fingerprint, time_zone, result_id, created_at)
       select $1, gen_random_uuid()::text, repeat('0', 64), 'UTC', 0, now() - make_interval(days => $3) from generate_series(1, $2)`,
      [books.organization.id, count, days],
    );
  beforeEach(() => gateway.database.superuser.query('delete from idempotency_keys'));

  it('deletes expired keys in several batches, and keeps the others', async () => {
    await keys(2_500, 31);
    await keys(2_500, 29);
    expect(await sweep()).toEqual({ swept: 2_500, skipped: null });
    expect(await inDatabase('(select count(*)::integer from idempotency_keys)')).toBe(2_500);
    expect(await sweep()).toEqual({ swept: 0, skipped: null });
  });

  it('deletes nothing when most keys have expired, as after a jump of the database’s clock', async () => {
    await keys(2_500, 31);
    await keys(2_499, 1);
    expect(await sweep()).toEqual({ swept: 0, skipped: { expired: 2_500, kept: 2_499 } });
    expect(await inDatabase('(select count(*)::integer from idempotency_keys)')).toBe(4_999);
  });

  it('deletes a small number of keys whatever their share', async () => {
    await keys(1_000, 31);
    expect(await sweep()).toEqual({ swept: 1_000, skipped: null });
  });
});

describe('a time zone', () => {
  const insert = (timeZone: string) =>
    gateway.database.superuser
      .query(
        `insert into organizations (public_id, name, base_currency, time_zone) values (gen_random_uuid()::text, 'x', 'USD', $1)`,
        [timeZone],
      )
      .then(
        () => 'accepted',
        (error: Error) => error.message,
      );

  it.each(['+05:30', 'Mars/Olympus', ''])('is refused by the gateway and by the database: %p', async (timeZone) => {
    await expect(gateway.books({ timeZone })).rejects.toThrow();
    expect(await insert(timeZone)).not.toBe('accepted');
  });

  it('is accepted when the gateway and the database know its name', async () => {
    expect(await insert('Asia/Kolkata')).toBe('accepted');
    expect((await gateway.books({ timeZone: 'Pacific/Kiritimati' })).organization.today).toBe(
      await inDatabase(`(now() at time zone 'Pacific/Kiritimati')::date::text`),
    );
  });
});
