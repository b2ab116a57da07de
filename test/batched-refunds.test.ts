import { describe, expect, it } from '@jest/globals';
import { Role } from '../src/entities/access.js';
import {
  type BulkMode,
  CreditNoteDocument,
  LedgerHealthDocument,
  RefundCreditNoteDocument,
  type RefundCreditNoteInput,
  RefundCreditNotesDocument,
} from './generated/documents.js';
import { type Books, ledger, sharedGateway } from './helpers/gateway.js';

/** Refunds that share a batch, because they arrive at the same time or in one mutation, have separate outcomes. */
const gateway = sharedGateway({ duplicateWindowSeconds: 1000 });

async function creditNotes(books: Books, count: number, amount = '100.00'): Promise<string[]> {
  const customerId = await books.customer();
  const notes: string[] = [];
  for (let index = 0; index < count; index += 1) notes.push((await books.creditNote(amount, { customerId })).id);
  return notes;
}

/** Sends the refunds in parallel; returns the amount or the error code of each. */
async function refundAtOnce(books: Books, inputs: readonly RefundCreditNoteInput[]): Promise<string[]> {
  const replies = await Promise.all(inputs.map((input) => books.client.graphql(RefundCreditNoteDocument, { input })));
  return replies.map(({ data, errors }) => data?.refundCreditNote?.amount ?? String(errors?.[0]?.extensions.code));
}

async function remaining(books: Books, ids: readonly string[]): Promise<(string | undefined)[]> {
  const notes = await Promise.all(ids.map((id) => books.client.query(CreditNoteDocument, { id })));
  return notes.map(({ creditNote }) => creditNote?.remaining);
}

