import { expect, it } from '@jest/globals';
import { Account } from '../src/entities/account.js';
import { CreditNote } from '../src/entities/credit-note.js';
import { credit, debit, JournalEntry, JournalSource } from '../src/entities/journal-entry.js';
import { Organization } from '../src/entities/organization.js';
import { Refund } from '../src/entities/refund.js';
import { Big } from '../src/values/money.js';
import { sharedBooks, sharedGateway } from './helpers/gateway.js';

/** No request reaches these checks: entities stop a bug of ours before the database has to. */
const gateway = sharedGateway();
const books = sharedBooks(gateway);

it.each([
  ['debits without credits', ['1.00'], []],
  ['more credits than debits', ['1.00'], ['1.01']],
  ['no lines', [], []],
  ['zero on both sides', ['0'], ['0']],
])('refuses an entry that does not balance, with %s', async (_, debits, credits) => {
  const em = gateway.database.orm.em.fork();
  const organization = await em.findOneOrFail(Organization, books.organization.id);
  const account = await em.findOneOrFail(Account, { organization, id: Number(books.ids.bank) });
  const header = { postingDate: '2026-02-01', source: JournalSource.REFUND, memo: '' };
  const postings = [
    ...debits.map((amount) => debit(account, Big(amount))),
    ...credits.map((amount) => credit(account, Big(amount))),
  ];

  expect(() => new JournalEntry(organization, header, postings)).toThrow('unbalanced journal entry');
});

it('refuses to give more back to a note than was refunded', async () => {
  const { id } = await books.creditNote('100.00');
  const made = await books.refund(id);
  const em = gateway.database.orm.em.fork();
  const note = await em.findOneOrFail(
    CreditNote,
    { id: Number(id), organization: books.organization.id },
    { populate: ['organization'] },
  );
  const refund = await em.findOneOrFail(Refund, { id: Number(made.id), organization: books.organization.id });

  note.reverseRefund(refund);

  expect(() => note.reverseRefund(refund)).toThrow(`more was reversed of credit note ${id} than refunded`);
});
