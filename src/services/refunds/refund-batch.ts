import type { EntityManager } from '@mikro-orm/postgresql';
import { DomainError } from '../../domain-error.js';
import type { Organization } from '../../entities/organization.js';
import { Refund } from '../../entities/refund.js';
import type { LockWait } from '../unit-of-work/locks.js';
import { type UnitOfWork, underLocks } from '../unit-of-work/unit-of-work.js';
import { commandOf, mayRepeat, type RefundRequest, refundCommand } from './refund-command.js';
import { makeRefund, saveRefunds } from './refund-credit-note.js';
import { type LockedRecords, lockRecords } from './refund-records.js';

/** Why a request is deferred to another batch. */
export enum Deferred {
  /** Another transaction holds the credit note. */
  CREDIT_NOTE_BUSY = 'CREDIT_NOTE_BUSY',
  /** Another transaction holds the idempotency key. */
  KEY_BUSY = 'KEY_BUSY',
  /** The request may repeat an earlier one of its batch, and must see the refund of that one. */
  AFTER_ANOTHER = 'AFTER_ANOTHER',
}

/** The outcome of one request of a batch. */
export type Outcome = Refund | DomainError | Deferred;

/** An unexpected error of one request before anything was written. The whole batch is rolled back, and each request can be retried alone. */
export class RefundFault extends Error {
  constructor(cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

/**
 * Makes refunds of one organization in one transaction, in the order of the requests. A refusal affects its own request only.
 *
 * @param onWritten see {@link Scheduling}
 * @returns the outcome of each request, in their order
 * @throws {RefundFault}
 */
export function refundBatch(
  em: EntityManager,
  organizationId: number,
  requests: readonly RefundRequest[],
  lockWait: LockWait,
  onWritten: () => void,
): Promise<readonly Outcome[]> {
  const load = lockRecords(em, organizationId, requests, lockWait);
  const actors = requests.map(({ actor }) => actor);
  const options = { lockWait, onWritten, actors, commands: requests.map(commandOf), load };
  return underLocks(em, organizationId, options, async (unitOfWork) => {
    const { outcomes, made } = await decideRefunds(unitOfWork, requests);
    await saveRefunds(unitOfWork, made);
    return outcomes;
  });
}

interface Decided {
  readonly outcomes: readonly Outcome[];
  /** The refunds that have yet to be written. */
  readonly made: ReadonlyMap<RefundRequest, Refund>;
}

/** Decides each request in memory, in their order: makes its refund, refuses it, defers it or finds its earlier result. Writes nothing. */
export async function decideRefunds(
  { em, organization, roles, keys, loaded: records }: UnitOfWork<LockedRecords>,
  requests: readonly RefundRequest[],
): Promise<Decided> {
  const earlier = requests.map((request) =>
    unlessRefused(() => {
      roles.require(request.actor, refundCommand.role);
      return keys.isBusy(commandOf(request)) ? Deferred.KEY_BUSY : keys.resultOf(commandOf(request));
    }),
  );
  const replayed = await readRefunds(
    em,
    organization,
    earlier.filter((result) => typeof result === 'number'),
  );

  const made = new Map<RefundRequest, Refund>();
  const outcomes = requests.map((request, index): Outcome => {
    const result = earlier[index] ?? null;
    if (typeof result === 'number') return replayed(result);
    const decided = result ?? deferredBy(request, records, [...made.keys()]);
    if (decided !== null) return decided;
    return unlessRefused(() => {
      const refund = makeRefund(request, records);
      made.set(request, refund);
      return refund;
    });
  });
  return { outcomes, made };
}

function deferredBy(request: RefundRequest, records: LockedRecords, made: readonly RefundRequest[]): Deferred | null {
  if (records.isSkipped(request)) return Deferred.CREDIT_NOTE_BUSY;
  return made.some((earlier) => mayRepeat(request, earlier)) ? Deferred.AFTER_ANOTHER : null;
}

async function readRefunds(em: EntityManager, organization: Organization, ids: readonly number[]): Promise<(id: number) => Refund> {
  const refunds = ids.length === 0 ? [] : await em.find(Refund, { organization: organization.id, id: { $in: [...ids] } });
  const refundOf = new Map(refunds.map((refund) => [refund.id, refund]));
  return (id) => {
    const refund = refundOf.get(id);
    if (refund === undefined) throw new Error(`an idempotency key names refund ${id}, which does not exist`);
    return refund;
  };
}

function unlessRefused<T>(decide: () => T): T | DomainError {
  try {
    return decide();
  } catch (error) {
    if (error instanceof DomainError) return error;
    throw new RefundFault(error);
  }
}
