import { LRUCache } from 'lru-cache';
import { DomainError } from '../domain-error.js';
import { Account, type SystemAccounts } from '../entities/account.js';
import { LINE_TYPES } from '../entities/account-type.js';
import type { Branch } from '../entities/branch.js';
import { CreditNote } from '../entities/credit-note.js';
import type { Customer } from '../entities/customer.js';
import type { Organization } from '../entities/organization.js';
import { Protocol, type Provenance } from '../entities/provenance.js';
import { Refund } from '../entities/refund.js';
import { creditNoteEntry } from '../services/credit-notes/open-credit-note.js';
import { refundEntry } from '../services/refunds/refund-credit-note.js';
import { type Big, formatAmount, isCurrency, ONE, ZERO } from '../values/money.js';
import type { PostingDate } from '../values/posting-date.js';
import { lengthOf, tidy } from '../values/text.js';
import type { TheirCreditNote, TheirLine, TheirRefund, UnreadableRefund } from './bigcapital-records.js';

/** Why a record is not taken over, each reason in a line. */
export class NotTakenOver extends Error {
  constructor(readonly reasons: readonly string[]) {
    super(reasons.join('; '));
  }
}

/** The records of the organization that documents refer to, by the ids that both systems have in common. */
export interface Records {
  readonly organization: Organization;
  readonly systemAccounts: SystemAccounts;
  readonly accounts: ReadonlyMap<number, Account>;
  readonly branches: ReadonlyMap<number, Branch>;
  readonly customers: ReadonlyMap<number, Customer>;
  readonly primaryBranch: Branch;
  /** The accounts of the discount and of the adjustment of a whole note. */
  readonly discount: Account | undefined;
  readonly otherCharges: Account | undefined;
  readonly postingDaysAhead: number;
  /** The posting dates of texts that were read before: most documents share their day with others. */
  readonly dates: LRUCache<string, PostingDate>;
}

/** Returns an empty {@link Records.dates}. */
export function noDates(): LRUCache<string, PostingDate> {
  return new LRUCache({ max: 10_000 });
}

/** The author of imported credit notes. */
export const AUTHOR = 'Bigcapital';

/** Lengths that Bigcapital stores. Of a refund with a longer description it posts nothing. */
const MAX_REFERENCE = 255;
const MAX_DESCRIPTION = 255;
const MAX_NOTE = 4000;
const MAX_LINE_DESCRIPTION = 1000;
/** Ten times as many as a note that is made here may have. Those of a page of notes are read at once. */
const MAX_LINES = 1000;

/**
 * Returns the credit note in our terms, opened unless it is a draft, and without its refunds.
 *
 * @throws {NotTakenOver}
 */
export function ourCreditNote(theirs: TheirCreditNote, number: string, records: Records): CreditNote {
  const { organization, systemAccounts } = records;
  if (theirs.lines.length > MAX_LINES) throw new NotTakenOver([`it has ${theirs.lines.length} lines, more than ${MAX_LINES}`]);
  const reasons = new Reasons();
  const customer = records.customers.get(theirs.customerId);
  if (customer === undefined) reasons.add(`customer ${theirs.customerId} is not here`);
  if (!isCurrency(theirs.currencyCode)) reasons.add(`there is no currency ${theirs.currencyCode}`);
  const branch = branchOf(theirs.branchId, records, reasons);
  const date = reasons.check(() => dateOf(theirs.date, records));
  const exchangeRate = reasons.check(() => rateOf(theirs.exchangeRate, theirs.currencyCode, organization));
  if (lengthOf(theirs.referenceNo) > MAX_REFERENCE) reasons.add(tooLong('reference', MAX_REFERENCE));
  if (lengthOf(theirs.note) > MAX_NOTE) reasons.add(tooLong('note', MAX_NOTE));
  const lines = linesOf(theirs, records, reasons);
  const total = lines.reduce((sum, { amount }) => sum.plus(amount), ZERO);
  if (!total.eq(theirs.total)) {
    reasons.add(
      `its ledger entry does not balance: its lines add up to ${total.toFixed()}, and its total is ${theirs.total.toFixed()}`,
    );
  }
  const spent = theirs.applied.plus(theirs.refunded);
  if (theirs.isDraft && spent.gt(ZERO))
    reasons.add(`it is a draft, but ${spent.toFixed()} of it is refunded or applied to invoices`);
  if (spent.gt(theirs.total))
    reasons.add(`it is over-refunded: ${spent.toFixed()} is refunded or applied to invoices of ${theirs.total.toFixed()}`);
  if (reasons.any || !customer || !branch || !date || !exchangeRate) throw reasons.all();

  const terms = { number, customer, branch, date, currencyCode: theirs.currencyCode, exchangeRate, lines };
  const { referenceNo, note } = theirs;
  const ours = reasons.check(() => new CreditNote(organization, { ...terms, referenceNo, note, createdBy: AUTHOR }));
  if (!ours) throw reasons.all();
  ours.id = theirs.id;
  ours.imported = true;
  ours.applied = theirs.applied;
  if (!theirs.isDraft) {
    ours.open(creditNoteEntry(ours, systemAccounts.receivable));
  }
  return ours;
}

