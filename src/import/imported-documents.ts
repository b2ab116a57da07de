import type { EntityManager } from '@mikro-orm/postgresql';
import type { CreditNote } from '../entities/credit-note.js';
import { Protocol } from '../entities/provenance.js';
import type { Refund } from '../entities/refund.js';
import { isDataError } from '../orm/errors.js';
import { combine, type Query, query, run } from '../orm/query.js';
import { lockOrder, lockPeriod } from '../services/unit-of-work/locks.js';
import { readOrganization } from '../services/unit-of-work/unit-of-work.js';
import { ZERO } from '../values/money.js';
import type { TheirDocument } from './bigcapital.js';
import type { TheirCreditNote, TheirRefund } from './bigcapital-records.js';
import { detailsOfNotes, detailsOfRefunds, differencesOfNotes, isSameRefund } from './differences.js';
import { areSame, type DocumentInserts, insertsOf, later, type NewestIds, readNewestIds } from './document-inserts.js';
import { DocumentNumbers } from './document-numbers.js';
import { type DocumentsHere, NOTHING_HERE, readDetails, readHere } from './documents-here.js';
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
import { ALONE, type Turn, WritingInOrder } from './writing-in-order.js';

/** Marks the transaction as one that imports: see `is_being_imported` in the migrations. */
export function markAsImport(organizationId: number): Query<void> {
  return query(`select set_config('books.import', $1, true)`, [String(organizationId)], () => undefined);
}

/** How many batches are written at a time, each by a connection of its own. */
const WRITERS = 2;

/**
 * Takes credit notes over with their refunds: those that are missing here, and no others.
 *
 * Two batches are written at a time. The second one has higher ids, and is committed after the first one, so that rows become visible in the order of
 * their ids. If the first one is refused, the second one begins again when it is decided what becomes of the first one.
 */
export class ImportedDocuments {
  private readonly numbers: DocumentNumbers;
  /** The batches that are being written, in their order, while the next one is read, decided and prepared. */
  private readonly writing: { readonly batch: Batch; readonly transaction: WritingInOrder<NewestIds, readonly Outcome[]> }[] = [];
  /** The newest ids when the batches that are being written are committed, unless somebody else writes meanwhile. */
  private expected: NewestIds | undefined;
  /** The refunds that a dry run would have taken over by now. */
  private readonly planned = new Set<number>();

  /** @param organizationId `null` in a dry run for an organization that is not here yet */
  constructor(
    private readonly em: EntityManager,
    private readonly records: Records,
    private readonly organizationId: number | null,
    private readonly ledger: TheirLedger,
    private readonly report: Reconciliation,
    private readonly isDry: boolean,
  ) {
    this.numbers = new DocumentNumbers(em, organizationId, WRITERS, isDry);
  }

  /** Takes the documents over in one transaction, which goes on when the promise is resolved: {@link finish} awaits the last ones. */
  async take(documents: readonly TheirDocument[]): Promise<void> {
    if (documents.length === 0) return;
    const batch = this.prepare(this.draft(documents, await this.numbers.next(documents)));
    const outcomes = await this.awaitOthers(batch);
    const transaction = new WritingInOrder(this.writing.at(-1)?.transaction, (turn) => this.takeBatch(batch, turn));
    this.writing.push({ batch, transaction });
    // The database has work before the batches before are counted and the next one is decided.
    await transaction.isSent;
    for (const outcome of outcomes) this.count(outcome);
  }

  async finish(): Promise<void> {
    while (this.writing.length > 0) for (const outcome of await this.awaitFirst()) this.count(outcome);
  }

  /** Awaits the batches beside which this one cannot be written, and returns what became of them. */
  private async awaitOthers(batch: Batch): Promise<Outcome[]> {
    const outcomes: Outcome[] = [];
    while (
      this.writing.length >= WRITERS ||
      this.writing.some((other) => other.transaction.isRefused || !mayRunTogether(other.batch, batch))
    ) {
      outcomes.push(...(await this.awaitFirst()));
    }
    return outcomes;
  }

  private async awaitFirst(): Promise<readonly Outcome[]> {
    return (await this.writing.shift()?.transaction.outcome) ?? [];
  }

  /** Writes the batch. If it is alone and the database refuses it, each half is tried again, so that only the cause is refused. */
  private async takeBatch(batch: Batch, turn: Turn<NewestIds>): Promise<readonly Outcome[]> {
    try {
      return await this.takeTogether(batch, turn);
    } catch (error) {
      if (turn !== ALONE || !isDataError(error)) throw error;
      // What is refused already stays so: in a half, a note may be alone that has the id of another one.
      const outcomes: Outcome[] = batch.drafts.flatMap((draft) => ('reasons' in draft ? draft : []));
      const documents = batch.drafts.flatMap((draft) => ('reasons' in draft ? [] : draft.document));
      const [first, ...others] = documents;
      if (first === undefined) throw error;
      if (others.length === 0) return [...outcomes, refused(first, [`the database refuses it: ${(error as Error).message}`])];
      const middle = Math.ceil(documents.length / 2);
      for (const half of [documents.slice(0, middle), documents.slice(middle)]) {
        const drafts = this.draft(half, await this.numbers.again(half));
        const { inserts: _ofAll, ...alike } = batch;
        outcomes.push(...(await this.takeBatch({ ...alike, drafts }, ALONE)));
      }
      return outcomes;
    }
  }

