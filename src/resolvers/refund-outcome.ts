import { Field, ObjectType } from 'type-graphql';
import { refusalOf } from '../database-errors.js';
import { Refund } from '../entities/refund.js';
import { FAULT, INTERNAL } from '../graphql-errors.js';
import type { RequestLog } from '../request-log.js';
import { RefusalType, refusalType } from './refusal.js';

@ObjectType('RefundOutcome', { description: 'What became of one of several refunds: it was made, or else refused.' })
export class RefundOutcomeType {
  @Field(() => Refund, { nullable: true, description: 'The refund, if it was made.' })
  refund!: Refund | null;

  @Field(() => RefusalType, { nullable: true, description: 'Why it was not made.' })
  refusal!: RefusalType | null;
}

/** A fault of ours, too, is told in its place: the others were made all the same. */
export function refundOutcome(settled: PromiseSettledResult<Refund>, log: RequestLog): RefundOutcomeType {
  if (settled.status === 'fulfilled') return { refund: settled.value, refusal: null };
  const refusal = refusalOf(settled.reason);
  if (refusal !== null) return { refund: null, refusal: refusalType(refusal) };
  log.fault(settled.reason);
  return { refund: null, refusal: { code: INTERNAL, message: FAULT, details: '{}' } };
}
