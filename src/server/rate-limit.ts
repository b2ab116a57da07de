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
  /** Requests per minute with one valid credential. */
  readonly perCredential: number;
  /** Requests per minute without a valid credential from one IPv4 address or one IPv6 network of 64 bits. */
  readonly perAddress: number;
  /** Requests are counted in the memory of each process, or in the database for all processes. */
  readonly store: (typeof RATE_LIMIT_STORES)[number];
}

const WINDOW_SECONDS = 60;

/** Callers in each cache. */
const MAX_CACHED = 10_000;

/** A credential is looked up for this long after it was valid, even if the quota of its address is spent. */
const RECENTLY_VALID_MS = 60 * 60 * 1000;

declare module 'fastify' {
  interface FastifyRequest {
    /** The key of the quota that the request is counted in. */
    quota: string;
  }
}

/** The rest of a quota in its present window. */
interface Remaining {
  readonly requests: number;
  readonly isExceeded: boolean;
  /** The end of the window, by the clock of this process. */
  readonly until: number;
}

interface Policy {
  readonly name: 'credential' | 'address';
  readonly limit: number;
  /** Counts the request in its quota, in the memory of this process. */
  readonly count: ReturnType<FastifyInstance['createRateLimit']>;
}

/**
 * Counts requests with a valid credential in the quota of the credential, and all others in the quota of their address. Requests beyond
 * a quota are refused before their credential is looked up, so that a flood costs no SQL. A recently valid credential is looked up even
 * if the quota of its address is spent: a stranger who tries keys locks out nobody who shares the address.
 */
export class RateLimit {
  private readonly credential: Policy;
  private readonly address: Policy;
  /** Quotas of recently valid credentials, by the hash of the credential. */
  private readonly valid = new LRUCache<string, string>({ max: MAX_CACHED, ttl: RECENTLY_VALID_MS });
  private readonly remaining = new LRUCache<string, Remaining>({ max: MAX_CACHED });
  /** Unknown credentials that are being looked up, by address. Each of them may prove invalid and be counted for the address. */
  private readonly lookedUp = new Map<string, Set<string>>();

  private constructor(
    app: FastifyInstance,
    { perCredential, perAddress }: RateLimitSettings,
    private readonly addressOf: (request: FastifyRequest) => string | null,
    private readonly shared: SharedCounts | null,
  ) {
    const limiter = (max: number) =>
      app.createRateLimit({ max, timeWindow: WINDOW_SECONDS * 1000, keyGenerator: ({ quota }) => quota });
    this.credential = { name: 'credential', limit: perCredential, count: limiter(perCredential) };
    this.address = { name: 'address', limit: perAddress, count: limiter(perAddress) };
  }

  static async create(
    app: FastifyInstance,
    settings: RateLimitSettings,
    addressOf: (request: FastifyRequest) => string | null,
    em: EntityManager,
  ): Promise<RateLimit> {
    app.decorateRequest('quota', '');
    await app.register(rateLimit, { global: false });
    const warn = (error: unknown) => app.log.warn({ reason: String(error) }, 'rate limits are counted in memory for a while');
    const shared = settings.store === 'postgres' ? new SharedCounts(em, WINDOW_SECONDS, warn) : null;
    return new RateLimit(app, settings, addressOf, shared);
  }

