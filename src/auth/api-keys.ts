import { createHash, randomBytes } from 'node:crypto';
import type { EntityManager } from '@mikro-orm/postgresql';
import { ApiKey, type Role } from '../entities/access.js';
import type { Organization } from '../entities/organization.js';

const PREFIX = 'bc_';
/** Random characters of a key that are stored and listed. */
const VISIBLE_CHARACTERS = 6;

export function looksLikeApiKey(credential: string): boolean {
  return credential.startsWith(PREFIX);
}

/** Returns whether a key with this visible prefix names the cell. */
export function namesCell(prefix: string, cell: string): boolean {
  const beginning = beginningWith(cell);
  // The random characters of a key without a cell may begin in the same way, but such a prefix is shorter.
  return prefix.startsWith(beginning) && prefix.length === beginning.length + VISIBLE_CHARACTERS;
}

function beginningWith(cell: string | null): string {
  return cell === null ? PREFIX : `${PREFIX}${cell}_`;
}

/** Returns the hash that the table holds. SHA-256 without salt suffices: a key has 256 random bits, which nobody can guess. */
export function hashApiKey(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}

/**
 * Makes a key, and returns it with its row. The key itself is not stored, so this is the only time that it can be shown.
 *
 * @param cell the name of the cell that a router finds in the key; `null` for a key without one
 */
export async function createApiKey(
  em: EntityManager,
  organization: Organization,
  { name, role, expiresAt = null, cell = null }: { name: string; role: Role; expiresAt?: Date | null; cell?: string | null },
): Promise<{ key: string; apiKey: ApiKey }> {
  const beginning = beginningWith(cell);
  const key = `${beginning}${randomBytes(32).toString('base64url')}`;
  const apiKey = em.create(ApiKey, {
    organization: organization.id,
    name,
    role,
    prefix: key.slice(0, beginning.length + VISIBLE_CHARACTERS),
    hash: hashApiKey(key),
    expiresAt,
    revokedAt: null,
    lastUsedAt: null,
  });
  await em.flush();
  return { key, apiKey };
}

/** Revokes a key for good; returns `false` if there is no such key, or if it was revoked before. */
export async function revokeApiKey(em: EntityManager, organization: Organization, id: number): Promise<boolean> {
  return (await em.nativeUpdate(ApiKey, { organization: organization.id, id, revokedAt: null }, { revokedAt: new Date() })) > 0;
}
