import { Field, ObjectType } from 'type-graphql';
import { Refund } from '../entities/refund.js';
import { isRetryable } from '../error-codes.js';
import { FAULT, ServiceUnavailable } from '../errors.js';
import { refusalOf } from '../orm/errors.js';
import { type Row, rowOf } from '../reads/read-model.js';
import type { Context } from '../request/context.js';
import { RefusalType, refusalTypes } from './refusal.js';

@ObjectType('RefundOutcome', {
  description: 'The outcome of one refund of a list: either the refund or its refusal. The other field is null.',
})
export class RefundOutcomeType {
  @Field(() => Refund, { nullable: true, description: 'The refund that was made; null if it was refused.' })
  readonly refund: Row<Refund> | null;

  @Field(() => RefusalType, { nullable: true, description: 'Why the refund was not made; null if it was made.' })
  readonly refusal: RefusalType | null;

  @Field(() => [RefusalType], {
    description: 'The refusals of all its fields, of which `refusal` is the first; empty if it was made.',
  })
  readonly refusals: readonly RefusalType[];

  constructor(outcome: { readonly refund: Row<Refund> } | { readonly refusals: readonly RefusalType[] }) {
    this.refund = 'refund' in outcome ? outcome.refund : null;
    this.refusals = 'refusals' in outcome ? outcome.refusals : [];
    this.refusal = this.refusals[0] ?? null;
  }
}

/** Returns the outcomes of refunds that were all made. */
export function allMade(refunds: readonly Refund[]): RefundOutcomeType[] {
  return refunds.map((refund) => new RefundOutcomeType({ refund: rowOf(refund) }));
}

/**
 * Returns the outcomes of refunds that several transactions have made or refused. The refunds are read again, so that one reply contains one state
 * of each credit note. If this fails, the outcome has the refund as its transaction returned it, since it is committed.
 */
export async function eachSettled(
  settled: readonly PromiseSettledResult<Refund>[],
  context: Context,
): Promise<RefundOutcomeType[]> {
  return Promise.all(
    settled.map(async (each) => {
      if (each.status === 'rejected') return new RefundOutcomeType({ refusals: refusalsFor(each.reason, context) });
      const refund = await context.loaders.refund.load(each.value.id).catch((error: unknown) => {
        context.log.failedRead(error);
        return rowOf(each.value);
      });
      return new RefundOutcomeType({ refund });
    }),
  );
}

/** Returns the refusals for an error. An internal error becomes a refusal too, since other refunds of the list may be committed. */
function refusalsFor(error: unknown, { log, request: { requestId } }: Context): RefusalType[] {
  const refusal = refusalOf(error);
  if (refusal === null) {
    log.fault(error);
    return [{ ...FAULT, details: { requestId }, retryable: isRetryable(FAULT.code) }];
  }
  // A refusal that our own code threw has no cause to log.
  if (refusal instanceof ServiceUnavailable && error !== refusal) log.transient(error);
  log.add({ refused: refusal.code });
  return refusalTypes(refusal);
}
