import type { FastifyInstance, FastifyRequest } from 'fastify';
import { requireRole } from '../auth/actor.js';
import type { Context } from '../context.js';
import { Role } from '../entities/access.js';
import { parseId } from '../entities/owned.js';
import { CreditNoteNotFound } from '../errors.js';
import { related } from '../resolvers/reads.js';
import { expectedRemaining } from './etag.js';
import { refundReply } from './refund-reply.js';
import { readRefundRequest } from './refund-request.js';

/** The documented paths, for legacy clients: each calls the same use case as its mutation. */
export function restRoutes(app: FastifyInstance, contextOf: (request: FastifyRequest) => Context): void {
  app.post<{ Params: { creditNoteId: string } }>('/credit-notes/:creditNoteId/refunds', async (request, reply) => {
    const context = contextOf(request as FastifyRequest);
    const { creditNoteId } = request.params;
    requireRole(context.actor, Role.ACCOUNTANT);
    if (parseId(creditNoteId) === null) throw new CreditNoteNotFound(creditNoteId);
    const input = readRefundRequest(creditNoteId, request.body);
    const conditions = {
      idempotency: context.begin(),
      expectedRemaining: expectedRemaining(request.headers['if-match'], creditNoteId),
      duplicateWindowSeconds: request.headers['allow-duplicate'] === 'true' ? 0 : context.config.duplicateWindowSeconds,
      allowUnusualRate: request.headers['allow-unusual-rate'] === 'true',
    };
    const refund = await context.refunds.add({ actor: context.actor, command: input, conditions });
    reply.header('etag', (await related(context.loaders.creditNote, refund.creditNote)).etag);
    if (context.idempotencyOutcome?.replayed) reply.header('idempotency-replayed', 'true');
    return reply.code(201).send(refundReply(refund));
  });
}
