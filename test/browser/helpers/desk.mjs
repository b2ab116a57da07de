import { randomBytes } from 'node:crypto';

/** Records a customer with a note of the demo's organization, so that each test has its own. */
export class Books {
  #session;

  constructor(session) {
    this.#session = session;
  }

  /** Records a customer with an open credit note, and returns the note. */
  async note(amount, { currency = 'USD', rate = '1', customer = `Customer ${randomBytes(4).toString('hex')}` } = {}) {
    const { customerId, accountId } = await this.#records(customer, currency);
    const input = {
      customerId,
      date: '2026-01-15',
      exchangeRate: rate,
      lines: [{ accountId, amount, description: 'Goods returned' }],
      open: true,
    };
    const create =
      'mutation($input: CreateCreditNoteInput!) { createCreditNote(input: $input) { id number customer { id displayName } } }';
    const { createCreditNote } = await this.#session.graphql(create, { input });
    return createCreditNote;
  }

  /** Refunds a part of the note, and returns the refund. */
  async refund(note, amount, reference = '') {
    const input = {
      creditNoteId: note.id,
      fromAccountId: String(this.#session.demo.accounts.bank),
      amount,
      date: '2026-02-01',
      referenceNo: reference,
    };
    const refund = 'mutation($input: RefundCreditNoteInput!) { refundCreditNote(input: $input) { id } }';
    return (await this.#session.graphql(refund, { input })).refundCreditNote;
  }

  /** Reverses the refund. */
  async reverse({ id }, reason) {
    const reverse = 'mutation($input: ReverseRefundInput!) { reverseRefund(input: $input) { id } }';
    await this.#session.graphql(reverse, { input: { refundId: id, date: '2026-02-02', reason } });
  }

  /** The amounts of the note's refunds that are not reversed, and what remains. */
  async stateOf({ id }) {
    const query = 'query($id: ID!) { creditNote(id: $id) { remaining refunds(orderBy: ID_ASC) { nodes { amount status } } } }';
    const { creditNote } = await this.#session.graphql(query, { id });
    const refunds = creditNote.refunds.nodes.filter(({ status }) => status !== 'REVERSED').map(({ amount }) => amount);
    return { remaining: creditNote.remaining, refunds };
  }

  async #records(displayName, currencyCode) {
    const create = 'mutation($input: CreateCustomerInput!) { createCustomer(input: $input) { id } }';
    const { createCustomer } = await this.#session.graphql(create, { input: { displayName, currencyCode } });
    const { accounts } = await this.#session.graphql('{ accounts(filter: { type: [INCOME] }) { nodes { id } } }');
    return { customerId: createCustomer.id, accountId: accounts.nodes[0].id };
  }
}

/** Opens the refund dialog of a note, and returns it. */
export async function openRefundDialog(session, note, options) {
  const page = await session.open(`/desk/credit-notes/${note.id}`, options);
  await page.getByRole('button', { name: 'Refund …' }).click();
  const dialog = page.getByRole('dialog', { name: `Refund ${note.number}` });
  await dialog.getByRole('heading', { name: 'What will be booked' }).waitFor();
  return { page, dialog };
}

/** Selects the notes in the list, opens the dialog that refunds them together, and returns it. */
export async function openDialogForSeveral(session, notes, options) {
  const page = await session.open('/desk/', options);
  for (const { number } of notes) await page.getByRole('checkbox', { name: `Select ${number}` }).check();
  await page.getByRole('button', { name: 'Refund together …' }).click();
  const dialog = page.getByRole('dialog', { name: 'Refund several credit notes' });
  await dialog.getByRole('table').waitFor();
  return { page, dialog };
}

/** Waits until the preview shows what remains after the refund. */
export function previewed(dialog, remaining) {
  return dialog.getByRole('region', { name: 'Preview' }).getByText(`Remains afterwards ${remaining}`).waitFor();
}

/** The rows of a table, each as one line of text with a bar between its cells. */
export async function rowsOf(table) {
  const rows = await table.getByRole('row').allInnerTexts();
  return rows.map((row) =>
    row
      .split('\t')
      .map((cell) => cell.split(/\s+/).join(' ').trim())
      .join(' | '),
  );
}

/** What a screen reader says about a field beside its name: whether it is marked as wrong, and its descriptions. */
export function markOf(field) {
  return field.evaluate((input) => {
    const ids = input.getAttribute('aria-describedby')?.split(' ') ?? [];
    const words = ids.map((id) => document.getElementById(id)?.textContent);
    return { isWrong: input.getAttribute('aria-invalid') === 'true', words };
  });
}
