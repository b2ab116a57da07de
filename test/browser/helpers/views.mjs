import { cutNext } from './cut.mjs';
import { openDialogForSeveral, openRefundDialog, previewed } from './desk.mjs';

/** Records what the views show. Names and amounts are fixed, so that screenshots stay the same. */
export async function recordStory(books) {
  const chair = await books.note('1250.00', { customer: 'Bright Interiors' });
  const euros = await books.note('400.00', { customer: 'Café Lumière', currency: 'EUR', rate: '1.10' });
  const twice = await books.note('600.00', { customer: 'Northwind Traders' });
  const reversed = await books.refund(twice, '150.00', 'TRANSFER-103');
  await books.reverse(reversed, 'Paid to the wrong account');
  const refund = await books.refund(twice, '200.00', 'TRANSFER-104');
  const unpaid = await books.note('80.00', { customer: 'Harbour Books' });
  const many = [];
  for (const amount of ['120.00', '75.50', '310.00']) many.push(await books.note(amount, { customer: 'Willow & Sons' }));
  return { chair, euros, twice, refund, unpaid, many };
}

/**
 * Each view of the desk: how a person gets there, and what they then see. They write nothing, so they can be opened again in any order.
 *
 * @type {Record<string, (session: import('./session.mjs').Session, story: Awaited<ReturnType<typeof recordStory>>, options?: object) => Promise<import('playwright-core').Page>>}
 */
export const VIEWS = {
  async list(session, _story, options) {
    const page = await session.open('/desk/', options);
    await page.getByRole('table').waitFor();
    return page;
  },
  async empty(session, _story, options) {
    const page = await session.open('/desk/?search=nothing+like+this', options);
    await page.getByText('No open credit note has “nothing like this” in its number, reference or note.').waitFor();
    return page;
  },
  async note(session, { twice }, options) {
    const page = await session.open(`/desk/credit-notes/${twice.id}`, options);
    await page.getByRole('heading', { name: 'History' }).waitFor();
    return page;
  },
  async dialog(session, { euros }, options) {
    const { page, dialog } = await openRefundDialog(session, euros, options);
    await dialog.getByLabel('Exchange rate').fill('1.15');
    await previewed(dialog, '0.00 EUR');
    return page;
  },
  async refusal(session, { chair }, options) {
    const { page, dialog } = await openRefundDialog(session, chair, options);
    await dialog.getByLabel('Amount').fill('2000.00');
    await dialog.getByLabel('Date').fill('2026-01-14');
    await dialog.locator('[aria-invalid=true]').nth(1).waitFor();
    return page;
  },
  async duplicate(session, { twice }, options) {
    const { page, dialog } = await openRefundDialog(session, twice, options);
    await dialog.getByLabel('Amount').fill('200.00');
    await dialog.getByLabel('Reference').fill('TRANSFER-104');
    await dialog.getByLabel('Date').fill('2026-02-01');
    await dialog.getByRole('button', { name: 'Pay all the same' }).waitFor();
    await dialog.getByText(/Refund \d+: 200\.00 USD/).waitFor();
    return page;
  },
  async confirmation(session, { chair }, options) {
    const { page, dialog } = await openRefundDialog(session, chair, options);
    await dialog.getByLabel('Amount').fill('250.00');
    await previewed(dialog, '1,000.00 USD');
    await dialog.getByRole('button', { name: 'Continue' }).click();
    await dialog.getByRole('button', { name: 'Pay 250.00 USD' }).waitFor();
    return page;
  },
  async 'network-cut'(session, { unpaid }, options) {
    const { page, dialog } = await openRefundDialog(session, unpaid, options);
    await previewed(dialog, '0.00 USD');
    await dialog.getByRole('button', { name: 'Continue' }).click();
    await cutNext(page, 'Refund', { atServer: false });
    await dialog.getByRole('button', { name: 'Pay 80.00 USD' }).click();
    await dialog.getByText('It is not known whether this refund was paid').waitFor();
    return page;
  },
  async receipt(session, { refund }, options) {
    const page = await session.open(`/desk/refunds/${refund.id}`, options);
    await page.getByRole('article').getByRole('table').waitFor();
    return page;
  },
  async several(session, { many }, options) {
    return (await openDialogForSeveral(session, many, options)).page;
  },
  async reversal(session, { twice }, options) {
    const page = await session.open(`/desk/credit-notes/${twice.id}`, options);
    await page.getByRole('button', { name: /^Reverse/ }).click();
    await page.getByRole('dialog').getByLabel('Reason').fill('Paid to the wrong account');
    return page;
  },
  async draft(session, _story, options) {
    const page = await session.open(`/desk/credit-notes/${session.demo.creditNotes.draft}`, options);
    await page.getByText('This credit note cannot be refunded').waitFor();
    return page;
  },
  async 'sign-in'(session, _story, options) {
    const page = await session.open('/desk/', options);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('button', { name: 'Sign in', exact: true }).waitFor();
    return page;
  },
};
