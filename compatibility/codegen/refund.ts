// A typed client: it compiles only if codegen gives our scalars the types that docs/clients.md promises.
import { GraphQLClient } from 'graphql-request';
import type { ErrorCode } from './gql/graphql.js';
import { graphql } from './gql/index.js';

const RefundDocument = graphql(`
  mutation Refund($input: RefundCreditNoteInput!, $key: String) {
    refundCreditNote(input: $input, idempotencyKey: $key) {
      id
      amount
      date
      createdAt
      creditNote {
        remaining
      }
    }
  }
`);

const PreviewDocument = graphql(`
  query Preview($input: RefundCreditNoteInput!) {
    previewRefund(input: $input) {
      allowed
      refusals {
        code
        details
      }
    }
  }
`);

const RefundsDocument = graphql(`
  query Refunds($filter: RefundFilter, $after: String) {
    refunds(first: 1, after: $after, filter: $filter, orderBy: DATE_DESC) {
      nodes {
        amount
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`);

/** Refunds, previews a refund that is too large, and reads two pages; returns what the test compares. */
export async function run(url: string, headers: Record<string, string>, referenceNo: string) {
  const client = new GraphQLClient(url, { headers });
  const common = { creditNoteId: 2, fromAccountId: '1', date: '2026-02-01', referenceNo };
  const input = { ...common, amount: '12.50' };
  const { refundCreditNote } = await client.request(RefundDocument, { input, key: referenceNo });
  const again = await client.request(RefundDocument, { input, key: referenceNo });
  const amount: string | undefined = refundCreditNote?.amount;
  const date: string | undefined = refundCreditNote?.date;
  const createdAt: string | undefined = refundCreditNote?.createdAt;
  const isReplay = again.refundCreditNote?.id === refundCreditNote?.id;

  const { previewRefund } = await client.request(PreviewDocument, { input: { ...common, amount: 999999 } });
  const code: ErrorCode | undefined = previewRefund.refusals[0]?.code;
  const details: Record<string, unknown> | undefined = previewRefund.refusals[0]?.details;

  const filter = { amount: { min: '12.50' }, date: { from: '2026-01-01' } };
  const first = await client.request(RefundsDocument, { filter });
  const second = await client.request(RefundsDocument, { filter, after: first.refunds?.pageInfo.endCursor });
  const amounts: string[] = [...(first.refunds?.nodes ?? []), ...(second.refunds?.nodes ?? [])].map((refund) => refund.amount);

  // @ts-expect-error An amount is a text, so that no program adds amounts as binary fractions by mistake.
  const wrong: number | undefined = refundCreditNote?.amount;
  return { amount, date, createdAt, isReplay, code, details, amounts, wrong };
}
