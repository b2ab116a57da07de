import type { EntityManager } from '@mikro-orm/postgresql';
import { CreditNote } from '../entities/credit-note.js';
import type { Organization } from '../entities/organization.js';
import { Protocol } from '../entities/provenance.js';
import { Refund } from '../entities/refund.js';
import { bulkInsert } from '../orm/bulk-insert.js';
import { columnsOf } from '../orm/columns.js';
import { isDataError } from '../orm/errors.js';
import { type Query, query, type ResultRow, run } from '../orm/query.js';
import { mapRows } from '../orm/row-mapping.js';
import { LockWait, lockCreditNotes, lockOrder, lockPeriod } from '../services/unit-of-work/locks.js';
import { readOrganization } from '../services/unit-of-work/unit-of-work.js';
import { Big, ZERO } from '../values/money.js';
import type { TheirDocument } from './bigcapital.js';
import type { TheirCreditNote, TheirRefund } from './bigcapital-records.js';
import { detailsOfNotes, detailsOfRefunds, differencesOfNotes, isSameRefund, type OurLine } from './differences.js';
import type { Reconciliation, Taken } from './reconciliation.js';
import type { TheirLedger } from './their-ledger.js';
import {
  NotTakenOver,
  ourCreditNote,
  ourRefunds,
  type Records,
  reasonsOf,
  theirLines,
  theirRefunds,
  tidyNumber,
} from './theirs-to-ours.js';

/** Marks the transaction as one that imports: see `is_being_imported` in the migrations. */
export function markAsImport(organizationId: number): Query<void> {
  return query(`select set_config('books.import', $1, true)`, [String(organizationId)], () => undefined);
}

/** Takes credit notes over with their refunds: those that are missing here, and no others. */
export class ImportedDocuments {
  /** The numbers that are not in the database yet, in the form in which they are compared: those of the batch that is being written, or of a dry run. */
  private planned = new Set<string>();
  /** The batch that is being written while the next one is read and decided. */
  private writing: Promise<void> = Promise.resolve();

  /** @param organizationId `null` in a dry run for an organization that is not here yet */
  constructor(
    private readonly em: EntityManager,
    private readonly records: Records,
    private readonly organizationId: number | null,
    private readonly ledger: TheirLedger,
    private readonly report: Reconciliation,
    private readonly isDry: boolean,
  ) {}

  /** Takes the documents over in one transaction, which goes on when the promise is resolved: {@link finish} awaits the last one. */
  async take(documents: readonly TheirDocument[]): Promise<void> {
    if (documents.length === 0) return;
    const { numbers, forms } = await this.numbersOf(documents, this.planned);
    if (!this.isDry) this.planned = forms;
    else for (const form of forms) this.planned.add(form);
    const drafts = this.draft(documents, numbers);
    await this.writing;
    this.writing = this.takeDrafts(drafts);
    // The error is thrown where the batch is awaited.
    this.writing.catch(() => undefined);
  }

  finish(): Promise<void> {
    return this.writing;
  }

  /** Writes the batch. If the database refuses it, each half is tried again, so that only the cause is refused. */
  private async takeDrafts(drafts: readonly Draft[]): Promise<void> {
    try {
      const outcomes = await this.takeTogether(drafts);
      for (const outcome of outcomes) this.count(outcome);
    } catch (error) {
      if (!isDataError(error)) throw error;
      // What is refused already stays so: in a half, a note may be alone that has the id of another one.
      for (const draft of drafts) if ('reasons' in draft) this.count(draft);
      const documents = drafts.flatMap((draft) => ('reasons' in draft ? [] : draft.document));
      const [first, ...others] = documents;
      if (first === undefined) throw error;
      if (others.length === 0) return this.count(refused(first, [`the database refuses it: ${(error as Error).message}`]));
      const middle = Math.ceil(documents.length / 2);
      for (const half of [documents.slice(0, middle), documents.slice(middle)]) {
        // The batches before are in the database. The next one has avoided the numbers of this one.
        const { numbers } = await this.numbersOf(half, new Set());
        await this.takeDrafts(this.draft(half, numbers));
      }
    }
  }

  /** Decides what becomes of each document if none of it is here, while the batch before is still being written. */
  private draft(documents: readonly TheirDocument[], numbers: ReadonlyMap<number, string>): Draft[] {
    const ids = new Set<number>();
    return documents.map((document) => {
      if ('unreadable' in document) return refused(document, [document.unreadable]);
      if (ids.has(document.id)) return refused(document, ['Bigcapital shows two credit notes with this id']);
      ids.add(document.id);
      try {
        const { id, note: theirs } = document;
        const all = theirRefunds(document.refunds);
        assertCounted(theirs, all);
        return { document, theirs, theirRefunds: all, made: this.made(theirs, all, numbers.get(id) ?? tidyNumber(theirs)) };
      } catch (error) {
        return refused(document, reasonsOf(error));
      }
    });
  }

