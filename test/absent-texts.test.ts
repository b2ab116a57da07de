import { expect, it } from '@jest/globals';
import { sharedBooks, sharedGateway } from './helpers/gateway.js';

/** A refund may be made without a reference and without a description. Legacy clients tell that from empty texts, nobody else does. */
const gateway = sharedGateway({ restContract: 'observed', duplicateWindowSeconds: 60 });
const books = sharedBooks(gateway);

async function refund(noteId: string, changes: Record<string, unknown>, headers: Record<string, string> = {}) {
  const body = { fromAccountId: Number(books.ids.bank), amount: 10, date: '2026-02-01', ...changes };
  return books.client.rest(`/api/credit-notes/${noteId}/refunds`, body, headers);
}

async function listOf(noteId: string) {
  const reply = await gateway.app.inject({ url: `/api/credit-notes/${noteId}/refunds`, headers: books.client.headers });
  return reply.json().map(({ reference_no, description }: Record<string, unknown>) => [reference_no, description]);
}

it('each text is read as it was sent, in the reply, by itself and in the list', async () => {
  const { id } = await books.creditNote('100.00');
  const sent = [{}, { referenceNo: '', description: null }, { referenceNo: 'R-1', description: '' }];
  const texts = [
    [null, null],
    ['', null],
    ['R-1', ''],
  ];
  for (const [index, each] of sent.entries()) {
    const { status, json } = await refund(id, { ...each, amount: index + 1 });
    expect([status, json.reference_no, json.description]).toEqual([201, ...(texts[index] ?? [])]);
  }
  expect(await listOf(id)).toEqual(texts);
});

it('GraphQL has an empty text, and finds the refund by its other text', async () => {
  const { id } = await books.creditNote('100.00');
  const { json } = await refund(id, { description: 'Overpaid twice' });
  const query = '{ refunds(filter: { search: "overpaid" }) { nodes { id referenceNo description } } }';
  const { data } = await books.client.graphql<{ refunds: { nodes: unknown[] } }, object>(query);
  expect(data?.refunds.nodes).toEqual([{ id: String(json.id), referenceNo: '', description: 'Overpaid twice' }]);
});

it('a refund without a reference is the same as one with an empty reference: a possible duplicate, and the same command under a key', async () => {
  const { id } = await books.creditNote('100.00');
  const headers = { 'idempotency-key': 'without-reference' };
  const first = await refund(id, {}, headers);
  const again = await refund(id, { referenceNo: '', description: '' }, headers);
  expect([again.status, again.json.id, again.headers['idempotency-replayed']]).toEqual([201, first.json.id, 'true']);
  expect(again.json).toMatchObject({ reference_no: null, description: null });

  for (const referenceNo of [undefined, '']) {
    const { status, json } = await refund(id, { referenceNo });
    expect([status, json.errors[0].type]).toEqual([400, 'POSSIBLE_DUPLICATE_REFUND']);
  }
});
