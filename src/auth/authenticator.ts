import type { EntityManager } from '@mikro-orm/postgresql';
import { executeTogether } from '../database-driver.js';
import { columnsOf, detached, wholeWith } from '../detached.js';
import { ApiKey, Membership } from '../entities/access.js';
import { Organization } from '../entities/organization.js';
import { Unauthenticated } from '../errors.js';
import { Gathering } from '../gathering.js';
import type { Actor, RequestFacts } from './actor.js';
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

/** Tells who is calling. Those who call while others are being looked up are looked up together; nothing is remembered. */
export class Authenticator {
  private readonly apiKeys = new Gathering<'all', string, ApiKey | null>((hashes) => this.findApiKeys(hashes));
  private readonly memberships = new Gathering<'all', Wanted, Membership | null>((wanted) => this.findMemberships(wanted));

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
  async authenticate({ authorization, organizationId }: Credentials, request: RequestFacts): Promise<Actor> {
    const credential = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
    if (credential === undefined) throw new Unauthenticated('CREDENTIAL');
    return looksLikeApiKey(credential)
      ? this.byApiKey(credential, organizationId, request)
      : this.byJwt(credential, organizationId, request);
  }

  private async byApiKey(key: string, organizationId: string | undefined, request: RequestFacts): Promise<Actor> {
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
    const [rows = []] = await executeTogether(em, [{ text, values: [wanted] }]);
    const apiKeys = detached(em, ApiKey, null, rows, WITH_ORGANIZATION);
    const used = apiKeys.filter((_, index) => rows[index]?.used_lately !== true);
    if (used.length > 0) {
      // Nobody waits for it: a row that somebody holds is left for the next time.
      await em.execute(
        'update api_keys set last_used_at = now() where id in (select id from api_keys where id in (?) for update skip locked)',
        [used.map(({ id }) => id)],
      );
    }
    const byHash = new Map(apiKeys.map((each) => [each.hash, each]));
    return hashes.map((hash) => byHash.get(hash) ?? null);
  }

  private async byJwt(token: string, organizationId: string | undefined, request: RequestFacts): Promise<Actor> {
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
