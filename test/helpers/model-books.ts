import {
  type Command,
  type Currency,
  DIGITS,
  money,
  type NoteTerms,
  PAR,
  type RefundTerms,
  type Request,
  type Statement,
} from './model-client.js';

/*
 * The books as a textbook keeps them, in memory and in whole minor units. They share no code with what they judge: not the
 * arithmetic, not the rounding, not the order of the questions.
 */

/** What was done: the id of what was made or changed, and what of the answer stays true whatever happens later. */
interface Deed {
  readonly id: string;
  readonly says: string;
}

/** How a request is to be answered: with any of the refusals if there are some, and otherwise with the deed. */
export interface Verdict {
  readonly refusals: readonly string[];
  readonly deed: Deed | null;
  readonly replayed: boolean;
}

interface Note extends NoteTerms {
  readonly total: bigint;
  state: 'DRAFT' | 'OPEN' | 'VOID';
  refunded: bigint;
  /** What the refunds took off the receivable, in the base currency. */
  settled: bigint;
  /** Their realized gains: as posted, and as the rates make them of the amounts, in minor units times PAR of the note's currency. */
  gain: bigint;
  exactGain: bigint;
}

interface Refund extends RefundTerms {
  readonly settled: bigint;
  readonly paid: bigint;
  readonly gain: bigint;
  /** The day of its reversal; `null` while it is posted. */
  reversed: string | null;
}

export interface ModelBooks {
  readonly base: Currency;
  lockDate: string | null;
  readonly notes: Map<string, Note>;
  readonly refunds: Map<string, Refund>;
  readonly keys: Map<string, { readonly command: string; readonly deed: Deed }>;
  /** Debits − credits, by the account's name; on the receivable also by the currency, since each has one customer. */
  readonly balances: Map<string, bigint>;
}

export function emptyBooks(base: Currency): ModelBooks {
  return { base, lockDate: null, notes: new Map(), refunds: new Map(), keys: new Map(), balances: new Map() };
}

/** Does what is asked, under the id that the database chose for it, and tells how it has to be answered. */
export function perform(books: ModelBooks, { command, key, expectedRemaining }: Request, id: string): Verdict {
  const text = Object.entries(command).join();
  const earlier = key === null ? undefined : books.keys.get(key);
  if (earlier !== undefined) {
    return { refusals: earlier.command === text ? [] : ['IDEMPOTENCY_KEY_REUSED'], deed: earlier.deed, replayed: true };
  }
  const refusals = [...refusalsOf(books, command, expectedRemaining)];
  if (refusals.length > 0) return { refusals, deed: null, replayed: false };
  const deed = carryOut(books, command, id);
  if (key !== null) books.keys.set(key, { command: text, deed });
  return { refusals, deed, replayed: false };
}

function* refusalsOf(books: ModelBooks, command: Command, expectedRemaining: bigint | null): Iterable<string> {
  const note = 'note' in command ? at(books.notes, command.note) : null;
  const refund = command.kind === 'reverse' ? at(books.refunds, command.refund) : null;
  const remaining = note === null ? 0n : note.total - note.refunded;
  const posted = postingDate(command, note);
  if (posted !== null && books.lockDate !== null && posted <= books.lockDate) yield 'TRANSACTIONS_DATE_LOCKED';
  if (command.kind === 'lock' && books.lockDate !== null && command.date < books.lockDate) yield 'LOCK_DATE_EARLIER';
  if (note?.state === 'VOID') yield 'CREDIT_NOTE_IS_VOID';
  if (note !== null && posted !== null && posted < note.date) yield 'DATE_BEFORE_CREDIT_NOTE';
  if (refund !== null && posted !== null && posted < refund.date) yield 'DATE_BEFORE_REFUND';
  if (refund?.reversed) yield 'REFUND_ALREADY_REVERSED';
  if (command.kind === 'void' && posted !== null) {
    for (const each of books.refunds.values()) {
      if (each.note === command.note && each.reversed !== null && posted < each.reversed) yield 'DATE_BEFORE_REFUND';
    }
  }
  if (command.kind === 'open' && note?.state === 'OPEN') yield 'CREDIT_NOTE_ALREADY_OPENED';
  if (command.kind === 'void' && note !== null && note.refunded > 0n) yield 'CREDIT_NOTE_HAS_REFUNDS_TRANSACTIONS';
  if (command.kind !== 'refund' && command.kind !== 'preview') return;
  if (note?.state === 'DRAFT') yield 'CREDIT_NOTE_IS_DRAFT';
  if (command.amount > remaining) yield 'CREDIT_NOTE_HAS_NO_REMAINING_AMOUNT';
  if (expectedRemaining !== null && expectedRemaining !== remaining) yield 'CREDIT_NOTE_CHANGED';
}

/** The day that the command posts on; `null` if it posts nothing. */
function postingDate(command: Command, note: Note | null): string | null {
  switch (command.kind) {
    case 'create':
      return command.open ? command.date : null;
    case 'open':
      return note?.date ?? null;
    case 'void':
      return note?.state === 'OPEN' ? command.date : null;
    case 'refund':
    case 'preview':
    case 'reverse':
      return command.date;
    default:
      return null;
  }
}

