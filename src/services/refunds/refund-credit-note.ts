import type { EntityManager } from '@mikro-orm/postgresql';
import { provenanceOf } from '../../auth/actor.js';
import { Standing, standingStatement } from '../../auth/standing.js';
import type { Account } from '../../entities/account.js';
import { REFUNDABLE_FROM } from '../../entities/account-type.js';
import type { Branch } from '../../entities/branch.js';
import type { CreditNote } from '../../entities/credit-note.js';
import { credit, debit, JournalEntry, JournalSource, type Posting } from '../../entities/journal-entry.js';
import { Refund, type RefundTerms } from '../../entities/refund.js';
import { AccountNotFound, BranchNotFound, CreditNoteNotFound, DomainError, PossibleDuplicateRefund } from '../../errors.js';
import { bulkInsert, bulkInsertThen } from '../../orm/bulk-insert.js';
import { type Big, ZERO } from '../../values/money.js';
import type { SystemAccounts } from '../ledger/system-accounts.js';
import type { LockedKeys } from '../unit-of-work/idempotency.js';
import { onBooks, Patience } from '../unit-of-work/unit-of-work.js';
import { areEqual, type Books, bookStatements, openBooks, windowOf } from './refund-books.js';
import { type RefundRequest, refundCommand } from './refund-command.js';

/** Why a request has to be taken up again, in another unit of work. */
export enum Postponed {
  /** Somebody else holds the credit note. */
  CREDIT_NOTE_BUSY = 'CREDIT_NOTE_BUSY',
  /** The idempotency key is in use elsewhere. */
  KEY_BUSY = 'KEY_BUSY',
  /** It may be the same as another request of this unit of work, and is to see that one's refund. */
  AFTER_ANOTHER = 'AFTER_ANOTHER',
}

/** What became of a request: its refund, what it is refused with, or why it has to be taken up again. */
export type Outcome = Refund | DomainError | Postponed;

/**
 * Pays back part of customers' credit, and posts the journal entry of each refund: all requests of one organization in one
 * unit of work, in their order. Each has its own outcome: a refusal leaves the others alone.
 *
 * Refusals, one for each request:
 *
 * @throws {Unauthenticated} if the actor's key or membership has ended by now
 * @throws {Forbidden} if the actor's role has become too low
 * @throws {CreditNoteNotFound}
 * @throws {CreditNoteIsDraft}
 * @throws {CreditNoteIsVoid}
 * @throws {AccountNotFound}
 * @throws {AccountInactive}
 * @throws {AccountInvalidType} if money cannot leave from the account
 * @throws {AccountCurrencyInvalid} if the account is held in neither the note's nor the base currency
 * @throws {AmountNotPositive}
 * @throws {AmountPrecision} if the amount has more decimals than the note's currency
 * @throws {AmountTooLarge}
 * @throws {CreditNoteChanged} if not as much remains as the caller expects
 * @throws {CreditNoteHasNoRemainingAmount} if less than the amount is left on the note
 * @throws {ExchangeRateInvalid}
 * @throws {ExchangeRateUnusual} if the rate is far from the note's, and the caller does not say that it is right
 * @throws {PaidAmountInvalid} if it cannot be what the bank shows
 * @throws {TransactionsDateLocked} if the books are locked on the posting date
 * @throws {DateTooFarAhead}
 * @throws {DateBeforeCreditNote}
 * @throws {BranchNotFound}
 * @throws {PossibleDuplicateRefund}
 * @throws {IdempotencyKeyReused} if the idempotency key was used for another command
 */
export async function refundCreditNotes(
  em: EntityManager,
  organizationId: number,
  requests: readonly RefundRequest[],
  waits: { readonly patience: Patience; readonly hasWaited?: boolean },
  onWritten?: () => void,
): Promise<readonly Outcome[]> {
  const { patience } = waits;
  const reading = bookStatements(em, organizationId, requests, patience);
  const actors = requests.map(({ actor }) => actor);
  const terms = { ...waits, commands: requests.map(keyed), actors, reading };
  const { outcomes, written } = await onBooks(em, organizationId, terms, async (em, organization, { keys, standing, rows }) => {
    const books = openBooks(em, organization, requests, patience, rows);
    const { outcomes, made } = await decideRefunds(em, keys, standing, requests, books);
    const { written } = await writeRefunds(em, keys, made);
    void written.then(onWritten, () => undefined);
    return { outcomes, written };
  });
  await written;
  return outcomes;
}

