import { expect, it } from '@jest/globals';
import {
  AuditEventsDocument,
  RefundCreditNoteDocument,
  UpdateOrganizationDocument,
  type UpdateOrganizationInput,
} from './generated/documents.js';
import { type Books, ledger, sharedGateway } from './helpers/gateway.js';

const gateway = sharedGateway();

const update = (books: Books, input: UpdateOrganizationInput) => books.client.graphql(UpdateOrganizationDocument, { input });

async function updated(books: Books, input: UpdateOrganizationInput) {
  const { data, errors } = await update(books, input);
  expect(errors).toBeUndefined();
  return data?.updateOrganization;
}

it('changes the fields that are given, and leaves an event with the values before and after', async () => {
  const books = await gateway.books({ timeZone: 'UTC' });

  expect(await updated(books, { name: ' Acme Ltd ' })).toMatchObject({
    name: 'Acme Ltd',
    timeZone: 'UTC',
    creditCardRefunds: false,
  });
  expect(await updated(books, { timeZone: 'Europe/Berlin', name: null })).toMatchObject({
    name: 'Acme Ltd',
    timeZone: 'Europe/Berlin',
  });

  const { auditEvents } = await books.client.query(AuditEventsDocument, {});
  const changes = auditEvents.nodes.filter(({ action }) => action === 'updateOrganization').map(({ details }) => details);
  expect(changes).toEqual([
    { nameBefore: 'Test Ltd', nameAfter: 'Acme Ltd' },
    { timeZoneBefore: 'UTC', timeZoneAfter: 'Europe/Berlin' },
  ]);
});

it('a date-time becomes a posting date in the new time zone', async () => {
  const books = await gateway.books({ timeZone: 'UTC' });
  const { id } = await books.creditNote('100.00');
  await updated(books, { timeZone: 'Asia/Tokyo' });
  expect(await books.refund(id, { date: '2026-02-01T22:00:00Z' })).toMatchObject({ date: '2026-02-02' });
});

it.each<[UpdateOrganizationInput, string]>([
  [{ timeZone: 'Mars/Olympus' }, 'input.timeZone'],
  [{ timeZone: '+01:00' }, 'input.timeZone'],
  [{ name: ' ' }, 'input.name'],
])('refuses %j, and writes nothing', async (input, field) => {
  const books = await gateway.books();
  const before = await books.everything();
  const { errors } = await update(books, input);
  expect(errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT' });
  expect(field).toContain(String(errors?.[0]?.extensions.field).split('.').at(-1));
  expect(await books.everything()).toEqual(before);
});

it('has no field for the base currency, in which all amounts are', async () => {
  const books = await gateway.books();
  const { errors } = await books.client.graphql('mutation { updateOrganization(input: { baseCurrency: "EUR" }) { id } }');
  expect(errors?.[0]?.extensions.code).toBe('GRAPHQL_VALIDATION_FAILED');
});

it('credit-card accounts pay refunds only if the organization allows it', async () => {
  const books = await gateway.books();
  const card = await books.account('CREDIT_CARD');
  const { id } = await books.creditNote('100.00');
  const refund = () => books.client.graphql(RefundCreditNoteDocument, { input: books.refundInput(id, { fromAccountId: card }) });
  const accounts = async () => {
    const query = `{ creditNote(id: ${id}) { refundability { accounts { id } } } }`;
    const { data } = await books.client.graphql<{ creditNote: { refundability: { accounts: { id: string }[] } } }, object>(query);
    return data?.creditNote.refundability.accounts.map((account) => account.id);
  };
  const refused = { code: 'ACCOUNT_INVALID_TYPE', field: 'fromAccountId' };

  const before = await books.snapshot();
  expect((await refund()).errors?.[0]?.extensions).toMatchObject(refused);
  expect(await books.snapshot()).toEqual(before);
  expect(await accounts()).not.toContain(card);

  await updated(books, { creditCardRefunds: true });
  const { data, errors } = await refund();
  expect(errors).toBeUndefined();
  expect(ledger(data?.refundCreditNote?.journalEntry)).toEqual(['debit Accounts Receivable 40.00', 'credit CREDIT_CARD 40.00']);
  expect(await accounts()).toContain(card);

  await updated(books, { creditCardRefunds: false });
  expect((await refund()).errors?.[0]?.extensions).toMatchObject(refused);
});

it('refuses a time zone that Node.js knows and PostgreSQL does not', async () => {
  const books = await gateway.books();
  const before = await books.everything();
  // ICU has these names, which the IANA has removed.
  for (const timeZone of ['US/Pacific-New', 'Canada/East-Saskatchewan']) {
    const { errors } = await update(books, { timeZone });
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'timeZone' });
  }
  expect(await books.everything()).toEqual(before);
  expect(await updated(books, { timeZone: 'america/new_york' })).toMatchObject({ timeZone: 'america/new_york' });
});
