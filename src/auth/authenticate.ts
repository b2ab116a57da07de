import type { EntityManager } from '@mikro-orm/postgresql';
import { ApiKey, Membership } from '../entities/access.js';
import { Unauthenticated } from '../errors.js';
import type { Actor, RequestFacts } from './actor.js';
import { hashApiKey, looksLikeApiKey } from './api-keys.js';
import { type JwtSettings, subjectOf } from './jwt.js';

export interface Credentials {
  /** The Authorization header. */
  readonly authorization: string | undefined;
  /** The organization-id header. */
  readonly organizationId: string | undefined;
}

/** How long `last used` of a key may lag behind: it is for people, and not worth a write at each request. */
const LAST_USED_LAG_MS = 60_000;

/**
 * Tells who is calling: an API key names its organization, a JWT needs the organization-id header.
 *
 * @throws {Unauthenticated} the same for what does not exist and for what is not the caller's
 */
export async function authenticate(
  em: EntityManager,
  { authorization, organizationId }: Credentials,
  jwt: JwtSettings | null,
  request: RequestFacts,
): Promise<Actor> {
  const credential = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
  if (credential === undefined) throw new Unauthenticated('CREDENTIAL');
  return looksLikeApiKey(credential)
    ? byApiKey(em, credential, organizationId, request)
    : byJwt(em, credential, organizationId, jwt, request);
}

async function byApiKey(em: EntityManager, key: string, organizationId: string | undefined, request: RequestFacts): Promise<Actor> {
  const apiKey = await em.findOne(ApiKey, { hash: hashApiKey(key) }, { populate: ['organization'] });
  const now = new Date();
  if (apiKey === null || !apiKey.isValidAt(now)) throw new Unauthenticated('CREDENTIAL');
  const { organization } = apiKey;
  if (organizationId && organizationId !== organization.publicId) throw new Unauthenticated('ORGANIZATION_UNKNOWN');
  if (now.getTime() - (apiKey.lastUsedAt?.getTime() ?? 0) > LAST_USED_LAG_MS) {
    await em.nativeUpdate(ApiKey, { id: apiKey.id }, { lastUsedAt: now });
  }
  return { organization, role: apiKey.role, name: apiKey.name, userId: null, apiKeyId: apiKey.id, request };
}

async function byJwt(
  em: EntityManager,
  token: string,
  organizationId: string | undefined,
  jwt: JwtSettings | null,
  request: RequestFacts,
): Promise<Actor> {
  const subject = jwt && (await subjectOf(token, jwt));
  if (subject === null) throw new Unauthenticated('CREDENTIAL');
  if (!organizationId) throw new Unauthenticated('ORGANIZATION_ID_REQUIRED');
  const membership = await em.findOne(
    Membership,
    { user: { subject }, organization: { publicId: organizationId } },
    { populate: ['user', 'organization'] },
  );
  if (membership === null) throw new Unauthenticated('ORGANIZATION_UNKNOWN');
  const { organization, user, role } = membership;
  return { organization, role, name: user.name, userId: user.id, apiKeyId: null, request };
}
