import type { FastifyInstance, FastifyRequest } from 'fastify';
import { requireRole } from '../auth/actor.js';
import { etagOf } from '../entities/credit-note-state.js';
import { parseId } from '../entities/owned.js';
import { CreditNoteNotFound } from '../errors.js';
import { type MaybePromise, related, relatedTo } from '../reads/read-model.js';
import type { Context } from '../request/context.js';
import { refundCommand, refundRequest } from '../services/refunds/refund-command.js';
import { expectedRemaining } from './etag.js';
import { refundReply } from './refund-reply.js';
import { type RestContract, readRefundRequest } from './refund-request.js';

/** Adds the documented paths of the legacy API. Each calls the same use case as its mutation. */
export function restRoutes(app: FastifyInstance, contextOf: (request: FastifyRequest) => Context, contract: RestContract): void {
  app.post<{ Params: { creditNoteId: string } }>('/credit-notes/:creditNoteId/refunds', async (request, reply) => {
    const context = contextOf(request as FastifyRequest);
    const { creditNoteId } = request.params;
    requireRole(context.actor, refundCommand.role);
    if (parseId(creditNoteId) === null) throw new CreditNoteNotFound(creditNoteId);
    const input = readRefundRequest(creditNoteId, request.body, contract);
    const conditions = {
      idempotency: context.begin(),
      expectedRemaining: expectedRemaining(request.headers['if-match'], creditNoteId),
      duplicateWindowSeconds: request.headers['allow-duplicate'] === 'true' ? 0 : context.config.duplicateWindowSeconds,
      allowUnusualRate: request.headers['allow-unusual-rate'] === 'true',
    };
    const refund = await context.refunds.add(refundRequest(context.actor, input, conditions));
    const creditNote = await valueOrNull(related(context.loaders.creditNote, relatedTo(refund.creditNote)), context.log);
    if (creditNote !== null) reply.header('etag', etagOf(creditNote));
    if (context.idempotencyOutcome?.replayed) reply.header('idempotency-replayed', 'true');
    return reply.code(201).send(refundReply(refund));
  });
}

/** Returns `null` if the value cannot be read: the refund has been posted, and a missing header must not make it look refused. */
async function valueOrNull<T>(value: MaybePromise<T>, log: Context['log']): Promise<T | null> {
  try {
    return await value;
  } catch (error) {
    log.failedRead(error);
    return null;
  }
}
