import { Refusals } from '../../domain-error.js';
import { Role } from '../../entities/access.js';
import { CreditNote, sumOf } from '../../entities/credit-note.js';
import { command } from '../unit-of-work/command.js';
import { branchOrPrimary, flag, id, listOf, optional, postingDate, rateOrOne, text, verbatim } from '../unit-of-work/fields.js';
import { activeBranch, assertMayGetNotes, customerOf, LINE, linesOf, numberOf, rateOf } from './note-fields.js';
import { putIntoBooks } from './open-credit-note.js';

/**
 * Records a credit note in the customer's currency, as a draft, or opened at once if `open` is true. Defaults: the organization's next free
 * number, the primary branch, and the exchange rate 1, which only the base currency may have.
 *
 * @throws {CustomerNotFound}
 * @throws {CustomerInactive}
 * @throws {BranchIdNotFound}
 * @throws {BranchInactive}
 * @throws {AccountNotFound}
 * @throws {AccountInactive}
 * @throws {AccountInvalidType} if a line's account is neither an income account nor a tax account
 * @throws {AccountCurrencyInvalid} if a line's account is not held in the base currency
 * @throws {CurrencyNotFound} if the customer's currency was withdrawn
 * @throws {ExchangeRateInvalid}
 * @throws {AmountNotPositive} if a line is zero, or if the sum of the lines is not positive
 * @throws {AmountPrecision}
 * @throws {AmountTooLarge}
 * @throws {DateTooFarAhead}
 * @throws {TransactionsDateLocked} if `open` is true and the books are locked on the note's date
 * @throws {CreditNoteNumberNotUnique}
 */
export const createCreditNote = command({
  name: 'createCreditNote',
  role: Role.ACCOUNTANT,
  result: CreditNote,
  fields: {
    number: optional(text),
    customerId: id,
    branchId: branchOrPrimary,
    date: postingDate,
    exchangeRate: rateOrOne,
    lines: listOf(LINE),
    referenceNo: verbatim,
    note: verbatim,
    open: flag,
  },
  async run({ em, organization, actor }, { customerId, branchId, date, lines, referenceNo, note, open, ...given }) {
    // The caller sees the refusals of all fields at once. The rate and the amounts need the customer's currency.
    const refusals = new Refusals();
    const customer = await refusals.settle(customerOf(em, organization, customerId));
    if (customer) refusals.check(() => assertMayGetNotes(customer, organization));
    const branch = await refusals.settle(activeBranch(em, organization, branchId));
    refusals.check(() => {
      if (open) organization.assertUnlocked(date);
      organization.assertNotTooFarAhead(date, actor.postingDaysAhead);
    });
    const exchangeRate = customer && refusals.check(() => rateOf(organization, customer, given.exchangeRate));
    const resolved = await refusals.settle(linesOf(em, organization, lines));
    if (customer) refusals.check(() => sumOf(lines, customer.currencyCode));
    const number = await refusals.settle(numberOf(em, organization, given.number));
    if (refusals.any || !customer || !branch || !exchangeRate || !resolved || !number) throw refusals.all();

    const creditNote = new CreditNote(organization, {
      ...{ number, customer, branch, date, currencyCode: customer.currencyCode, exchangeRate },
      ...{ lines: resolved, referenceNo, note, createdBy: actor.name },
    });
    em.persist(creditNote);
    if (open) await putIntoBooks(em, actor, creditNote, 'date');
    return creditNote;
  },
});
