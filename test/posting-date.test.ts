import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { toPostingDate } from '../src/values/posting-date.js';
import {
  BalancesDocument,
  CreateCreditNoteDocument,
  LockTransactionsDocument,
  PreviewRefundDocument,
  RefundCreditNoteDocument,
  RefundCreditNotesDocument,
  ReverseRefundDocument,
  VoidCreditNoteDocument,
} from './generated/documents.js';
import { type Books, Gateway, sharedGateway } from './helpers/gateway.js';

/** From the zone in which a new day begins first on Earth to the one in which it begins last. */
const ZONES = ['Pacific/Kiritimati', 'Asia/Kolkata', 'Europe/Berlin', 'UTC', 'America/New_York', 'Pacific/Pago_Pago'];

const gateway = sharedGateway();

async function refundByRest(books: Books, creditNoteId: string, date: string, headers: Record<string, string> = {}) {
  const path = `/api/credit-notes/${creditNoteId}/refunds`;
  return books.client.rest(path, books.restBody({ date }), headers);
}

describe('a date-time', () => {
  const MIDNIGHT_UTC = [
    '2026-02-01T00:00:00.000Z',
    '2026-02-01T00:00:00Z',
    '2026-02-01T00:00Z',
    '2026-02-01t00:00:00z',
    '2026-02-01 00:00:00Z',
    '2026-02-01T00:00:00+00:00',
    '2026-02-01T00:00:00.0-00:00',
    '2026-02-01T00:00:00.0000000000000Z',
  ];
  const WITHOUT_ZONE = [
    '2026-02-01T10:00:00',
    '2026-02-01T00:00:00',
    '2026-02-01T23:59:59.999999',
    '2026-02-01T23:30:00.1234567',
    '2026-02-01T23:30:00.000000000001',
    '2026-02-01T10:00',
    '2026-02-01 10:00:00',
  ];

  it.each(MIDNIGHT_UTC)('at midnight UTC, %s, is the written day in every zone', (text) => {
    expect(ZONES.map((zone) => toPostingDate(text, zone))).toEqual(ZONES.map(() => '2026-02-01'));
  });

  it.each(WITHOUT_ZONE)('without a zone, %s, is the written day in every zone', (text) => {
    expect(ZONES.map((zone) => toPostingDate(text, zone))).toEqual(ZONES.map(() => '2026-02-01'));
  });

  it.each([
    ['2026-02-01T00:00:00.001Z', 'America/New_York', '2026-01-31'],
    ['2026-02-01T00:00:01Z', 'America/New_York', '2026-01-31'],
    ['2026-02-01T00:00:00.0000000000001Z', 'America/New_York', '2026-01-31'],
    ['2026-02-01T12:00Z', 'Pacific/Kiritimati', '2026-02-02'],
    ['2026-02-01T00:00:00+05:30', 'UTC', '2026-01-31'],
    ['2026-02-01T00:00:00-05:00', 'Asia/Kolkata', '2026-02-01'],
    ['2026-01-31T19:00:00-05:00', 'America/New_York', '2026-01-31'],
    ['1990-12-31T23:59:60Z', 'UTC', '1990-12-31'],
    ['1990-12-31T15:59:60-08:00', 'UTC', '1990-12-31'],
  ])('at another time, %s, is the day of that instant in %s: %s', (text, zone, day) => {
    expect(toPostingDate(text, zone)).toBe(day);
  });

  it.each([
    '2026-02-30T00:00:00Z',
    '2026-02-30T10:00:00',
    '2026-02-01T24:00:00Z',
    '2026-02-01T24:00:00',
    '2026-02-01T23:60:00',
    '2026-02-01T23:59:60',
    '2026-02-01T23:59:60Z',
    '2026-06-30T12:00:60Z',
    '2026-02-01T23:59:61Z',
    '2026-02-01T00:00:00+18:01',
    '2026-02-01T00:00:00-19:00',
    '2026-02-01T00:00:00+00:60',
    '2026-02-01T00:00:00+0000',
    '2026-02-01T00:00:00,000Z',
    '2026-02-01T00:00:00.Z',
    '2026-02-01T00Z',
    '2026-02-01T',
    '2026-02-01T10:00:00[Europe/Berlin]',
    '2026-02-01T00:00:00Z\n',
    ' 2026-02-01',
    '0000-12-31T00:00:00Z',
    '0000-12-31T10:00:00',
    '10000-01-01T00:00:00Z',
    '9999-12-31T23:30:00-05:00',
  ])('is refused if it does not exist or has another format: %j', (text) => {
    expect(toPostingDate(text, 'UTC')).toBeNull();
  });
});

