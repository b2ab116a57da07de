import type { EntityClass } from '@mikro-orm/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { requireRole } from '../auth/actor.js';
import type { Admission } from '../concurrency/admission.js';
import { Role } from '../entities/access.js';
import { Account } from '../entities/account.js';
import { Branch } from '../entities/branch.js';
import { CreditNote } from '../entities/credit-note.js';
import { CreditNoteStatus, etagOf } from '../entities/credit-note-state.js';
import { Customer } from '../entities/customer.js';
import { type Owned, parseId } from '../entities/owned.js';
import { Refund } from '../entities/refund.js';
import type { RestContract } from '../entities/rest-contract.js';
import type { ErrorCode } from '../error-codes.js';
import {
  AccountNotFound,
  CreditNoteNotFound,
  CustomerNotFound,
  type DomainError,
  RefundAlreadyReversed,
  RefundNotFound,
  Refusals,
} from '../errors.js';
import type { Filterable } from '../reads/filters.js';
import { type MaybePromise, related, relatedTo, type WholeRow } from '../reads/read-model.js';
import { countSlice, readWhole } from '../reads/rows.js';
import type { List } from '../reads/statements.js';
import type { Context } from '../request/context.js';
import { refundCommand, refundRequest } from '../services/refunds/refund-command.js';
import { reverseRefund } from '../services/refunds/reverse-refund.js';
import { creditNoteItem, creditNoteReply } from './credit-note-reply.js';
import { expectedRemaining } from './etag.js';
import { nextLink, PAGED, type PageSizes, pageTooLarge, RECORDS, REFUNDS, readPage, sliceOf } from './paging.js';
import { ACCOUNT, BRANCH, CREDIT_NOTE, CUSTOMER, costOfOne, costOfPage, ONE_CREDIT_NOTE, REFUND } from './read-costs.js';
import { accountItem, accountReply, branchReply, customerItem, customerReply } from './record-replies.js';
import { refundItem, refundReply } from './refund-reply.js';
import { readRefundRequest } from './refund-request.js';

/** A request to a route. */
interface Call {
  readonly context: Context;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly contract: RestContract;
  /** The highest cost of an operation. */
  readonly limit: number;
  /** Waits until there is room for a read of this cost. */
  readonly admit: (cost: number) => Promise<void>;
  /** The id in the path, as the client wrote it, and as a number. */
  readonly id: string;
  readonly key: number;
}

/** A route of the legacy API, declared once. */
export interface RestRoute {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Its path under `/api`. */
  readonly path: string;
  readonly role: Role;
  readonly summary: string;
  /** Name of its GraphQL equivalent. */
  readonly like: string;
  readonly status: 200 | 201;
  /** The refusals beside those of every route: 401, 403, 429 and 503. */
  readonly errors: readonly ErrorCode[];
  /** The refusal of an id in the path that is no id. */
  readonly notFound?: (id: string) => DomainError;
  /** The cost of the read of one record. A list computes its own, a change has none. */
  readonly cost?: number;
  /** Returns the body of the reply; `undefined` for none. */
  handle(call: Call): Promise<unknown>;
}

const noteNotFound = (id: string): DomainError => new CreditNoteNotFound(id);
const refundNotFound = (id: string): DomainError => new RefundNotFound(id);

