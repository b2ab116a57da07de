import { describe, expect, it } from '@jest/globals';
import { Temporal } from 'temporal-polyfill';
import {
  CreateCreditNoteDocument,
  LockTransactionsDocument,
  OpenCreditNoteDocument,
  PreviewRefundDocument,
  RefundCreditNoteDocument,
  RefundCreditNotesDocument,
  ReverseRefundDocument,
  UnlockTransactionsDocument,
  VoidCreditNoteDocument,
} from './generated/documents.js';
import { type Books, type GraphQLReply, sharedGateway } from './helpers/gateway.js';

const gateway = sharedGateway({ postingDaysAhead: 3 });

/** The zones in which a new day begins first and last on Earth, and UTC. */
const ZONES = ['Pacific/Kiritimati', 'UTC', 'Pacific/Pago_Pago'];

/** The day so many days after today in the organization's time zone, by the database's clock. */
async function day(books: Books, days: number): Promise<string> {
  const { rows } = await gateway.database.sql.query('select ((now() at time zone $1)::date + $2::integer)::text as day', [
    books.organization.timeZone,
    days,
  ]);
  return rows[0].day;
}

function refused(reply: GraphQLReply<unknown>): unknown {
  return reply.errors?.[0]?.extensions.code;
}

describe('a posting date', () => {
  it.each(ZONES)('may be as many days ahead as configured and no more, in %s', async (timeZone) => {
    const books = await gateway.books({ timeZone });
    const note = await books.creditNote('100.00');
    // The day after the limit would become allowed if midnight passed in between, so the test uses the day after that.
    const [latest, beyond] = [await day(books, 3), await day(books, 5)];

    const made = await books.refund(note.id, { date: latest, amount: '1.00' });
    const input = books.refundInput(note.id, { date: beyond });
    const { errors } = await books.client.graphql(RefundCreditNoteDocument, { input });

    expect(made.date).toBe(latest);
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'DATE_TOO_FAR_AHEAD', field: 'date', details: { date: beyond } });
    expect(errors?.[0]?.message).toContain('is the latest day that may be posted on');
  });

  it.each(['9999-12-31', '2062-02-01'])('is refused by every command on %s', async (date) => {
    const books = await gateway.books();
    const { client } = books;
    const note = await books.creditNote('100.00');
    const refund = await books.refund(note.id);
    const other = await books.creditNote('100.00');
    const before = await books.snapshot();
    const input = books.refundInput(note.id, { date });
    const creation = {
      customerId: await books.customer(),
      date,
      lines: [{ accountId: books.ids.sales, amount: '100.00' }],
    };

    const byRest = await client.rest(`/api/credit-notes/${note.id}/refunds`, books.restBody({ date }));
    const replies = {
      refund: await client.graphql(RefundCreditNoteDocument, { input }),
      list: await client.graphql(RefundCreditNotesDocument, { inputs: [input], mode: 'ATOMIC' }),
      reverse: await client.graphql(ReverseRefundDocument, { input: { refundId: refund.id, date, reason: 'x' } }),
      void: await client.graphql(VoidCreditNoteDocument, { id: other.id, date }),
      create: await client.graphql(CreateCreditNoteDocument, { input: { ...creation, open: true } }),
      draft: await client.graphql(CreateCreditNoteDocument, { input: creation }),
    };
    const each = await client.query(RefundCreditNotesDocument, { inputs: [input], mode: 'PER_ITEM' });

    expect([byRest.status, byRest.json.errors[0].type]).toEqual([400, 'DATE_TOO_FAR_AHEAD']);
    for (const [name, reply] of Object.entries(replies)) expect([name, refused(reply)]).toEqual([name, 'DATE_TOO_FAR_AHEAD']);
    expect(each.refundCreditNotes[0]?.refusal?.code).toBe('DATE_TOO_FAR_AHEAD');
    const after = (await books.snapshot()) as { name: string }[];
    expect(after.filter(({ name }) => name !== 'customers')).toEqual(
      (before as { name: string }[]).filter(({ name }) => name !== 'customers'),
    );
  });

  it('on the last allowed day is accepted when a draft is opened', async () => {
    const books = await gateway.books();
    const date = await day(books, 3);
    const draft = await books.creditNote('100.00', { date, open: false });
    expect((await books.client.graphql(OpenCreditNoteDocument, { id: draft.id })).data?.openCreditNote?.date).toBe(date);
  });

  it('that is too far ahead is a refusal and a warning in the preview', async () => {
    const books = await gateway.books();
    const note = await books.creditNote('100.00');

    const input = books.refundInput(note.id, { date: '2062-02-01' });
    const { previewRefund } = await books.client.query(PreviewRefundDocument, { input });

    expect(previewRefund.allowed).toBe(false);
    expect(previewRefund.refusals.map(({ code }) => code)).toEqual(['DATE_TOO_FAR_AHEAD']);
    expect(previewRefund.warnings.map(({ code, field }) => [code, field])).toEqual([['DATE_TOO_FAR_AHEAD', 'date']]);
  });

  it('years ahead is refused by the database', async () => {
    const books = await gateway.books();
    const date = Temporal.Now.plainDateISO().add({ days: 400 }).toString();
    await expect(
      gateway.database.sql.query(
        `insert into journal_entries (organization_id, posting_date, source, memo) values (${books.organization.id}, '${date}', 'REFUND', '')`,
      ),
    ).rejects.toThrow('journal_entries_not_years_ahead');
  });
});

