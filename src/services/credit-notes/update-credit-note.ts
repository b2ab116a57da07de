import { Refusals } from '../../domain-error.js';
import { Role } from '../../entities/access.js';
import { CreditNote, sumOf } from '../../entities/credit-note.js';
import { CreditNoteLine, type LineTerms } from '../../entities/credit-note-line.js';
import { command } from '../unit-of-work/command.js';
import { decimal, id, listOf, optional, postingDate, text, verbatim } from '../unit-of-work/fields.js';
import { lockCreditNote } from '../unit-of-work/locks.js';
import { activeBranch, assertMayGetNotes, customerOf, LINE, linesOf, numberOf, rateOf } from './note-fields.js';

/**
 * Changes a draft; absent fields stay. The note has its customer's currency: another currency needs its exchange rate, unless it is the base
 * currency. New lines replace all lines.
 *
 * @throws {CreditNoteNotFound}
 * @throws {CreditNoteAlreadyOpened}
 * @throws {CreditNoteIsVoid}
 * @throws {CustomerNotFound} the other errors are those of createCreditNote
 */
export const updateCreditNote = command({
  name: 'updateCreditNote',
  role: Role.ACCOUNTANT,
  result: CreditNote,
  fields: {
    creditNoteId: id,
    number: optional(text),
    customerId: optional(id),
    branchId: optional(id),
    date: optional(postingDate),
    exchangeRate: optional(decimal),
    lines: optional(listOf(LINE)),
    referenceNo: optional(verbatim),
    note: optional(verbatim),
  },
  async run({ em, organization, actor, change }, { creditNoteId, ...values }) {
    const creditNote = await lockCreditNote(em, organization, creditNoteId, 'creditNoteId');
    creditNote.assertDraft('creditNoteId');
    await em.populate(creditNote, ['customer', 'branch']);
    const present = await em.find(
      CreditNoteLine,
      { creditNote: { id: creditNote.id, organization: organization.id } },
      { populate: ['account'], orderBy: { id: 'asc' } },
    );

    // The caller sees the refusals of all fields at once. The rate and the amounts need the customer's currency.
    const refusals = new Refusals();
    const customer = values.customerId
      ? await refusals.settle(customerOf(em, organization, values.customerId))
      : creditNote.customer;
    if (customer && values.customerId) refusals.check(() => assertMayGetNotes(customer, organization));
    const branch = values.branchId ? await refusals.settle(activeBranch(em, organization, values.branchId)) : creditNote.branch;
    const date = values.date ?? creditNote.date;
    if (values.date) refusals.check(() => organization.assertNotTooFarAhead(date, actor.postingDaysAhead));
    const sameRate = customer?.currencyCode === creditNote.currencyCode ? creditNote.exchangeRate : null;
    const exchangeRate = customer && refusals.check(() => rateOf(organization, customer, values.exchangeRate ?? sameRate));
    const lines = values.lines && (await refusals.settle(linesOf(em, organization, values.lines)));
    if (customer) refusals.check(() => sumOf(values.lines ?? present, customer.currencyCode));
    const number = values.number ? await refusals.settle(numberOf(em, organization, values.number, creditNote)) : creditNote.number;
    if (refusals.any || !customer || !branch || !exchangeRate || !number) throw refusals.all();

    const before = described(creditNote, present);
    creditNote.edit({
      ...{ number, customer, branch, date, currencyCode: customer.currencyCode, exchangeRate, lines: lines ?? present },
      referenceNo: values.referenceNo ?? creditNote.referenceNo,
      note: values.note ?? creditNote.note,
    });
    change(before, described(creditNote, lines ?? present));
    if (lines) {
      // Rows are never deleted, since their ids would be drawn again. The replaced lines lose their note.
      await em.execute('update credit_note_lines set credit_note_id = null where organization_id = ? and credit_note_id = ?', [
        organization.id,
        creditNote.id,
      ]);
      em.persist(lines.map((line) => new CreditNoteLine(creditNote, line)));
    }
    return creditNote;
  },
  audit: ({ result, changes }) => ({ id: String(result.id), ...changes }),
});

/** Returns what an edit may change, as texts for the audit event. Of a line it has account and amount: its row, which stays, has the rest. */
function described(creditNote: CreditNote, lines: readonly LineTerms[]) {
  const { number, customer, branch, date, currencyCode, exchangeRate, referenceNo, note } = creditNote;
  return {
    number,
    customerId: String(customer.id),
    branchId: String(branch.id),
    date,
    currencyCode,
    exchangeRate: exchangeRate.toFixed(),
    lines: lines.map(({ account, amount }) => `${account.id}: ${amount.toFixed()}`).join(', '),
    referenceNo,
    note,
  };
}
