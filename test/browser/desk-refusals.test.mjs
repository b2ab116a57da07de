// What the desk says when a refund is refused.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Books, markOf, openRefundDialog, previewed } from './helpers/desk.mjs';
import { describePages } from './helpers/session.mjs';

const PREVIEW = 'query($input: RefundCreditNoteInput!) { previewRefund(input: $input) { refusals { field message } } }';

/** Longer than the tests take, so that an equal refund is always suspicious. */
const DUPLICATE_WINDOW_SECONDS = '3600';

describePages(
  'refusals at the desk',
  (session) => {
    const books = new Books(session);

    test('each field at fault is marked with the words of the gateway, before anything is sent', async () => {
      const note = await books.note('100.00');
      const { dialog } = await openRefundDialog(session, note);

      await dialog.getByLabel('Amount').fill('100.01');
      await dialog.getByLabel('Date').fill('2026-01-14');

      const bank = String(session.demo.accounts.bank);
      const input = { creditNoteId: note.id, fromAccountId: bank, amount: '100.01', date: '2026-01-14' };
      const { refusals } = (await session.graphql(PREVIEW, { input })).previewRefund;
      assert.deepEqual(refusals.map(({ field }) => field).sort(), ['amount', 'date']);
      for (const { field, message } of refusals) {
        await dialog.getByText(message).waitFor();
        const { isWrong, words } = await markOf(dialog.getByLabel(field === 'amount' ? 'Amount' : 'Date'));
        assert.deepEqual([isWrong, words.includes(message)], [true, true]);
      }
      assert.equal((await markOf(dialog.getByLabel('From account'))).isWrong, false);
    });

    for (const [label, value] of [
      ['Amount', 'ten'],
      ['Amount', '0'],
      ['Amount', '-5'],
      ['Amount', '1.001'],
      ['Reference', 'x'.repeat(256)],
    ]) {
      test(`"${value.slice(0, 10)}" is refused at ${label}, and the field gets the focus`, async () => {
        const note = await books.note('100.00');
        const { page, dialog } = await openRefundDialog(session, note);
        const field = dialog.getByLabel(label);
        await field.fill(value);
        await dialog.getByRole('button', { name: 'Continue' }).click();

        await page.waitForFunction(() => document.activeElement?.getAttribute('aria-invalid') === 'true');
        assert.equal(await field.evaluate((input) => input === document.activeElement), true);
        assert.equal((await markOf(field)).isWrong, true);
        assert.deepEqual((await books.stateOf(note)).refunds, []);
      });
    }

    test('an amount or a rate that is no number above zero is refused without asking the gateway', async () => {
      const note = await books.note('100.00', { currency: 'EUR', rate: '1.10' });
      const { page, dialog } = await openRefundDialog(session, note);
      const refused = [];
      page.on('response', (response) => response.status() >= 400 && refused.push(response.status()));
      for (const label of ['Amount', 'Exchange rate']) {
        const field = dialog.getByLabel(label);
        for (const value of ['ten', '1.5x', '0', '-5', '0.00']) {
          await field.fill(value);
          await dialog.getByText('above zero, such as').waitFor();
          assert.equal((await markOf(field)).isWrong, true);
        }
        await field.fill(label === 'Amount' ? '1,000.5' : '1.10');
      }
      await dialog.getByText('is more than').waitFor();
      assert.deepEqual(refused, []);
    });

    test('a note that changed after its preview is not paid; the dialog shows what remains now', async () => {
      const note = await books.note('100.00');
      const { page, dialog } = await openRefundDialog(session, note);
      await dialog.getByLabel('Amount').fill('50.00');
      await previewed(dialog, '50.00 USD');
      await dialog.getByRole('button', { name: 'Continue' }).click();
      await books.refund(note, '70.00', 'by another person');

      await dialog.getByRole('button', { name: 'Pay 50.00 USD' }).click();

      await dialog.getByText('30.00 USD remain', { exact: true }).waitFor();
      assert.deepEqual((await books.stateOf(note)).refunds, ['70.00']);
      await dialog.getByLabel('Amount').fill('30.00');
      await previewed(dialog, '0.00 USD');
      await dialog.getByRole('button', { name: 'Continue' }).click();
      await dialog.getByRole('button', { name: 'Pay 30.00 USD' }).click();
      await page.getByRole('article').waitFor();
      assert.deepEqual((await books.stateOf(note)).refunds, ['70.00', '30.00']);
    });

    for (const state of ['draft', 'closed']) {
      test(`a ${state} note says why it cannot be refunded, and offers no refund`, async () => {
        const id = String(session.demo.creditNotes[state]);
        const page = await session.open(`/desk/credit-notes/${id}`);
        const { creditNote } = await session.graphql(
          'query($id: ID!) { creditNote(id: $id) { refundability { reasons { message } } } }',
          { id },
        );
        const { reasons } = creditNote.refundability;

        assert.ok(reasons.length > 0);
        for (const { message } of reasons) await page.getByText(message).waitFor();
        assert.equal(await page.getByRole('button', { name: 'Refund …' }).count(), 0);
      });
    }

    test('a suspected duplicate is shown beside the earlier refund, and paid only if the person wants it', async () => {
      const note = await books.note('100.00');
      const { page, dialog } = await openRefundDialog(session, note);
      const pay = async () => {
        await dialog.getByLabel('Amount').fill('20.00');
        await dialog.getByLabel('Reference').fill('TRANSFER-9');
      };
      await pay();
      await previewed(dialog, '80.00 USD');
      await dialog.getByRole('button', { name: 'Continue' }).click();
      await dialog.getByRole('button', { name: 'Pay 20.00 USD' }).click();
      await page.getByRole('link', { name: `Back to ${note.number}` }).click();

      await page.getByRole('button', { name: 'Refund …' }).click();
      await pay();
      await dialog.getByText(/Refund \d+: 20\.00 USD/).waitFor();
      assert.deepEqual((await books.stateOf(note)).refunds, ['20.00']);
      await dialog.getByRole('button', { name: 'Pay all the same' }).click();
      await previewed(dialog, '60.00 USD');
      await dialog.getByRole('button', { name: 'Continue' }).click();
      await dialog.getByRole('button', { name: 'Pay 20.00 USD' }).click();

      await page.getByRole('article').waitFor();
      assert.deepEqual((await books.stateOf(note)).refunds, ['20.00', '20.00']);
    });
  },
  { DUPLICATE_WINDOW_SECONDS },
);
