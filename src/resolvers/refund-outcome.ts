import { Field, ObjectType } from 'type-graphql';
import { Refund } from '../entities/refund.js';
import { FAULT, ServiceUnavailable } from '../errors.js';
import { refusalOf } from '../orm/errors.js';
import { type Row, rowOf } from '../reads/read-model.js';
import type { Context } from '../request/context.js';
import { RefusalType, refusalType } from './refusal.js';

@ObjectType('RefundOutcome', { description: 'What became of one of several refunds: it was made, or else refused.' })
export class RefundOutcomeType {
  @Field(() => Refund, { nullable: true, description: 'The refund, if it was made.' })
  readonly refund: Row<Refund> | null;

  @Field(() => RefusalType, { nullable: true, description: 'Why it was not made.' })
  readonly refusal: RefusalType | null;

  constructor(outcome: { readonly refund: Row<Refund> } | { readonly refusal: RefusalType }) {
    this.refund = 'refund' in outcome ? outcome.refund : null;
    this.refusal = 'refusal' in outcome ? outcome.refusal : null;
  }
}

export function allMade(refunds: readonly Refund[]): RefundOutcomeType[] {
  return refunds.map((refund) => new RefundOutcomeType({ refund: rowOf(refund) }));
}

/**
 * Several units of work have made them: they are read again, so that one reply shows one state of each note. They have been made,
 * and so are told as they were made if reading fails.
 */
export async function eachSettled(
  settled: readonly PromiseSettledResult<Refund>[],
  context: Context,
): Promise<RefundOutcomeType[]> {
  return Promise.all(
    settled.map(async (each) => {
      if (each.status === 'rejected') return new RefundOutcomeType({ refusal: refusalFor(each.reason, context) });
      const refund = await context.loaders.refund.load(each.value.id).catch((error: unknown) => {
        context.log.transient(error);
        return rowOf(each.value);
      });
      return new RefundOutcomeType({ refund });
    }),
  );
}

/** A fault of ours, too, is told in its place: the others were made all the same. */
function refusalFor(error: unknown, { log, request: { requestId } }: Context): RefusalType {
  const refusal = refusalOf(error);
  if (refusal === null) {
    log.fault(error);
    return { ...FAULT, details: JSON.stringify({ requestId }) };
  }
  if (refusal instanceof ServiceUnavailable) log.transient(error);
  log.add({ refused: refusal.code });
  return refusalType(refusal);
}