  /** Makes our note and refunds, or collects why they cannot be made. */
  private made(theirs: TheirCreditNote, theirRefunds: readonly TheirRefund[], number: string): Made | readonly string[] {
    try {
      const note = ourCreditNote(theirs, number, this.records);
      return { note, refunds: ourRefunds(note, theirRefunds, this.records) };
    } catch (error) {
      return reasonsOf(error);
    }
  }

  private takeTogether(drafts: readonly Draft[]): Promise<Outcome[]> {
    const { em, organizationId } = this;
    if (organizationId === null) return Promise.resolve(this.decide(drafts, NOTHING_HERE));
    return em.transactional(
      async (em) => {
        // The period comes first, as in each transaction that posts. A dry run locks nothing.
        const locks = this.isDry ? [] : [lockPeriod(organizationId, 'shared'), markAsImport(organizationId)];
        const documents = drafts.map(({ document }) => document);
        await run(em, ...locks);
        const [organization] = await run(em, readOrganization(em, organizationId));
        organization.assertNotFrozen();
        const present = await this.present(em, documents);
        const outcomes = this.decide(drafts, present);
        if (!this.isDry) await this.write(em, organizationId, outcomes);
        return outcomes;
      },
      { clear: true },
    );
  }

  /** Reads the notes of these documents that are here already, with all their refunds, and the refunds that have the id of one of theirs. */
  private async present(em: EntityManager, documents: readonly TheirDocument[]): Promise<Present> {
    const { organization } = this.records;
    const noteIds = documents.flatMap(({ id }) => (typeof id === 'number' ? id : []));
    const ids = documents.flatMap(({ refunds }) => refunds.flatMap(({ id }) => (typeof id === 'number' ? id : [])));
    const wanted = noteIds.map((id) => ({ id, key: undefined }));
    const notes = this.isDry
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
    const [ourNotes, ourRefunds] = await run(em, notes, refunds);
    const here = new Map(ourNotes(organization).map((note) => [note.id, note]));
    const refundsHere = new Map(ourRefunds.map((refund) => [refund.id, refund]));
    if (here.size === 0) return { ...NOTHING_HERE, refunds: refundsHere };
    const [lines, reversed] = await run(
      em,
      readLines(organization.id, [...here.keys()]),
      readReversed(organization.id, [...refundsHere.keys()]),
    );
    return { notes: here, refunds: refundsHere, lines, reversed };
  }

  /** Decides what becomes of each document. */
  private decide(drafts: readonly Draft[], present: Present): Outcome[] {
    return drafts.map((draft) => {
      if ('reasons' in draft) return draft;
      const { document, theirs, theirRefunds, made } = draft;
      try {
        const here = present.notes.get(theirs.id);
        if (here !== undefined) return this.completed(theirs, theirRefunds, present, here);
        const taken = theirRefunds.filter(({ id }) => present.refunds.has(id));
        if (taken.length > 0) {
          return refused(
            document,
            taken.map(({ id }) => `refund ${id}: this id belongs to another refund here`),
          );
        }
        if ('note' in made) return { theirs, theirRefunds, ...made, isNew: true, differences: [], details: [] };
        return refused(document, made);
      } catch (error) {
        return refused(document, reasonsOf(error));
      }
    });
  }

  /** Adds the refunds that a note has got since it was taken over. */
  private completed(theirs: TheirCreditNote, all: readonly TheirRefund[], present: Present, note: CreditNote): Outcome {
    const differences = differencesOfNotes(theirs, note);
    const details = detailsOfNotes(theirs, theirLines(theirs, this.records), note, present.lines.get(note.id) ?? []);
    const missing = [];
    for (const theirs of all) {
      const ours = present.refunds.get(theirs.id);
      if (ours === undefined) missing.push(theirs);
      else if (isSameRefund(theirs, ours, note)) details.push(...detailsOfRefunds(theirs, ours));
      else differences.push(`refund ${theirs.id} is another one here`);
    }
    const ids = new Set(all.map(({ id }) => id));
    for (const ours of present.refunds.values()) {
      const isGone = ours.creditNote.id === note.id && ours.provenance.protocol === Protocol.IMPORT && !ids.has(ours.id);
      // What was deleted there and reversed here is the same again.
      if (isGone && !present.reversed.has(ours.id)) {
        differences.push(`refund ${ours.id} was taken over, and Bigcapital has deleted it since`);
      }
    }
    // Neither is changed here: the books of two systems that both go on cannot be merged.
    const refunds = differences.length > 0 ? [] : ourRefunds(note, missing, this.records);
    return { theirs, theirRefunds: all, note, isNew: false, refunds, differences, details };
  }