  /**
   * Authenticates the request, counts it in the quota of its caller, and returns the caller.
   *
   * @throws {RateLimited}
   * @throws what `authenticate` throws
   */
  async admit(request: FastifyRequest, reply: FastifyReply, authenticate: () => Promise<Actor>): Promise<Actor> {
    const address = this.addressQuota(request);
    const credential = hashOf(request);
    const known = this.valid.get(credential);
    if (known !== undefined) await this.spend(this.credential, known, request, reply);
    try {
      const actor = await (known === undefined ? this.lookUp(address, credential, reply, authenticate) : authenticate());
      const quota = quotaOf(actor);
      this.valid.set(credential, quota);
      if (quota !== known) await this.spend(this.credential, quota, request, reply);
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
    if (known === undefined) await this.spend(this.address, this.addressQuota(request), request, reply);
    else await this.spend(this.credential, known, request, reply);
  }

  /** Reserves a request in the quota of the address until the credential has been looked up. */
  private async lookUp(
    address: string,
    credential: string,
    reply: FastifyReply,
    authenticate: () => Promise<Actor>,
  ): Promise<Actor> {
    const others = this.lookedUp.get(address) ?? new Set();
    const remaining = this.remainingOf(address) ?? { requests: this.address.limit, isExceeded: false, until: 0 };
    if (remaining.until > 0 && remaining.requests === 0) throw refused(this.address, remaining, reply);
    if (!others.has(credential) && others.size >= remaining.requests) {
      throw refused(this.address, { ...remaining, until: Date.now() }, reply);
    }
    this.lookedUp.set(address, others.add(credential));
    try {
      return await authenticate();
    } finally {
      others.delete(credential);
      if (others.size === 0) this.lookedUp.delete(address);
    }
  }

  private async spend(policy: Policy, quota: string, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const spent = this.remainingOf(quota);
    if (spent?.requests === 0) throw refused(policy, spent, reply);
    const remaining = await this.counted(policy, quota, request);
    this.remaining.set(quota, remaining);
    if (remaining.isExceeded) throw refused(policy, remaining, reply);
    describe(policy, remaining, reply);
  }

  private async counted(policy: Policy, quota: string, request: FastifyRequest): Promise<Remaining> {
    const shared = await this.shared?.add(quota);
    if (shared) {
      const { count, msLeft } = shared;
      return { requests: Math.max(0, policy.limit - count), isExceeded: count > policy.limit, until: Date.now() + msLeft };
    }
    request.quota = quota;
    const counted = await policy.count(request);
    // The type covers allow lists, which the gateway does not configure.
    if (counted.isAllowed) throw new Error('the rate limit has an allow list');
    return { requests: counted.remaining, isExceeded: counted.isExceeded, until: Date.now() + counted.ttl };
  }

  private remainingOf(quota: string): Remaining | undefined {
    const remaining = this.remaining.get(quota);
    return remaining !== undefined && remaining.until > Date.now() ? remaining : undefined;
  }

  private addressQuota(request: FastifyRequest): string {
    return `address:${rateLimit.normalizeIP(this.addressOf(request) ?? request.socket.remoteAddress ?? '')}`;
  }
}

/** Covers the credential and the organization: a token may be valid for one organization and not for another. */
function hashOf(request: FastifyRequest): string {
  const { authorization = '' } = request.headers;
  return createHash('sha256')
    .update(`${authorization}\n${headerOf(request, 'organization-id') ?? ''}`)
    .digest('base64');
}

/** All tokens of a user share one quota, since a user can get a new token at any time. */
function quotaOf({ organization, apiKeyId, userId }: Actor): string {
  return apiKeyId === null ? `user:${userId}` : `key:${organization.id}/${apiKeyId}`;
}

/** Sets the header fields of draft-ietf-httpapi-ratelimit-headers-10. */
function describe({ name, limit }: Policy, { requests, until }: Remaining, reply: FastifyReply): void {
  reply.header('ratelimit-policy', `"${name}";q=${limit};w=${WINDOW_SECONDS}`);
  reply.header('ratelimit', `"${name}";r=${requests};t=${secondsUntil(until)}`);
}

function refused(policy: Policy, remaining: Remaining, reply: FastifyReply): RateLimited {
  const retryAfter = Math.max(1, secondsUntil(remaining.until));
  describe(policy, { ...remaining, requests: 0 }, reply);
  return new RateLimited(policy.name, policy.limit, WINDOW_SECONDS, retryAfter);
}

function secondsUntil(time: number): number {
  return Math.max(0, Math.ceil((time - Date.now()) / 1000));
}
