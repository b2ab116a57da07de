import { expect, it } from '@jest/globals';
import { sharedBooks, sharedGateway } from './helpers/gateway.js';

/** Lists that are not read in pages have a largest length, with which the cost of a query counts. */

const gateway = sharedGateway();
const books = sharedBooks(gateway);

it('refundability names the first 100 accounts by their codes, those of each note’s currency and of the base currency', async () => {
  const euros = await books.account('BANK', { currencyCode: 'EUR' });
  const dollars = await books.creditNote('10.00');
  const inEuros = await books.creditNote('10.00', { currencyCode: 'EUR', exchangeRate: '1.1' });
  const codes = Array.from({ length: 110 }, (_, index) => `0-${String(index).padStart(3, '0')}`);
  for (const some of [codes.slice(0, 40), codes.slice(40, 80), codes.slice(80)]) {
    const creations = some.map(
      (code, index) => `a${index}: createAccount(input: { code: "${code}", name: "B", type: BANK }) { id }`,
    );
    const { errors } = await books.client.graphql(`mutation { ${creations.reverse().join(' ')} }`);
    expect(errors).toBeUndefined();
  }
  const accounts = (id: string) => `creditNote(id: ${id}) { refundability { accounts { code currencyCode } } }`;
  const read = async () => {
    const { data } = await books.client.graphql<Record<string, { refundability: { accounts: { code: string }[] } }>, object>(
      `{ dollars: ${accounts(dollars.id)} euros: ${accounts(inEuros.id)} }`,
    );
    return Object.values(data ?? {}).map(({ refundability }) => refundability.accounts.map(({ code }) => code));
  };

  expect(await read()).toEqual([codes.slice(0, 100), codes.slice(0, 100)]);
  const { data } = await books.client.graphql<{ updateAccount: { code: string } }, object>(
    `mutation { updateAccount(input: { accountId: ${euros}, code: "0-0" }) { code } }`,
  );
  expect(data?.updateAccount.code).toBe('0-0');
  const [ofDollars, ofEuros] = await read();
  expect([ofDollars, ofEuros?.length, ofEuros?.includes('0-0')]).toEqual([codes.slice(0, 100), 100, true]);
});

it('a credit note has at most five cancellations; what remains then can be refunded', async () => {
  const { id } = await books.creditNote('100.00');
  const cancel = () =>
    books.client.graphql<{ cancelRemaining: { cancellations: unknown[] } | null }, object>(
      `mutation { cancelRemaining(input: { creditNoteId: ${id}, date: "2026-03-01", reason: "Waived" }) { cancellations { amount } } }`,
    );
  const refunds: string[] = [];
  for (let times = 0; times < 6; times += 1) refunds.push((await books.refund(id, { amount: '10.00' })).id);
  const reverse = (refundId: string) =>
    books.client.graphql(`mutation { reverseRefund(input: { refundId: ${refundId}, date: "2026-03-01", reason: "No" }) { id } }`);
  for (let times = 1; times <= 5; times += 1) {
    expect((await cancel()).data?.cancelRemaining?.cancellations).toHaveLength(times);
    expect((await reverse(refunds[times] ?? '')).errors).toBeUndefined();
  }

  const before = await books.everything();
  const { errors } = await cancel();
  expect(errors).toMatchObject([
    {
      message: 'creditNoteId must name a credit note with fewer than 5 cancellations; what remains of this one can be refunded',
      extensions: { code: 'BAD_USER_INPUT', field: 'creditNoteId' },
    },
  ]);
  expect(await books.everything()).toEqual(before);
  expect(await books.refund(id, { amount: '10.00' })).toMatchObject({ creditNote: { remaining: '0.00' } });
});
