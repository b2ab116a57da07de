import type { EntityManager } from '@mikro-orm/postgresql';
import { Refund } from '../../entities/refund.js';
import { DomainError, PossibleDuplicateRefund } from '../../errors.js';
import type { Idempotency, KeyedCommand } from '../unit-of-work/idempotency.js';
import { onBooks, Patience } from '../unit-of-work/unit-of-work.js';
import { areEqual, bookStatements, openBooks } from './refund-books.js';
import { type RefundRequest, refundListCommand } from './refund-command.js';
import { decideRefunds, keyed, writeRefunds } from './refund-credit-note.js';

/** Refunds that one caller asks for together, in one organization. */
export interface RefundList {
  readonly requests: readonly RefundRequest[];
  /** The key of the list as a whole; each request has one of its own beside it. */
  readonly idempotency: Idempotency | undefined;
}

/** Of the key of a list, which names no single refund. */
const NO_REFUND = { id: 0 };

/**
 * Makes all refunds of the list or none, in one unit of work.
 *
 * @throws the first refusal, as {@link refundCreditNotes} has it, with the place of the request in its field: `inputs.2.amount`
 * @throws {IdempotencyKeyReused} if the list's key was used for another list
 */
export function refundAllOrNone(em: EntityManager, organizationId: number, list: RefundList): Promise<Refund[]> {
  const { requests } = list;
  const commands = [asOne(list), ...requests.map(keyed)];
  const actors = requests.map(({ actor }) => actor);
  const reading = bookStatements(em, organizationId, requests, Patience.FULL);
  return onBooks(em, organizationId, { commands, actors, reading }, async (em, organization, { keys, standing, rows }) => {
    const before = keys.resultOf(asOne(list));
    const books = openBooks(em, organization, requests, Patience.FULL, rows);
    const { outcomes, made } = await decideRefunds(em, keys, standing, requests, books);
    const repeats = repeatsIn(requests);
    const refunds = outcomes.map((outcome, index) => {
      const refusal = repeats.get(requests[index]) ?? outcome;
      if (refusal instanceof Refund) return refusal;
      throw refusal instanceof DomainError ? refusal.at(`inputs.${index}`) : new Error(`postponed: ${refusal}`);
    });
    const { written } = await writeRefunds(em, keys, made);
    await written;
    if (before === null) keys.keep(asOne(list), NO_REFUND);
    return refunds;
  });
}

/**
 * Gives the list its key for good, before any of it is done: sent again with a line more or less, its lines would have other
 * numbers, and be paid again.
 *
 * @throws {IdempotencyKeyReused} if the key was used for another list
 */
export async function bindKey(em: EntityManager, organizationId: number, list: RefundList): Promise<void> {
  if (list.idempotency === undefined) return;
  const actors = list.requests.map(({ actor }) => actor);
  await onBooks(em, organizationId, { commands: [asOne(list)], actors }, async (_em, _organization, { keys, standing }) => {
    for (const actor of actors) standing.assertMay(actor, refundListCommand.role);
    if (keys.resultOf(asOne(list)) === null) keys.keep(asOne(list), NO_REFUND);
  });
}

/** The requests that equal an earlier one of the list: a slip, unless the caller allows duplicates. Keys are no excuse here. */
export function repeatsIn(requests: readonly RefundRequest[]): ReadonlyMap<RefundRequest | undefined, PossibleDuplicateRefund> {
  const repeats = requests.filter((request, index) => {
    const { actor, conditions } = request;
    const isLike = (other: RefundRequest): boolean => areEqual(request, other, actor.organization);
    return conditions.duplicateWindowSeconds > 0 && requests.slice(0, index).some(isLike);
  });
  return new Map(repeats.map((request) => [request, new PossibleDuplicateRefund(null, request.conditions.duplicateWindowSeconds)]));
}

function asOne({ requests, idempotency }: RefundList): KeyedCommand {
  return { operation: refundListCommand.name, fields: { inputs: requests.map(({ command }) => command) }, idempotency };
}
