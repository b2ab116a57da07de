import { type EntityManager, LockMode } from '@mikro-orm/postgresql';
import { type Actor, provenanceOf } from '../auth/actor.js';
import { Account } from '../entities/account.js';
import { REFUNDABLE_FROM } from '../entities/account-type.js';
import { Branch } from '../entities/branch.js';
import { CreditNote } from '../entities/credit-note.js';
import { credit, debit, JournalEntry, JournalSource, type Posting } from '../entities/journal-entry.js';
import type { Organization } from '../entities/organization.js';
import { Refund, type RefundTerms } from '../entities/refund.js';
import { AccountNotFound, BranchNotFound, CreditNoteNotFound, PossibleDuplicateRefund } from '../errors.js';
import { type Big, ZERO } from '../money.js';
import type { PostingDate } from '../posting-date.js';
import { findOwned } from './find-owned.js';
import { type SystemAccounts, systemAccounts } from './system-accounts.js';
import { type Idempotency, inUnitOfWork } from './unit-of-work.js';

export interface RefundCreditNote {
  readonly creditNoteId: string;
  readonly fromAccountId: string;
  /** In the credit note's currency. */
  readonly amount: Big;
  /** Units of the base currency per unit of the credit note's currency. */
  readonly exchangeRate: Big;
  readonly referenceNo: string;
  readonly description: string;
  /** A calendar date, or a date-time that becomes one in the organization's time zone. */
  readonly date: string;
  readonly branchId: string;
}

/** What the caller says about the refund, beside what is to be booked. */
export interface RefundConditions {
  readonly idempotency?: Idempotency | undefined;
  /** Refund only if this much remains, as the caller saw it. */
  readonly expectedRemaining?: Big | null | undefined;
  /** Without a key, an equal refund within so many seconds is taken for a mistake; 0 takes none for one. */
  readonly duplicateWindowSeconds: number;
}

/**
 * Pays back part of a customer's credit and posts the journal entry for it.
 *
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
 * @throws {TransactionsDateLocked} if the books are locked on the posting date
 * @throws {DateBeforeCreditNote}
 * @throws {BranchNotFound}
 * @throws {PossibleDuplicateRefund}
 * @throws {IdempotencyKeyReused} if the idempotency key was used for another command
 */
export function refundCreditNote(
  em: EntityManager,
  actor: Actor,
  command: RefundCreditNote,
  { idempotency, ...conditions }: RefundConditions,
): Promise<Refund> {
  const fields = { ...command };
  return inUnitOfWork(
    em,
    actor,
    { operation: 'refundCreditNote', fields, result: Refund, idempotency },
    async (em, organization) => {
      const duplicateWindowSeconds = idempotency === undefined ? conditions.duplicateWindowSeconds : 0;
      const refund = await prepareRefund(em, actor, organization, command, { ...conditions, duplicateWindowSeconds });
      em.persist([refund.journalEntry, refund]);
      return refund;
    },
  );
}

/**
 * All of a refund but its writing: locks, refuses, changes the note in memory and makes the entry. A preview ends here.
 * It throws what {@link refundCreditNote} does.
 */
export async function prepareRefund(
  em: EntityManager,
  actor: Actor,
  organization: Organization,
  command: RefundCreditNote,
  { expectedRemaining, duplicateWindowSeconds }: Omit<RefundConditions, 'idempotency'>,
): Promise<Refund> {
  // The lock makes check-then-spend one step: a concurrent refund waits here and then sees what is left.
  const creditNote = await findOwned(em, CreditNote, organization, command.creditNoteId, LockMode.PESSIMISTIC_WRITE);
  if (creditNote === null) throw new CreditNoteNotFound(command.creditNoteId);
  creditNote.assertOpened();
  const date = organization.postingDate(command.date);
  // Before all that the first of two equal refunds has changed: who clicked twice is to hear that it was paid.
  await refuseDuplicate(em, command, date, duplicateWindowSeconds);
  if (expectedRemaining) creditNote.assertRemaining(expectedRemaining);

  const fromAccount = await findOwned(em, Account, organization, command.fromAccountId);
  if (fromAccount === null) throw new AccountNotFound(command.fromAccountId, 'fromAccountId');
  fromAccount.assertUsable(REFUNDABLE_FROM, [creditNote.currencyCode, organization.baseCurrency], 'fromAccountId');

  const { settled, paid } = creditNote.refund(command.amount, command.exchangeRate);

  organization.assertUnlocked(date);
  creditNote.assertNotBefore(date);
  const branch = await findOwned(em, Branch, organization, command.branchId);
  if (branch === null) throw new BranchNotFound(command.branchId);

  const terms = { ...command, date, settledAmount: settled, paidAmount: paid };
  const entry = refundEntry(creditNote, fromAccount, branch, terms, await systemAccounts(em, organization));
  return new Refund(creditNote, fromAccount, branch, terms, entry, provenanceOf(actor));
}

/** A double click sends the same refund twice. The note's lock makes the second wait, and see the first. */
async function refuseDuplicate(em: EntityManager, command: RefundCreditNote, date: PostingDate, seconds: number): Promise<void> {
  if (seconds === 0) return;
  const [duplicate] = await em.execute<{ id: string }[]>(
    `select id from refunds refund
     where credit_note_id = ? and created_at > clock_timestamp() - make_interval(secs => ?)
       and amount = ? and from_account_id = ? and date = ? and reference_no = ?
       and not exists (select from refund_reversals where refund_id = refund.id)
     order by created_at desc limit 1`,
    [command.creditNoteId, seconds, command.amount.toFixed(), command.fromAccountId, date, command.referenceNo],
  );
  if (duplicate !== undefined) throw new PossibleDuplicateRefund(String(duplicate.id), seconds);
}

/** The journal entry of a refund, in the base currency. */
function refundEntry(
  creditNote: CreditNote,
  fromAccount: Account,
  branch: Branch,
  { amount, date, settledAmount, paidAmount }: RefundTerms,
  { receivable, fxGainLoss }: SystemAccounts,
): JournalEntry {
  const { organization, customer } = creditNote;
  const foreign = creditNote.inForeign(amount);
  return new JournalEntry(
    organization,
    { postingDate: date, source: JournalSource.REFUND, memo: `Refund of credit note ${creditNote.number}` },
    [
      debit(receivable, settledAmount, { foreign, customer, branch }),
      credit(fromAccount, paidAmount, { foreign, branch }),
      realizedFx(fxGainLoss, settledAmount.minus(paidAmount), branch),
    ],
  );
}

/** A gain: less left the bank than was owed. A loss: more did. */
function realizedFx(account: Account, gain: Big, branch: Branch): Posting {
  return gain.lt(ZERO) ? debit(account, gain.abs(), { branch }) : credit(account, gain, { branch });
}
