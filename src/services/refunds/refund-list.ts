import type { EntityManager } from '@mikro-orm/postgresql';
import { Refund } from '../../entities/refund.js';
import { DomainError, PossibleDuplicateRefund } from '../../errors.js';
import type { GivenCommand, Idempotency } from '../unit-of-work/idempotency.js';
import { LockWait } from '../unit-of-work/locks.js';
import { NOTHING, underLocks } from '../unit-of-work/unit-of-work.js';
import { decideRefunds } from './refund-batch.js';
import { lockBooks } from './refund-books.js';
import { areEqual, commandOf, type RefundRequest, refundListCommand } from './refund-command.js';
import { saveRefunds } from './refund-credit-note.js';
import type { RefundQueue } from './refund-queue.js';

/** Refunds that one caller asks for together, in one organization. */
export interface RefundList {
  readonly requests: readonly RefundRequest[];
  /** The key of the list as a whole. Each request has a key of its own beside it. */
  readonly idempotency: Idempotency | undefined;
}

/** The key of a list names no single refund. */
const NO_REFUND = { id: 0 };

/**
 * Makes all refunds of the list or none, in one transaction.
 *
 * @throws the first refusal, as {@link refundCreditNote} throws it, with the index of the request in its field: `inputs.2.amount`
 * @throws {IdempotencyKeyReused} if the list's key was used for another list
 */
export function refundAllOrNone(em: EntityManager, organizationId: number, list: RefundList): Promise<Refund[]> {
  const { requests } = list;
  const load = lockBooks(em, organizationId, requests, LockWait.WAIT);
  const options = { commands: [asOne(list), ...requests.map(commandOf)], actors: requests.map(({ actor }) => actor), load };
  return underLocks(em, organizationId, options, async (unitOfWork) => {
    const { keys } = unitOfWork;
    const before = keys.resultOf(asOne(list));
    const { outcomes, made } = await decideRefunds(unitOfWork, requests);
    const repeats = repeatsIn(requests);
    const refunds = outcomes.map((outcome, index) => {
      const refusal = repeats.get(requests[index]) ?? outcome;
      if (refusal instanceof Refund) return refusal;
      throw refusal instanceof DomainError ? refusal.at(`inputs.${index}`) : new Error(`deferred: ${refusal}`);
    });
    await saveRefunds(unitOfWork, made);
    if (before === null) keys.keep(asOne(list), NO_REFUND);
    return refunds;
  });
}

/** Makes each refund of the list by itself; those that arrive together share transactions. Returns the outcome of each. */
export async function refundEach(
  em: EntityManager,
  queue: RefundQueue,
  organizationId: number,
  list: RefundList,
): Promise<PromiseSettledResult<Refund>[]> {
  await bindKey(em, organizationId, list);
  const repeats = repeatsIn(list.requests);
  const progress = { hasBegun: false };
  return Promise.allSettled(
    list.requests.map(async (request) => {
      const repeat = repeats.get(request);
      if (repeat !== undefined) throw repeat;
      return queue.add(request, progress);
    }),
  );
}

/**
 * Binds the key to the list before any refund is made: if the list could be sent again with one line more or less, its lines would have other
 * numbers, and so other keys, and would be paid again.
 *
 * @throws {IdempotencyKeyReused} if the key was used for another list
 */
async function bindKey(em: EntityManager, organizationId: number, list: RefundList): Promise<void> {
  if (list.idempotency === undefined) return;
  const actors = list.requests.map(({ actor }) => actor);
  await underLocks(em, organizationId, { commands: [asOne(list)], actors, load: NOTHING }, async ({ keys, standing }) => {
    for (const actor of actors) standing.assertMay(actor, refundListCommand.role);
    if (keys.resultOf(asOne(list)) === null) keys.keep(asOne(list), NO_REFUND);
  });
}

/** The requests that equal an earlier one of the list: a mistake, unless the caller allows duplicates. A key of its own does not excuse one. */
function repeatsIn(requests: readonly RefundRequest[]): ReadonlyMap<RefundRequest | undefined, PossibleDuplicateRefund> {
  const repeats = requests.filter(
    (request, index) =>
      request.conditions.duplicateWindowSeconds > 0 && requests.slice(0, index).some((earlier) => areEqual(request, earlier)),
  );
  return new Map(repeats.map((request) => [request, new PossibleDuplicateRefund(null, request.conditions.duplicateWindowSeconds)]));
}

function asOne({ requests, idempotency }: RefundList): GivenCommand {
  return { name: refundListCommand.name, values: { inputs: requests.map(({ command }) => command) }, idempotency };
}