/** All routes of the legacy API. Each calls the same use case, or reads the same rows, as GraphQL. */
export const REST_ROUTES: readonly RestRoute[] = [
  {
    method: 'POST',
    path: '/credit-notes/:id/refunds',
    role: refundCommand.role,
    summary: 'refunds the credit note',
    like: 'refundCreditNote',
    status: 201,
    errors: [
      'BAD_USER_INPUT',
      'CREDIT_NOTE_NOT_FOUND',
      'ACCOUNT_NOT_FOUND',
      'CREDIT_NOTE_HAS_NO_REMAINING_AMOUNT',
      'TRANSACTIONS_DATE_LOCKED',
    ],
    notFound: noteNotFound,
    handle: makeRefund,
  },
  {
    method: 'GET',
    path: '/credit-notes/:id/refunds',
    role: Role.VIEWER,
    summary: 'the refunds of the credit note that are not reversed, by id; an empty list for an unknown note',
    like: 'creditNote.refunds',
    status: 200,
    errors: ['BAD_USER_INPUT'],
    notFound: noteNotFound,
    async handle(call) {
      const where = [['creditNote', '=', call.key] as const, ['reversals', 'none'] as const];
      const { rows } = await listed(call, Refund, where, { sizes: REFUNDS, cost: REFUND });
      return Promise.all(rows.map((refund) => refundWithParts(call.context, refund)));
    },
  },
  {
    method: 'GET',
    path: '/credit-notes/refunds/:id',
    role: Role.VIEWER,
    summary: 'the refund, unless it is reversed',
    like: 'refund',
    status: 200,
    errors: ['REFUND_CREDIT_NOTE_NOT_FOUND'],
    notFound: refundNotFound,
    cost: costOfOne(REFUND),
    async handle({ context, id, key }) {
      const refund = await one(context, Refund, [['id', '=', key] as const, ['reversals', 'none'] as const]);
      if (refund === undefined) throw new RefundNotFound(id);
      return refundWithParts(context, refund);
    },
  },
  {
    method: 'DELETE',
    path: '/credit-notes/refunds/:id',
    role: reverseRefund.role,
    summary: 'reverses the refund, today or on the first open day; 404 if it is reversed',
    like: 'reverseRefund',
    status: 200,
    errors: ['REFUND_CREDIT_NOTE_NOT_FOUND', 'DATE_TOO_FAR_AHEAD', 'IDEMPOTENCY_KEY_REUSED'],
    notFound: refundNotFound,
    async handle({ context, id }) {
      try {
        await context.execute(reverseRefund, { refundId: id, reason: 'Deleted over REST' }, undefined);
      } catch (error) {
        // For these clients a reversed refund is gone.
        throw error instanceof RefundAlreadyReversed ? new RefundNotFound(id) : error;
      }
      return undefined;
    },
  },
  {
    method: 'GET',
    path: '/credit-notes',
    role: Role.VIEWER,
    summary: 'a page of the credit notes that are not void, by id',
    like: 'creditNotes',
    status: 200,
    errors: ['BAD_USER_INPUT'],
    async handle(call) {
      const { rows, pagination } = await listed(call, CreditNote, [['storedStatus', 'in', NOT_VOID]], NOTES);
      return { pagination, credit_notes: await Promise.all(rows.map((note) => noteWithParts(call.context, note))), ...FILTER };
    },
  },
  {
    method: 'GET',
    path: '/credit-notes/:id',
    role: Role.VIEWER,
    summary: 'the credit note, unless it is void',
    like: 'creditNote',
    status: 200,
    errors: ['CREDIT_NOTE_NOT_FOUND'],
    notFound: noteNotFound,
    cost: ONE_CREDIT_NOTE,
    async handle({ context, reply, id, key }) {
      const note = await one(context, CreditNote, [['id', '=', key] as const, ['storedStatus', 'in', NOT_VOID] as const]);
      if (note === undefined) throw new CreditNoteNotFound(id);
      const [item, branch] = await Promise.all([noteWithParts(context, note), context.loaders.branch.load(note.branch.id)]);
      reply.header('etag', etagOf(note));
      return { ...item, branch: branchReply(branch), attachments: [] };
    },
  },
  {
    method: 'GET',
    path: '/accounts',
    role: Role.VIEWER,
    summary: 'the accounts, by id',
    like: 'accounts',
    status: 200,
    errors: ['BAD_USER_INPUT'],
    async handle(call) {
      const { rows } = await listed(call, Account, [], { sizes: RECORDS, cost: ACCOUNT });
      const items = await Promise.all(rows.map((account) => accountWithBalance(call.context, account)));
      return { accounts: items.map((item) => ({ ...item, children: [], account_level: 1 })), ...FILTER };
    },
  },
  {
    method: 'GET',
    path: '/accounts/:id',
    role: Role.VIEWER,
    summary: 'the account',
    like: 'account',
    status: 200,
    errors: ['ACCOUNT_NOT_FOUND'],
    notFound: (id) => new AccountNotFound(id, 'id'),
    cost: costOfOne(ACCOUNT),
    async handle({ context, id, key }) {
      const account = await one(context, Account, [['id', '=', key]]);
      if (account === undefined) throw new AccountNotFound(id, 'id');
      return accountWithBalance(context, account);
    },
  },
  {
    method: 'GET',
    path: '/branches',
    role: Role.VIEWER,
    summary: 'the branches, by id',
    like: 'branches',
    status: 200,
    errors: ['BAD_USER_INPUT'],
    async handle(call) {
      return (await listed(call, Branch, [], { sizes: RECORDS, cost: BRANCH })).rows.map(branchReply);
    },
  },
  {
    method: 'GET',
    path: '/customers',
    role: Role.VIEWER,
    summary: 'a page of the customers, by id',
    like: 'customers',
    status: 200,
    errors: ['BAD_USER_INPUT'],
    async handle(call) {
      const { rows, pagination } = await listed(call, Customer, [], { sizes: PAGED, cost: CUSTOMER });
      const customers = await Promise.all(rows.map((customer) => customerWithBalance(call.context, customer)));
      return { customers, pagination, ...FILTER };
    },
  },
  {
    method: 'GET',
    path: '/customers/:id',
    role: Role.VIEWER,
    summary: 'the customer',
    like: 'customer',
    status: 200,
    errors: ['CUSTOMER_NOT_FOUND'],
    notFound: (id) => new CustomerNotFound(id),
    cost: costOfOne(CUSTOMER),
    async handle({ context, id, key }) {
      const customer = await one(context, Customer, [['id', '=', key]]);
      if (customer === undefined) throw new CustomerNotFound(id);
      return customerWithBalance(context, customer);
    },
  },
];

