// Who may use the desk.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describePages } from './helpers/session.mjs';

describePages('signing in at the desk', (session) => {
  /** Opens the desk as a person who has just signed out. */
  async function signedOut() {
    const page = await session.open('/desk/');
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('API key', { exact: true }).last().waitFor();
    return page;
  }

  async function signIn(page, token, organizationId) {
    if (organizationId !== undefined) {
      await page.getByRole('radio', { name: 'Token (JWT)' }).check();
      await page.getByLabel("Organization's id").fill(organizationId);
    }
    await page.getByRole('textbox').or(page.locator('input[type=password]')).first().fill(token);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  }

  test('a demo signs itself in, and never says its key to another origin or into storage that stays', async () => {
    const page = await session.open('/desk/');
    await page.getByRole('heading', { name: 'Credit notes' }).waitFor();

    await page.getByText('Demo Ltd').waitFor();
    assert.equal(await page.evaluate(() => localStorage.length + document.cookie.length), 0);
  });

  test('a key of another organization shows its notes alone', async () => {
    const page = await signedOut();
    await signIn(page, session.demo.other.apiKey);

    await page.getByText('Other Ltd').waitFor();
    await page.getByText('Olga Other').waitFor();
    assert.equal(await page.getByText('Ann Base').count(), 0);
    await page.goto(`/desk/credit-notes/${session.demo.creditNotes.open}`);
    await page.getByRole('heading', { name: 'There is no such credit note' }).waitFor();
  });

  test('a person signs in with a JWT and the id of the organization', async () => {
    const page = await signedOut();
    await signIn(page, session.demo.jwt, session.demo.organizationId);

    await page.getByText('Dana Demo').waitFor();
    await page.getByText('Ann Base').first().waitFor();
  });

  test('a JWT of somebody who is no member of the organization is refused', async () => {
    const page = await signedOut();
    await signIn(page, session.demo.jwt, session.demo.other.organizationId);

    await page.locator('[aria-invalid=true]').waitFor();
    assert.equal(await page.getByText('Other Ltd').count(), 0);
  });

  test('a viewer sees everything, and no button that would be refused', async () => {
    const key = await session.gateway.createKey('VIEWER');
    const page = await signedOut();
    await signIn(page, key);

    await page.getByRole('link', { name: 'CN-00002' }).click();
    await page.getByRole('heading', { name: 'History' }).waitFor();
    await page.getByText('viewer', { exact: true }).waitFor();
    assert.equal(await page.getByRole('button', { name: /^(Refund|Reverse)/ }).count(), 0);
    await page.getByRole('link', { name: 'Credit notes' }).click();
    await page.getByRole('table').waitFor();
    assert.equal(await page.getByRole('checkbox').count(), 0);
  });

  test('a wrong key is refused with the words of the gateway', async () => {
    const page = await signedOut();
    await signIn(page, 'bc_wrong');

    await page.locator('[aria-invalid=true]').waitFor();
    assert.equal(await page.getByRole('heading', { name: 'Credit notes' }).count(), 0);
  });

  test('signing out forgets the key, also for a reload', async () => {
    const page = await signedOut();
    await signIn(page, session.demo.other.apiKey);
    await page.getByText('Other Ltd').waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByText('You are signed out.').waitFor();

    assert.equal(await page.evaluate(() => sessionStorage.length), 0);
  });
});
