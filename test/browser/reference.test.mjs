// The reference of REST, without internet.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { loadAxe } from './helpers/axe.mjs';
import { describePages } from './helpers/session.mjs';

describePages('the reference of REST', (session) => {
  let findings;
  before(async () => {
    findings = await loadAxe();
  });

  test("axe finds nothing but the faults of Swagger UI's package", async () => {
    const page = await session.open('/docs');
    await page.locator('.opblock').first().waitFor();
    assert.deepEqual(await findings(page, ['color-contrast', 'nested-interactive', 'heading-order', 'region', 'select-name']), []);
  });

  test('shows all operations, and tries one with the credential of the demo', async () => {
    const page = await session.open('/docs');
    const document = await (await fetch(`${session.gateway.origin}/openapi.json`)).json();
    const operations = Object.values(document.paths).flatMap((path) => Object.keys(path));
    await page.locator('.opblock').first().waitFor();
    assert.equal(await page.locator('.opblock').count(), operations.length);

    const branches = page.locator('#operations-Branches-BranchesController_getBranches');
    await branches
      .getByRole('button', { name: /Retrieve the branches|GET/ })
      .first()
      .click();
    await branches.getByRole('button', { name: 'Try it out' }).click();
    await branches.getByRole('button', { name: 'Execute' }).click();
    await branches.locator('.live-responses-table').getByText('"primary": 1').first().waitFor();
  });
});
