import { createHash, randomBytes } from 'node:crypto';
import type { EntityManager } from '@mikro-orm/postgresql';
import { ApiKey, type Role } from '../entities/access.js';
import type { Organization } from '../entities/organization.js';

const PREFIX = 'bc_';
const VISIBLE_LENGTH = PREFIX.length + 6;

export function looksLikeApiKey(credential: string): boolean {
  return credential.startsWith(PREFIX);
}

/** SHA-256 suffices for a key of 256 random bits: there is nothing to guess. */
export function hashApiKey(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}

/** Makes a key. It is told here once, and kept nowhere. */
export async function createApiKey(
  em: EntityManager,
  organization: Organization,
  { name, role, expiresAt = null }: { name: string; role: Role; expiresAt?: Date | null },
): Promise<{ key: string; apiKey: ApiKey }> {
  const key = `${PREFIX}${randomBytes(32).toString('base64url')}`;
  const apiKey = em.create(ApiKey, {
    organization: organization.id,
    name,
    role,
    prefix: key.slice(0, VISIBLE_LENGTH),
    hash: hashApiKey(key),
    expiresAt,
    revokedAt: null,
    lastUsedAt: null,
  });
  await em.flush();
  return { key, apiKey };
}

/** Revokes a key for good; whether there was such a key that was still good. */
export async function revokeApiKey(em: EntityManager, organization: Organization, id: number): Promise<boolean> {
  return (await em.nativeUpdate(ApiKey, { organization: organization.id, id, revokedAt: null }, { revokedAt: new Date() })) > 0;
}
