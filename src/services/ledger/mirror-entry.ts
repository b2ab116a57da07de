import type { EntityManager } from '@mikro-orm/postgresql';
import { JournalEntry } from '../../entities/journal-entry.js';
import type { Organization } from '../../entities/organization.js';
import type { PostingDate } from '../../values/posting-date.js';

/** Returns a new entry that mirrors the entry with this id, on another date. Its lines have the order of the mirrored ones. */
export async function mirrorEntry(
  em: EntityManager,
  organization: Organization,
  id: number,
  date: PostingDate,
): Promise<JournalEntry> {
  const entry = await em.findOneOrFail(
    JournalEntry,
    { id, organization: organization.id },
    { populate: ['lines'], orderBy: { lines: { id: 'asc' } } },
  );
  return entry.reversed(date);
}
