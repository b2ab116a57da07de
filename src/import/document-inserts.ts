import type { EntityManager } from '@mikro-orm/postgresql';
import type { CreditNote } from '../entities/credit-note.js';
import { bulkInsert } from '../orm/bulk-insert.js';
import { type Query, query } from '../orm/query.js';
import { type Big, ZERO } from '../values/money.js';
import type { Taken } from './reconciliation.js';

/** The newest ids in the tables whose ids an import numbers on by itself. */
export interface NewestIds {
  readonly entry: number;
  readonly line: number;
  readonly noteLine: number;
}

/** Inserts of new documents, which count on these newest ids. */
export interface DocumentInserts {
  readonly before: NewestIds;
  readonly after: NewestIds;
  readonly notes: readonly Query<void>[];
  readonly refunds: Query<void>;
}

/**
 * Makes the inserts of new documents, one statement for each table. Triggers check them as they check each other document. Entries and lines get the ids
 * that the database would draw: given, they need no look-up for each row, and no round trip for each table.
 */
export function insertsOf(
  em: EntityManager,
  organizationId: number,
  taken: readonly Pick<Taken, 'note' | 'isNew' | 'refunds'>[],
  before: NewestIds,
): DocumentInserts {
  const notes = taken.flatMap(({ isNew, note }) => (isNew ? note : []));
  const refunds = taken.flatMap(({ refunds }) => refunds);
  const entries = [...notes.flatMap(({ journalEntry }) => journalEntry ?? []), ...refunds.map(({ journalEntry }) => journalEntry)];
  const lines = entries.flatMap(({ lines }) => lines.getItems());
  const noteLines = notes.flatMap(({ lines }) => lines.getItems());
  for (const [index, entry] of entries.entries()) entry.id = before.entry + 1 + index;
  for (const [index, line] of lines.entries()) line.id = before.line + 1 + index;
  for (const [index, line] of noteLines.entries()) line.id = before.noteLine + 1 + index;
  return {
    before,
    after: {
      entry: before.entry + entries.length,
      line: before.line + lines.length,
      noteLine: before.noteLine + noteLines.length,
    },
    notes: [
      bulkInsert(em, entries, 'given'),
      bulkInsert(em, lines, 'given'),
      insertUnapplied(em, notes),
      bulkInsert(em, noteLines, 'given'),
      applyToInvoices(organizationId, notes),
    ],
    refunds: bulkInsert(em, refunds, 'given'),
  };
}

export function areSame(one: NewestIds, other: NewestIds): boolean {
  return one.entry === other.entry && one.line === other.line && one.noteLine === other.noteLine;
}

/** The newest ids of both. */
export function later(one: NewestIds, other: NewestIds): NewestIds {
  return {
    entry: Math.max(one.entry, other.entry),
    line: Math.max(one.line, other.line),
    noteLine: Math.max(one.noteLine, other.noteLine),
  };
}

/** Reads the newest ids, or the number before the organization's first ones. */
export function readNewestIds(organizationId: number): Query<NewestIds> {
  const newest = (table: string) =>
    `coalesce((select id from ${table} where organization_id = $1 order by id desc limit 1), first_id - 1)`;
  return query(
    `select ${newest('journal_entries')} as entry, ${newest('journal_lines')} as line, ${newest('credit_note_lines')} as note_line
     from organizations where id = $1`,
    [organizationId],
    ([row]) => ({ entry: Number(row?.entry), line: Number(row?.line), noteLine: Number(row?.note_line) }),
  );
}

/** A note is new in the books before a part of it is applied. */
function insertUnapplied(em: EntityManager, notes: readonly CreditNote[]): Query<void> {
  const applied: Big[] = notes.map(({ applied }) => applied);
  for (const note of notes) note.applied = ZERO;
  const insert = bulkInsert(em, notes, 'given');
  for (const [index, note] of notes.entries()) note.applied = applied[index] ?? ZERO;
  return insert;
}

function applyToInvoices(organizationId: number, notes: readonly CreditNote[]): Query<void> {
  const applied = notes.flatMap(({ id, applied }) => (applied.gt(ZERO) ? { id, applied: applied.toFixed() } : []));
  if (applied.length === 0) return { statements: [], read: () => undefined };
  return query(
    `update credit_notes note set applied = wanted.applied from json_to_recordset($2) wanted (id bigint, applied numeric)
     where note.organization_id = $1 and note.id = wanted.id`,
    [organizationId, JSON.stringify(applied)],
    () => undefined,
  );
}