describe('a lock date', () => {
  const lock = (books: Books, lockDate: string) =>
    books.client.graphql(LockTransactionsDocument, { input: { lockDate, reason: 'Filed' } });
  const unlock = (books: Books, lockDate: string | null) =>
    books.client.graphql(UnlockTransactionsDocument, { input: { lockDate, reason: 'Too early' } });

  it.each(ZONES)('may be as many days ahead as a posting date, in %s', async (timeZone) => {
    const books = await gateway.books({ timeZone });
    const [latest, beyond] = [await day(books, 3), await day(books, 5)];

    expect((await lock(books, latest)).data?.lockTransactions?.lockDate).toBe(latest);
    expect((await lock(books, beyond)).errors?.[0]?.extensions).toMatchObject({
      code: 'DATE_TOO_FAR_AHEAD',
      field: 'lockDate',
      details: { date: beyond },
    });
  });

  it.each(['9999-12-31', '2062-02-01', '9999-12-31T23:59:59-12:00'])(
    'too far ahead is refused and locks nothing: %s',
    async (date) => {
      const books = await gateway.books();
      const before = await books.snapshot();

      expect(['DATE_TOO_FAR_AHEAD', 'BAD_USER_INPUT']).toContain(refused(await lock(books, date)));

      expect(await books.snapshot()).toEqual(before);
      expect((await books.refund((await books.creditNote('100.00')).id)).amount).toBe('40.00');
    },
  );

  it('that was too far ahead before this rule can be moved to an allowed day', async () => {
    const books = await gateway.books();
    const { superuser } = gateway.database;
    await gateway.database.withoutRules(() =>
      superuser.query("update organizations set lock_date = '9999-12-31' where id = $1", [books.organization.id]),
    );

    expect(refused(await unlock(books, '9998-12-31'))).toBe('DATE_TOO_FAR_AHEAD');
    expect((await unlock(books, '2026-01-31')).data?.unlockTransactions?.lockDate).toBe('2026-01-31');
    expect((await unlock(books, null)).data?.unlockTransactions?.lockDate).toBeNull();
  });

  it('years ahead is refused by the database', async () => {
    const books = await gateway.books();
    const { sql } = gateway.database;
    const date = Temporal.Now.plainDateISO().add({ days: 400 }).toString();
    const { name, baseCurrency, timeZone } = books.organization;
    for (const statement of [
      `update organizations set lock_date = '${date}' where id = ${books.organization.id}`,
      `update organizations set lock_date = 'infinity' where id = ${books.organization.id}`,
    ])
      await expect(sql.query(statement)).rejects.toThrow('is years ahead');
    await expect(
      gateway.database.superuser.query(
        `insert into organizations (public_id, name, base_currency, time_zone, lock_date)
         values ('far', '${name}', '${baseCurrency}', '${timeZone}', '${date}')`,
      ),
    ).rejects.toThrow('is years ahead');
  });
});
