import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Actor, RequestMetadata } from '../auth/actor.js';
import type { Authenticator } from '../auth/authenticator.js';
import { FairTurns } from '../concurrency/fair-turns.js';
import { WaitBudget, workFor } from '../concurrency/wait-budget.js';
import { Unauthenticated } from '../errors.js';
import type { RateLimit } from './rate-limit.js';
import { bodyLength, headerOf } from './request-metadata.js';

/** Body limit for a request without a credential, in bytes. The Sandbox's introspection query takes 2 kB. */
const ANONYMOUS_BODY_LIMIT = 4 * 1024;

/** Requests without a credential share the turns of this id, which no organization has. */
const ANONYMOUS = 0;

declare module 'fastify' {
  interface FastifyRequest {
    /** The authenticated caller; {@link Unauthenticated} for a request without a credential that may ask for the schema. */
    caller: Actor | Unauthenticated | null;
    metadata: RequestMetadata | null;
    /** The time that the request may still wait. */
    waitBudget: WaitBudget | null;
  }
}

/**
 * Authenticates the requests of these routes before their bodies are read, so that the body of a stranger is never parsed. While the
 * schema is public, a small request without a credential passes: the Sandbox asks for the schema without one.
 */
export function authenticateFirst(
  routes: FastifyInstance,
  authenticator: Authenticator,
  metadataOf: (request: FastifyRequest) => RequestMetadata,
  { isSchemaPublic, waitMs }: { readonly isSchemaPublic: boolean; readonly waitMs: number },
  rateLimit: RateLimit | null,
): void {
  routes.decorateRequest('caller', null);
  routes.decorateRequest('metadata', null);
  routes.decorateRequest('waitBudget', null);
  const turns = new FairTurns();
  routes.addHook('onRequest', async (request, reply) => {
    const metadata = metadataOf(request);
    const budget = new WaitBudget(waitMs);
    request.metadata = metadata;
    request.waitBudget = budget;
    const credentials = { authorization: request.headers.authorization, organizationId: headerOf(request, 'organization-id') };
    try {
      const authenticate = () => budget.spend(() => authenticator.authenticate(credentials, metadata));
      const actor = await (rateLimit === null ? authenticate() : rateLimit.admit(request, reply, authenticate));
      request.requestLog.add({ organization: actor.organization.publicId, actor: actor.name });
      request.caller = actor;
      await turns.take(actor.organization.id);
    } catch (error) {
      if (!(error instanceof Unauthenticated)) throw error;
      if (!isSchemaPublic || !mayAskForSchema(request)) throw error;
      request.caller = error;
      await turns.take(ANONYMOUS);
    }
  });
  // The async context begins after the body has been read: the callbacks of a body's stream do not carry it on.
  routes.addHook('preHandler', (request, _reply, done) => {
    const { caller, waitBudget: budget, permit } = request;
    if (caller === null || caller instanceof Unauthenticated || budget === null) done();
    else workFor({ organizationId: caller.organization.id, budget, ...(permit && { signal: permit.signal }) }, done);
  });
}

function mayAskForSchema(request: FastifyRequest): boolean {
  const isSmall = request.method === 'GET' || bodyLength(request) <= ANONYMOUS_BODY_LIMIT;
  return request.routeOptions.url === '/graphql' && request.headers.authorization === undefined && isSmall;
}