describe('a date', () => {
  it('is accepted exactly if the calendar has that day', () => {
    const two = (count: number) => String(count).padStart(2, '0');
    const isLeap = (year: number) => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
    const lengths = (year: number) => [31, isLeap(year) ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    for (const year of [0, 1, 4, 99, 100, 400, 1582, 1900, 1999, 2000, 2023, 2024, 2100, 9996, 9999]) {
      const days: string[] = [];
      for (let month = 0; month <= 20; month += 1) {
        for (let day = 0; day <= 40; day += 1) days.push(`${String(year).padStart(4, '0')}-${two(month)}-${two(day)}`);
      }
      const found = days.filter((day) => toPostingDate(day, 'Pacific/Kiritimati') === day);
      const all = lengths(year).flatMap((length, month) => Array.from({ length }, (_, day) => `${two(month + 1)}-${two(day + 1)}`));
      expect(found.map((day) => day.slice(5))).toEqual(year === 0 ? [] : all);
      expect(days.every((day) => [day, null].includes(toPostingDate(day, 'UTC')))).toBe(true);
    }
  });
});

describe('a date from a reply means the same day when a client sends it again', () => {
  it.each(ZONES)('over GraphQL and REST, in %s', async (timeZone) => {
    const books = await gateway.books({ timeZone });
    const note = await books.creditNote('1000.00', { date: '2020-01-01' });
    const day = fc.date({ min: new Date('2020-01-01T00:00:00Z'), max: new Date('2025-12-31T00:00:00Z'), noInvalidDate: true });

    await fc.assert(
      fc.asyncProperty(day, async (date) => {
        const written = date.toISOString().slice(0, 10);
        const first = await refundByRest(books, note.id, written);
        expect(first.json.date.slice(0, 10)).toBe(written);

        const again = await refundByRest(books, note.id, first.json.date);
        const byGraphQL = await books.refund(note.id, { date: first.json.date, amount: '1' });
        const andBack = await books.refund(note.id, { date: byGraphQL.date, amount: '1' });

        expect([again.json.date, byGraphQL.date, andBack.date]).toEqual([first.json.date, written, written]);
        expect(byGraphQL.journalEntry.postingDate).toBe(written);
      }),
      { numRuns: 4 },
    );
  });

  it('for every argument that is a date', async () => {
    const books = await gateway.books({ timeZone: 'America/New_York' });
    const note = await books.creditNote('1000.00', { date: '2026-02-01T00:00:00.000Z' });
    const midnight = '2026-02-02T00:00:00.000Z';
    const { client } = books;

    const { previewRefund } = await client.query(PreviewRefundDocument, { input: books.refundInput(note.id, { date: midnight }) });
    const { refundCreditNotes } = await client.query(RefundCreditNotesDocument, {
      inputs: [books.refundInput(note.id, { date: midnight })],
      mode: 'ATOMIC',
    });
    const refund = refundCreditNotes[0]?.refund;
    const { reverseRefund } = await client.query(ReverseRefundDocument, {
      input: { refundId: refund?.id ?? '', date: midnight, reason: 'It came back' },
    });
    const balances = async (asOf: string) => client.query(BalancesDocument, { account: books.ids.receivable, asOf });
    const [before, on] = [await balances('2026-01-31T00:00:00.000Z'), await balances('2026-02-01T00:00:00.000Z')];
    const { voidCreditNote } = await client.query(VoidCreditNoteDocument, { id: note.id, date: '2026-02-03T00:00:00.000Z' });
    const { lockTransactions } = await client.query(LockTransactionsDocument, { input: { lockDate: midnight, reason: 'Filed' } });

    expect([note.date, note.journalEntry?.postingDate]).toEqual(['2026-02-01', '2026-02-01']);
    expect(previewRefund.postingDate).toBe('2026-02-02');
    expect(refund?.journalEntry.postingDate).toBe('2026-02-02');
    expect([reverseRefund.reversal?.date, reverseRefund.reversal?.journalEntry.postingDate]).toEqual(['2026-02-02', '2026-02-02']);
    expect([before.account?.balance, before.trialBalance.debits]).toEqual(['0.00', '0.00']);
    expect([on.account?.balance, on.trialBalance.debits]).toEqual(['-1000.00', '1000.00']);
    expect(voidCreditNote.journalEntry?.reversedBy?.postingDate).toBe('2026-02-03');
    expect(lockTransactions.lockDate).toBe('2026-02-02');
  });
});

it('a date at midnight UTC, as typed clients send it, is not posted on the day before, which may be locked', async () => {
  const books = await gateway.books({ timeZone: 'America/New_York' });
  const note = await books.creditNote('100.00');
  await books.client.query(LockTransactionsDocument, { input: { lockDate: '2026-01-31', reason: 'Filed' } });

  const refund = await refundByRest(books, note.id, '2026-02-01T00:00:00.000Z');
  const refused = await refundByRest(books, note.id, '2026-01-31T00:00:00.000Z');

  expect([refund.status, refund.json.date]).toEqual([201, '2026-02-01T00:00:00.000Z']);
  expect([refused.status, refused.json.errors[0].type]).toEqual([400, 'TRANSACTIONS_DATE_LOCKED']);
});

describe('a command with the same day in another format', () => {
  const SAME = [
    '2026-02-01',
    '2026-02-01T00:00:00.000Z',
    '2026-02-01T00:00:00+00:00',
    '2026-02-01T10:00:00',
    '2026-02-01T12:00:00Z',
  ];

  it('has the same idempotency fingerprint, over GraphQL and REST', async () => {
    const books = await gateway.books({ timeZone: 'America/New_York' });
    const note = await books.creditNote('100.00');
    const idempotencyKey = 'one-refund';

    const ids = new Set<string>();
    for (const date of SAME) {
      const input = books.refundInput(note.id, { date });
      ids.add((await books.client.query(RefundCreditNoteDocument, { input, idempotencyKey })).refundCreditNote.id);
      const reply = await refundByRest(books, note.id, date, { 'idempotency-key': idempotencyKey });
      ids.add(String(reply.json.id));
    }

    expect(ids.size).toBe(1);
  });

  it('is replayed when it is repeated with the date of its reply', async () => {
    const books = await gateway.books({ timeZone: 'America/New_York' });
    const note = await books.creditNote('100.00');
    const headers = { 'idempotency-key': 'k' };
    const first = await refundByRest(books, note.id, '2026-02-01', headers);

    const again = await refundByRest(books, note.id, first.json.date, headers);

    expect([again.status, again.headers['idempotency-replayed'], again.json]).toEqual([201, 'true', first.json]);
  });

  it('is recognized as a possible duplicate', async () => {
    const strict = await Gateway.start({ duplicateWindowSeconds: 600 });
    try {
      const books = await strict.books({ timeZone: 'America/New_York' });
      const note = await books.creditNote('100.00');
      await books.refund(note.id, { date: '2026-02-01' });

      const again = await refundByRest(books, note.id, '2026-02-01T00:00:00.000Z');

      expect(again.json.errors[0].type).toBe('POSSIBLE_DUPLICATE_REFUND');
    } finally {
      await strict.stop();
    }
  });
});

it('accepts a date-time without a zone, as Python, .NET and Java send it, for refunds and credit notes', async () => {
  const books = await gateway.books({ timeZone: 'Pacific/Pago_Pago' });
  const input = {
    customerId: await books.customer(),
    date: '2021-01-01T10:00:00.123456',
    lines: [{ accountId: books.ids.sales, amount: '100.00' }],
    open: true,
  };

  const { createCreditNote } = await books.client.query(CreateCreditNoteDocument, { input });
  const refund = await refundByRest(books, createCreditNote.id, '2021-01-02T23:59:59.1234567');

  expect(createCreditNote.date).toBe('2021-01-01');
  expect([refund.status, refund.json.date]).toEqual([201, '2021-01-02T00:00:00.000Z']);
});

it.each(['2021-02-30', '2026-02-01T24:00:00', '2026-02-01T23:59:60Z', '2026-02-01T00:00:00+19:00'])(
  'refuses a date that does not exist, and names the field, over GraphQL and REST: %s',
  async (date) => {
    const books = await gateway.books();
    const note = await books.creditNote('100.00');
    const before = await books.snapshot();

    const byRest = await refundByRest(books, note.id, date);
    const byGraphQL = await books.client.graphql(RefundCreditNoteDocument, { input: books.refundInput(note.id, { date }) });

    expect([byRest.status, byRest.json.message[0].property]).toEqual([400, 'date']);
    expect(byGraphQL.errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'date' });
    expect(await books.snapshot()).toEqual(before);
  },
);
