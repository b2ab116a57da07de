import { resolve } from 'node:path';
import { type Demo, sandboxContent } from './demo.js';

export interface Audience {
  /** Where the demo is written down. */
  readonly file: string;
  /** What is no terminal may be a log, where no key belongs: then the requests read it from the file. */
  readonly isTerminal: boolean;
  readonly hasSandbox: boolean;
}

/** What the operator of a demo is told at start: where everything is, and a request for each door that works when pasted. */
export function welcome(url: string, demo: Demo, { file, isTerminal, hasSandbox }: Audience): string {
  const path = resolve(file);
  const key = isTerminal ? demo.apiKey : `$(node -p ${quoted(`require(${JSON.stringify(path)}).apiKey`)})`;
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
  return `${hasSandbox ? `\n  Apollo Sandbox  ${url}/` : ''}
  GraphQL         ${url}/graphql
  REST            ${url}/api/credit-notes/${creditNoteId}/refunds
  Demo API key    ${isTerminal ? demo.apiKey : `in ${path}`}

Refund by GraphQL:

${curl(`${url}/graphql`, key, { query, variables })}

Refund by REST:

${curl(`${url}/api/credit-notes/${creditNoteId}/refunds`, key, body)}

`;
}

function curl(url: string, key: string, body: unknown): string {
  return `curl -s ${url} -H "Authorization: Bearer ${key}" -H 'Content-Type: application/json' -d ${quoted(JSON.stringify(body))}`;
}

/** As one word of a shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
