// Starts GraphiQL. In demo mode the gateway gives this page, and no other origin, the demo's key and a refund to run.
window.MonacoEnvironment = {
  globalAPI: false,
  getWorkerUrl: (_module, label) => new URL(`${label}.js`, import.meta.url).href,
};

const session = await fetch('/graphiql/session', { method: 'POST' });
const { apiKey, operation } = session.status === 200 ? await session.json() : {};
const headers = JSON.stringify({ Authorization: `Bearer ${apiKey}` }, null, 2);

window.YogaGraphiQL.renderYogaGraphiQL(document.querySelector('#root'), {
  endpoint: '/graphql',
  title: 'Credit-note refunds',
  // A key does not stay in the browser.
  shouldPersistHeaders: false,
  // By itself, this GraphiQL writes the whole document into the address.
  onEditQuery: () => undefined,
  ...(operation && {
    query: operation.document,
    variables: JSON.stringify(operation.variables, null, 2),
    initialHeaders: headers,
    // Those of a new tab.
    headers,
  }),
});