/** A void note is gone for these clients. */
const NOT_VOID = [CreditNoteStatus.DRAFT, CreditNoteStatus.OPEN, CreditNoteStatus.CLOSED];

const NOTES = { sizes: PAGED, cost: CREDIT_NOTE, lines: 'lines' };

/** What the legacy server says about the order of its lists, whatever it is. */
const FILTER = { filter_meta: { order: 'desc', field_key: 'created_at' } };

export interface RestSettings {
  /** That of organizations that have chosen none. */
  readonly contract: RestContract;
  /** The room that reads share with the queries of GraphQL. */
  readonly queries: Admission;
}

/** Adds the routes. The checks of a request come in the legacy server's order: role, id in the path, fields, records, rules. */
export function restRoutes(
  app: FastifyInstance,
  contextOf: (request: FastifyRequest) => Context,
  { contract, queries }: RestSettings,
): void {
  for (const { method, path, role, status, notFound, cost, handle } of REST_ROUTES) {
    app.route<{ Params: { id?: string } }>({
      method,
      url: path,
      async handler(request, reply) {
        const context = contextOf(request as FastifyRequest);
        const { id = '' } = request.params;
        requireRole(context.actor, role);
        const key = parseId(id);
        if (notFound !== undefined && key === null) throw notFound(id);
        const { actor, permit } = context;
        // An operator's lower limit makes these reads wait, and refuses none: legacy clients cannot ask for less than one record or a usual page.
        const admit = (cost: number) => permit.take(queries, actor.organization.id, Math.min(cost, queries.limit));
        try {
          if (cost !== undefined) await admit(cost);
          const chosen = actor.organization.restContract ?? contract;
          const call = { context, request: request as FastifyRequest, reply, contract: chosen, limit: queries.limit, admit };
          const body = await handle({ ...call, id, key: key ?? 0 });
          if (context.idempotencyOutcome?.replayed) reply.header('idempotency-replayed', 'true');
          return reply.code(status).send(body);
        } finally {
          permit.release();
        }
      },
    });
  }
}

