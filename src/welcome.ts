import { type Demo, sandboxContent } from './demo.js';

/** What the operator of a demo is told at start: where everything is, and a request for each door that works when pasted. */
export function welcome(url: string, demo: Demo): string {
  const input = sandboxContent(demo).variables.input as Record<string, string>;
  // References of their own: otherwise the second request would look like a double click on the first.
  const variables = { input: { ...input, referenceNo: 'REF-2', description: 'From the GraphQL door' } };
  const query =
    'mutation($input: RefundCreditNoteInput!) { refundCreditNote(input: $input) { id amount creditNote { remaining } } }';
  const { creditNoteId, ...rest } = input;
  const body = {
    ...rest,
    fromAccountId: demo.accounts.bank,
    amount: 25,
    exchangeRate: 1,
    branchId: demo.branches.primary,
    referenceNo: 'REF-3',
    description: 'From the REST door',
  };
  return `
  Apollo Sandbox  ${url}/
  GraphQL         ${url}/graphql
  REST            ${url}/api/credit-notes/${creditNoteId}/refunds
  Demo API key    ${demo.apiKey}

Refund by GraphQL:

${curl(`${url}/graphql`, demo.apiKey, { query, variables })}

Refund by REST:

${curl(`${url}/api/credit-notes/${creditNoteId}/refunds`, demo.apiKey, body)}

`;
}

function curl(url: string, apiKey: string, body: unknown): string {
  return `curl -s ${url} -H 'Authorization: Bearer ${apiKey}' -H 'Content-Type: application/json' -d '${JSON.stringify(body)}'`;
}
