import type { EntityManager } from '@mikro-orm/postgresql';
import { Refusals } from '../../domain-error.js';
import { Account } from '../../entities/account.js';
import { LINE_TYPES } from '../../entities/account-type.js';
import { assertExchangeRate } from '../../entities/amount-rules.js';
import { Branch } from '../../entities/branch.js';
import type { CreditNote } from '../../entities/credit-note.js';
import type { LineTerms } from '../../entities/credit-note-line.js';
import { Customer } from '../../entities/customer.js';
import type { Organization } from '../../entities/organization.js';
import { parseId } from '../../entities/owned.js';
import {
  AccountNotFound,
  BranchIdNotFound,
  CreditNoteNumberNotUnique,
  CurrencyNotFound,
  CustomerNotFound,
  ExchangeRateInvalid,
} from '../../errors.js';
import { Big, isCurrency } from '../../values/money.js';
import { decimal, id, type ValuesOf, verbatim } from '../unit-of-work/fields.js';
import { findOwned } from '../unit-of-work/find-owned.js';
import { isTaken } from '../unit-of-work/is-taken.js';

/*
 * Each function finds or checks what one field of a credit note's input means, independently of the other fields.
 */

/** The fields of a line in the input. */
export const LINE = { accountId: id, description: verbatim, amount: decimal };

/** @throws {CustomerNotFound} */
export async function customerOf(em: EntityManager, organization: Organization, id: string): Promise<Customer> {
  const customer = await findOwned(em, Customer, organization, id);
  if (customer === null) throw new CustomerNotFound(id);
  return customer;
}

/**
 * Checks that new notes may be for the customer.
 *
 * @throws {CustomerInactive}
 * @throws {CurrencyNotFound} if the customer's currency was withdrawn
 */
export function assertMayGetNotes(customer: Customer, { baseCurrency }: Organization): void {
  customer.assertActive();
  const { currencyCode } = customer;
  if (currencyCode !== baseCurrency && !isCurrency(currencyCode)) throw new CurrencyNotFound(currencyCode, 'customerId');
}

/**
 * @throws {BranchIdNotFound}
 * @throws {BranchInactive}
 */
export async function activeBranch(em: EntityManager, organization: Organization, id: string): Promise<Branch> {
  const branch = await findOwned(em, Branch, organization, id);
  if (branch === null) throw new BranchIdNotFound(id);
  branch.assertActive();
  return branch;
}

/**
 * Returns the rate of a note for the customer; 1 if none is given and the customer's currency is the base currency.
 *
 * @throws {ExchangeRateInvalid}
 */
export function rateOf({ baseCurrency }: Organization, { currencyCode }: Customer, given: Big | null): Big {
  const rate = given ?? (currencyCode === baseCurrency ? Big('1') : null);
  if (rate === null) throw new ExchangeRateInvalid(`exchangeRate is required: the customer's currency is ${currencyCode}`);
  assertExchangeRate(rate, currencyCode, baseCurrency);
  return rate;
}

/**
 * Finds the accounts of the lines, and checks that lines may post to them.
 *
 * @throws {AccountNotFound} of each line, as are the other refusals
 * @throws {AccountInactive}
 * @throws {AccountInvalidType}
 * @throws {AccountCurrencyInvalid}
 */
export async function linesOf(
  em: EntityManager,
  organization: Organization,
  lines: readonly ValuesOf<typeof LINE>[],
): Promise<LineTerms[]> {
  const ids = [...new Set(lines.flatMap(({ accountId }) => parseId(accountId) ?? []))];
  const accounts = await em.find(Account, { organization: organization.id, id: { $in: ids } });
  const accountOf = new Map(accounts.map((account) => [account.id, account]));
  const resolved: LineTerms[] = [];
  const refusals = new Refusals();
  for (const [index, { accountId, description, amount }] of lines.entries()) {
    const field = `lines.${index}.accountId`;
    const account = accountOf.get(parseId(accountId) ?? 0);
    if (account === undefined) refusals.add(new AccountNotFound(accountId, field));
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
 *
 * @param note that is to have the number; absent: a new one
 * @throws {CreditNoteNumberNotUnique}
 */
export async function numberOf(
  em: EntityManager,
  organization: Organization,
  chosen: string | null,
  note?: CreditNote,
): Promise<string> {
  for (;;) {
    const [row] = await em.execute<{ taken: string }[]>(
      `insert into credit_note_counters as counter (organization_id, next) values (?, ?)
       on conflict (organization_id) do update set next = counter.next + ? returning next - 1 as taken`,
      chosen ? [organization.id, 1, 0] : [organization.id, 2, 1],
    );
    const number = chosen ?? `CN-${String(row?.taken).padStart(5, '0')}`;
    if (!(await isTaken(em, organization, 'credit_notes', number, note?.id))) return number;
    if (chosen) throw new CreditNoteNumberNotUnique();
  }
}