/**
 * Reads the refunds of a credit note, in the order of their ids, in which they are settled.
 *
 * @throws {NotTakenOver} if one of them has no form of a refund or belongs to another note, or if two have one id
 */
export function theirRefunds(noteId: number, refunds: readonly (TheirRefund | UnreadableRefund)[]): TheirRefund[] {
  const readable = refunds.map((refund) => {
    if ('unreadable' in refund) throw new NotTakenOver([`one of its refunds cannot be read: ${refund.unreadable}`]);
    const { id, creditNoteId } = refund;
    if (creditNoteId !== null && creditNoteId !== noteId) {
      throw new NotTakenOver([`refund ${id}: Bigcapital shows it here, and says that it belongs to credit note ${creditNoteId}`]);
    }
    return refund;
  });
  const sorted = readable.sort((a, b) => a.id - b.id);
  const twin = sorted.find(({ id }, index) => id === sorted[index - 1]?.id);
  if (twin) throw new NotTakenOver([`refund ${twin.id}: Bigcapital shows two refunds with this id`]);
  return sorted;
}

/**
 * Refunds our credit note as they have refunded theirs. All refunds or none: what one of them has paid could otherwise be paid again.
 *
 * @throws {NotTakenOver}
 */
export function ourRefunds(ours: CreditNote, refunds: readonly TheirRefund[], records: Records): Refund[] {
  const reasons = new Reasons();
  const made = refunds.map((theirs) => reasons.check(() => ourRefund(ours, theirs, records), `refund ${theirs.id}: `));
  if (reasons.any) throw reasons.all();
  return made.flatMap((refund) => refund ?? []);
}

/** @throws {NotTakenOver} */
function ourRefund(ours: CreditNote, theirs: TheirRefund, records: Records): Refund {
  const { organization, accounts, systemAccounts } = records;
  const reasons = new Reasons();
  const { amount } = theirs;
  const account = accounts.get(theirs.fromAccountId);
  if (account === undefined) reasons.add(`account ${theirs.fromAccountId} is not here`);
  else {
    const currencies = [ours.currencyCode, organization.baseCurrency];
    reasons.check(() => account.assertUsable(organization.refundableFrom(), currencies, 'from_account_id'));
  }
  if (theirs.currencyCode !== ours.currencyCode) {
    reasons.add(`it is in ${theirs.currencyCode}, and its credit note is in ${ours.currencyCode}`);
  }
  const exchangeRate = reasons.check(() => rateOf(theirs.exchangeRate, theirs.currencyCode, organization));
  const date = reasons.check(() => dateOf(theirs.date, records));
  if (date) reasons.check(() => ours.assertNotBefore(date));
  if (lengthOf(theirs.referenceNo ?? '') > MAX_REFERENCE) reasons.add(tooLong('reference', MAX_REFERENCE));
  if (lengthOf(theirs.description ?? '') > MAX_DESCRIPTION) {
    reasons.add(`${tooLong('description', MAX_DESCRIPTION)}, and Bigcapital has posted no ledger entry for it`);
  }
  const branch = branchOf(theirs.branchId, records, reasons);
  reasons.check(() => branch?.assertActive());
  reasons.check(() => assertRefundable(ours, amount));
  if (reasons.any || !account || !exchangeRate || !date || !branch) throw reasons.all();

  const settlement = reasons.check(() => {
    const payment = ours.payment(amount, account, { exchangeRate });
    ours.assertUsualRate(amount, exchangeRate, {});
    return ours.refund(amount, payment);
  });
  if (!settlement) throw reasons.all();
  const terms = { date, referenceNo: theirs.referenceNo, description: theirs.description, ...settlement };
  const entry = refundEntry(ours, account, branch, terms, systemAccounts);
  const refund = new Refund(ours, account, branch, terms, entry, provenanceOf(theirs));
  refund.id = theirs.id;
  return refund;
}

/** The message of the entity names our remaining credit. That of an over-refunded note shall say what it is. */
function assertRefundable(ours: CreditNote, amount: Big): void {
  try {
    ours.assertRefundable(amount);
  } catch (error) {
    const { openedAt, remaining, currencyCode } = ours;
    if (openedAt === null || amount.lte(remaining)) throw error;
    const left = formatAmount(remaining, currencyCode);
    throw new NotTakenOver([`the credit note is over-refunded: it pays ${amount.toFixed()} of the ${left} that is left`]);
  }
}