async function makeRefund({ context, request, reply, contract, id }: Call): Promise<unknown> {
  // The body and the key do not depend on each other, so that the caller sees all that is malformed at once.
  const refusals = new Refusals();
  const input = refusals.check(() => readRefundRequest(id, request.body, contract));
  const idempotency = refusals.check(() => context.begin());
  if (refusals.any || input === undefined) throw refusals.all();
  const conditions = {
    idempotency,
    expectedRemaining: expectedRemaining(request.headers['if-match'], id),
    duplicateWindowSeconds: request.headers['allow-duplicate'] === 'true' ? 0 : context.config.duplicateWindowSeconds,
    allowUnusualRate: request.headers['allow-unusual-rate'] === 'true',
  };
  const refund = await context.refunds.add(refundRequest(context.actor, input, conditions));
  const creditNote = await valueOrNull(related(context.loaders.creditNote, relatedTo(refund.creditNote)), context.log);
  if (creditNote !== null) reply.header('etag', etagOf(creditNote));
  reply.header('location', `/api/credit-notes/refunds/${refund.id}`);
  return refundReply(refund);
}

type Where<E extends Owned> = List<Filterable<E>>['where'];

/** How many records a list returns, and what each costs. */
interface Listing {
  readonly sizes: PageSizes;
  readonly cost: number;
  /** The relation to the lines of a record that the reply has too. */
  readonly lines?: string;
}

/**
 * Reads the page of the rows that the request names, with a Link to the next page if there is one. It counts them first: nothing is read before there is
 * room for it.
 *
 * @throws {InvalidInput} if the page is malformed, or if it is longer than usual and its lines cost more than an operation may
 */
async function listed<E extends Owned>(call: Call, entity: EntityClass<E>, where: Where<E>, listing: Listing) {
  const { context, request, reply, limit, admit } = call;
  const page = readPage(request.query, listing.sizes);
  const list = { organizationId: context.actor.organization.id, where, slice: sliceOf(page) };
  const { total, rows: count, items } = await countSlice(context.em, entity, list, listing.lines);
  const cost = costOfPage(listing.cost, count, items);
  if (cost > limit && items > 0 && count > listing.sizes.usual) throw pageTooLarge(count, items);
  await admit(cost);
  const rows = await readWhole(context.em, entity, list);
  const next = nextLink(request.url, page, total);
  if (next !== undefined) reply.header('link', next);
  return { rows, pagination: { total, page: page.number, page_size: page.size } };
}

async function one<E extends Owned>(context: Context, entity: EntityClass<E>, where: Where<E>): Promise<WholeRow<E> | undefined> {
  const [row] = await readWhole(context.em, entity, { organizationId: context.actor.organization.id, where });
  return row;
}

async function refundWithParts({ loaders, actor }: Context, refund: WholeRow<Refund>): Promise<object> {
  const accountId = refund.fromAccount.id;
  const [account, turnover, creditNote] = await Promise.all([
    loaders.account.load(accountId),
    loaders.turnover.load({ accountId, asOf: null }),
    loaders.creditNote.load(refund.creditNote.id),
  ]);
  const note = creditNoteReply(creditNote, actor.organization.baseCurrency);
  return refundItem(refund, accountReply(account, turnover), note);
}

async function noteWithParts({ loaders, actor }: Context, note: WholeRow<CreditNote>): Promise<object> {
  const customerId = note.customer.id;
  const [lines, customer, turnover] = await Promise.all([
    loaders.creditNoteLines.load(note.id),
    loaders.customer.load(customerId),
    loaders.customerTurnover.load(customerId),
  ]);
  return creditNoteItem(note, lines, customerReply(customer, turnover), actor.organization.baseCurrency);
}

async function accountWithBalance({ loaders, actor }: Context, account: WholeRow<Account>) {
  const turnover = await loaders.turnover.load({ accountId: account.id, asOf: null });
  return accountItem(account, turnover, actor.organization.baseCurrency);
}

async function customerWithBalance({ loaders, actor }: Context, customer: WholeRow<Customer>) {
  return customerItem(customer, await loaders.customerTurnover.load(customer.id), actor.organization.baseCurrency);
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
