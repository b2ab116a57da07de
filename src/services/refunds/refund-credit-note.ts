import type { EntityManager } from '@mikro-orm/postgresql';
import { provenanceOf, readCurrentRoles } from '../../auth/actor.js';
import { Refusals } from '../../domain-error.js';
import type { Account, SystemAccounts } from '../../entities/account.js';
import type { Branch } from '../../entities/branch.js';
import type { CreditNote, Payment } from '../../entities/credit-note.js';
import { credit, debit, JournalEntry, JournalSource, type Posting } from '../../entities/journal-entry.js';
import { Refund, type RefundTerms } from '../../entities/refund.js';
import { AccountNotFound, BranchIdNotFound, CreditNoteNotFound, PossibleDuplicateRefund } from '../../errors.js';
import { bulkInsert } from '../../orm/bulk-insert.js';
import { run } from '../../orm/query.js';
import { type Big, ZERO } from '../../values/money.js';
import { LockWait } from '../unit-of-work/locks.js';
import { type Scheduling, type UnitOfWork, underLocks } from '../unit-of-work/unit-of-work.js';
import { commandOf, type RefundRequest, refundCommand } from './refund-command.js';
import { type LockedRecords, lockRecords } from './refund-records.js';

/**
 * Pays back part of a customer's credit, and posts the journal entry for it. If the idempotency key was used for the same command, returns the
 * refund of that time.
 *
 * @throws {Unauthenticated} if the actor's key or membership has ended since authentication
 * @throws {Forbidden} if the actor's role has become too low since authentication
 * @throws {CreditNoteNotFound}
 * @throws {CreditNoteIsDraft}
 * @throws {CreditNoteIsVoid}
 * @throws {AccountNotFound}
 * @throws {AccountInactive}
 * @throws {AccountInvalidType} if the type of the account does not allow refunds
 * @throws {AccountCurrencyInvalid} if the account is held in neither the note's nor the base currency
 * @throws {AmountNotPositive}
 * @throws {AmountPrecision} if the amount has more decimals than the note's currency
 * @throws {AmountTooLarge}
 * @throws {CreditNoteChanged} if the remaining credit differs from the expected one
 * @throws {CreditNoteHasNoRemainingAmount} if less than the amount is left on the note
 * @throws {ExchangeRateInvalid}
 * @throws {ExchangeRateUnusual} if the rate is far from the note's, and the request does not allow that
 * @throws {PaidAmountInvalid} if the paid amount is impossible for this account and amount
 * @throws {TransactionsDateLocked} if the books are locked on the posting date
 * @throws {DateTooFarAhead}
 * @throws {DateBeforeCreditNote}
 * @throws {BranchIdNotFound}
 * @throws {BranchInactive}
 * @throws {PossibleDuplicateRefund}
 * @throws {IdempotencyKeyReused} if the idempotency key was used for another command
 * @throws {OrganizationMoving} if the organization is frozen
 * @throws {ServiceUnavailable} if a lock does not become free within the request's wait budget, or if the database is away
 */
export function refundCreditNote(em: EntityManager, request: RefundRequest, scheduling: Scheduling = {}): Promise<Refund> {
  const { actor } = request;
  const organizationId = actor.organization.id;
  const command = commandOf(request);
  const load = lockRecords(em, organizationId, [request], LockWait.WAIT);
  return underLocks(em, organizationId, { ...scheduling, actors: [actor], commands: [command], load }, async (unitOfWork) => {
    const { roles, keys, loaded: records } = unitOfWork;
    roles.require(actor, refundCommand.role);
    const earlier = keys.resultOf(command);
    if (earlier !== null) return unitOfWork.em.findOneOrFail(Refund, { id: earlier, organization: organizationId });

    const refund = makeRefund(request, records);
    await saveRefunds(unitOfWork, new Map([[request, refund]]));
    return refund;
  });
}

/**
 * Refuses the request, or makes its refund in memory: changes the note, and builds the journal entry. A preview does no more than this.
 *
 * @throws the refusals of {@link refundCreditNote}, of all fields at once; the note is then unchanged
 */
