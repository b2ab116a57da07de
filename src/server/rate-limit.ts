import { createHash } from 'node:crypto';
import rateLimit from '@fastify/rate-limit';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { LRUCache } from 'lru-cache';
import type { Actor } from '../auth/actor.js';
import { RateLimited, Unauthenticated } from '../errors.js';
import { headerOf } from './request-metadata.js';
import { SharedCounts } from './shared-counts.js';

export const RATE_LIMIT_STORES = ['memory', 'postgres'] as const;

export interface RateLimitSettings {
  /** Requests in a minute with one credential. */
  readonly perCredential: number;
  /** Requests in a minute without a valid credential from one address; of IPv6, from one network of 64 bits. */
  readonly perAddress: number;
  /** Where it is counted: in each process, or for all of them in the database. */
  readonly store: (typeof RATE_LIMIT_STORES)[number];
}

const WINDOW_SECONDS = 60;

/** Callers that are remembered. Beyond it, those who have not come for longest are forgotten. */
const MAX_REMEMBERED = 10_000;

/** How long a credential that was valid is taken for one that may be looked up, whatever its address has done. */
const VALID_LATELY_MS = 60 * 60 * 1000;

declare module 'fastify' {
  interface FastifyRequest {
    /** Whose budget the request is counted in. */
    budget: string;
  }
}

/** What is left of a budget in its present window. */
interface Left {
  readonly requests: number;
  readonly isExceeded: boolean;
  readonly until: number;
}

interface Policy {
  readonly name: 'credential' | 'address';
  readonly limit: number;
  /** Counts the request in its budget, in the memory of this process. */
  readonly count: ReturnType<FastifyInstance['createRateLimit']>;
}

/**
 * Counts requests with a valid credential in the budget of that credential, all others in that of their address. A budget that is
 * spent is refused before anything is looked up, so that a flood costs no SQL. A credential that was valid lately is looked up in any
 * case: a stranger who tries keys locks nobody out behind the same address.
 */
export class RateLimit {
  private readonly credential: Policy;
  private readonly address: Policy;
  /** Of credentials that were valid lately, by their hash: whose they are. */
  private readonly valid = new LRUCache<string, string>({ max: MAX_REMEMBERED, ttl: VALID_LATELY_MS });
  private readonly left = new LRUCache<string, Left>({ max: MAX_REMEMBERED });
  /** Unknown credentials that are being looked up, by address. Each may turn out to be one more that is not valid. */
  private readonly lookedUp = new Map<string, Set<string>>();

  private constructor(
    app: FastifyInstance,
    { perCredential, perAddress }: RateLimitSettings,
    private readonly addressOf: (request: FastifyRequest) => string | null,
    private readonly shared: SharedCounts | null,
  ) {
    const limiter = (max: number) =>
      app.createRateLimit({ max, timeWindow: WINDOW_SECONDS * 1000, keyGenerator: ({ budget }) => budget });
    this.credential = { name: 'credential', limit: perCredential, count: limiter(perCredential) };
    this.address = { name: 'address', limit: perAddress, count: limiter(perAddress) };
  }

  static async create(
    app: FastifyInstance,
    settings: RateLimitSettings,
    addressOf: (request: FastifyRequest) => string | null,
    em: EntityManager,
  ): Promise<RateLimit> {
    app.decorateRequest('budget', '');
    await app.register(rateLimit, { global: false });
    const warn = (error: unknown) => app.log.warn({ reason: String(error) }, 'rate limits are counted in memory for a while');
    const shared = settings.store === 'postgres' ? new SharedCounts(em, WINDOW_SECONDS, warn) : null;
    return new RateLimit(app, settings, addressOf, shared);
  }

  /**
   * Authenticates the request and counts it in the budget of its caller.
   *
   * @throws {RateLimited}
   * @throws what `authenticate` throws
   */
  async admit(request: FastifyRequest, reply: FastifyReply, authenticate: () => Promise<Actor>): Promise<Actor> {
    const address = this.addressBudget(request);
    const credential = hashOf(request);
    const known = this.valid.get(credential);
    if (known !== undefined) await this.spend(this.credential, known, request, reply);
    try {
      const actor = await (known === undefined ? this.lookUp(address, credential, reply, authenticate) : authenticate());
      const budget = budgetOf(actor);
      this.valid.set(credential, budget);
      if (budget !== known) await this.spend(this.credential, budget, request, reply);
      return actor;
    } catch (error) {
      if (error instanceof Unauthenticated) {
        this.valid.delete(credential);
        await this.spend(this.address, address, request, reply);
      }
      throw error;
    }
  }

