import { ConnectionException } from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/postgresql';
import { Batcher } from '../concurrency/batcher.js';
import { WaitBudget, workFor } from '../concurrency/wait-budget.js';
import { ApiKey, Membership } from '../entities/access.js';
import { Organization } from '../entities/organization.js';
import { Unauthenticated } from '../errors.js';
import { columnsOf, wholeWith } from '../orm/columns.js';
import { query, run } from '../orm/query.js';
import { mapRows } from '../orm/row-mapping.js';
import type { Actor, RequestMetadata } from './actor.js';
import { hashApiKey, looksLikeApiKey } from './api-keys.js';
import { type JwtSettings, subjectOf } from './jwt.js';

export interface Credentials {
  /** The Authorization header. */
  readonly authorization: string | undefined;
  /** The organization-id header. */
  readonly organizationId: string | undefined;
}

interface MembershipKey {
  readonly subject: string;
  readonly organizationId: string;
}

const WITH_ORGANIZATION = wholeWith('organization');

/** A key's `last_used_at` is written at most this often: it informs people, and is not worth a write per request. */
const LAST_USED_LAG_SECONDS = 60;

/** A connection that does not answer in this time is closed, and the query is sent again on another one. */
const ANSWER_TIMEOUT_MS = 1_000;
const MAX_ATTEMPTS = 3;

/** A query that takes longer does not delay the next batch, unless too many run already. */
const USUAL_QUERY_MS = 100;
const MAX_CONCURRENT_QUERIES = 4;

/**
 * Authenticates callers. Credentials that arrive while a query runs share the next query. Nothing is cached, so that a revocation takes
 * effect at once.
 */
export class Authenticator {
  private readonly apiKeys = new Batcher<'all', string, ApiKey | null>((hashes, _all, proceed) =>
    this.lookUp(() => this.findApiKeys(hashes), proceed),
  );
  private readonly memberships = new Batcher<'all', MembershipKey, Membership | null>((wanted, _all, proceed) =>
    this.lookUp(() => this.findMemberships(wanted), proceed),
  );
  private runningQueries = 0;
  private recordingUse: Promise<void> | undefined;

  constructor(
    private readonly em: EntityManager,
    private readonly jwt: JwtSettings | null,
    private readonly postingDaysAhead: number,
  ) {}

  /**
   * Returns the caller. An API key belongs to one organization; a JWT needs the organization-id header.
   *
   * @throws {Unauthenticated} with the same reason for an unknown organization and for one without a membership of the caller
   */
  async authenticate({ authorization, organizationId }: Credentials, request: RequestMetadata): Promise<Actor> {
    const credential = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
    if (credential === undefined) throw new Unauthenticated('CREDENTIAL');
    return looksLikeApiKey(credential)
      ? this.byApiKey(credential, organizationId, request)
      : this.byJwt(credential, organizationId, request);
  }

  private async byApiKey(key: string, organizationId: string | undefined, request: RequestMetadata): Promise<Actor> {
    const apiKey = await this.apiKeys.add('all', hashApiKey(key));
    if (apiKey === null) throw new Unauthenticated('CREDENTIAL');
    const { organization } = apiKey;
    if (organizationId && organizationId !== organization.publicId) throw new Unauthenticated('ORGANIZATION_UNKNOWN');
    const { postingDaysAhead } = this;
    return { organization, role: apiKey.role, name: apiKey.name, userId: null, apiKeyId: apiKey.id, request, postingDaysAhead };
  }

  private async findApiKeys(hashes: readonly string[]): Promise<(ApiKey | null)[]> {
    const em = this.em.fork();
    const wanted = [...new Set(hashes)];
    // The expiry is compared with the database's clock.
    const text = `
      select key.*, ${columnsOf(em, Organization, 'organization')}
      from (
        select ${columnsOf(em, ApiKey)},
          last_used_at > now() - interval '${LAST_USED_LAG_SECONDS} seconds' as used_recently
        from api_keys where hash = any ($1) and revoked_at is null and (expires_at is null or expires_at > now())
      ) key join organizations organization on organization.id = key.organization_id`;
    const keys = query(text, [wanted], (rows) => {
      const apiKeys = mapRows(em, ApiKey, null, rows, WITH_ORGANIZATION);
      return { apiKeys, used: apiKeys.filter((_, index) => rows[index]?.used_recently !== true) };
    });
    const [{ apiKeys, used }] = await run(em, keys);
    if (used.length > 0) this.recordingUse ??= this.recordUse(used).finally(() => (this.recordingUse = undefined));
    const byHash = new Map(apiKeys.map((each) => [each.hash, each]));
    return hashes.map((hash) => byHash.get(hash) ?? null);
  }

  /** Runs in the background. A failure, or a row that is locked, is ignored: the next use of the key tries again. */
  private async recordUse(used: readonly ApiKey[]): Promise<void> {
    const text = `
      update api_keys key set last_used_at = now()
      from (
        select free.organization_id, free.id
        from unnest($1::bigint[], $2::bigint[]) used (organization_id, id)
          join api_keys free on free.organization_id = used.organization_id and free.id = used.id
        for update skip locked
      ) used
      where key.organization_id = used.organization_id and key.id = used.id`;
    const update = query(text, [used.map(({ organization }) => organization.id), used.map(({ id }) => id)], () => undefined);
    await this.asGateway(() => run(this.em.fork(), update)).catch(() => undefined);
  }

  private async lookUp<T>(find: () => Promise<T>, proceed: () => void): Promise<T> {
    this.runningQueries += 1;
    const timer = this.runningQueries < MAX_CONCURRENT_QUERIES ? setTimeout(proceed, USUAL_QUERY_MS) : undefined;
    try {
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await this.asGateway(find);
        } catch (error) {
          if (!(error instanceof ConnectionException) || attempt === MAX_ATTEMPTS) throw error;
        }
      }
    } finally {
      clearTimeout(timer);
      this.runningQueries -= 1;
    }
  }

  /** Runs a query that many callers share: it uses neither an organization's share of the connections nor one caller's wait budget. */
  private asGateway<T>(send: () => Promise<T>): Promise<T> {
    return workFor({ organizationId: null, budget: new WaitBudget(ANSWER_TIMEOUT_MS), answerTimeoutMs: ANSWER_TIMEOUT_MS }, send);
  }

  private async byJwt(token: string, organizationId: string | undefined, request: RequestMetadata): Promise<Actor> {
    const subject = this.jwt && (await subjectOf(token, this.jwt));
    if (subject === null) throw new Unauthenticated('CREDENTIAL');
    if (!organizationId) throw new Unauthenticated('ORGANIZATION_ID_REQUIRED');
    const membership = await this.memberships.add('all', { subject, organizationId });
    if (membership === null) throw new Unauthenticated('ORGANIZATION_UNKNOWN');
    const { organization, user, role } = membership;
    const { postingDaysAhead } = this;
    return { organization, role, name: user.name, userId: user.id, apiKeyId: null, request, postingDaysAhead };
  }

  private async findMemberships(wanted: readonly MembershipKey[]): Promise<(Membership | null)[]> {
    const where = wanted.map(({ subject, organizationId }) => ({
      user: { subject },
      organization: { publicId: organizationId },
      endedAt: null,
    }));
    const found = await this.em.fork().find(Membership, { $or: where }, { populate: ['user', 'organization'] });
    return wanted.map(
      ({ subject, organizationId }) =>
        found.find(({ user, organization }) => user.subject === subject && organization.publicId === organizationId) ?? null,
    );
  }
}
