import type { FastifyInstance, FastifyRequest } from 'fastify';
import { requireRole } from '../auth/actor.js';
import type { Admission } from '../concurrency/admission.js';
import { DomainError } from '../domain-error.js';
import { parseId } from '../entities/owned.js';
import { REFUSALS } from '../error-codes.js';
import type { Context } from '../request/context.js';
import type { Precondition } from '../services/unit-of-work/command.js';
import { cut, MAX_QUOTED } from '../values/text.js';
import { assertUnknown, takeMatchingTag } from './etag.js';
import type { Call, RestRoute } from './route.js';
import { ACCOUNT_ROUTES } from './routes/accounts.js';
import { BRANCH_ROUTES } from './routes/branches.js';
import { CREDIT_NOTE_ROUTES } from './routes/credit-notes.js';
import { CUSTOMER_ROUTES } from './routes/customers.js';
import { ORGANIZATION_ROUTES } from './routes/organization.js';
import { REFUND_ROUTES } from './routes/refunds.js';
import { REPORT_ROUTES } from './routes/reports.js';
import { WEB_APP_ROUTES } from './routes/web-app.js';

/** All routes of the legacy API. Each calls the same use case, or reads the same rows, as GraphQL. */
export const REST_ROUTES: readonly RestRoute[] = [
  ...REFUND_ROUTES,
  ...CREDIT_NOTE_ROUTES,
  ...ACCOUNT_ROUTES,
  ...BRANCH_ROUTES,
  ...CUSTOMER_ROUTES,
  ...REPORT_ROUTES,
  ...ORGANIZATION_ROUTES,
  ...WEB_APP_ROUTES,
];

export interface RestSettings {
  /** The room that reads share with the queries of GraphQL. */
  readonly queries: Admission;
}

/** What If-None-Match says if no tag may be there. */
const ANY = '*';

const JSON_TYPE = 'application/json; charset=utf-8';

/** The routes of GET requests, by path. */
const READS: ReadonlyMap<string, RestRoute> = new Map(
  REST_ROUTES.flatMap((route) => (route.method === 'GET' ? [[route.path, route]] : [])),
);

/** Adds the routes. The checks of a request come in the legacy server's order: role, id in the path, fields, records, rules. */
export function restRoutes(app: FastifyInstance, contextOf: (request: FastifyRequest) => Context, { queries }: RestSettings): void {
  for (const route of REST_ROUTES) {
    const { method, path, role, status, notFound, cost, handle } = route;
    app.route({
      method,
      url: path,
      async handler(request, reply) {
        const context = contextOf(request);
        const [id = ''] = Object.values(request.params as Readonly<Record<string, string>>);
        requireRole(context.actor, role);
        const numericId = parseId(id);
        if (notFound !== undefined && numericId === null) throw notFound(cut(id, MAX_QUOTED));
        const { actor, permit } = context;
        // An operator's lower limit makes these reads wait, and refuses none: legacy clients cannot ask for less than one record or a usual page.
        const within = (cost: number) => [queries, actor.organization.id, Math.min(cost, queries.limit)] as const;
        const admit = (cost: number) => permit.take(...within(cost));
        const admitNow = (cost: number) => permit.takeNow(...within(cost));
        try {
          if (cost !== undefined) await admit(cost);
          const call: Call = { context, request, reply, id, numericId: numericId ?? 0, limit: queries.limit, admit, admitNow };
          // The path of a new record always returns a list.
          if (method === 'POST') assertUnknown(request.headers['if-none-match'], ANY);
          const precondition = method === 'DELETE' ? await preconditionOf(call, path) : undefined;
          const body = await handle({ ...call, precondition });
          if (context.idempotencyOutcome?.replayed) reply.header('idempotency-replayed', 'true');
          const content = contentOf(route, body);
          if (content !== undefined) reply.type(JSON_TYPE);
          return reply.code(status).send(content);
        } finally {
          permit.release();
        }
      },
    });
  }
}

/** Returns the content of a reply, which its ETag is computed from; `undefined` if it has none. */
function contentOf({ write }: RestRoute, body: unknown): string | undefined {
  return write === undefined ? JSON.stringify(body) : write(body);
}

/**
 * Returns the check of a deletion's If-Match and If-None-Match headers, if there is one: it compares them with what a GET request of the path returns under
 * the locks of the deletion. What is gone is left to the deletion, which may be done already under the same idempotency key.
 */
async function preconditionOf(call: Call, path: string): Promise<Precondition | undefined> {
  const { 'if-match': ifMatch, 'if-none-match': ifNoneMatch } = call.request.headers;
  const read = READS.get(path);
  if ((ifMatch ?? ifNoneMatch) === undefined || read === undefined) return undefined;
  // There is room for the read before the transaction begins, since nothing may wait for room under locks.
  await call.admit(read.cost ?? 0);
  return async (em) => {
    try {
      const content = contentOf(read, await read.handle({ ...call, context: call.context.within(em) }));
      assertUnknown(ifNoneMatch, takeMatchingTag(call.reply, ifMatch, content ?? ''));
    } catch (error) {
      if (!(error instanceof DomainError) || REFUSALS[error.code].status !== 404) throw error;
    }
  };
}