function provenanceOf({ id }: TheirRefund): Provenance {
  const nobody = {
    userId: null,
    apiKeyId: null,
    traceId: null,
    clientName: null,
    clientVersion: null,
    operationName: null,
    ip: null,
  };
  return { createdBy: AUTHOR, requestId: `bigcapital refund ${id}`, protocol: Protocol.IMPORT, ...nobody };
}

/** Returns the lines of a note, with its discount and its adjustment as lines of their own, and without those of 0. */
export function theirLines(theirs: TheirCreditNote, { discount, otherCharges }: Records): TheirLine[] {
  const ofWholeNote = (account: Account | undefined, amount: Big, description: string): TheirLine => ({
    accountId: account?.id ?? null,
    description,
    amount,
  });
  return [
    ...theirs.lines,
    ofWholeNote(discount, ZERO.minus(theirs.discount), 'Discount'),
    ofWholeNote(otherCharges, theirs.adjustment, 'Adjustment'),
  ].filter(({ amount }) => !amount.eq(ZERO));
}

/** @throws {NotTakenOver} */
function linesOf(theirs: TheirCreditNote, records: Records, reasons: Reasons) {
  const { accounts, organization } = records;
  const lines = theirLines(theirs, records);
  if (lines.length === 0) reasons.add('it has no lines');
  return lines.flatMap(({ accountId, description, amount }) => {
    const account = accountId === null ? undefined : accounts.get(accountId);
    if (account === undefined) {
      reasons.add(accountId === null ? `a line of ${amount.toFixed()} has no account` : `account ${accountId} is not here`);
      return [];
    }
    reasons.check(() => account.assertUsable(LINE_TYPES, [organization.baseCurrency], 'sell_account_id'));
    if (lengthOf(description) > MAX_LINE_DESCRIPTION) reasons.add(tooLong('description of a line', MAX_LINE_DESCRIPTION));
    return [{ account, description, amount }];
  });
}

function branchOf(id: number | null, { branches, primaryBranch }: Records, reasons: Reasons): Branch | undefined {
  const branch = id === null ? primaryBranch : branches.get(id);
  if (branch === undefined) reasons.add(`branch ${id} is not here`);
  return branch;
}

/** @throws {DomainError} */
function dateOf(text: string, { organization, postingDaysAhead, dates }: Records): PostingDate {
  const known = dates.get(text);
  if (known !== undefined) return known;
  const date = organization.postingDate(text);
  organization.assertUnlocked(date);
  organization.assertNotTooFarAhead(date, postingDaysAhead);
  dates.set(text, date);
  return date;
}

/**
 * Bigcapital stores 1 where nobody has entered a rate, and posts a foreign amount as if it were one in the base currency.
 *
 * @throws {NotTakenOver}
 */
function rateOf(rate: Big | null, currencyCode: string, { baseCurrency }: Organization): Big {
  if (currencyCode === baseCurrency) return rate ?? ONE;
  if (rate === null || rate.eq(ONE)) {
    throw new NotTakenOver([
      `its amount in ${currencyCode} is not converted to ${baseCurrency}: its exchange rate is ${rate === null ? 'missing' : '1'}`,
    ]);
  }
  return rate;
}

function tooLong(field: string, characters: number): string {
  return `its ${field} is longer than ${characters} characters`;
}

/** Collects the reasons against a record, so that an operator sees all of them at once. */
class Reasons {
  private readonly reasons: string[] = [];

  get any(): boolean {
    return this.reasons.length > 0;
  }

  add(reason: string): void {
    this.reasons.push(reason);
  }

  /** Returns the value, or collects the refusal. */
  check<T>(value: () => T, prefix = ''): T | undefined {
    try {
      return value();
    } catch (error) {
      for (const reason of reasonsOf(error)) this.reasons.push(`${prefix}${reason}`);
      return undefined;
    }
  }

  all(): NotTakenOver {
    return new NotTakenOver([...new Set(this.reasons)]);
  }
}

/** Returns at least one reason for a refusal. Another error is thrown again. */
export function reasonsOf(error: unknown): readonly string[] {
  if (error instanceof NotTakenOver) return error.reasons;
  if (!(error instanceof DomainError)) throw error;
  return error.parts.length > 0 ? error.parts.map(({ message }) => message) : [error.message];
}

/** The number without blanks at its ends; the id if nothing is left. */
export function tidyNumber({ id, number }: TheirCreditNote): string {
  return tidy(number) || String(id);
}
