// Several notes refunded at once at the desk.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { loadAxe } from './helpers/axe.mjs';
import { cutNext } from './helpers/cut.mjs';
import { Books, markOf, openDialogForSeveral, openRefundDialog } from './helpers/desk.mjs';
import { describePages } from './helpers/session.mjs';

/** Longer than the tests take, so that an equal refund is always suspicious. */
const DUPLICATE_WINDOW_SECONDS = '3600';

describePages(
  'several notes at once',
  (session) => {
    const books = new Books(session);
    let findings;
    before(async () => {
      findings = await loadAxe();
    });

    async function threeNotes() {
      return [await books.note('10.00'), await books.note('20.00'), await books.note('30.00')];
    }

    function remaining(notes) {
      return Promise.all(notes.map(async (note) => (await books.stateOf(note)).remaining));
    }

    test('are chosen in the list, confirmed together, and each gets its receipt', async () => {
      const notes = await threeNotes();
      const { page, dialog } = await openDialogForSeveral(session, notes);
      await dialog.getByLabel('Reference').fill('RUN-1');
      await dialog.getByLabel(`Amount of ${notes[1].number}`).fill('5.00');
      await dialog.getByRole('button', { name: 'Continue' }).click();
      await dialog.getByText('5.00 USD').waitFor();

      await dialog.getByRole('button', { name: 'Pay 3 refunds' }).click();

      await dialog.getByText('All 3 refunds are paid.').waitFor();
      assert.equal(await dialog.getByRole('link', { name: /^Receipt of refund/ }).count(), 3);
      await dialog.getByRole('button', { name: 'Done' }).click();
      assert.deepEqual(await remaining(notes), ['0.00', '15.00', '0.00']);
      await page.getByRole('link', { name: notes[1].number }).waitFor();
      assert.equal(await page.getByRole('region', { name: 'Selected credit notes' }).count(), 0);
    });

    test('are shown with what each refund will do, before they are paid', async () => {
      const notes = [await books.note('10.00'), await books.note('20.00', { currency: 'EUR', rate: '1.10' })];
      const { dialog } = await openDialogForSeveral(session, notes);
      await dialog.getByLabel(`Amount of ${notes[0].number}`).fill('4.00');
      await dialog.getByLabel(`Exchange rate of ${notes[1].number}`).fill('1.20');
      await dialog.getByRole('button', { name: 'Continue' }).click();

      const [first, second] = notes.map(({ number }) => dialog.getByRole('row', { name: number }));
      await first.getByText('debit Accounts Receivable 4.00, credit Bank 4.00. Remains afterwards 6.00 USD').waitFor();
      await second.getByText('Exchange loss 2.00 USD. Remains afterwards 0.00 EUR').waitFor();
      assert.deepEqual(await remaining(notes), ['10.00', '20.00']);
      assert.deepEqual(await findings(dialog.page()), []);
    });

    test('possible duplicates are pointed out, and paid only if the person wants it', async () => {
      const notes = await threeNotes();
      const payOne = async (which) => {
        const { page, dialog } = await openDialogForSeveral(session, which);
        for (const { number } of which) await dialog.getByLabel(`Amount of ${number}`).fill('1.00');
        await dialog.getByRole('button', { name: 'Continue' }).click();
        return { page, dialog, pay: dialog.getByRole('button', { name: /^Pay \d refunds?$/ }) };
      };
      const first = await payOne(notes.slice(0, 1));
      await first.pay.click();
      await first.dialog.getByText('All 1 refunds are paid.').waitFor();

      const { dialog, pay } = await payOne(notes.slice(0, 2));
      await dialog.getByRole('row', { name: notes[0].number }).getByText('A possible duplicate: refund').waitFor();
      await dialog.getByRole('row', { name: notes[1].number }).getByText('Remains afterwards 19.00 USD').waitFor();
      assert.equal(await pay.isDisabled(), true);
      assert.equal(await dialog.getByRole('row', { name: notes[1].number }).getByText('duplicate').count(), 0);
      await dialog.getByRole('checkbox', { name: 'Yes, pay the possible duplicate, too' }).check();
      await pay.click();

      await dialog.getByText('All 2 refunds are paid.').waitFor();
      assert.deepEqual(await remaining(notes.slice(0, 2)), ['8.00', '19.00']);
    });

    test('are paid from any of more than a hundred accounts; one refund goes to any of more than a hundred branches', async () => {
      const fields = (index) => ({ code: `X${String(index).padStart(3, '0')}`, name: `More ${index}` });
      for (let index = 0; index <= 100; index += 1) {
        const account = { ...fields(index), type: 'BANK' };
        const create = `mutation($account: CreateAccountInput!, $branch: CreateBranchInput!) {
        createAccount(input: $account) { id } createBranch(input: $branch) { id } }`;
        await session.graphql(create, { account, branch: fields(index) });
      }
      const note = await books.note('10.00');
      const { dialog } = await openDialogForSeveral(session, [note]);
      await dialog.getByLabel('From account').selectOption({ label: 'More 100 · X100' });
      await dialog.getByRole('button', { name: 'Continue' }).click();
      await dialog.getByText('credit More 100 10.00').waitFor();

      const single = await openRefundDialog(session, note);
      await single.dialog.getByLabel('Branch').selectOption({ label: 'More 99' });
    });

    test('a double click pays each once', async () => {
      const notes = await threeNotes();
      const { dialog } = await openDialogForSeveral(session, notes);
      for (const { number } of notes) await dialog.getByLabel(`Amount of ${number}`).fill('1.00');
      await dialog.getByRole('button', { name: 'Continue' }).click();
      await dialog.getByRole('button', { name: 'Pay 3 refunds' }).dblclick();

      await dialog.getByText('All 3 refunds are paid.').waitFor();
      assert.deepEqual(await remaining(notes), ['9.00', '19.00', '29.00']);
    });

    test('an amount that is no number above zero is refused without asking the gateway', async () => {
      const notes = await threeNotes();
      const { page, dialog } = await openDialogForSeveral(session, notes);
      const asked = [];
      page.on('request', (request) => asked.push(request.postDataJSON()?.operationName));
      const field = dialog.getByLabel(`Amount of ${notes[1].number}`);
      for (const value of ['ten', '0', '-5']) {
        await field.fill(value);
        await dialog.getByRole('button', { name: 'Continue' }).click();
        await dialog.getByRole('row', { name: notes[1].number }).getByText('above zero, such as').waitFor();
        assert.deepEqual(
          [(await markOf(field)).isWrong, await field.evaluate((input) => input === document.activeElement)],
          [true, true],
        );
      }
      assert.deepEqual(
        asked.filter((name) => ['Preview', 'RefundNotes'].includes(name)),
        [],
      );
      await field.fill('20.00');
      await dialog.getByRole('button', { name: 'Continue' }).click();
      await dialog.getByRole('button', { name: 'Pay 3 refunds' }).waitFor();
    });

    test('if one is refused, none is paid, and its row says why', async () => {
      const notes = await threeNotes();
      const { dialog } = await openDialogForSeveral(session, notes);
      await dialog.getByLabel(`Amount of ${notes[1].number}`).fill('20.01');
      await dialog.getByRole('button', { name: 'Continue' }).click();
      await dialog.getByRole('button', { name: 'Pay 3 refunds' }).click();

      await dialog.getByText('Nothing was paid.').waitFor();
      await dialog.getByRole('row', { name: notes[1].number }).getByText('20.01 USD is more than').waitFor();
      assert.deepEqual(await remaining(notes), ['10.00', '20.00', '30.00']);

      await dialog.getByLabel(`Amount of ${notes[1].number}`).fill('20.00');
      await dialog.getByRole('button', { name: 'Continue' }).click();
      await dialog.getByRole('button', { name: 'Pay 3 refunds' }).click();
      await dialog.getByText('All 3 refunds are paid.').waitFor();
      assert.deepEqual(await remaining(notes), ['0.00', '0.00', '0.00']);
    });

    test('the others are paid if the person wants it so, and the outcome tells which was not', async () => {
      const notes = await threeNotes();
      const { dialog } = await openDialogForSeveral(session, notes);
      await dialog.getByLabel(`Amount of ${notes[2].number}`).fill('30.01');
      await dialog.getByRole('radio', { name: 'pay the others' }).check();
      await dialog.getByRole('button', { name: 'Continue' }).click();
      await dialog.getByRole('button', { name: 'Pay 3 refunds' }).click();

      await dialog.getByText('2 of 3 refunds are paid.').waitFor();
      await dialog
        .getByRole('listitem')
        .filter({ hasText: notes[2].number })
        .getByText('Not paid: 30.01 USD is more than')
        .waitFor();
      assert.deepEqual(await remaining(notes), ['0.00', '0.00', '30.00']);
    });

    test('when the network is cut, trying again pays each once', async () => {
      const notes = await threeNotes();
      const { page, dialog } = await openDialogForSeveral(session, notes);
      for (const { number } of notes) await dialog.getByLabel(`Amount of ${number}`).fill('4.00');
      await cutNext(page, 'RefundNotes', { atServer: true });
      await dialog.getByRole('button', { name: 'Continue' }).click();
      await dialog.getByRole('button', { name: 'Pay 3 refunds' }).click();
      await dialog.getByText('It is not known whether these 3 refunds were paid').waitFor();
      await dialog.getByRole('button', { name: 'Try again' }).click();

      await dialog.getByText('All 3 refunds are paid.').waitFor();
      assert.deepEqual(await remaining(notes), ['6.00', '16.00', '26.00']);
    });
  },
  { DUPLICATE_WINDOW_SECONDS },
);
