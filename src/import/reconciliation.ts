import type { CreditNote } from '../entities/credit-note.js';
import { parseId } from '../entities/owned.js';
import type { Refund } from '../entities/refund.js';
import { Big, formatAmount, ZERO } from '../values/money.js';
import { cut, MAX_MESSAGE, MAX_QUOTED } from '../values/text.js';
import type { TheirDocument } from './bigcapital.js';
import type { TheirCreditNote, TheirRefund } from './bigcapital-records.js';

/** A document that is here, completely, after the import. */
export interface Taken {
  readonly theirs: TheirCreditNote;
  readonly theirRefunds: readonly TheirRefund[];
  readonly note: CreditNote;
  readonly isNew: boolean;
  /** The new ones. */
  readonly refunds: readonly Refund[];
  /** Why theirs and ours are not the same, although ours was taken over once. */
  readonly differences: readonly string[];
  /** What else differs, and changes nothing of what can be refunded. */
  readonly details: readonly string[];
}

/** Kinds of records, in the order of the report. */
export type Kind = 'accounts' | 'branches' | 'customers' | 'credit notes' | 'refunds';

/** How many records of a kind Bigcapital has, and what became of them. */
interface Counts {
  theirs: number;
  added: number;
  present: number;
  refused: number;
}

/** Sums of the credit notes of a currency. Drafts count as they count in Bigcapital: with all of their total remaining. */
export interface Totals {
  notes: number;
  total: Big;
  refunded: Big;
  applied: Big;
  remaining: Big;
}

interface NoteRow {
  readonly id: string;
  readonly number: string;
  readonly currencyCode: string;
  readonly theirs: string;
  readonly ours: string;
}

/** Something that is not taken over, or differs here, and why. */
export interface Finding {
  readonly what: string;
  readonly why: string;
}

/** Compares what Bigcapital has with what is here after the import. */
export class Reconciliation {
  readonly counts: Readonly<Record<Kind, Counts>> = {
    accounts: nothing(),
    branches: nothing(),
    customers: nothing(),
    'credit notes': nothing(),
    refunds: nothing(),
  };
  readonly refused: Finding[] = [];
  /** The credit notes of which this run has taken nothing over; earlier runs may have. */
  readonly refusedNotes: number[] = [];
  readonly differences: Finding[] = [];
  readonly changes: Finding[] = [];
  readonly notes: NoteRow[] = [];
  readonly theirs = new Map<string, Totals>();
  readonly ours = new Map<string, Totals>();
  /** The lines of the opening entry of this run: the account, and its debit or, if negative, its credit. */
  readonly opening: (readonly [account: string, amount: string])[] = [];

  /** What has become of Bigcapital's lock date, in a sentence; `null` if nothing is to be locked. */
  lock: string | null = null;
  isLocked = false;

  /** Whether everything was taken over, and nothing differs. */
  get isComplete(): boolean {
    return this.refused.length === 0 && this.differences.length === 0;
  }

  /** Whether this run has added nothing. */
  get isUnchanged(): boolean {
    return this.opening.length === 0 && !this.isLocked && Object.values(this.counts).every(({ added }) => added === 0);
  }

  refuse(what: string, reasons: readonly string[]): void {
    for (const why of reasons) this.refused.push({ what: cut(what, MAX_QUOTED), why: cut(why, MAX_MESSAGE) });
  }

  differ(what: string, differences: readonly string[]): void {
    for (const why of differences) this.differences.push({ what, why });
  }

  change(what: string, why: string): void {
    this.changes.push({ what, why });
  }

  takeDocument({ theirs, theirRefunds, note, isNew, refunds, differences, details }: Taken): void {
    this.countTheirs(theirs);
    const { refunds: counts, 'credit notes': noteCounts } = this.counts;
    noteCounts.theirs += 1;
    noteCounts[isNew ? 'added' : 'present'] += 1;
    counts.theirs += theirRefunds.length;
    counts.added += refunds.length;
    counts.present += theirRefunds.length - refunds.length;
    const { total, refunded, applied, remaining, currencyCode, number } = note;
    add(this.ours, currencyCode, { total, refunded, applied, remaining });
    const ours = formatAmount(remaining, currencyCode);
    this.notes.push({ id: String(note.id), number, currencyCode, theirs: plain(theirs.remaining, currencyCode), ours });
    const what = `credit note ${note.id}`;
    this.differ(what, [...differences, ...details]);
    if (differences.length === 0 && !remaining.eq(theirs.remaining)) {
      const why = `${plain(theirs.remaining, currencyCode)} ${currencyCode} remain in Bigcapital, and ${ours} here: what its total, its refunds and its invoices leave`;
      this.differences.push({ what, why });
    }
  }

  /** Refuses a credit note, and with it its refunds. */
  refuseDocument(document: TheirDocument, reasons: readonly string[]): void {
    const { refunds, 'credit notes': notes } = this.counts;
    notes.theirs += 1;
    notes.refused += 1;
    refunds.theirs += document.refunds.length;
    refunds.refused += document.refunds.length;
    const noteId = parseId(String(document.id));
    if (noteId !== null) this.refusedNotes.push(noteId);
    this.refuse(`credit note ${document.id}`, reasons);
    for (const refund of document.refunds) {
      const what = `refund ${refund.id}`;
      // Its own reasons are among those of the note.
      if (!reasons.some((reason) => reason.startsWith(`${what}:`)))
        this.refuse(what, [`its credit note ${document.id} is refused`]);
    }
    if (!('note' in document)) return;
    const { id, note } = document;
    this.countTheirs(note);
    this.notes.push({
      id: String(id),
      number: note.number,
      currencyCode: note.currencyCode,
      theirs: plain(note.remaining, note.currencyCode),
      ours: 'refused',
    });
  }

  private countTheirs({ total, refunded, applied, remaining, currencyCode }: TheirCreditNote): void {
    add(this.theirs, currencyCode, { total, refunded, applied, remaining });
  }
}

function nothing(): Counts {
  return { theirs: 0, added: 0, present: 0, refused: 0 };
}

function add(all: Map<string, Totals>, currencyCode: string, { total, refunded, applied, remaining }: Omit<Totals, 'notes'>): void {
  const sums = all.get(currencyCode) ?? { notes: 0, total: ZERO, refunded: ZERO, applied: ZERO, remaining: ZERO };
  sums.notes += 1;
  sums.total = sums.total.plus(total);
  sums.refunded = sums.refunded.plus(refunded);
  sums.applied = sums.applied.plus(applied);
  sums.remaining = sums.remaining.plus(remaining);
  all.set(currencyCode, sums);
}

/** Formats an amount of Bigcapital, whose currency may not exist and whose decimals may be too many, as it is. */
export function plain(amount: Big, currencyCode: string): string {
  try {
    const formatted = formatAmount(amount, currencyCode);
    return amount.eq(Big(formatted)) ? formatted : amount.toFixed();
  } catch {
    return amount.toFixed();
  }
}
