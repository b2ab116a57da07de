import type { EntityManager } from '@mikro-orm/postgresql';
import { DomainError, Refusals } from '../../domain-error.js';
import { Refund } from '../../entities/refund.js';
import { Forbidden, PossibleDuplicateRefund, Unauthenticated } from '../../errors.js';
import type { GivenCommand, Idempotency } from '../unit-of-work/idempotency.js';
import { LockWait } from '../unit-of-work/locks.js';
import { LOAD_NOTHING, underLocks } from '../unit-of-work/unit-of-work.js';
import { decideRefunds } from './refund-batch.js';
import { areEqual, commandOf, type RefundRequest, refundListCommand } from './refund-command.js';
import { saveRefunds } from './refund-credit-note.js';
import type { RefundQueue } from './refund-queue.js';
import { lockRecords } from './refund-records.js';

/** Requests of one call, for refunds of one organization. */
export interface RefundList {
  readonly requests: readonly RefundRequest[];
  /** The key of the list as a whole. Each request has its own key too. */
  readonly idempotency: Idempotency | undefined;
}

/** Result that is stored with the key of a list, which stands for no single refund. */
const NO_REFUND = { id: 0 };

/**
 * Makes all refunds of the list or none, in one transaction. Returns them in the order of the requests.
 *
 * @throws the refusals of {@link refundCreditNote} for all requests, with the index of the request in each field, such as `inputs.2.amount`. Each
 *   request is decided as if those before it that are refused were not in the list.
 * @throws {IdempotencyKeyReused} if the list's key was used for another list
 */
export function refundAllOrNone(em: EntityManager, organizationId: number, list: RefundList): Promise<Refund[]> {
  const { requests } = list;
  const load = lockRecords(em, organizationId, requests, LockWait.WAIT);
  const options = { commands: [commandOfList(list), ...requests.map(commandOf)], actors: requests.map(({ actor }) => actor), load };
  return underLocks(em, organizationId, options, async (unitOfWork) => {
    const { keys } = unitOfWork;
    const before = keys.resultOf(commandOfList(list));
    const { outcomes, made } = await decideRefunds(unitOfWork, requests);
    const repeats = repeatsIn(requests);
    const refusals = new Refusals();
    const refunds = outcomes.flatMap((outcome, index) => {
      const result = repeats.get(requests[index]) ?? outcome;
      if (result instanceof Refund) return result;
      if (!(result instanceof DomainError)) throw new Error(`a refund of the list was deferred: ${result}`);
      // The caller has lost its access to all of them.
      if (result instanceof Unauthenticated || result instanceof Forbidden) throw result;
      refusals.add(result.at(`inputs.${index}`));
      return [];
    });
    if (refusals.any) throw refusals.all();
    await saveRefunds(unitOfWork, made);
    if (before === null) keys.keep(commandOfList(list), NO_REFUND);
    return refunds;
  });
}

/**
 * Makes each refund of the list independently of the others, through the queue, whose batches share transactions. Returns the outcome of each
 * request, in their order.
 *
 * @throws {IdempotencyKeyReused} if the list's key was used for another list
 */
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
 * Stores the key of the list before any refund is made. Otherwise the list could be sent again with one request more or less: its requests
 * would then have other numbers, and so other keys, and would be paid a second time.
 *
 * @throws {IdempotencyKeyReused} if the key was used for another list
 */
async function bindKey(em: EntityManager, organizationId: number, list: RefundList): Promise<void> {
  if (list.idempotency === undefined) return;
  const actors = list.requests.map(({ actor }) => actor);
  await underLocks(em, organizationId, { commands: [commandOfList(list)], actors, load: LOAD_NOTHING }, async ({ keys, roles }) => {
    for (const actor of actors) roles.require(actor, refundListCommand.role);
    if (keys.resultOf(commandOfList(list)) === null) keys.keep(commandOfList(list), NO_REFUND);
  });
}

/** Returns refusals for requests that equal an earlier one of the list, unless duplicates are allowed. The requests' own keys do not matter. */
function repeatsIn(requests: readonly RefundRequest[]): ReadonlyMap<RefundRequest | undefined, PossibleDuplicateRefund> {
  const repeats = requests.filter(
    (request, index) =>
      request.conditions.duplicateWindowSeconds > 0 && requests.slice(0, index).some((earlier) => areEqual(request, earlier)),
  );
  return new Map(repeats.map((request) => [request, new PossibleDuplicateRefund(null, request.conditions.duplicateWindowSeconds)]));
}

function commandOfList({ requests, idempotency }: RefundList): GivenCommand {
  // Notes of a list may be in several currencies. The key of each refund knows the rate that its own note has by default.
  const commands = requests.map(commandOf);
  const valuesIn = (timeZone: string) => {
    const values = { inputs: commands.map((each) => each.valuesIn(timeZone).values) };
    return { values, foreignValues: values };
  };
  return { name: refundListCommand.name, timeZone: commands[0]?.timeZone ?? 'UTC', valuesIn, idempotency };
}
