import type { Account } from '../entities/account.js';
import type { Branch } from '../entities/branch.js';
import type { CreditNote } from '../entities/credit-note.js';
import { CreditNoteStatus, statusOf } from '../entities/credit-note-state.js';
import type { Customer } from '../entities/customer.js';
import type { Organization } from '../entities/organization.js';
import { Protocol } from '../entities/provenance.js';
import type { Refund } from '../entities/refund.js';
import type { Big } from '../values/money.js';
import { cut, MAX_QUOTED, tidy } from '../values/text.js';
import type {
  TheirAccount,
  TheirBranch,
  TheirCreditNote,
  TheirCustomer,
  TheirLine,
  TheirOrganization,
  TheirRefund,
} from './bigcapital-records.js';
import { AUTHOR, tidyNumber } from './theirs-to-ours.js';

/** What differs between a record of Bigcapital and ours, which was taken over from it earlier. Ours stays as it is, so each difference is named. */

export function differencesOfOrganizations(theirs: TheirOrganization, ours: Organization): string[] {
  return differences([
    ['name', ...texts(tidy(theirs.name) || ours.publicId, ours.name)],
    ['time zone', theirs.timeZone, ours.timeZone],
  ]);
}

export function differencesOfAccounts(theirs: TheirAccount, ours: Account): string[] {
  return differences([
    ['code', ...uniqueTexts(tidy(theirs.code) || String(theirs.id), ours.code, theirs.id)],
    ['name', ...texts(tidy(theirs.name) || nameless('Account', theirs), ours.name)],
    ['type', theirs.type, ours.type],
    ['currency', theirs.currencyCode, ours.currencyCode],
    ['state', ...states(theirs, ours)],
  ]);
}

export function differencesOfBranches(theirs: TheirBranch, ours: Branch): string[] {
  return differences([
    ['code', ...uniqueTexts(tidy(theirs.code) || String(theirs.id), ours.code, theirs.id)],
    ['name', ...texts(tidy(theirs.name) || nameless('Branch', theirs), ours.name)],
  ]);
}

export function differencesOfCustomers(theirs: TheirCustomer, ours: Customer): string[] {
  return differences([
    ['name', ...texts(tidy(theirs.displayName) || nameless('Customer', theirs), ours.displayName)],
    ['email address', ...texts(theirs.email, ours.email)],
    ['currency', theirs.currencyCode, ours.currencyCode],
    ['state', ...states(theirs, ours)],
  ]);
}

/** The name of a record that has none in Bigcapital. */
export function nameless(kind: 'Account' | 'Branch' | 'Customer', { id }: { readonly id: number }): string {
  return `${kind} ${id}`;
}

/** A line of a credit note as it is stored here. */
export interface OurLine {
  readonly accountId: number;
  readonly description: string;
  readonly amount: Big;
}

/** Returns the differences after which the refunds of a note are no longer those of the same credit. */
export function differencesOfNotes(theirs: TheirCreditNote, ours: CreditNote): string[] {
  return differences([
    ['customer', String(theirs.customerId), String(ours.customer.id)],
    ['date', ours.organization.postingDate(theirs.date), ours.date],
    ['currency', theirs.currencyCode, ours.currencyCode],
    ['exchange rate', (theirs.exchangeRate ?? ours.exchangeRate).toFixed(), ours.exchangeRate.toFixed()],
    ['total', theirs.total.toFixed(), ours.total.toFixed()],
    ['part applied to invoices', theirs.applied.toFixed(), ours.applied.toFixed()],
    ['state', theirs.isDraft ? 'draft' : 'opened', stateOf(ours)],
    ['author', AUTHOR, ours.imported ? AUTHOR : ours.createdBy],
  ]);
}

/**
 * Returns the other differences, which change nothing of what can be refunded.
 *
 * @param theirLines those that their note would have here
 */
export function detailsOfNotes(
  theirs: TheirCreditNote,
  theirLines: readonly TheirLine[],
  ours: CreditNote,
  ourLines: readonly OurLine[],
): string[] {
  return differences([
    ['number', ...uniqueTexts(tidyNumber(theirs), ours.number, theirs.id)],
    ['branch', String(theirs.branchId ?? ours.branch.id), String(ours.branch.id)],
    ['reference', ...texts(theirs.referenceNo, ours.referenceNo)],
    ['note', ...texts(theirs.note, ours.note)],
    ['list of lines', inOrder(theirLines), inOrder(ourLines)],
  ]);
}

/** Whether their refund is the one that was taken over, with the same effect on the books. */
export function isSameRefund(theirs: TheirRefund, ours: Refund, note: CreditNote): boolean {
  return (
    ours.provenance.protocol === Protocol.IMPORT &&
    ours.creditNote.id === note.id &&
    ours.amount.eq(theirs.amount) &&
    ours.currencyCode === theirs.currencyCode &&
    ours.fromAccount.id === theirs.fromAccountId &&
    ours.date === note.organization.postingDate(theirs.date) &&
    (theirs.exchangeRate === null || ours.exchangeRate.eq(theirs.exchangeRate))
  );
}

/** Returns the differences of the same refund, which change nothing of what it has paid. */
export function detailsOfRefunds(theirs: TheirRefund, ours: Refund): string[] {
  return differences([
    ['branch', String(theirs.branchId ?? ours.branch.id), String(ours.branch.id)],
    ['reference', ...texts(theirs.referenceNo, ours.referenceNo)],
    ['description', ...texts(theirs.description, ours.description)],
  ]).map((difference) => `refund ${ours.id}: ${difference}`);
}

function differences(fields: readonly (readonly [name: string, theirs: string, ours: string])[]): string[] {
  return fields.flatMap(([name, theirs, ours]) =>
    theirs === ours ? [] : `its ${name} is ${cut(theirs, MAX_QUOTED)} in Bigcapital, and ${cut(ours, MAX_QUOTED)} here`,
  );
}

function texts(theirs: string | null, ours: string | null): readonly [theirs: string, ours: string] {
  return [JSON.stringify(theirs), JSON.stringify(ours)];
}

/** Ours may have the id behind it, because another record had the same text. */
function uniqueTexts(theirs: string, ours: string, id: number): readonly [theirs: string, ours: string] {
  return texts(ours.startsWith(`${theirs} (${id}`) ? ours : theirs, ours);
}

function states(theirs: { readonly active: boolean }, ours: { readonly active: boolean }): readonly [theirs: string, ours: string] {
  const state = ({ active }: { readonly active: boolean }) => (active ? 'active' : 'inactive');
  return [state(theirs), state(ours)];
}

function stateOf(note: CreditNote): string {
  if (statusOf(note) === CreditNoteStatus.VOID) return 'void';
  return note.openedAt === null ? 'draft' : 'opened';
}

/** Returns the lines as one text. Bigcapital promises no order. */
function inOrder(
  lines: readonly { readonly accountId: number | null; readonly description: string; readonly amount: Big }[],
): string {
  const parts = lines.map(
    ({ accountId, description, amount }) => `${amount.toFixed()} on account ${accountId} ${JSON.stringify(description)}`,
  );
  return parts.sort().join(', ');
}
