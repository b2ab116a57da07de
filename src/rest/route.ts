import { type Static, type TSchema, Type } from '@sinclair/typebox';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { DomainError } from '../domain-error.js';
import type { Role } from '../entities/access.js';
import type { RestContract } from '../entities/rest-contract.js';
import type { ErrorCode } from '../error-codes.js';
import type { Context } from '../request/context.js';
import type { Precondition } from '../services/unit-of-work/command.js';
import type { Parameter, ReplyHeader, RequestHeader } from './openapi/headers.js';
import type { Tag } from './openapi/tags.js';
import type { Listing } from './paging.js';

/** A request to a route. */
export interface Call {
  readonly context: Context;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  /** The highest cost of an operation. */
  readonly limit: number;
  /** Waits until there is room for a read of this cost. */
  readonly admit: (cost: number) => Promise<void>;
  /** Takes the room for a read of this cost if there is some, and returns whether there was. */
  readonly admitNow: (cost: number) => boolean;
  /** The id in the path, as the client wrote it. */
  readonly id: string;
  /** The same id as a number; 0 if it is none. */
  readonly numericId: number;
  /** Of a deletion with If-Match: that its path still returns what the header names. */
  readonly precondition?: Precondition | undefined;
}

/** A route of the legacy API, declared once: it is served, documented in OpenAPI, and listed in docs/rest.md as it is declared. */
export interface RestRoute<Reply extends TSchema = TSchema> {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Its path under `/api`. */
  readonly path: string;
  readonly operationId: string;
  readonly tag: Tag;
  readonly role: Role;
  readonly summary: string;
  /** What a client should know beyond the summary, as Markdown. */
  readonly description?: string;
  /** Name of its GraphQL equivalent. */
  readonly like: string;
  readonly status: 200 | 201;
  /** Its parameters, unless they are the id in the path alone: as the legacy API's document has them, or in the query string. */
  readonly parameters?: readonly Parameter[];
  /** The headers that a request may have, beside those of every request. */
  readonly requestHeaders?: readonly RequestHeader[];
  /** The body of a request under each contract. */
  readonly body?: Readonly<Record<RestContract, TSchema>>;
  /** Absent if it is no list. */
  readonly list?: Listing;
  /** The headers that a reply may have, beside those of every reply. */
  readonly replyHeaders?: readonly ReplyHeader[];
  /** The body of the reply. */
  readonly reply: Reply;
  /** The refusals beside those of every route. */
  readonly errors: readonly ErrorCode[];
  /** The refusal of an id in the path that is no id. */
  readonly notFound?: (id: string) => DomainError;
  /** The cost of the read of one record. A list computes its own, a change has none. */
  readonly cost?: number;
  /** Returns the text of the body, if it can be written faster than any other JSON. */
  write?(body: Static<Reply>): string;
  /** Returns the body of the reply. */
  handle(call: Call): Promise<Static<Reply>>;
}

/** The reply has no body. */
export const NO_BODY = Type.Undefined();

/** What the routes share that undo something by a mirror entry, which legacy clients call deleting. */
export const DELETION = {
  method: 'DELETE',
  status: 200,
  requestHeaders: ['Idempotency-Key', 'If-Match', 'If-None-Match'],
  replyHeaders: ['Idempotency-Replayed'],
  reply: NO_BODY,
} as const satisfies Partial<RestRoute>;

/** Declares a route, whose handler returns what the route declares as its reply. */
export function restRoute<Reply extends TSchema>(route: RestRoute<Reply>): RestRoute {
  return route;
}