  /**
   * Returns the number of each note, if it is new, and the forms in which the numbers are compared. A number that another note has gets the id behind it:
   * here a number names one note.
   *
   * @param planned the forms of numbers that other notes have, and that are not in the database yet
   */
  private async numbersOf(documents: readonly TheirDocument[], planned: ReadonlySet<string>): Promise<Numbers> {
    const wanted = documents.flatMap((document) =>
      'note' in document
        ? [
            {
              id: document.note.id,
              number: tidyNumber(document.note),
              numbered: `${tidyNumber(document.note)} (${document.note.id})`,
            },
          ]
        : [],
    );
    const numbers = new Map<number, string>();
    const forms = new Set<string>();
    if (wanted.length === 0) return { numbers, forms };
    const [read] = await run(this.em.fork(), readForms(this.organizationId ?? 0, wanted));
    for (const { id, form, taken, number, numbered } of read) {
      const isTaken = taken || forms.has(form) || planned.has(form);
      forms.add(form);
      numbers.set(id, isTaken ? numbered : number);
    }
    return { numbers, forms };
  }

  /** Inserts the new documents in one round trip, one statement for each table. Triggers check them as they check each other document. */
  private async write(em: EntityManager, organizationId: number, outcomes: readonly Outcome[]): Promise<void> {
    const taken = outcomes.flatMap((outcome) => ('reasons' in outcome ? [] : outcome));
    const notes = taken.flatMap(({ isNew, note }) => (isNew ? note : []));
    const refunds = taken.flatMap(({ refunds }) => refunds);
    const entries = [
      ...notes.flatMap(({ journalEntry }) => journalEntry ?? []),
      ...refunds.map(({ journalEntry }) => journalEntry),
    ];
    const lines = entries.flatMap(({ lines }) => lines.getItems());
    const noteLines = notes.flatMap(({ lines }) => lines.getItems());
    if (entries.length + notes.length === 0) return;
    // The ids that the database would draw. Given, they need no look-up for each row, and no round trip for each table.
    const [, newest] = await run(em, lockOrder(organizationId), readNewestIds(organizationId));
    for (const [index, entry] of entries.entries()) entry.id = newest.entry + 1 + index;
    for (const [index, line] of lines.entries()) line.id = newest.line + 1 + index;
    for (const [index, line] of noteLines.entries()) line.id = newest.noteLine + 1 + index;

    const applied = notes.map(({ id, applied }) => ({ id, applied }));
    // A note is new in the books before a part of it is applied.
    for (const note of notes) note.applied = ZERO;
    const newNotes = bulkInsert(em, notes, 'given');
    for (const [index, note] of notes.entries()) note.applied = applied[index]?.applied ?? ZERO;
    await run(
      em,
      bulkInsert(em, entries, 'given'),
      bulkInsert(em, lines, 'given'),
      newNotes,
      bulkInsert(em, noteLines, 'given'),
      applyToInvoices(organizationId, applied),
      this.analyze(entries.length),
      bulkInsert(em, refunds, 'given'),
    );
  }

  /** The entries that this import has written, and how many there were when the tables were analyzed. */
  private written = 0;
  private analyzed = 0;

  /**
   * Counts the rows of the tables for the planner, each time that they have grown a few times. A session keeps the plans of its triggers, and those that are made
   * for empty tables read all rows for each row.
   */
  private analyze(entries: number): Query<void> {
    this.written += entries;
    if (this.written < GROWTH * this.analyzed) return { statements: [], read: () => undefined };
    this.analyzed = this.written;
    return query(
      `set local default_statistics_target = ${SAMPLE};
       analyze accounts, branches, customers, journal_entries, journal_lines, credit_notes, credit_note_lines, refunds`,
      [],
      () => undefined,
    );
  }

