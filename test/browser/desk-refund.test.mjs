// A refund through the desk, from opening the page to the receipt.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cutNext, operationOf } from './helpers/cut.mjs';
import { Books, openRefundDialog, previewed, rowsOf } from './helpers/desk.mjs';
import { describePages } from './helpers/session.mjs';

describePages('a refund through the desk', (session) => {
  const books = new Books(session);

  test('goes from the list over the preview and a confirmation to a receipt', async () => {
    const note = await books.note('250.00');
    const page = await session.open('/desk/');

    await page.getByRole('link', { name: note.number }).click();
    await page.getByRole('button', { name: 'Refund …' }).click();
    const dialog = page.getByRole('dialog', { name: `Refund ${note.number}` });
    assert.equal(await dialog.getByLabel('Amount').inputValue(), '250.00');
    await dialog.getByLabel('Amount').fill('40.00');
    await dialog.getByLabel('Reference').fill('TRANSFER-7');
    await dialog.getByLabel('Statement').fill('Chair returned');
    await previewed(dialog, '210.00 USD');
    assert.deepEqual(await rowsOf(dialog.getByRole('table')), [
      'Account | Debit, USD | Credit, USD',
      'Accounts Receivable 10007 | 40.00 | ',
      'Bank 10001 |  | 40.00',
    ]);
    await dialog.getByRole('button', { name: 'Continue' }).click();
    await dialog.getByText(note.customer.displayName).waitFor();
    await dialog.getByRole('button', { name: 'Pay 40.00 USD' }).click();

    await page.getByRole('heading', { name: /^Refund \d+$/ }).waitFor();
    const receipt = page.getByRole('article');
    for (const words of ['40.00 USD', note.customer.displayName, note.number, 'TRANSFER-7', 'Chair returned', '210.00 USD']) {
      await receipt.getByText(words).first().waitFor();
    }
    assert.deepEqual(await books.stateOf(note), { remaining: '210.00', refunds: ['40.00'] });

    await page.getByRole('link', { name: `Back to ${note.number}` }).click();
    await page.getByRole('listitem').getByText('TRANSFER-7').waitFor();
  });

  test("somebody who types a customer's name is led to the customer's notes", async () => {
    const note = await books.note('12.00');
    const page = await session.open('/desk/');
    await page.getByRole('searchbox', { name: 'Search' }).pressSequentially(note.customer.displayName);

    await page.getByRole('button', { name: note.customer.displayName }).click();

    await page.getByRole('link', { name: note.number }).waitFor();
    assert.equal(await page.getByRole('row').count(), 2);
  });

  test('a double click pays once', async () => {
    const note = await books.note('90.00');
    const { page, dialog } = await openRefundDialog(session, note);
    await previewed(dialog, '0.00 USD');
    await dialog.getByRole('button', { name: 'Continue' }).click();

    await dialog.getByRole('button', { name: 'Pay 90.00 USD' }).dblclick();

    await page.getByRole('article').waitFor();
    assert.deepEqual(await books.stateOf(note), { remaining: '0.00', refunds: ['90.00'] });
  });

  test('a partial refund that is clicked twice pays once', async () => {
    const note = await books.note('90.00');
    const { page, dialog } = await openRefundDialog(session, note);
    await dialog.getByLabel('Amount').fill('30');
    await previewed(dialog, '60.00 USD');
    await dialog.getByRole('button', { name: 'Continue' }).click();

    // Both clicks come before the page is drawn again.
    await dialog.getByRole('button', { name: 'Pay 30.00 USD' }).evaluate((button) => {
      button.click();
      button.click();
    });

    await page.getByRole('article').waitFor();
    assert.deepEqual(await books.stateOf(note), { remaining: '60.00', refunds: ['30.00'] });
  });

  for (const [cut, atServer] of [
    ['after the gateway has paid', true],
    ['before the gateway got the request', false],
  ]) {
    test(`when the network is cut ${cut}, trying again pays once`, async () => {
      const note = await books.note('80.00');
      const { page, dialog } = await openRefundDialog(session, note);
      await dialog.getByLabel('Amount').fill('25.00');
      await previewed(dialog, '55.00 USD');
      await dialog.getByRole('button', { name: 'Continue' }).click();
      await cutNext(page, 'Refund', { atServer });

      await dialog.getByRole('button', { name: 'Pay 25.00 USD' }).click();
      await dialog.getByText('It is not known whether this refund was paid').waitFor();
      assert.deepEqual((await books.stateOf(note)).refunds, atServer ? ['25.00'] : []);
      await dialog.getByRole('button', { name: 'Try again' }).click();

      await page.getByRole('article').getByText('25.00 USD').first().waitFor();
      assert.deepEqual(await books.stateOf(note), { remaining: '55.00', refunds: ['25.00'] });
    });
  }

  test('an attempt without a reply survives a reload, and pays once', async () => {
    const note = await books.note('80.00');
    const { page, dialog } = await openRefundDialog(session, note);
    await dialog.getByLabel('Amount').fill('15.00');
    await previewed(dialog, '65.00 USD');
    await dialog.getByRole('button', { name: 'Continue' }).click();
    await cutNext(page, 'Refund', { atServer: true });
    await dialog.getByRole('button', { name: 'Pay 15.00 USD' }).click();
    await dialog.getByText('It is not known whether this refund was paid').waitFor();

    await page.reload();
    await page.getByRole('button', { name: 'Refund …' }).click();
    await dialog.getByText('It is not known whether this refund was paid').waitFor();
    await dialog.getByRole('button', { name: 'Try again' }).click();

    await page.getByRole('article').waitFor();
    assert.deepEqual(await books.stateOf(note), { remaining: '65.00', refunds: ['15.00'] });
  });

  test('a note in another currency asks for the rate, and previews the exchange gain or loss', async () => {
    const note = await books.note('400.00', { currency: 'EUR', rate: '1.10' });
    const { page, dialog } = await openRefundDialog(session, note);
    await dialog.getByText('Fill in the exchange rate to see it.').waitFor();

    await dialog.getByLabel('Exchange rate').fill('1.15');

    await dialog.getByText('Exchange loss 20.00 USD').waitFor();
    assert.deepEqual(await rowsOf(dialog.getByRole('table')), [
      'Account | Debit, USD | Credit, USD',
      'Accounts Receivable 10007 400.00 EUR | 440.00 | ',
      'Bank 10001 400.00 EUR |  | 460.00',
      'Exchange Gain or Loss 40008 | 20.00 | ',
    ]);
    await dialog.getByRole('button', { name: 'Continue' }).click();
    await dialog.getByRole('button', { name: 'Pay 400.00 EUR' }).click();
    await page.getByRole('article').getByText('460.00 USD').first().waitFor();
  });

  test('a preview never shows the answer to an older question', async () => {
    const note = await books.note('100.00');
    const { page, dialog } = await openRefundDialog(session, note);
    await previewed(dialog, '0.00 USD');
    const slow = await holdPreviewOf(page, '10');

    await dialog.getByLabel('Amount').fill('10');
    await slow.asked;
    await dialog.getByLabel('Amount').fill('30');
    await previewed(dialog, '70.00 USD');
    await slow.answer();

    assert.equal(await dialog.getByText('90.00 USD').count(), 0);
    await previewed(dialog, '70.00 USD');
  });

  test('typing asks the gateway once, after the person has stopped', async () => {
    const note = await books.note('1000.00');
    const { page, dialog } = await openRefundDialog(session, note);
    await previewed(dialog, '0.00 USD');
    const asked = [];
    page.on('request', (request) => {
      if (operationOf(request) === 'Preview') asked.push(request.postDataJSON().variables.input.amount);
    });

    await dialog.getByLabel('Amount').fill('');
    await dialog.getByLabel('Amount').pressSequentially('123.45');
    await previewed(dialog, '876.55 USD');

    assert.deepEqual(asked, ['123.45']);
  });
});

/** Holds back the answer to the preview of an amount until `answer` is called; `asked` resolves when the gateway has answered. */
async function holdPreviewOf(page, amount) {
  const asked = Promise.withResolvers();
  const released = Promise.withResolvers();
  const answered = Promise.withResolvers();
  await page.route('**/graphql', async (route) => {
    const request = route.request();
    if (operationOf(request) !== 'Preview' || request.postDataJSON().variables.input.amount !== amount) return route.fallback();
    const response = await route.fetch();
    asked.resolve();
    await released.promise;
    // The page may have given the request up.
    await route.fulfill({ response }).catch(() => undefined);
    answered.resolve();
  });
  const answer = () => {
    released.resolve();
    return answered.promise;
  };
  return { asked: asked.promise, answer };
}