describe('refunds that arrive at once', () => {
  it('share their statements in batches', async () => {
    const books = await gateway.books();
    const notes = await creditNotes(books, 30);
    const before = gateway.database.statements.length;

    await refundAtOnce(
      books,
      notes.map((id) => books.refundInput(id)),
    );

    const inserts = gateway.database.statements.slice(before).filter((statement) => statement.includes('insert into refunds'));
    expect(inserts.length).toBeGreaterThan(0);
    // The number of batches depends on the speed of the machine; without batches there would be thirty inserts.
    expect(inserts.length).toBeLessThan(notes.length / 2);
    expect(await remaining(books, notes)).toEqual(notes.map(() => '60.00'));
  });

  it('are refused one by one, without effect on the others', async () => {
    const books = await gateway.books();
    const [note = '', small = '', draft = ''] = [
      ...(await creditNotes(books, 2)),
      (await books.creditNote('100.00', { open: false })).id,
    ];
    const inputs = [
      books.refundInput(note, { amount: '10.00' }),
      books.refundInput(small, { amount: '100.01' }),
      books.refundInput('999999999'),
      books.refundInput(note, { fromAccountId: books.ids.sales }),
      books.refundInput(note, { branchId: '999999999', amount: '20.00' }),
      books.refundInput(draft),
      books.refundInput(note, { date: '2025-12-31' }),
      books.refundInput(note, { amount: '1.001' }),
      books.refundInput(note, { amount: '90.00' }),
      books.refundInput(small, { amount: '100.00' }),
    ];
    expect(await refundAtOnce(books, inputs)).toEqual([
      '10.00',
      'CREDIT_NOTE_HAS_NO_REMAINING_AMOUNT',
      'CREDIT_NOTE_NOT_FOUND',
      'ACCOUNT_INVALID_TYPE',
      'BRANCH_ID_NOT_FOUND',
      'CREDIT_NOTE_IS_DRAFT',
      'DATE_BEFORE_CREDIT_NOTE',
      'AMOUNT_PRECISION',
      '90.00',
      '100.00',
    ]);
    expect(await remaining(books, [note, small])).toEqual(['0.00', '0.00']);
    expect((await books.client.query(LedgerHealthDocument)).ledgerHealth.healthy).toBe(true);
  });

  it('are made, except for one that the database itself refuses', async () => {
    const books = await gateway.books();
    const notes = await creditNotes(books, 8);
    await gateway.database.superuser.query(`
      create function refuse_cursed() returns trigger language plpgsql as $$
      begin raise exception 'cursed' using errcode = 'check_violation'; end $$;
      create trigger cursed before insert on refunds for each row when (new.reference_no = 'cursed') execute function refuse_cursed()`);

    const outcomes = await refundAtOnce(
      books,
      notes.map((id, index) => books.refundInput(id, { referenceNo: index === 5 ? 'cursed' : `${index}` })),
    );
    await gateway.database.superuser.query('drop function refuse_cursed cascade');

    expect(outcomes).toEqual(notes.map((_, index) => (index === 5 ? 'INTERNAL_SERVER_ERROR' : '40.00')));
    expect(await remaining(books, notes)).toEqual(notes.map((_, index) => (index === 5 ? '100.00' : '60.00')));
  });

  it('are made, while those of a locked note wait until it is free', async () => {
    const books = await gateway.books();
    const notes = await creditNotes(books, 12);
    const held = notes.slice(0, 2);
    const { sql } = gateway.database;
    await sql.query('begin');
    await sql.query('select from credit_notes where id = any($1) for update', [held]);

    const late = refundAtOnce(
      books,
      held.map((id) => books.refundInput(id)),
    );
    const others = await refundAtOnce(
      books,
      notes.slice(2).map((id) => books.refundInput(id)),
    );
    const elsewhere = await gateway.books();
    const other = await elsewhere.refund((await elsewhere.creditNote('100.00')).id);
    await sql.query('commit');

    expect([others, other.amount]).toEqual([notes.slice(2).map(() => '40.00'), '40.00']);
    expect(await late).toEqual(['40.00', '40.00']);
  });

  it('do not wait for a note whose refund has a locked idempotency key', async () => {
    const books = await gateway.books();
    const notes = await creditNotes(books, 12);
    const [held = ''] = notes;
    const { sql } = gateway.database;
    await sql.query('begin');
    await sql.query(`select pg_advisory_xact_lock(hashtextextended('idempotency key mine', $1))`, [books.organization.id]);
    await sql.query('select from credit_notes where id = $1 for update', [held]);
    const before = gateway.database.statements.length;

    const first = books.refund(notes[1] ?? '');
    const late = books.client.graphql(RefundCreditNoteDocument, { input: books.refundInput(held), idempotencyKey: 'mine' });
    const others = await refundAtOnce(
      books,
      notes.slice(2).map((id) => books.refundInput(id)),
    );
    const begunAgain = gateway.database.statements.slice(before).filter((statement) => statement.includes('skip locked'));
    await sql.query('commit');

    expect([(await first).amount, ...others]).toEqual(notes.slice(1).map(() => '40.00'));
    expect(begunAgain).toEqual([]);
    expect((await late).data?.refundCreditNote?.amount).toBe('40.00');
  });

  it('pay once for a duplicate and for a repeated key within one batch', async () => {
    const books = await gateway.books();
    const [held = '', note = ''] = await creditNotes(books, 2);
    const { sql } = gateway.database;
    await sql.query('begin');
    await sql.query('select from credit_notes where id = $1 for update', [held]);
    const first = books.refund(held);
    await gateway.database.untilWaiting(1);

    const withKey = { input: books.refundInput(note, { amount: '1.00' }), idempotencyKey: 'twice' };
    const [outcomes, ...replies] = await Promise.all([
      refundAtOnce(books, [books.refundInput(note), books.refundInput(note)]),
      books.client.graphql(RefundCreditNoteDocument, withKey),
      books.client.graphql(RefundCreditNoteDocument, withKey),
    ]);
    await sql.query('commit');

    expect(outcomes.sort()).toEqual(['40.00', 'POSSIBLE_DUPLICATE_REFUND']);
    expect(new Set(replies.map(({ data }) => data?.refundCreditNote?.id)).size).toBe(1);
    expect([(await first).amount, await remaining(books, [note])]).toEqual(['40.00', ['59.00']]);
  });

  it('record the author and the request of each', async () => {
    const books = await gateway.books();
    const [note = ''] = await creditNotes(books, 1);
    const accountant = await gateway.client(books.organization, Role.ACCOUNTANT);
    const send = (index: number) =>
      (index % 2 === 0 ? books.client : accountant).graphql(
        RefundCreditNoteDocument,
        { input: books.refundInput(note, { amount: '1.00', referenceNo: `${index}` }) },
        { 'x-request-id': `request-${index}` },
      );

    await Promise.all(Array.from({ length: 10 }, (_, index) => send(index)));

    const { rows } = await gateway.database.sql.query(
      'select reference_no, created_by, request_id from refunds where credit_note_id = $1 order by reference_no',
      [note],
    );
    expect(rows).toEqual(
      Array.from({ length: 10 }, (_, index) => ({
        reference_no: `${index}`,
        created_by: index % 2 === 0 ? 'key of ADMIN' : 'key of ACCOUNTANT',
        request_id: `request-${index}`,
      })),
    );
  });
});

