import type { EntityManager } from '@mikro-orm/postgresql';
import type { Organization } from '../../entities/organization.js';

/** The texts that are unique in their organization, as they are read: whatever their case and blanks. */
const UNIQUE = { accounts: 'code', branches: 'code', credit_notes: 'number' } as const;

/**
 * Returns whether another row of the organization has the text. A unique index has the last word: this check lets a refusal name the text together
 * with other wrong fields.
 *
 * @param except id of the row that is to have the text; absent: it is new
 */
export async function isTaken(
  em: EntityManager,
  { id }: Organization,
  table: keyof typeof UNIQUE,
  text: string,
  except = 0,
): Promise<boolean> {
  const [row] = await em.execute(
    `select from ${table} where organization_id = ? and as_read(${UNIQUE[table]}) = as_read(?) and id <> ?`,
    [id, text, except],
  );
  return row !== undefined;
}
