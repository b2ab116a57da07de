import { describe, expect, it } from '@jest/globals';
import { sharedBooks, sharedGateway } from './helpers/gateway.js';

const gateway = sharedGateway();
const books = sharedBooks(gateway);

/** JavaScript counts each of these characters as two. Of the two texts, any cut divides a character of one. */
const LONG = [0, 1].map((shift) => 'x'.repeat(shift) + '👍'.repeat(3_000));

/** JSON can write half of a character, but Rust, Go, Python and PostgreSQL refuse it or change it. */
const HALF = /\\ud[89a-f][\da-f]{2}/i;

describe.each(LONG)('a reply that quotes a part of a long text quotes whole characters', (text) => {
  it.each([
    ['a variable', 'query($asOf: PostingDate) { trialBalance(asOf: $asOf) { __typename } }', { asOf: text }],
    [
      'a value below a variable',
      'mutation($input: CreateBranchInput!) { createBranch(input: $input) { id } }',
      { input: { [text]: 1 } },
    ],
    ['a literal', `{ trialBalance(asOf: "${text}") { __typename } }`, undefined],
  ])('over GraphQL: %s', async (_, query, variables) => {
    const { status, body } = await books.client.post('/graphql', JSON.stringify({ query, variables }), {});
    expect([status, body]).toEqual([400, expect.stringContaining('👍')]);
    expect(body).not.toMatch(HALF);
  });

  it('over REST', async () => {
    const { status, body } = await books.client.post(
      '/api/credit-notes/1/refunds',
      JSON.stringify(books.restBody({ description: text })),
      {},
    );
    expect([status, body]).toEqual([400, expect.stringContaining('👍')]);
    expect(body).not.toMatch(HALF);
  });
});
