// The pages beside the desk, without internet.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { loadAxe } from './helpers/axe.mjs';
import { describePages, PHONE } from './helpers/session.mjs';

describePages('the landing page and the explorers', (session) => {
  let findings;
  before(async () => {
    findings = await loadAxe();
  });

  test('the landing page leads to the desk, both explorers and the documents, and each link works', async () => {
    const page = await session.open('/');
    const links = await page.getByRole('link').all();
    const paths = await Promise.all(links.map((link) => link.getAttribute('href')));
    for (const path of ['/desk', '/graphiql', '/graphql', '/docs/graphql.md', '/openapi.json'])
      assert.ok(paths.includes(path), path);

    for (const path of paths) {
      const reply = await fetch(session.gateway.origin + path, { headers: { accept: 'text/html, */*;q=0.1' } });
      assert.equal(reply.status, 200, path);
    }
    await page.getByRole('link', { name: 'Refund desk' }).click();
    await page.getByRole('heading', { name: 'Credit notes' }).waitFor();
  });

  for (const [kind, options] of [
    ['light', {}],
    ['dark', { colorScheme: 'dark' }],
    ['on a phone', PHONE],
  ]) {
    test(`axe finds nothing on the landing page, ${kind}`, async () => {
      const page = await session.open('/', options);
      assert.deepEqual(await findings(page), []);
    });
  }

  test('GraphiQL runs the prefilled refund', async () => {
    const page = await session.open('/graphiql');
    await page.getByRole('button', { name: /^Execute query/ }).click();

    await page.locator('.graphiql-response').getByText('"Accounts Receivable"').waitFor();
    const { creditNote } = await session.graphql('{ creditNote(id: 2) { refunds { nodes { amount } } } }');
    assert.deepEqual(creditNote.refunds.nodes, [{ amount: '25.00' }]);
  });

  test('GraphiQL shows the documentation of the schema', async () => {
    const page = await session.open('/graphiql');
    await page.getByRole('button', { name: /^Execute query/ }).waitFor();
    await page.getByRole('button', { name: 'Show Documentation Explorer' }).click();

    await page.getByText('RefundCreditNoteInput').first().waitFor();
  });

  test("axe finds nothing on GraphiQL but its package's own faults", async () => {
    const page = await session.open('/graphiql');
    await page.getByRole('button', { name: /^Execute query/ }).waitFor();
    assert.deepEqual(await findings(page, ['color-contrast', 'nested-interactive', 'page-has-heading-one']), []);
  });

  test('the Sandbox says that it needs the internet, and leads to GraphiQL', async () => {
    const page = await session.browser.newPage();
    await page.goto(session.gateway.url);
    await page.getByText('Apollo Sandbox cannot be loaded').waitFor();

    await page.getByRole('link', { name: 'GraphiQL' }).click();
    await page.getByRole('button', { name: /^Execute query/ }).waitFor();
    await page.close();
  });

  test("the demo's key is given to no page of another origin", async () => {
    const page = await session.browser.newPage();
    const { port } = new URL(session.gateway.origin);
    // For a browser, another name of the same machine is another origin.
    await page.goto(`http://127.0.0.1:${port}/healthz`);
    for (const path of ['/desk/session', '/graphiql/session']) {
      const outcome = await page.evaluate(
        (url) =>
          fetch(url, { method: 'POST' }).then(
            ({ status }) => status,
            ({ name }) => name,
          ),
        session.gateway.origin + path,
      );
      assert.equal(outcome, 'TypeError', path);
    }
    await page.close();
  });
});
