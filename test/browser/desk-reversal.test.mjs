// Taking a refund back at the desk.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cutNext } from './helpers/cut.mjs';
import { Books, markOf, rowsOf } from './helpers/desk.mjs';
import { describePages } from './helpers/session.mjs';

describePages('a reversal at the desk', (session) => {
  const books = new Books(session);

  async function openReversal(note, refund) {
    const page = await session.open(`/desk/credit-notes/${note.id}`);
    await page.getByRole('button', { name: /^Reverse/ }).click();
    return { page, dialog: page.getByRole('dialog', { name: `Reverse refund ${refund.id}` }) };
  }

  test('gives the credit back, and the history shows its reason and its mirror entry', async () => {
    const note = await books.note('100.00');
    const refund = await books.refund(note, '60.00');
    const { page, dialog } = await openReversal(note, refund);
    await dialog.getByLabel('Reason').fill('Paid to the wrong account');

    await dialog.getByRole('button', { name: 'Reverse 60.00 USD' }).click();

    await dialog.waitFor({ state: 'detached' });
    const entry = page.getByRole('listitem').filter({ hasText: `Refund ${refund.id}` });
    await entry.getByText('Paid to the wrong account').waitFor();
    await entry.getByText(/^Journal entry \d+ of the reversal/).click();
    assert.deepEqual(await rowsOf(entry.getByRole('table').last()), [
      'Account | Debit, USD | Credit, USD',
      'Accounts Receivable 10007 |  | 60.00',
      'Bank 10001 | 60.00 | ',
    ]);
    assert.equal(await page.getByRole('button', { name: /^Reverse/ }).count(), 0);
    assert.deepEqual(await books.stateOf(note), { remaining: '100.00', refunds: [] });
    await page.getByRole('link', { name: `Refund ${refund.id}` }).click();
    await page.getByText(/^Reversed on/).waitFor();
  });

  test('a note that its refund had closed can be refunded again', async () => {
    const note = await books.note('100.00');
    const { page, dialog } = await openReversal(note, await books.refund(note, '100.00'));
    await dialog.getByLabel('Reason').fill('The cheque came back');
    await dialog.getByRole('button', { name: 'Reverse 100.00 USD' }).click();

    await page.getByRole('button', { name: 'Refund …' }).waitFor();
  });

  test('a date before the refund is refused at its field, and nothing is reversed', async () => {
    const note = await books.note('100.00');
    const { dialog } = await openReversal(note, await books.refund(note, '60.00'));
    await dialog.getByLabel('Reason').fill('Too early');
    await dialog.getByLabel('Date').fill('2026-01-31');
    await dialog.getByRole('button', { name: 'Reverse 60.00 USD' }).click();

    await dialog.locator('[aria-invalid=true]').waitFor();
    assert.equal((await markOf(dialog.getByLabel('Date'))).isWrong, true);
    assert.deepEqual((await books.stateOf(note)).refunds, ['60.00']);
  });

  test('without a reason nothing is sent', async () => {
    const note = await books.note('100.00');
    const { dialog } = await openReversal(note, await books.refund(note, '60.00'));
    await dialog.getByRole('button', { name: 'Reverse 60.00 USD' }).click();

    assert.equal(await dialog.getByLabel('Reason').evaluate((field) => field.validity.valueMissing), true);
    assert.deepEqual((await books.stateOf(note)).refunds, ['60.00']);
  });

  test('when the network is cut, trying again reverses once', async () => {
    const note = await books.note('100.00');
    const { page, dialog } = await openReversal(note, await books.refund(note, '60.00'));
    await dialog.getByLabel('Reason').fill('Paid twice');
    await cutNext(page, 'Reverse', { atServer: true });
    await dialog.getByRole('button', { name: 'Reverse 60.00 USD' }).click();
    await dialog.getByText('It is not known whether').waitFor();
    await dialog.getByRole('button', { name: 'Try again' }).click();

    await dialog.waitFor({ state: 'detached' });
    await page.getByText('Paid twice').waitFor();
    assert.deepEqual(await books.stateOf(note), { remaining: '100.00', refunds: [] });
  });
});
