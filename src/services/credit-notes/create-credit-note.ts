import type { EntityManager } from '@mikro-orm/postgresql';
import { Role } from '../../entities/access.js';
import { Account } from '../../entities/account.js';
import { LINE_TYPES } from '../../entities/account-type.js';
import { Branch } from '../../entities/branch.js';
import { CreditNote } from '../../entities/credit-note.js';
import { Customer } from '../../entities/customer.js';
import type { Organization } from '../../entities/organization.js';
import {
  AccountNotFound,
  BranchNotFound,
  CurrencyNotFound,
  CustomerNotFound,
  ExchangeRateInvalid,
  Refusals,
} from '../../errors.js';
import { Big, isCurrency } from '../../values/money.js';
import { command } from '../unit-of-work/command.js';
import {
  branchOrPrimary,
  decimal,
  flag,
  id,
  listOf,
  optional,
  postingDate,
  rateOrOne,
  text,
  type ValuesOf,
  verbatim,
} from '../unit-of-work/fields.js';
import { findOwned } from '../unit-of-work/find-owned.js';
import { putIntoBooks } from './open-credit-note.js';

/** The fields of a line in the input. */
export const LINE = { accountId: id, description: verbatim, amount: decimal };

/**
 * Records a credit note in the customer's currency, as a draft, or opened at once if `open` is true. Defaults: the organization's next free
 * number, the primary branch, and the exchange rate 1, which only the base currency may have.
 *
 * @throws {CustomerNotFound}
 * @throws {CustomerInactive}
 * @throws {BranchNotFound}
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
  async run({ em, organization, actor }, { number, customerId, branchId, date, exchangeRate, lines, referenceNo, note, open }) {
    const customer = await customerOf(em, organization, customerId);
    const { currencyCode } = customer;
    if (exchangeRate === null && currencyCode !== organization.baseCurrency) {
      throw new ExchangeRateInvalid(`exchangeRate is required: the customer's currency is ${currencyCode}`);
    }

    organization.assertNotTooFarAhead(date, actor.postingDaysAhead);
    const creditNote = new CreditNote(organization, {
      number: await numberOf(em, organization, number),
      customer,
      branch: await branchOf(em, organization, branchId),
      date,
      currencyCode,
      exchangeRate: exchangeRate ?? Big('1'),
      lines: await linesOf(em, organization, lines),
      referenceNo,
      note,
      createdBy: actor.name,
    });
    em.persist(creditNote);
    if (open) await putIntoBooks(em, actor, creditNote, 'date');
    return creditNote;
  },
});

/** Returns an active customer with a currency of today. */
export async function customerOf(em: EntityManager, organization: Organization, id: string): Promise<Customer> {
  const customer = await findOwned(em, Customer, organization, id);
  if (customer === null) throw new CustomerNotFound(id);
  customer.assertActive();
  const { currencyCode } = customer;
  if (currencyCode !== organization.baseCurrency && !isCurrency(currencyCode)) throw new CurrencyNotFound(currencyCode);
  return customer;
}

/** Returns an active branch. */
export async function branchOf(em: EntityManager, organization: Organization, id: string): Promise<Branch> {
  const branch = await findOwned(em, Branch, organization, id);
  if (branch === null) throw new BranchNotFound(id);
  branch.assertActive();
  return branch;
}

/** Finds the accounts of the lines, and checks that lines may post to them. */
export async function linesOf(em: EntityManager, organization: Organization, lines: readonly ValuesOf<typeof LINE>[]) {
  const resolved: { account: Account; description: string; amount: Big }[] = [];
  const refusals = new Refusals();
  for (const [index, { accountId, description, amount }] of lines.entries()) {
    const field = `lines.${index}.accountId`;
    const account = await findOwned(em, Account, organization, accountId);
    if (account === null) refusals.add(new AccountNotFound(accountId, field));
    else {
      refusals.check(() => account.assertUsable(LINE_TYPES, [organization.baseCurrency], field));
      resolved.push({ account, description, amount });
    }
  }
  if (refusals.any) throw refusals.all();
  return resolved;
}

/**
 * Returns the chosen number, or else the next number that is not used yet. The row lock on the counter serializes concurrent callers, so that
 * each gets a number of its own.
 */
export async function numberOf(em: EntityManager, organization: Organization, chosen: string | null): Promise<string> {
  for (;;) {
    const [row] = await em.execute<{ taken: string }[]>(
      `insert into credit_note_counters as counter (organization_id, next) values (?, ?)
       on conflict (organization_id) do update set next = counter.next + ? returning next - 1 as taken`,
      chosen ? [organization.id, 1, 0] : [organization.id, 2, 1],
    );
    if (chosen) return chosen;
    const number = `CN-${String(row?.taken).padStart(5, '0')}`;
    const [taken] = await em.execute('select from credit_notes where organization_id = ? and as_read(number) = as_read(?)', [
      organization.id,
      number,
    ]);
    if (taken === undefined) return number;
  }
}