function carryOut(books: ModelBooks, command: Command, id: string): Deed {
  switch (command.kind) {
    case 'create': {
      const { currency, rate, date, lines, open } = command;
      const total = lines.reduce((sum, amount) => sum + amount, 0n);
      books.notes.set(id, { currency, rate, date, total, state: 'DRAFT', refunded: 0n, settled: 0n, gain: 0n, exactGain: 0n });
      if (open) carryOut(books, { kind: 'open', note: id }, id);
      return { id, says: '' };
    }
    case 'open':
    case 'void': {
      const note = at(books.notes, command.note);
      const total = convert(note.total, note, books.base);
      const taken = command.kind === 'open' ? total : note.state === 'OPEN' ? -total : 0n;
      post(books, note, { Sales: taken, 'Accounts Receivable': -taken });
      note.state = command.kind === 'open' ? 'OPEN' : 'VOID';
      return { id: command.note, says: '' };
    }
    case 'lock':
    case 'unlock':
      books.lockDate = command.kind === 'lock' ? command.date : null;
      return { id: '', says: '' };
    case 'preview': {
      const { total, refunded, currency } = at(books.notes, command.note);
      const remaining = [total - refunded, total - refunded - command.amount].map((amount) => money(amount, currency));
      return { id: '', says: `${terms(books, command).says}; remaining ${remaining.join(', then ')}` };
    }
    case 'refund': {
      const { settled, paid, gain, says } = terms(books, command);
      books.refunds.set(id, { ...command, settled, paid, gain, reversed: null });
      spend(books, at(books.refunds, id), 1n);
      return { id, says };
    }
    case 'reverse': {
      const refund = at(books.refunds, command.refund);
      refund.reversed = command.date;
      spend(books, refund, -1n);
      return { id: command.refund, says: '' };
    }
  }
}

/**
 * What a refund would be worth now. The receivable loses the step between two running totals, so that it ends at zero, and so does
 * the gain; at the note's own rate there is none. What they leave of what the bank pays is rounding.
 */
function terms({ notes, base }: ModelBooks, { note: id, amount, rate, account }: RefundTerms) {
  const note = at(notes, id);
  const { currency } = note;
  const due = convert(note.refunded + amount, note, base) - note.settled;
  const settled = due > 0n ? due : 0n;
  const paid = convert(amount, { currency, rate }, base);
  const exactGain = note.exactGain + amount * (note.rate - rate);
  const gain = rate === note.rate ? 0n : signedConvert(exactGain, currency, base) - note.gain;
  const rounding = settled - paid - gain;
  const foreign = currency === base ? '' : ` (${money(amount, currency)} ${currency})`;
  const lines = [
    settled > 0n || foreign ? [`debit Accounts Receivable ${money(settled, base)}${foreign}`] : [],
    paid > 0n || foreign ? [`credit ${account} ${money(paid, base)}${foreign}`] : [],
    gain > 0n ? [`credit Exchange Gain or Loss ${money(gain, base)}`] : [],
    gain < 0n ? [`debit Exchange Gain or Loss ${money(-gain, base)}`] : [],
    rounding > 0n ? [`credit Rounding Differences ${money(rounding, base)}`] : [],
    rounding < 0n ? [`debit Rounding Differences ${money(-rounding, base)}`] : [],
  ];
  return { settled, paid, gain, says: [...lines.flat(), `gain ${money(gain, base)}`].join('; ') };
}

/** Takes a refund off its note, or with −1 gives it back. */
function spend(books: ModelBooks, { note: id, amount, rate, settled, paid, gain, account }: Refund, times: 1n | -1n): void {
  const note = at(books.notes, id);
  note.refunded += times * amount;
  note.settled += times * settled;
  note.gain += times * gain;
  note.exactGain += times * amount * (note.rate - rate);
  post(books, note, {
    'Accounts Receivable': times * settled,
    [account]: -times * paid,
    'Exchange Gain or Loss': -times * gain,
    'Rounding Differences': times * (paid + gain - settled),
  });
}

function post(books: ModelBooks, { currency }: Note, debits: Readonly<Record<string, bigint>>): void {
  const all = { ...debits, [`customer ${currency}`]: debits['Accounts Receivable'] ?? 0n };
  for (const [name, amount] of Object.entries(all)) books.balances.set(name, (books.balances.get(name) ?? 0n) + amount);
}

/** The amount in the base currency, rounded half away from zero; no amount here is negative. */
function convert(amount: bigint, { currency, rate }: { currency: Currency; rate: bigint }, base: Currency): bigint {
  const divisor = PAR * 10n ** BigInt(DIGITS[currency]);
  return (2n * amount * rate * 10n ** BigInt(DIGITS[base]) + divisor) / (2n * divisor);
}

/** The same of an amount times a rate, which may be negative. */
function signedConvert(product: bigint, currency: Currency, base: Currency): bigint {
  const converted = convert(product < 0n ? -product : product, { currency, rate: 1n }, base);
  return product < 0n ? -converted : converted;
}

/** What a client has to read of the books. */
export function statementOf({ base, lockDate, balances, notes, refunds }: ModelBooks): Statement {
  const status = ({ state, total, refunded }: Note) => (state === 'OPEN' && total === refunded ? 'CLOSED' : state);
  const worthy = [...balances].filter(([, amount]) => amount !== 0n);
  return {
    lockDate,
    // Sales grow on the credit side.
    balances: Object.fromEntries(worthy.map(([name, amount]) => [name, money(name === 'Sales' ? -amount : amount, base)])),
    notes: Object.fromEntries(
      [...notes].map(([id, note]) => {
        const amounts = [note.total, note.refunded, note.total - note.refunded].map((amount) => money(amount, note.currency));
        return [id, `${status(note)}: ${note.currency} ${amounts.join(' − ')}`];
      }),
    ),
    refunds: Object.fromEntries(
      [...refunds].map(([id, { note, amount, gain, reversed }]) => {
        const posted = `${money(amount, at(notes, note).currency)} of ${note}, gain ${money(gain, base)}`;
        return [id, `${reversed ? 'REVERSED' : 'POSTED'}: ${posted}`];
      }),
    ),
  };
}

function at<V>(map: ReadonlyMap<string, V>, key: string): V {
  const value = map.get(key);
  if (value === undefined) throw new Error(`the model knows no ${key}`);
  return value;
}
