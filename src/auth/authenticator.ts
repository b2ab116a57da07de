import { ConnectionException } from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/postgresql';
import { Batcher } from '../concurrency/batcher.js';
import { WaitBudget, workFor } from '../concurrency/wait-budget.js';
import { ApiKey, Membership } from '../entities/access.js';
import { Organization } from '../entities/organization.js';
import { Unauthenticated } from '../errors.js';
import { columnsOf } from '../orm/columns.js';
import { query, run } from '../orm/query.js';
import { mapRows } from '../orm/row-mapping.js';
import { wholeWith } from '../orm/selection.js';
import type { Actor, RequestMetadata } from './actor.js';
import { hashApiKey, looksLikeApiKey } from './api-keys.js';
import { type JwtSettings, subjectOf } from './jwt.js';

export interface Credentials {
  /** The Authorization header. */
  readonly authorization: string | undefined;
  /** The organization-id header. */
  readonly organizationId: string | undefined;
}

interface Wanted {
  readonly subject: string;
  readonly organizationId: string;
}

const WITH_ORGANIZATION = wholeWith('organization');

/** How long `last used` of a key may lag behind: it is for people, and not worth a write at each request. */
const LAST_USED_LAG_SECONDS = 60;

/** A connection that is silent for longer is given up, and the look-up made again on another one. */
const SILENCE_MS = 1_000;
const ATTEMPTS = 3;

/** Look-ups that take longer than usual hold up no others, unless there are too many of them. */
const USUAL_MS = 100;
const MOST_AT_ONCE = 4;

/** Tells who is calling. Those who call while others are being looked up are looked up together; nothing is remembered. */
export class Authenticator {
  private readonly apiKeys = new Batcher<'all', string, ApiKey | null>((hashes, _all, proceed) =>
    this.lookUp(() => this.findApiKeys(hashes), proceed),
  );
  private readonly memberships = new Batcher<'all', Wanted, Membership | null>((wanted, _all, proceed) =>
    this.lookUp(() => this.findMemberships(wanted), proceed),
  );
  private atOnce = 0;
  private noting: Promise<void> | undefined;

  constructor(
    private readonly em: EntityManager,
    private readonly jwt: JwtSettings | null,
    private readonly postingDaysAhead: number,
  ) {}

  /**
   * An API key names its organization, a JWT needs the organization-id header.
   *
   * @throws {Unauthenticated} the same for what does not exist and for what is not the caller's
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
    // Whether a key still holds is for the database's clock to say.
    const text = `
      select key.*, ${columnsOf(em, Organization, 'organization')}
      from (
        select ${columnsOf(em, ApiKey)},
          last_used_at > now() - interval '${LAST_USED_LAG_SECONDS} seconds' as used_lately
        from api_keys where hash = any ($1) and revoked_at is null and (expires_at is null or expires_at > now())
      ) key join organizations organization on organization.id = key.organization_id`;
    const keys = query(text, [wanted], (rows) => {
      const apiKeys = mapRows(em, ApiKey, null, rows, WITH_ORGANIZATION);
      return { apiKeys, used: apiKeys.filter((_, index) => rows[index]?.used_lately !== true) };
    });
    const [{ apiKeys, used }] = await run(em, keys);
    if (used.length > 0) this.noting ??= this.noteUse(used).finally(() => (this.noting = undefined));
    const byHash = new Map(apiKeys.map((each) => [each.hash, each]));
    return hashes.map((hash) => byHash.get(hash) ?? null);
  }

  /** Nobody waits for it, and what goes wrong is left for the next time: a row that somebody holds, say. */
  private async noteUse(used: readonly ApiKey[]): Promise<void> {
    const text =
      'update api_keys set last_used_at = now() where id in (select id from api_keys where id = any ($1) for update skip locked)';
    const update = query(text, [used.map(({ id }) => id)], () => undefined);
    await this.ownWork(() => run(this.em.fork(), update)).catch(() => undefined);
  }

  private async lookUp<T>(find: () => Promise<T>, proceed: () => void): Promise<T> {
    this.atOnce += 1;
    const timer = this.atOnce < MOST_AT_ONCE ? setTimeout(proceed, USUAL_MS) : undefined;
    try {
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await this.ownWork(find);
        } catch (error) {
          if (!(error instanceof ConnectionException) || attempt === ATTEMPTS) throw error;
        }
      }
    } finally {
      clearTimeout(timer);
      this.atOnce -= 1;
    }
  }

  /** Many callers share it: it takes no organization's connections, and not what one of them may still wait. */
  private ownWork<T>(look: () => Promise<T>): Promise<T> {
    return workFor({ organizationId: null, budget: new WaitBudget(SILENCE_MS), silenceMs: SILENCE_MS }, look);
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

  private async findMemberships(wanted: readonly Wanted[]): Promise<(Membership | null)[]> {
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