describe('refundCreditNotes', () => {
  function send(books: Books, inputs: RefundCreditNoteInput[], mode: BulkMode, rest: { idempotencyKey?: string } = {}) {
    return books.client.graphql(RefundCreditNotesDocument, { inputs, mode, ...rest });
  }

  it('makes all refunds in order, each with its entry', async () => {
    const books = await gateway.books();
    const [note = '', other = ''] = await creditNotes(books, 2);
    const inputs = [
      books.refundInput(note, { amount: '60.00' }),
      books.refundInput(other, { amount: '5.00' }),
      books.refundInput(note, { amount: '40.00' }),
    ];
    const { data } = await send(books, inputs, 'ATOMIC');
    expect(data?.refundCreditNotes?.map(({ refund }) => [refund?.amount, ledger(refund?.journalEntry)])).toEqual(
      ['60.00', '5.00', '40.00'].map((amount) => [amount, [`debit Accounts Receivable ${amount}`, `credit Bank ${amount}`]]),
    );
    expect(await remaining(books, [note, other])).toEqual(['0.00', '95.00']);
  });

  it('makes no refund in ATOMIC mode when one is refused, and names its position', async () => {
    const books = await gateway.books();
    const [note = '', other = ''] = await creditNotes(books, 2);
    const before = await books.snapshot();
    const inputs = [books.refundInput(note), books.refundInput(other, { amount: '100.01' })];

    const { data, errors } = await send(books, inputs, 'ATOMIC', { idempotencyKey: 'all' });

    expect([data, errors?.[0]?.extensions]).toMatchObject([
      { refundCreditNotes: null },
      { code: 'CREDIT_NOTE_HAS_NO_REMAINING_AMOUNT', field: 'inputs.1.amount', details: { remaining: '100.00' } },
    ]);
    expect(await books.snapshot()).toEqual(before);
  });

  it('makes each refund by itself in PER_ITEM mode, and returns the refusals of the others', async () => {
    const books = await gateway.books();
    const [note = ''] = await creditNotes(books, 1);
    const inputs = [
      books.refundInput(note, { amount: '60.00' }),
      books.refundInput(note, { amount: '60.00', referenceNo: '2' }),
      books.refundInput(note, { fromAccountId: '999999999' }),
      books.refundInput(note),
    ];
    const { data } = await send(books, inputs, 'PER_ITEM');
    const outcomes = data?.refundCreditNotes?.map(({ refund, refusal }) => refund?.amount ?? [refusal?.code, refusal?.field]);
    expect(outcomes).toEqual([
      '60.00',
      ['CREDIT_NOTE_HAS_NO_REMAINING_AMOUNT', 'amount'],
      ['ACCOUNT_NOT_FOUND', 'fromAccountId'],
      '40.00',
    ]);
    expect(data?.refundCreditNotes?.[1]?.refusal?.details).toMatchObject({ remaining: expect.any(String) });
  });

  it('pays nothing twice when it is repeated in PER_ITEM mode, and tries refused refunds again', async () => {
    const books = await gateway.books();
    const [note = '', poor = ''] = [...(await creditNotes(books, 1)), ...(await creditNotes(books, 1, '10.00'))];
    const inputs = [books.refundInput(note), books.refundInput(poor)];
    const first = await send(books, inputs, 'PER_ITEM', { idempotencyKey: 'bulk' });
    const again = await send(books, inputs, 'PER_ITEM', { idempotencyKey: 'bulk' });
    const single = await books.client.graphql(RefundCreditNoteDocument, {
      input: inputs[0] as RefundCreditNoteInput,
      idempotencyKey: 'bulk#0',
    });

    expect(first.data?.refundCreditNotes?.map(({ refusal }) => refusal?.code)).toEqual([
      undefined,
      'CREDIT_NOTE_HAS_NO_REMAINING_AMOUNT',
    ]);
    const ids = [first, again].map(({ data }) => data?.refundCreditNotes?.[0]?.refund?.id);
    expect(ids).toEqual([single.data?.refundCreditNote?.id, single.data?.refundCreditNote?.id]);
    expect(await remaining(books, [note, poor])).toEqual(['60.00', '10.00']);
  });

  it('replays the whole list with the same key, and refuses another list with it', async () => {
    const books = await gateway.books();
    const notes = await creditNotes(books, 3);
    const inputs = notes.map((id) => books.refundInput(id));
    const [first, again] = [
      await send(books, inputs, 'ATOMIC', { idempotencyKey: 'k' }),
      await send(books, inputs, 'ATOMIC', { idempotencyKey: 'k' }),
    ];
    const changed = inputs.map((input, index) => (index === 2 ? { ...input, amount: '1.00' } : input));
    const { errors } = await send(books, changed, 'ATOMIC', { idempotencyKey: 'k' });

    expect(again.data).toEqual(first.data);
    expect([first, again].map(({ extensions }) => extensions?.idempotency)).toEqual([{ replayed: false }, { replayed: true }]);
    expect(errors?.[0]?.extensions.code).toBe('IDEMPOTENCY_KEY_REUSED');
  });

  it.each(['ATOMIC', 'PER_ITEM'] as const)('refuses a shorter list with the same key (%s)', async (mode) => {
    const books = await gateway.books();
    const notes = await creditNotes(books, 3);
    const inputs = notes.map((id, index) =>
      books.refundInput(id, { amount: index === 1 && mode === 'PER_ITEM' ? '200.00' : '40.00' }),
    );
    await send(books, inputs, mode, { idempotencyKey: 'k' });
    const before = await remaining(books, notes);

    const { errors } = await send(
      books,
      inputs.filter((_, index) => index !== 1),
      mode,
      { idempotencyKey: 'k' },
    );

    expect(errors?.[0]?.extensions).toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED', field: 'idempotencyKey' });
    expect(await remaining(books, notes)).toEqual(before);
  });

  it.each(['ATOMIC', 'PER_ITEM'] as const)('refuses a duplicate within a list with a key (%s)', async (mode) => {
    const books = await gateway.books();
    const [note = ''] = await creditNotes(books, 1);
    const line = books.refundInput(note, { amount: '10.00' });
    const { data, errors } = await send(books, [line, { ...line, date: '2026-02-01T08:00:00Z' }], mode, { idempotencyKey: 'k' });
    const refused = data?.refundCreditNotes?.[1]?.refusal?.code ?? errors?.[0]?.extensions.code;
    expect([refused, await remaining(books, [note])]).toEqual([
      'POSSIBLE_DUPLICATE_REFUND',
      [mode === 'ATOMIC' ? '100.00' : '90.00'],
    ]);
  });

  it.each(['ATOMIC', 'PER_ITEM'] as const)('returns the final state of a note with each of its refunds (%s)', async (mode) => {
    const books = await gateway.books();
    const [note = ''] = await creditNotes(books, 1);
    const inputs = ['10.00', '20.00', '30.00'].map((amount) => books.refundInput(note, { amount }));
    const { data } = await send(books, inputs, mode);
    expect(data?.refundCreditNotes?.map(({ refund }) => refund?.creditNote.remaining)).toEqual(['40.00', '40.00', '40.00']);
  });

  it.each(['ATOMIC', 'PER_ITEM'] as const)('refuses a duplicate within a list (%s), unless allowDuplicate is set', async (mode) => {
    const books = await gateway.books();
    const [note = ''] = await creditNotes(books, 1);
    const inputs = [books.refundInput(note, { amount: '10.00' }), books.refundInput(note, { amount: '10.00' })];
    const { data, errors } = await send(books, inputs, mode);
    const allowed = await books.client.graphql(RefundCreditNotesDocument, { inputs, mode, allowDuplicate: true });

    const refused = data?.refundCreditNotes?.[1]?.refusal?.code ?? errors?.[0]?.extensions.code;
    expect(refused).toBe('POSSIBLE_DUPLICATE_REFUND');
    expect(allowed.data?.refundCreditNotes?.map(({ refund }) => refund?.amount)).toEqual(['10.00', '10.00']);
  });

  it('names the position of a wrong input, and refuses lists that are empty or too long', async () => {
    const books = await gateway.books();
    const [note = ''] = await creditNotes(books, 1);
    const before = await books.snapshot();
    const one = books.refundInput(note);
    const fields: unknown[] = [];
    for (const inputs of [[one, { ...one, amount: '-1' }], [], Array.from({ length: 101 }, () => one)]) {
      fields.push((await send(books, inputs, 'PER_ITEM')).errors?.[0]?.extensions.field);
    }
    expect(fields).toEqual(['inputs.1.amount', 'inputs', 'inputs']);
    expect(await books.snapshot()).toEqual(before);
  });

  it('is refused to viewers', async () => {
    const books = await gateway.books();
    const [note = ''] = await creditNotes(books, 1);
    const viewer = await gateway.client(books.organization, Role.VIEWER);
    const variables = { inputs: [books.refundInput(note)], mode: 'PER_ITEM' as const };
    expect((await viewer.graphql(RefundCreditNotesDocument, variables)).errors?.[0]?.extensions.code).toBe('FORBIDDEN');
  });

  it('refuses a key that is too long to be extended by the position of each refund', async () => {
    const books = await gateway.books();
    const [note = ''] = await creditNotes(books, 1);
    const long = await send(books, [books.refundInput(note)], 'PER_ITEM', { idempotencyKey: 'x'.repeat(254) });
    expect(long.errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'idempotencyKey' });
  });
});