/**
 * {@link refundCreditNotes} of one, which waits for what it needs.
 *
 * @param hasWaited whether a short wait was in vain already
 */
export async function refundCreditNote(
  em: EntityManager,
  request: RefundRequest,
  { hasWaited = false, onWritten }: { readonly hasWaited?: boolean; readonly onWritten?: () => void } = {},
): Promise<Refund> {
  const waits = { patience: Patience.FULL, hasWaited };
  const [outcome] = await refundCreditNotes(em, request.actor.organization.id, [request], waits, onWritten);
  if (outcome instanceof Refund) return outcome;
  throw outcome instanceof DomainError ? outcome : new Error(`a refund that waits was postponed: ${outcome}`);
}

/** What became of each request, and the refunds that are to be written. */
interface Decided {
  readonly outcomes: readonly Outcome[];
  readonly made: ReadonlyMap<RefundRequest, Refund>;
}

/** Decides request by request in memory, under the locks. Nothing is written yet. */
export async function decideRefunds(
  em: EntityManager,
  keys: LockedKeys,
  standing: Standing,
  requests: readonly RefundRequest[],
  books: Books,
): Promise<Decided> {
  const earlier = requests.map((request) =>
    unlessRefused(() => {
      standing.assertMay(request.actor, refundCommand.role);
      return keys.isBusy(keyed(request)) ? Postponed.KEY_BUSY : keys.resultOf(keyed(request));
    }),
  );
  const replays = await replayed(em, earlier);

  const made = new Map<RefundRequest, Refund>();
  const outcomes = requests.map((request, index): Outcome => {
    const before = earlier[index] ?? null;
    if (before !== null) return typeof before === 'number' ? replays(before) : before;
    const postponed = postponement(request, books, made.keys());
    if (postponed !== null) return postponed;
    return unlessRefused(() => {
      const refund = prepareRefund(request, books);
      made.set(request, refund);
      return refund;
    });
  });

  return { outcomes, made };
}

/**
 * One statement for each table. The lines and the refunds need the ids of their entries, but nothing of one another.
 *
 * @returns the last of it, in an object so that nobody waits for it yet: it goes along with the commit, which undoes all if it
 *   fails. With keys, which name the refunds, it has been waited for
 * @throws {Unauthenticated} if the key or membership of one of the actors has ended by now: then none of it may be written
 * @throws {Forbidden} if the role of one of them has become too low
 */
export async function writeRefunds(
  em: EntityManager,
  keys: LockedKeys,
  made: ReadonlyMap<RefundRequest, Refund>,
): Promise<{ written: Promise<void> }> {
  const actors = [...made.keys()].map(({ actor }) => actor);
  const [first] = actors;
  if (first === undefined) return { written: Promise.resolve() };
  const refunds = [...made.values()];
  const entries = refunds.map(({ journalEntry }) => journalEntry);
  // The standing of the actors is read after the entries, which may have waited for their turn to get ids.
  const [rows = []] = await bulkInsertThen(em, [entries], [standingStatement(first.organization.id, actors)]);
  const standing = new Standing(rows);
  for (const actor of actors) standing.assertMay(actor, refundCommand.role);
  const written = bulkInsert(
    em,
    entries.flatMap(({ lines }) => lines.getItems()),
    refunds,
  );
  const withKeys = [...made].filter(([{ conditions }]) => conditions.idempotency !== undefined);
  if (withKeys.length > 0) await written;
  for (const [request, refund] of withKeys) keys.keep(keyed(request), refund);
  return { written };
}

/** The command, as its idempotency key knows it. */
export function keyed({ command, conditions: { idempotency } }: RefundRequest) {
  return { operation: refundCommand.name, fields: command, idempotency };
}

async function replayed(em: EntityManager, earlier: readonly unknown[]): Promise<(id: number) => Refund> {
  const ids = earlier.filter((before) => typeof before === 'number');
  const refunds = new Map((ids.length === 0 ? [] : await em.find(Refund, { id: { $in: ids } })).map((each) => [each.id, each]));
  return (id) => {
    const refund = refunds.get(id);
    if (refund === undefined) throw new Error(`an idempotency key names refund ${id}, which is not there`);
    return refund;
  };
}

