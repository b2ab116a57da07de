import type { EntityManager } from '@mikro-orm/postgresql';
import { CreditNote } from '../entities/credit-note.js';
import type { Organization } from '../entities/organization.js';
import { Refund } from '../entities/refund.js';
import { columnsOf } from '../orm/columns.js';
import { combine, type Query, query, type ResultRow, run } from '../orm/query.js';
import { mapRows } from '../orm/row-mapping.js';
import { LockWait, lockCreditNotes } from '../services/unit-of-work/locks.js';
import { Big } from '../values/money.js';
import type { TheirDocument } from './bigcapital.js';
import type { OurLine } from './differences.js';

/** What is here already of some documents. */
export interface DocumentsHere {
  readonly notes: ReadonlyMap<number, CreditNote>;
  /** All refunds of these notes, and those that have the id of one of theirs. */
  readonly refunds: ReadonlyMap<number, Refund>;
  /** The lines of these notes. */
  readonly lines: ReadonlyMap<number, readonly OurLine[]>;
  /** The ids of those refunds that are reversed. */
  readonly reversed: ReadonlySet<number>;
}

export const NOTHING_HERE: DocumentsHere = { notes: new Map(), refunds: new Map(), lines: new Map(), reversed: new Set() };

/** Reads the notes of these documents and their refunds. An import locks the notes; a dry run does not. */
export function readHere(
  em: EntityManager,
  organization: Organization,
  documents: readonly TheirDocument[],
  isDry: boolean,
): Query<Pick<DocumentsHere, 'notes' | 'refunds'>> {
  const noteIds = documents.flatMap(({ id }) => (typeof id === 'number' ? id : []));
  const ids = documents.flatMap(({ refunds }) => refunds.flatMap(({ id }) => (typeof id === 'number' ? id : [])));
  const wanted = noteIds.map((id) => ({ id, key: undefined }));
  const notes = isDry
    ? query(
        `select ${columnsOf(em, CreditNote)} from credit_notes where organization_id = $1 and id = any ($2)`,
        [organization.id, noteIds],
        (rows) => (owner: Organization) => mapRows(em, CreditNote, owner, rows),
      )
    : lockCreditNotes(em, organization.id, wanted, LockWait.TIMEOUT);
  const columns = columnsOf(em, Refund);
  const refunds = query(
    `select ${columns} from refunds where organization_id = $1 and credit_note_id = any ($2)
     union select ${columns} from refunds where organization_id = $1 and id = any ($3)`,
    [organization.id, noteIds, ids],
    (rows) => mapRows(em, Refund, organization, rows),
  );
  return combine([notes, refunds], ([notes, refunds]) => ({
    notes: new Map(notes(organization).map((note) => [note.id, note])),
    refunds: new Map(refunds.map((refund) => [refund.id, refund])),
  }));
}

/** Reads what else is compared of notes that are here. */
export async function readDetails(
  em: EntityManager,
  organizationId: number,
  { notes, refunds }: Pick<DocumentsHere, 'notes' | 'refunds'>,
): Promise<DocumentsHere> {
  if (notes.size === 0) return { ...NOTHING_HERE, refunds };
  const [lines, reversed] = await run(
    em,
    readLines(organizationId, [...notes.keys()]),
    readReversed(organizationId, [...refunds.keys()]),
  );
  return { notes, refunds, lines, reversed };
}

function readLines(organizationId: number, noteIds: readonly number[]): Query<ReadonlyMap<number, readonly OurLine[]>> {
  return query(
    `select credit_note_id, account_id, description, amount::text from credit_note_lines
     where organization_id = $1 and credit_note_id = any ($2)`,
    [organizationId, noteIds],
    (rows) => {
      const noteOf = ({ credit_note_id }: ResultRow) => Number(credit_note_id);
      const lineOf = ({ account_id, description, amount }: ResultRow): OurLine => ({
        accountId: Number(account_id),
        description: String(description),
        amount: Big(String(amount)),
      });
      return new Map([...Map.groupBy(rows, noteOf)].map(([id, lines]) => [id, lines.map(lineOf)]));
    },
  );
}

function readReversed(organizationId: number, refundIds: readonly number[]): Query<ReadonlySet<number>> {
  return query(
    'select refund_id from refund_reversals where organization_id = $1 and refund_id = any ($2)',
    [organizationId, refundIds],
    (rows) => new Set(rows.map(({ refund_id }) => Number(refund_id))),
  );
}
