import { expect, it } from '@jest/globals';
import { type Books, sharedGateway } from './helpers/gateway.js';

const gateway = sharedGateway();

const add = (books: Books, refundId: string, referenceNo: string) =>
  books.client.graphql<{ it: unknown }, object>(
    `mutation($input: AddRefundReferenceInput!) {
      it: addRefundReference(input: $input) { id referenceNo addedReferences { referenceNo createdBy createdAt } }
    }`,
    { input: { refundId, referenceNo } },
  );

it('references are added to a refund later: the refund stays, and lists them with author and time', async () => {
  const books = await gateway.books();
  const { id } = await books.creditNote('100.00');
  const refund = await books.refund(id);
  const other = await books.refund(id, { amount: '10.00' });
  const before = await books.snapshot();

  await add(books, refund.id, ' BANK-7 ');
  const { data, errors } = await add(books, refund.id, 'BANK-8');

  expect(errors).toBeUndefined();
  const createdBy = 'key of ADMIN';
  const createdAt = expect.stringMatching(/^20\d\d-/);
  expect(data?.it).toEqual({
    id: refund.id,
    referenceNo: 'REF-1',
    addedReferences: [
      { referenceNo: 'BANK-7', createdBy, createdAt },
      { referenceNo: 'BANK-8', createdBy, createdAt },
    ],
  });
  expect(await books.snapshot()).toEqual(before);
  const reply = await books.client.graphql('{ refunds(orderBy: ID_ASC) { nodes { id addedReferences { referenceNo } } } }');
  expect(reply.data).toEqual({
    refunds: {
      nodes: [
        { id: refund.id, addedReferences: [{ referenceNo: 'BANK-7' }, { referenceNo: 'BANK-8' }] },
        { id: other.id, addedReferences: [] },
      ],
    },
  });
});

it('a refund has at most ten, however many are added at once', async () => {
  const books = await gateway.books();
  const { id } = await books.creditNote('100.00');
  const refund = await books.refund(id);

  const replies = await Promise.all(Array.from({ length: 13 }, (_, index) => add(books, refund.id, `BANK-${index}`)));

  const refused = replies.flatMap(({ errors }) => errors?.[0]?.extensions ?? []);
  expect(refused).toHaveLength(3);
  for (const each of refused) expect(each).toMatchObject({ code: 'BAD_USER_INPUT', field: 'refundId' });
  const { data } = await books.client.graphql<{ refund: { addedReferences: unknown[] } }, undefined>(
    `{ refund(id: ${refund.id}) { addedReferences { referenceNo } } }`,
  );
  expect(data?.refund.addedReferences).toHaveLength(10);
});

it('a reference that the refund has, its own or an added one, is not added again, however often it is sent at once', async () => {
  const books = await gateway.books();
  const { id } = await books.creditNote('100.00');
  const refund = await books.refund(id);

  const replies = await Promise.all(['BANK-7', ' BANK-7', 'BANK-7', 'REF-1'].map((each) => add(books, refund.id, each)));

  const refused = replies.flatMap(({ errors }) => errors?.[0]?.extensions ?? []);
  expect(refused).toHaveLength(3);
  for (const each of refused) expect(each).toMatchObject({ code: 'BAD_USER_INPUT', field: 'referenceNo' });
  const { data } = await books.client.graphql(`{ refund(id: ${refund.id}) { addedReferences { referenceNo } } }`);
  expect(data).toEqual({ refund: { addedReferences: [{ referenceNo: 'BANK-7' }] } });
});

it.each([
  ['999999999999', 'BANK-7', 'REFUND_CREDIT_NOTE_NOT_FOUND'],
  ['1', ' ', 'BAD_USER_INPUT'],
])('is refused, and writes nothing, for refund %s with %j', async (refundId, referenceNo, code) => {
  const books = await gateway.books();
  const before = await books.everything();
  const { errors } = await add(books, refundId, referenceNo);
  expect(errors?.[0]?.extensions.code).toBe(code);
  expect(await books.everything()).toEqual(before);
});
