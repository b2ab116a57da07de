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
 * A model of the ledger in memory, as a textbook describes it, in whole minor units. It shares no code with the gateway: neither
 * the arithmetic, nor the rounding, nor the order of the checks.
 */

/** The id of the changed object, and a summary of the parts of the reply that never change later. */
interface Result {
  readonly id: string;
  readonly summary: string;
}

/** The expected reply: any one of the refusals if there are some, and otherwise the result. */
export interface Expectation {
  readonly refusals: readonly string[];
  readonly result: Result | null;
  readonly replayed: boolean;
}

interface Note extends NoteTerms {
  readonly total: bigint;
  state: 'DRAFT' | 'OPEN' | 'VOID';
  refunded: bigint;
  /** The amount that its refunds took off the receivable, in the base currency. */
  settled: bigint;
  /** The realized gains of its refunds: as posted, and exact in minor units times PAR of the note's currency. */
  gain: bigint;
  exactGain: bigint;
}

interface Refund extends RefundTerms {
  readonly settled: bigint;
  readonly paid: bigint;
  readonly gain: bigint;
  /** The date of its reversal; `null` while the refund is posted. */
  reversed: string | null;
}

export interface ModelBooks {
  readonly base: Currency;
  lockDate: string | null;
  readonly notes: Map<string, Note>;
  readonly refunds: Map<string, Refund>;
  readonly keys: Map<string, { readonly command: string; readonly result: Result }>;
  /** Debits minus credits by account name, and for the receivable also by currency, because each currency has one customer. */
  readonly balances: Map<string, bigint>;
}

export function emptyBooks(base: Currency): ModelBooks {
  return { base, lockDate: null, notes: new Map(), refunds: new Map(), keys: new Map(), balances: new Map() };
}

/** Executes the request, and returns the expected reply. The id is the one that the database gave to a new object. */
export function perform(books: ModelBooks, { command, key, expectedRemaining }: Request, id: string): Expectation {
  const text = Object.entries(command).join();
  const earlier = key === null ? undefined : books.keys.get(key);
  if (earlier !== undefined) {
    return { refusals: earlier.command === text ? [] : ['IDEMPOTENCY_KEY_REUSED'], result: earlier.result, replayed: true };
  }
  const refusals = [...refusalsOf(books, command, expectedRemaining)];
  if (refusals.length > 0) return { refusals, result: null, replayed: false };
  const result = execute(books, command, id);
  if (key !== null) books.keys.set(key, { command: text, result });
  return { refusals, result, replayed: false };
}

function* refusalsOf(books: ModelBooks, command: Command, expectedRemaining: bigint | null): Iterable<string> {
  const note = 'note' in command ? at(books.notes, command.note) : null;
  const refund = command.kind === 'reverse' ? at(books.refunds, command.refund) : null;
  const remaining = note === null ? 0n : note.total - note.refunded;
  const posted = postingDate(command, note);
  if (posted !== null && books.lockDate !== null && posted <= books.lockDate) yield 'TRANSACTIONS_DATE_LOCKED';
  if (command.kind === 'lock' && books.lockDate !== null && command.date < books.lockDate) yield 'LOCK_DATE_EARLIER';
  if (command.kind === 'unlock' && books.lockDate === null) yield 'LOCK_DATE_NOT_EARLIER';
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

/** The date on which the command posts; `null` if it posts nothing. */
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

function execute(books: ModelBooks, command: Command, id: string): Result {
  switch (command.kind) {
    case 'create': {
      const { currency, rate, date, lines, open } = command;
      const total = lines.reduce((sum, amount) => sum + amount, 0n);
      books.notes.set(id, { currency, rate, date, total, state: 'DRAFT', refunded: 0n, settled: 0n, gain: 0n, exactGain: 0n });
      if (open) execute(books, { kind: 'open', note: id }, id);
      return { id, summary: '' };
    }
    case 'open':
    case 'void': {
      const note = at(books.notes, command.note);
      const total = convert(note.total, note, books.base);
      const taken = command.kind === 'open' ? total : note.state === 'OPEN' ? -total : 0n;
      post(books, note, { Sales: taken, 'Accounts Receivable': -taken });
      note.state = command.kind === 'open' ? 'OPEN' : 'VOID';
      return { id: command.note, summary: '' };
    }
    case 'lock':
    case 'unlock':
      books.lockDate = command.kind === 'lock' ? command.date : null;
      return { id: '', summary: '' };
    case 'preview': {
      const { total, refunded, currency } = at(books.notes, command.note);
      const remaining = [total - refunded, total - refunded - command.amount].map((amount) => money(amount, currency));
      return { id: '', summary: `${terms(books, command).summary}; remaining ${remaining.join(', then ')}` };
    }
    case 'refund': {
      const { settled, paid, gain, summary } = terms(books, command);
      books.refunds.set(id, { ...command, settled, paid, gain, reversed: null });
      spend(books, at(books.refunds, id), 1n);
      return { id, summary };
    }
    case 'reverse': {
      const refund = at(books.refunds, command.refund);
      refund.reversed = command.date;
      spend(books, refund, -1n);
      return { id: command.refund, summary: '' };
    }
  }
}

/**
 * The amounts and lines of a refund at this point. The settled amount is the difference of two rounded running totals, so that the
 * receivable ends at zero; the gain is one, too, and zero at the note's own rate. The rest of the paid amount is rounding.
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
  return { settled, paid, gain, summary: [...lines.flat(), `gain ${money(gain, base)}`].join('; ') };
}

/** Adds a refund to its note and the balances, or subtracts it with −1. */
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

/** The amount in the base currency, rounded half away from zero. The amount must not be negative. */
function convert(amount: bigint, { currency, rate }: { currency: Currency; rate: bigint }, base: Currency): bigint {
  const divisor = PAR * 10n ** BigInt(DIGITS[currency]);
  return (2n * amount * rate * 10n ** BigInt(DIGITS[base]) + divisor) / (2n * divisor);
}

/** Converts the product of an amount and a rate in the same way; it may be negative. */
function signedConvert(product: bigint, currency: Currency, base: Currency): bigint {
  const converted = convert(product < 0n ? -product : product, { currency, rate: 1n }, base);
  return product < 0n ? -converted : converted;
}

/** The data that a client must read from the gateway. */
export function statementOf({ base, lockDate, balances, notes, refunds }: ModelBooks): Statement {
  const status = ({ state, total, refunded }: Note) => (state === 'OPEN' && total === refunded ? 'CLOSED' : state);
  const worthy = [...balances].filter(([, amount]) => amount !== 0n);
  return {
    lockDate,
    // Sales is an income account, so its balance is credits minus debits.
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