  private count(outcome: Outcome): void {
    if ('reasons' in outcome) {
      this.report.refuseDocument(outcome.document, outcome.reasons);
      return;
    }
    const { theirs, theirRefunds, note } = outcome;
    this.ledger.post(theirs, theirRefunds);
    this.report.takeDocument(outcome);
    if (outcome.isNew && note.number !== theirs.number) {
      this.report.change(
        `credit note ${note.id}`,
        `its number ${JSON.stringify(theirs.number)} is ${JSON.stringify(note.number)} here`,
      );
    }
  }
}

/** PostgreSQL's target of statistics, of which a tenth is enough to tell small tables from large ones. */
const SAMPLE = 10;

/** How many times more entries make the planner's counts too old. */
const GROWTH = 4;

/** The numbers of notes by id, and the forms in which they are compared. */
interface Numbers {
  readonly numbers: ReadonlyMap<number, string>;
  readonly forms: Set<string>;
}

interface Present {
  readonly notes: ReadonlyMap<number, CreditNote>;
  readonly refunds: ReadonlyMap<number, Refund>;
  /** The lines of these notes. */
  readonly lines: ReadonlyMap<number, readonly OurLine[]>;
  /** The ids of those refunds that are reversed. */
  readonly reversed: ReadonlySet<number>;
}

const NOTHING_HERE: Present = { notes: new Map(), refunds: new Map(), lines: new Map(), reversed: new Set() };

interface Refused {
  readonly document: TheirDocument;
  readonly reasons: readonly string[];
}

/** Our documents, which are not in the database yet. */
interface Made {
  readonly note: CreditNote;
  readonly refunds: readonly Refund[];
}

/** What becomes of a document if nothing of it is here. */
type Draft =
  | Refused
  | {
      readonly document: TheirDocument;
      readonly theirs: TheirCreditNote;
      readonly theirRefunds: readonly TheirRefund[];
      /** Or the reasons why it cannot be made. */
      readonly made: Made | readonly string[];
    };

type Outcome = Taken | Refused;

function refused(document: TheirDocument, reasons: readonly string[]): Refused {
  return { document, reasons };
}

/**
 * Refuses a note of which more is counted as refunded than its refunds show: what they do not show may have been paid all the same.
 *
 * @throws {NotTakenOver}
 */
function assertCounted({ refunded, currencyCode }: TheirCreditNote, refunds: readonly TheirRefund[]): void {
  const shown = refunds.reduce((sum, { amount }) => sum.plus(amount), ZERO);
  if (refunded.lte(shown)) return;
  throw new NotTakenOver([
    `Bigcapital counts ${refunded.toFixed()} ${currencyCode} as refunded, and its refunds add up to ${shown.toFixed()}`,
  ]);
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

interface Form {
  readonly id: number;
  readonly number: string;
  readonly numbered: string;
  /** The form in which numbers are compared. */
  readonly form: string;
  /** Whether a note here has the number. */
  readonly taken: boolean;
}

function readForms(organizationId: number, wanted: readonly object[]): Query<Form[]> {
  return query(
    `select wanted.id, wanted.number, wanted.numbered, as_read(wanted.number) as form,
       exists (select from credit_notes where organization_id = $1 and as_read(number) = as_read(wanted.number)) as taken
     from json_to_recordset($2) wanted (id bigint, number text, numbered text)`,
    [organizationId, JSON.stringify(wanted)],
    (rows) =>
      rows.map(({ id, number, numbered, form, taken }) => ({
        id: Number(id),
        number: String(number),
        numbered: String(numbered),
        form: String(form),
        taken: taken === true,
      })),
  );
}

/** Reads the newest ids, or the number before the organization's first ones. */
function readNewestIds(organizationId: number) {
  const newest = (table: string) =>
    `coalesce((select id from ${table} where organization_id = $1 order by id desc limit 1), first_id - 1)`;
  return query(
    `select ${newest('journal_entries')} as entry, ${newest('journal_lines')} as line, ${newest('credit_note_lines')} as note_line
     from organizations where id = $1`,
    [organizationId],
    ([row]) => ({ entry: Number(row?.entry), line: Number(row?.line), noteLine: Number(row?.note_line) }),
  );
}

function applyToInvoices(organizationId: number, notes: readonly { readonly id: number; readonly applied: Big }[]): Query<void> {
  const applied = notes.flatMap(({ id, applied }) => (applied.gt(ZERO) ? { id, applied: applied.toFixed() } : []));
  if (applied.length === 0) return { statements: [], read: () => undefined };
  return query(
    `update credit_notes note set applied = wanted.applied from json_to_recordset($2) wanted (id bigint, applied numeric)
     where note.organization_id = $1 and note.id = wanted.id`,
    [organizationId, JSON.stringify(applied)],
    () => undefined,
  );
}
