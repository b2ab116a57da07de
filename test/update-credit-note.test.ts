import { describe, expect, it } from '@jest/globals';
import {
  AuditEventsDocument,
  CreditNoteDocument,
  OpenCreditNoteDocument,
  UpdateCreditNoteDocument,
  type UpdateCreditNoteInput,
  VoidCreditNoteDocument,
} from './generated/documents.js';
import { freshBooks, sharedGateway } from './helpers/gateway.js';
import { outcomeOf } from './helpers/sql-outcome.js';

const gateway = sharedGateway();
const books = freshBooks(gateway);

function update(input: UpdateCreditNoteInput) {
  return books.client.graphql(UpdateCreditNoteDocument, { input });
}

async function updated(input: UpdateCreditNoteInput) {
  const { data, errors } = await update(input);
  expect(errors).toBeUndefined();
  return data?.updateCreditNote;
}

async function refusal(input: UpdateCreditNoteInput) {
  const before = await books.everything();
  const { errors } = await update(input);
  expect(await books.everything()).toEqual(before);
  return errors?.[0]?.extensions;
}

const line = (amount: string, accountId = books.ids.sales) => ({ accountId, amount });

describe('a draft', () => {
  it('is changed in the fields that are given, with an event of the values before and after', async () => {
    const { id, number } = await books.creditNote('100.00', { open: false, referenceNo: 'R-1', note: 'Broken' });

    expect(await updated({ creditNoteId: id, date: '2026-01-20', referenceNo: '', note: 'Bent' })).toMatchObject({
      id,
      number,
      date: '2026-01-20',
      referenceNo: '',
      note: 'Bent',
      total: '100.00',
      lines: [{ amount: '100.00' }],
    });

    const { auditEvents } = await books.client.query(AuditEventsDocument, {});
    expect(auditEvents.nodes.filter(({ action }) => action === 'updateCreditNote').map(({ details }) => details)).toEqual([
      {
        id,
        dateBefore: '2026-01-15',
        dateAfter: '2026-01-20',
        referenceNoBefore: 'R-1',
        referenceNoAfter: '',
        noteBefore: 'Broken',
        noteAfter: 'Bent',
      },
    ]);
  });

  it('gets other lines, whose rows have new ids, and is opened with them alone', async () => {
    const fees = await books.account('OTHER_INCOME');
    const { id } = await books.creditNote('0', { open: false, lines: [line('60.00'), line('40.00'), line('7.00')] });
    const first = await updated({ creditNoteId: id, note: 'read its lines' });
    const second = await updated({ creditNoteId: id, lines: [{ ...line('90.00'), description: 'Chair' }, line('-9.00', fees)] });
    expect(second).toMatchObject({ total: '81.00', lines: [{ amount: '90.00', description: 'Chair' }, { amount: '-9.00' }] });
    const ids = new Set([...(first?.lines ?? []), ...(second?.lines ?? [])].map(({ nodeId }) => nodeId));
    expect(ids.size).toBe(5);
    const nodeIds = [...ids];
    const { data, errors } = await books.client.graphql<{ nodes: unknown[] }, object>(
      'query($nodeIds: [ID!]!) { nodes(nodeIds: $nodeIds) { ... on CreditNoteLine { amount } } }',
      { nodeIds },
    );
    expect(errors).toBeUndefined();
    expect(data?.nodes).toEqual([null, null, null, { amount: '90.00' }, { amount: '-9.00' }]);

    const { auditEvents } = await books.client.query(AuditEventsDocument, {});
    const { sales } = books.ids;
    expect(auditEvents.nodes.filter(({ action }) => action === 'updateCreditNote').at(-1)?.details).toEqual({
      id,
      linesBefore: `${sales}: 60, ${sales}: 40, ${sales}: 7`,
      linesAfter: `${sales}: 90, ${fees}: -9`,
    });

    const { openCreditNote } = await books.client.query(OpenCreditNoteDocument, { id });
    expect(openCreditNote).toMatchObject({ status: 'OPEN' });
    const { creditNote } = await books.client.query(CreditNoteDocument, { id });
    expect(creditNote).toMatchObject({ total: '81.00', remaining: '81.00' });
    const { rows } = await gateway.database.sql.query(
      `select count(*)::int as rows from credit_note_lines where organization_id = ${books.organization.id}`,
    );
    expect(rows).toEqual([{ rows: 5 }]);
    expect(await books.faults()).toEqual([]);
  });

  it('gets another customer, with the currency and the rate that belong to it', async () => {
    const euro = await books.customer('EUR');
    const dollar = await books.customer();
    const { id } = await books.creditNote('100.00', { open: false });
    expect(await refusal({ creditNoteId: id, customerId: euro })).toMatchObject({
      code: 'EXCHANGE_RATE_INVALID',
      field: 'exchangeRate',
    });
    expect(await updated({ creditNoteId: id, customerId: euro, exchangeRate: '1.25' })).toMatchObject({
      customer: { id: euro },
      currencyCode: 'EUR',
      exchangeRate: '1.25',
    });
    expect(await updated({ creditNoteId: id, customerId: await books.customer('EUR') })).toMatchObject({ exchangeRate: '1.25' });
    expect(await updated({ creditNoteId: id, customerId: dollar })).toMatchObject({ currencyCode: 'USD', exchangeRate: '1' });
    const yen = await books.customer('JPY');
    const half = await books.creditNote('0.50', { open: false });
    expect(await refusal({ creditNoteId: half.id, customerId: yen, exchangeRate: '0.007' })).toMatchObject({
      code: 'AMOUNT_PRECISION',
    });
  });

  it('keeps everything if a change is refused', async () => {
    const { id: creditNoteId } = await books.creditNote('100.00', { open: false });
    await books.creditNote('1.00', { number: 'A-1' });
    expect(await refusal({ creditNoteId, number: 'a-1' })).toMatchObject({
      code: 'CREDIT_NOTE_NUMBER_NOT_UNIQUE',
      field: 'number',
    });
    expect(await refusal({ creditNoteId, customerId: '999999999999' })).toMatchObject({ code: 'CUSTOMER_NOT_FOUND' });
    expect(await refusal({ creditNoteId, branchId: '999999999999' })).toMatchObject({ code: 'BRANCH_ID_NOT_FOUND' });
    expect(await refusal({ creditNoteId, exchangeRate: '2' })).toMatchObject({ code: 'EXCHANGE_RATE_INVALID' });
    expect(await refusal({ creditNoteId, date: '2062-01-01' })).toMatchObject({ code: 'DATE_TOO_FAR_AHEAD', field: 'date' });
    expect(await refusal({ creditNoteId, lines: [] })).toMatchObject({ code: 'BAD_USER_INPUT', field: 'lines' });
    expect(await refusal({ creditNoteId, lines: [line('1.00'), line('-1.00')] })).toMatchObject({
      code: 'AMOUNT_NOT_POSITIVE',
      field: 'lines',
    });
    expect(await refusal({ creditNoteId, lines: [line('1.00', books.ids.bank)] })).toMatchObject({
      code: 'ACCOUNT_INVALID_TYPE',
      field: 'lines.0.accountId',
    });
    expect(await refusal({ creditNoteId: '999999999999', note: 'x' })).toMatchObject({
      code: 'CREDIT_NOTE_NOT_FOUND',
      field: 'creditNoteId',
    });
  });
});