export function makeRefund(request: RefundRequest, records: LockedRecords): Refund {
  const { actor, command, conditions } = request;
  const { organization } = records;
  const creditNote = records.creditNote(request);
  if (creditNote === undefined) throw new CreditNoteNotFound(command.creditNoteId);
  creditNote.assertOpened();
  const { date } = command;
  // This check precedes those that the first of two equal refunds makes fail: the reply to a double click must say that the refund was paid.
  const duplicate = records.duplicate(request);
  if (duplicate !== undefined) throw new PossibleDuplicateRefund(duplicate, conditions.duplicateWindowSeconds);
  if (conditions.expectedRemaining) creditNote.assertRemaining(conditions.expectedRemaining);

  // The fields do not depend on each other, so a caller sees the refusals of all of them at once. The payment needs the account and the amount.
  const refusals = new Refusals();
  const account = refusals.check(() => usableAccount(request, records, creditNote));
  refusals.check(() => creditNote.assertRefundable(command.amount));
  const payment = refusals.any || !account ? undefined : refusals.check(() => usualPayment(request, creditNote, account));
  refusals.check(() => {
    organization.assertUnlocked(date);
    organization.assertNotTooFarAhead(date, actor.postingDaysAhead);
    creditNote.assertNotBefore(date);
  });
  const branch = records.branch(request);
  if (branch === undefined) refusals.add(new BranchIdNotFound(command.branchId));
  else refusals.check(() => branch.assertActive());
  if (refusals.any || !account || !payment || !branch) throw refusals.all();

  // No check may follow: the note changes here, and other requests of the batch use it after a refusal.
  const terms = { ...command, ...creditNote.refund(command.amount, payment) };
  const entry = refundEntry(creditNote, account, branch, terms, records.systemAccounts);
  return new Refund(creditNote, account, branch, terms, entry, provenanceOf(actor));
}

/** Returns the account of the request, which a refund of the note can be paid from. */
function usableAccount(request: RefundRequest, records: LockedRecords, { currencyCode }: CreditNote): Account {
  const { fromAccountId } = request.command;
  const account = records.fromAccount(request);
  if (account === undefined) throw new AccountNotFound(fromAccountId, 'fromAccountId');
  account.assertUsable(records.organization.refundableFrom(), [currencyCode, records.organization.baseCurrency], 'fromAccountId');
  return account;
}

/** Returns the payment that the request asks for, whose exchange rate is usual or allowed. */
function usualPayment({ command, conditions }: RefundRequest, creditNote: CreditNote, fromAccount: Account): Payment {
  const payment = creditNote.payment(command.amount, fromAccount, command);
  if (!conditions.allowUnusualRate) creditNote.assertUsualRate(command.amount, payment.exchangeRate, command);
  return payment;
}

/**
 * Inserts the refunds and their entries, with one statement for each table, and stores their idempotency keys.
 *
 * @throws {Unauthenticated} if the key or membership of one of the actors has ended; the transaction must be rolled back
 * @throws {Forbidden} if the role of one of the actors has become too low; the transaction must be rolled back
 */
export async function saveRefunds(
  { em, organization, keys, commitWith }: UnitOfWork<unknown>,
  made: ReadonlyMap<RefundRequest, Refund>,
): Promise<void> {
  if (made.size === 0) return;
  const refunds = [...made.values()];
  const entries = refunds.map(({ journalEntry }) => journalEntry);
  const actors = [...made.keys()].map(({ actor }) => actor);
  // The first insert may wait for the organization's order lock, so the roles are read after it.
  const [, roles] = await run(em, bulkInsert(em, entries), readCurrentRoles(organization.id, actors));
  for (const actor of actors) roles.require(actor, refundCommand.role);
  const lines = entries.flatMap(({ lines }) => lines.getItems());
  const written = run(em, bulkInsert(em, lines), bulkInsert(em, refunds));
  commitWith(written);

  const withKeys = [...made].filter(([{ conditions }]) => conditions.idempotency !== undefined);
  // A key is stored with the id of its refund, which the insert returns.
  if (withKeys.length > 0) await written;
  for (const [request, refund] of withKeys) keys.keep(commandOf(request), refund);
}

/** Builds the journal entry of a refund, in the base currency. */
export function refundEntry(
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

/** A gain is credited: less money left the account than was owed. A loss, which is negative, is debited. */
function gain(account: Account, amount: Big, branch: Branch): Posting {
  return amount.lt(ZERO) ? debit(account, amount.abs(), { branch }) : credit(account, amount, { branch });
}
