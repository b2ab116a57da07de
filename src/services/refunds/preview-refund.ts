import type { EntityManager } from '@mikro-orm/postgresql';
import type { Actor } from '../../auth/actor.js';
import { DomainError } from '../../domain-error.js';
import type { Posting } from '../../entities/journal-entry.js';
import { DateTooFarAhead } from '../../errors.js';
import type { Big } from '../../values/money.js';
import type { PostingDate } from '../../values/posting-date.js';
import { LockWait } from '../unit-of-work/locks.js';
import { underLocks } from '../unit-of-work/unit-of-work.js';
import { type RefundInput, refundCommand, refundRequest } from './refund-command.js';
import { makeRefund } from './refund-credit-note.js';
import { lockRecords } from './refund-records.js';
import { refusalBy } from './refundability.js';

/** The result of a refund if it were made now, or its first refusal; and warnings of input that may be a mistake. */
export type RefundPreview = { readonly warnings: readonly DomainError[] } & (
  | { readonly refusal: DomainError }
  | {
      readonly refusal: null;
      readonly postingDate: PostingDate;
      readonly postings: readonly Posting[];
      /** Of the credit note. */
      readonly currencyCode: string;
      /** In the base currency; a loss is negative. */
      readonly realizedGain: Big;
      /** Remaining credit without the refund, in the note's currency. */
      readonly remainingBefore: Big;
      /** Remaining credit with the refund, in the note's currency. */
      readonly remainingAfter: Big;
    }
);

/** Thrown to roll the transaction back. It carries the preview to the caller. */
class Previewed extends Error {
  constructor(readonly preview: RefundPreview) {
    super('previewed');
  }
}

/**
 * Runs the transaction of a refund under the same locks, up to its first insert, and rolls it back. So it draws no id.
 *
 * @param duplicateWindowSeconds see {@link RefundConditions}
 * @throws {ServiceUnavailable} if a lock does not become free in time; refusals are returned, not thrown
 */
export async function previewRefund(
  em: EntityManager,
  actor: Actor,
  input: RefundInput,
  duplicateWindowSeconds: number,
): Promise<RefundPreview> {
  try {
    const request = refundRequest(actor, input, { duplicateWindowSeconds, allowUnusualRate: true });
    const load = lockRecords(em, actor.organization.id, [request], LockWait.WAIT);
    return await underLocks(em, actor.organization.id, { actors: [actor], load }, async ({ roles, loaded }) => {
      roles.require(actor, refundCommand.role);
      const refund = makeRefund(request, loaded);
      const { creditNote, journalEntry, realizedGain, currencyCode, amount } = refund;
      throw new Previewed({
        refusal: null,
        // The caller can override this refusal with `allowUnusualRate`.
        warnings: refusalBy(() => creditNote.assertUsualRate(amount, refund.exchangeRate, input)),
        postingDate: journalEntry.postingDate,
        postings: journalEntry.lines.getItems().map((line) => line.posting()),
        currencyCode,
        realizedGain,
        remainingBefore: creditNote.remaining.plus(amount),
        remainingAfter: creditNote.remaining,
      });
    });
  } catch (error) {
    if (error instanceof Previewed) return error.preview;
    if (error instanceof DomainError) {
      return { refusal: error, warnings: [error, ...error.parts].filter((each) => each instanceof DateTooFarAhead) };
    }
    throw error;
  }
}