  /** Makes the inserts of the batch as they are if nothing of it is here, and if nobody else writes. */
  private prepare(drafts: readonly Draft[]): Batch {
    const { em, organizationId, expected } = this;
    const ids = idsOf(drafts);
    const analyzes = this.hasGrown(ids.size);
    const isAlone = this.isDry || analyzes;
    if (this.isDry || organizationId === null || expected === undefined) return { drafts, ids, analyzes, isAlone };
    const inserts = insertsOf(em, organizationId, takenOf(this.decide(drafts, NOTHING_HERE)), expected);
    return { drafts, inserts, ids, analyzes, isAlone };
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
        const all = theirRefunds(document.id, document.refunds);
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

  private takeTogether({ drafts, inserts, analyzes }: Batch, turn: Turn<NewestIds>): Promise<Outcome[]> {
    const { em, organizationId, records, isDry } = this;
    if (organizationId === null) return Promise.resolve(this.decide(drafts, NOTHING_HERE));
    return em.fork().transactional(
      async (em) => {
        const documents = drafts.map(({ document }) => document);
        // In the order of all locks. A dry run locks nothing.
        const [, organization, found, , committed] = await run(
          em,
          isDry ? NOTHING : combine([lockPeriod(organizationId, 'shared'), markAsImport(organizationId)], () => undefined),
          readOrganization(em, organizationId),
          readHere(em, records.organization, documents, isDry),
          isDry ? NOTHING : lockOrder(organizationId, 'shared'),
          readNewestIds(organizationId),
        );
        organization.assertNotFrozen();
        const outcomes = this.decide(drafts, await readDetails(em, organizationId, found));
        if (isDry) return outcomes;
        const newest = turn.before === undefined ? committed : later(turn.before, committed);
        const isAsExpected =
          inserts !== undefined && found.notes.size + found.refunds.size === 0 && areSame(inserts.before, newest);
        const all = isAsExpected ? inserts : insertsOf(em, organizationId, takenOf(outcomes), newest);
        const written = run(em, ...all.notes, analyzes ? ANALYZE : NOTHING, all.refunds, CHECK);
        this.expected = all.after;
        turn.sent(all.after);
        await written;
        await turn.mayCommit();
        return outcomes;
      },
      { clear: true },
    );
  }

  /** Decides what becomes of each document. */
  private decide(drafts: readonly Draft[], present: DocumentsHere): Outcome[] {
    return drafts.map((draft) => {
      if ('reasons' in draft) return draft;
      const { document, theirs, theirRefunds, made } = draft;
      try {
        const here = present.notes.get(theirs.id);
        if (here !== undefined) return this.completed(theirs, theirRefunds, present, here);
        const taken = theirRefunds.filter(({ id }) => present.refunds.has(id) || this.planned.has(id));
        if (taken.length > 0) {
          return refused(
            document,
            taken.map(({ id }) => `refund ${id}: this id belongs to another refund here`),
          );
        }
        if (!('note' in made)) return refused(document, made);
        if (this.isDry) for (const { id } of theirRefunds) this.planned.add(id);
        return { theirs, theirRefunds, ...made, isNew: true, differences: [], details: [] };
      } catch (error) {
        return refused(document, reasonsOf(error));
      }
    });
  }

  /** Adds the refunds that a note has got since it was taken over. */
  private completed(theirs: TheirCreditNote, all: readonly TheirRefund[], present: DocumentsHere, note: CreditNote): Outcome {
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

  /** How many records this import has read, and how many there were when the tables were analyzed. */
  private read = 0;
  private analyzed = 0;

  /** Whether the tables may have grown a few times since they were analyzed. */
  private hasGrown(records: number): boolean {
    this.read += records;
    if (this.read < GROWTH * this.analyzed) return false;
    this.analyzed = this.read;
    return true;
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

const NOTHING: Query<void> = { statements: [], read: () => undefined };

/** PostgreSQL's target of statistics, of which a tenth is enough to tell small tables from large ones. */
const SAMPLE = 10;

/**
 * Counts the rows of the tables for the planner. A session keeps the plans of its triggers, and those that are made for empty tables read all rows for
 * each row.
 */
const ANALYZE = query(
  `set local default_statistics_target = ${SAMPLE};
   analyze accounts, branches, customers, journal_entries, journal_lines, credit_notes, credit_note_lines, refunds`,
  [],
  () => undefined,
);

/** Runs the deferred checks of the transaction before its turn to commit. */
const CHECK = query('set constraints all immediate', [], () => undefined);

/** How many times more records make the planner's counts too old. */
const GROWTH = 4;

/** Documents that are taken over in one transaction. */
interface Batch {
  readonly drafts: readonly Draft[];
  readonly inserts?: DocumentInserts;
  /** The ids of the notes and refunds, each with its kind. */
  readonly ids: ReadonlySet<string>;
  /** Whether the tables are analyzed. PostgreSQL does so in one transaction at a time, which holds a lock until its end. */
  readonly analyzes: boolean;
  readonly isAlone: boolean;
}

/** Whether neither of the two can wait in the database for the other one, which is committed in its turn. */
function mayRunTogether(one: Batch, other: Batch): boolean {
  if (one.isAlone || other.isAlone) return false;
  for (const id of other.ids) if (one.ids.has(id)) return false;
  return true;
}

function idsOf(drafts: readonly Draft[]): ReadonlySet<string> {
  return new Set(drafts.flatMap(({ document }) => [`note ${document.id}`, ...document.refunds.map(({ id }) => `refund ${id}`)]));
}

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

function takenOf(outcomes: readonly Outcome[]): Taken[] {
  return outcomes.flatMap((outcome) => ('reasons' in outcome ? [] : outcome));
}

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