/** A refusal is for the one request that met it. Anything else ends the unit of work, and each is tried alone. */
function unlessRefused<T>(work: () => T): T | DomainError {
  try {
    return work();
  } catch (error) {
    if (error instanceof DomainError) return error;
    throw new RefundFault(error);
  }
}

/** A fault of ours before anything was written. */
export class RefundFault extends Error {
  constructor(cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

function postponement(request: RefundRequest, books: Books, made: Iterable<RefundRequest>): Postponed | null {
  if (books.isBusy(request)) return Postponed.CREDIT_NOTE_BUSY;
  for (const other of made) {
    if (haveSameKey(request, other) || (windowOf(request) > 0 && areEqual(request, other, books.organization)))
      return Postponed.AFTER_ANOTHER;
  }
  return null;
}

function haveSameKey({ conditions: one }: RefundRequest, { conditions: other }: RefundRequest): boolean {
  return one.idempotency !== undefined && one.idempotency.key === other.idempotency?.key;
}

/**
 * All of a refund but its writing: refuses, or changes the note in memory and makes the entry. A preview ends here. It
 * throws what {@link refundCreditNotes} refuses with.
 */
export function prepareRefund(request: RefundRequest, books: Books): Refund {
  const { actor, command, conditions } = request;
  const { organization } = books;
  const creditNote = books.creditNote(request);
  if (creditNote === undefined) throw new CreditNoteNotFound(command.creditNoteId);
  creditNote.assertOpened();
  const { date } = command;
  // Before all that the first of two equal refunds has changed: who clicked twice is to hear that it was paid.
  const duplicate = books.duplicate(request);
  if (duplicate !== undefined) throw new PossibleDuplicateRefund(duplicate, conditions.duplicateWindowSeconds);
  if (conditions.expectedRemaining) creditNote.assertRemaining(conditions.expectedRemaining);

  const fromAccount = books.fromAccount(request);
  if (fromAccount === undefined) throw new AccountNotFound(command.fromAccountId, 'fromAccountId');
  fromAccount.assertUsable(REFUNDABLE_FROM, [creditNote.currencyCode, organization.baseCurrency], 'fromAccountId');

  creditNote.assertRefundable(command.amount);
  const payment = creditNote.payment(command.amount, fromAccount, command);
  if (!conditions.allowUnusualRate) creditNote.assertUsualRate(command.amount, payment.exchangeRate, command);
  organization.assertUnlocked(date);
  organization.assertNotTooFarAhead(date, actor.postingDaysAhead);
  creditNote.assertNotBefore(date);
  const branch = books.branch(request);
  if (branch === undefined) throw new BranchNotFound(command.branchId);

  // Nothing is refused after this: a refusal leaves the note as it was, for the requests after it.
  const terms = { ...command, ...creditNote.refund(command.amount, payment) };
  const entry = refundEntry(creditNote, fromAccount, branch, terms, books.systemAccounts);
  return new Refund(creditNote, fromAccount, branch, terms, entry, provenanceOf(actor));
}

/** The journal entry of a refund, in the base currency. */
function refundEntry(
  creditNote: CreditNote,
  fromAccount: Account,
  branch: Branch,
  { amount, date, settledAmount, paidAmount, realizedGain }: RefundTerms,
  { receivable, fxGainLoss, rounding }: SystemAccounts,
): JournalEntry {
  const { organization, customer } = creditNote;
  const foreign = creditNote.inForeign(amount);
  return new JournalEntry(
    organization,
    { postingDate: date, source: JournalSource.REFUND, memo: `Refund of credit note ${creditNote.number}` },
    [
      debit(receivable, settledAmount, { foreign, customer, branch }),
      credit(fromAccount, paidAmount, { foreign, branch }),
      gain(fxGainLoss, realizedGain, branch),
      gain(rounding, settledAmount.minus(paidAmount).minus(realizedGain), branch),
    ],
  );
}

/** A gain: less left the bank than was owed. A loss: more did. */
function gain(account: Account, amount: Big, branch: Branch): Posting {
  return amount.lt(ZERO) ? debit(account, amount.abs(), { branch }) : credit(account, amount, { branch });
}
