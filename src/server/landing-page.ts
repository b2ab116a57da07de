import { createHash } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import type { DemoContent } from '../graphql/server.js';

/** What the page leads to, of which it shows what is served. */
const PLACES = [
  {
    title: 'For people',
    links: [
      { path: '/desk', name: 'Refund desk', about: 'Refund a customer, several at once, or take a refund back.' },
      { path: '/graphiql', name: 'GraphiQL', about: 'Try the GraphQL API. Works without the internet.' },
      { path: '/graphql', name: 'Apollo Sandbox', about: 'Try the GraphQL API. Its page comes from Apollo, over the internet.' },
    ],
  },
  {
    title: 'For programs',
    links: [
      { path: '/docs/graphql.md', name: 'GraphQL by task', about: 'A request and its reply for each task.' },
      { path: '/schema.graphql', name: 'Schema', about: 'Every GraphQL type and field, with its description.' },
      { path: '/docs', name: 'REST', about: 'The paths of the legacy API.' },
      { path: '/openapi.json', name: 'OpenAPI', about: 'The paths of REST, for tools.' },
      { path: '/errors', name: 'Errors', about: 'Every error code.' },
      { path: '/llms.txt', name: 'All documents', about: 'One sentence about each.' },
    ],
  },
  {
    title: 'For operators',
    links: [{ path: '/readyz', name: 'Health', about: 'Whether a refund could be written now.' }],
  },
] as const;

const MUTATION =
  'mutation Refund($input: RefundCreditNoteInput!) { refundCreditNote(input: $input) { id amount creditNote { number remaining } } }';

const STYLE = `
:root { color-scheme: light dark; --ink: light-dark(#1c2733, #e4e9ee); --quiet: light-dark(#51606f, #a7b3bf); --line: light-dark(#d5dce3, #3a4550);
  --paper: light-dark(#fff, #161c22); --card: light-dark(#f5f7f9, #1f272f); --accent: light-dark(#0b5cad, #7cb8f5); }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.55 system-ui, sans-serif; }
main { max-width: 48rem; margin: 0 auto; padding: 2.5rem 1.25rem 4rem; }
h1 { margin: 0 0 .5rem; font-size: 1.9rem; line-height: 1.2; }
h2 { margin: 2.25rem 0 .75rem; font-size: 1.1rem; }
p { margin: 0 0 1rem; }
a { color: var(--accent); }
a:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
ul { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 14rem), 1fr)); gap: .75rem; margin: 0; padding: 0; list-style: none; }
li { position: relative; border: 1px solid var(--line); border-radius: .5rem; background: var(--card); padding: .75rem .9rem; }
li:hover { border-color: var(--accent); }
li a { font-weight: 600; }
li a::after { content: ''; position: absolute; inset: 0; }
li span { display: block; color: var(--quiet); font-size: .925rem; }
pre { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; border: 1px solid var(--line); border-radius: .5rem; background: var(--card); padding: .9rem; font-size: .85rem; }
`;

const hash = createHash('sha256').update(STYLE).digest('base64');
const POLICY = `default-src 'none'; style-src 'sha256-${hash}'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

/** Serves the page at the root, which says what this is and leads to everything that is served. It holds no key. */
export function serveLandingPage(
  app: FastifyInstance,
  { introspection }: { introspection: boolean },
  demo: DemoContent | null,
): void {
  // The route of GraphQL has no page while the schema is private.
  const isServed = (url: string): boolean => app.hasRoute({ method: 'GET', url }) && (url !== '/graphql' || introspection);
  app.get('/', { config: { isPublic: true, cors: false, pagePolicy: POLICY } }, async ({ host }, reply) => {
    const places = PLACES.map(({ title, links }) => ({ title, links: links.filter(({ path }) => isServed(path)) }));
    return reply
      .type('text/html; charset=utf-8')
      .header('cache-control', 'no-cache')
      .send(page(places, host, demo));
  });
}

type Places = readonly { title: string; links: readonly { path: string; name: string; about: string }[] }[];

function page(places: Places, host: string, demo: DemoContent | null): string {
  const lists = places.map(({ title, links }) =>
    links.length === 0
      ? ''
      : `
      <h2>${title}</h2>
      <ul>${links.map(({ path, name, about }) => `<li><a href="${path}">${name}</a><span>${about}</span></li>`).join('')}</ul>`,
  );
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Credit-note refunds</title>
    <link rel="icon" href="data:,">
    <style>${STYLE}</style>
  </head>
  <body>
    <main>
      <h1>Credit-note refunds</h1>
      <p>When a customer holds an open credit note, you owe them money. This gateway pays it back and keeps the books right: never more than
        the note holds, never twice, and each refund with its journal entry.</p>${lists.join('')}
      <h2>One refund by curl</h2>
      <p>${demo === null ? 'KEY is an API key, and GATEWAY the address of this page. The ids are those of your books.' : 'On the machine that runs the gateway, in a shell:'}</p>
      <pre><code>${escaped(demo === null ? ownRequest() : demoRequest(host, demo))}</code></pre>
    </main>
  </body>
</html>
`;
}

function demoRequest(host: string, { keyCommand, variables }: DemoContent): string {
  // Of its own reference: otherwise it would be a duplicate of the refund that an explorer has just made.
  const input = { ...(variables.input as object), referenceNo: 'REF-2', description: 'By curl' };
  return `KEY=$(${keyCommand})\n${curl(`http://${host}`, { input })}`;
}

function ownRequest(): string {
  return curl('$GATEWAY', { input: { creditNoteId: '2', fromAccountId: '1', amount: '25.00', date: '2026-02-01' } });
}

function curl(gateway: string, variables: unknown): string {
  const body = JSON.stringify({ query: MUTATION, variables }, null, 2).replaceAll("'", "'\\''");
  return `curl -s "${gateway}/graphql" \\\n  -H "Authorization: Bearer $KEY" -H 'Content-Type: application/json' -d '${body}'`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
