import { resolve } from 'node:path';
import { type Demo, demoContent } from './demo.js';

export interface Audience {
  /** The path of demo.json. */
  readonly file: string;
  /** Output that is no terminal may be a log, which must not hold a key: then the requests read the key from the file. */
  readonly isTerminal: boolean;
  readonly hasSandbox: boolean;
}

/** Returns the message of a demo's start: the addresses, and a request for each door that can be pasted into a shell. */
export function welcome(url: string, demo: Demo, { file, isTerminal, hasSandbox }: Audience): string {
  const path = resolve(file);
  const key = isTerminal ? demo.apiKey : `$(node -p ${quoted(`require(${JSON.stringify(path)}).apiKey`)})`;
  const input = demoContent(demo).variables.input as Record<string, string>;
  // Each request has a reference of its own. Otherwise the second would look like a double click.
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

/** Returns the text quoted as one word of a shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