it('an open or void credit note is refused', async () => {
  const open = await books.creditNote('100.00');
  const voided = await books.creditNote('100.00', { open: false });
  await books.client.query(VoidCreditNoteDocument, { id: voided.id });
  const field = 'creditNoteId';
  expect(await refusal({ creditNoteId: open.id, note: 'x' })).toMatchObject({ code: 'CREDIT_NOTE_ALREADY_OPENED', field });
  expect(await refusal({ creditNoteId: voided.id, lines: [line('1.00')] })).toMatchObject({ code: 'CREDIT_NOTE_IS_VOID', field });
});

it('an opened credit note is refused without the claim that it is still open', async () => {
  const { id } = await books.creditNote('10.00');
  await books.refund(id, { amount: '10.00' });
  const { errors } = await books.client.graphql(`mutation { openCreditNote(id: ${id}) { status } }`);
  expect(errors?.[0]?.message).toMatch(/^Credit note \S+ has already been opened$/);
});

it('parallel edits and one opening leave books that are right', async () => {
  const { id } = await books.creditNote('100.00', { open: false });
  const edit = (amount: string) => update({ creditNoteId: id, lines: [line(amount), line('1.00')] });
  await Promise.all([edit('10.00'), edit('20.00'), books.client.graphql(OpenCreditNoteDocument, { id }), edit('30.00')]);
  const { creditNote } = await books.client.query(CreditNoteDocument, { id });
  expect(creditNote).toMatchObject({ status: 'OPEN' });
  expect(await books.faults()).toEqual([]);
});

describe('the database refuses', () => {
  function outcome(...statements: string[]): Promise<string> {
    return outcomeOf(gateway.database.sql, ...statements);
  }
  const lines = (set: string, noteId: string) =>
    `update credit_note_lines set ${set} where organization_id = ${books.organization.id} and credit_note_id = ${noteId}`;
  const note = (set: string, noteId: string) =>
    `update credit_notes set ${set} where organization_id = ${books.organization.id} and id = ${noteId}`;
  const insert = (
    noteId: string,
    amount: string,
  ) => `insert into credit_note_lines (organization_id, credit_note_id, account_id, description, amount)
    values (${books.organization.id}, ${noteId}, ${books.ids.sales}, '', ${amount})`;

  it('a change of an opened or void credit note and of its lines', async () => {
    const open = await books.creditNote('100.00');
    const voided = await books.creditNote('100.00', { open: false });
    await books.client.query(VoidCreditNoteDocument, { id: voided.id });
    for (const { id } of [open, voided]) {
      expect(await outcome(lines('credit_note_id = null', id), insert(id, '100'))).toContain('is no draft and keeps its lines');
      for (const change of [`note = 'x'`, `reference_no = 'x'`, `number = 'x'`, `date = '2026-01-16'`]) {
        expect(await outcome(note(change, id))).toContain('is no draft and stays as it is');
      }
    }
  });

  it('lines of a draft that do not add up, that move to another note or come back', async () => {
    const { id } = await books.creditNote('100.00', { open: false });
    const other = await books.creditNote('100.00', { open: false });
    expect(await outcome(lines('credit_note_id = null', id))).toContain('do not add up');
    expect(await outcome(lines('credit_note_id = null', id), insert(id, '99'))).toContain('do not add up');
    expect(await outcome(lines(`credit_note_id = ${other.id}`, id))).toContain('never changed');
    expect(await outcome(lines('amount = 1', id))).toContain('permission denied');
    expect(await outcome(insert('null', '1'))).toContain('a line belongs to a credit note');
    expect(await outcome(lines('credit_note_id = null', id), insert(id, '100'))).toBe('accepted');
    const back = `update credit_note_lines set credit_note_id = ${id} where organization_id = ${books.organization.id} and credit_note_id is null`;
    expect(await outcome(back)).toContain('never changed');
    expect(await books.faults()).toEqual([]);
  });
});