  /**
   * Counts a request that needs no credential.
   *
   * @throws {RateLimited}
   */
  async count(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const known = this.valid.get(hashOf(request));
    if (known === undefined) await this.spend(this.address, this.addressBudget(request), request, reply);
    else await this.spend(this.credential, known, request, reply);
  }

  /** Takes a place in the budget of the address for as long as it is not known whether the credential is valid. */
  private async lookUp(
    address: string,
    credential: string,
    reply: FastifyReply,
    authenticate: () => Promise<Actor>,
  ): Promise<Actor> {
    const others = this.lookedUp.get(address) ?? new Set();
    const left = this.leftOf(address) ?? { requests: this.address.limit, isExceeded: false, until: 0 };
    if (left.until > 0 && left.requests === 0) throw refused(this.address, left, reply);
    if (!others.has(credential) && others.size >= left.requests) throw refused(this.address, { ...left, until: Date.now() }, reply);
    this.lookedUp.set(address, others.add(credential));
    try {
      return await authenticate();
    } finally {
      others.delete(credential);
      if (others.size === 0) this.lookedUp.delete(address);
    }
  }

  private async spend(policy: Policy, budget: string, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const spent = this.leftOf(budget);
    if (spent?.requests === 0) throw refused(policy, spent, reply);
    const left = await this.counted(policy, budget, request);
    this.left.set(budget, left);
    if (left.isExceeded) throw refused(policy, left, reply);
    describe(policy, left, reply);
  }

  private async counted(policy: Policy, budget: string, request: FastifyRequest): Promise<Left> {
    const shared = await this.shared?.add(budget);
    if (shared) {
      const { count, msLeft } = shared;
      return { requests: Math.max(0, policy.limit - count), isExceeded: count > policy.limit, until: Date.now() + msLeft };
    }
    request.budget = budget;
    const counted = await policy.count(request);
    // Nobody is on a list of those who are always allowed.
    if (counted.isAllowed) throw new Error('the rate limit has an allow list');
    return { requests: counted.remaining, isExceeded: counted.isExceeded, until: Date.now() + counted.ttl };
  }

  private leftOf(budget: string): Left | undefined {
    const left = this.left.get(budget);
    return left !== undefined && left.until > Date.now() ? left : undefined;
  }

  private addressBudget(request: FastifyRequest): string {
    return `address:${rateLimit.normalizeIP(this.addressOf(request) ?? request.socket.remoteAddress ?? '')}`;
  }
}

/** Of the credential and the organization that it is for: it may be valid for one, and not for another. */
function hashOf(request: FastifyRequest): string {
  const { authorization = '' } = request.headers;
  return createHash('sha256')
    .update(`${authorization}\n${headerOf(request, 'organization-id') ?? ''}`)
    .digest('base64');
}

/** A user's tokens share one budget, since a new one is had for the asking. */
function budgetOf({ organization, apiKeyId, userId }: Actor): string {
  return apiKeyId === null ? `user:${userId}` : `key:${organization.id}/${apiKeyId}`;
}

/** The fields of draft-ietf-httpapi-ratelimit-headers-10. */
function describe({ name, limit }: Policy, { requests, until }: Left, reply: FastifyReply): void {
  reply.header('ratelimit-policy', `"${name}";q=${limit};w=${WINDOW_SECONDS}`);
  reply.header('ratelimit', `"${name}";r=${requests};t=${secondsUntil(until)}`);
}

function refused(policy: Policy, left: Left, reply: FastifyReply): RateLimited {
  const retryAfter = Math.max(1, secondsUntil(left.until));
  describe(policy, { ...left, requests: 0 }, reply);
  reply.header('retry-after', retryAfter);
  return new RateLimited(policy.name, policy.limit, WINDOW_SECONDS, retryAfter);
}

function secondsUntil(time: number): number {
  return Math.max(0, Math.ceil((time - Date.now()) / 1000));
}
