// A Bigcapital with many credit notes and refunds in the recorded shapes, in a process of its own. It makes each reply when it is asked, so that it
// needs no memory, and little of the processor that it shares with the import.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';

type Row = Record<string, unknown>;

const TOTAL = 100;
const REFUND = 20;
/** Each note of so many is in euros. Bigcapital posts the refunds of these unconverted. */
const FOREIGN_EVERY = 10;
const EURO_RATE = 1.2;

const [notes = 0, refundsPerNote = 0] = process.argv.slice(2).map(Number);

const file = new URL('../../test/fixtures/recorded-reads.json', import.meta.url);
const RECORDED = JSON.parse(await readFile(fileURLToPath(file), 'utf8')) as { path: string; body: Row }[];

function recorded(path: string): Row {
  const reply = RECORDED.find((each) => each.path === path);
  if (reply === undefined) throw new Error(`no reply to ${path} is recorded`);
  return structuredClone(reply.body);
}

/** Returns a function that makes the record's JSON. A text `#note` or `#refund` becomes the number; within a longer text, its digits. */
function template(record: Row): (note: number, refund: number) => string {
  const pieces = JSON.stringify(record).split(/"#(note|refund)"|#(note|refund)/);
  return (note, refund) => {
    let joined = pieces[0] ?? '';
    for (let index = 1; index < pieces.length; index += 3) {
      joined += ((pieces[index] ?? pieces[index + 1]) === 'note' ? note : refund) + (pieces[index + 2] ?? '');
    }
    return joined;
  };
}

const isForeign = (note: number): boolean => note % FOREIGN_EVERY === 0;
const refunded = REFUND * refundsPerNote;

function noteIn(currency: { currency_code: string; exchange_rate: number; customer_id: number }): Row {
  const note = recorded('/api/credit-notes/1');
  const [entry] = note.entries as Row[];
  const amounts = { rate: TOTAL, amount: TOTAL, subtotal: TOTAL, total: TOTAL, subtotal_excluding_tax: TOTAL };
  return {
    ...{ ...note, ...currency, id: '#note', credit_note_number: 'CN-#note', entries: [{ ...entry, id: '#note', ...amounts }] },
    ...{ amount: TOTAL, subtotal: TOTAL, total: TOTAL, refunded_amount: refunded, credits_used: refunded },
    ...{ credits_remaining: TOTAL - refunded },
  };
}

const [base, foreign] = [
  { currency_code: 'USD', exchange_rate: 1, customer_id: 1 },
  { currency_code: 'EUR', exchange_rate: EURO_RATE, customer_id: 2 },
];
const accounts = recorded('/api/accounts').accounts as Row[];

/** As recorded, each refund has its note and its account in it. */
function refundOf(note: Row): Row {
  const { entries: _entries, customer: _customer, ...inside } = note;
  const { children: _children, ...from } = accounts.find(({ id }) => id === 1000) ?? {};
  return {
    ...{ id: '#refund', amount: REFUND, credit_note_id: '#note', from_account_id: 1000, date: '2026-02-01T00:00:00.000Z' },
    ...{
      currency_code: note.currency_code,
      exchange_rate: note.exchange_rate,
      reference_no: 'R-#refund',
      description: 'Paid back',
    },
    ...{ branch_id: null, created_at: null, updated_at: null, from_account: from, credit_note: inside },
    ...{ formtted_amount: '20.00', formatted_date: '02/01/2026' },
  };
}

const NOTES = [base, foreign].map((currency) => template(noteIn(currency)));
const REFUNDS = [base, foreign].map((currency) => template(refundOf(noteIn(currency))));
const kind = (note: number): number => (isForeign(note) ? 1 : 0);

/** What Bigcapital has posted: notes at their rates, and refunds at none. */
function balances(): Map<unknown, number> {
  const foreignNotes = Math.floor(notes / FOREIGN_EVERY);
  const baseNotes = notes - foreignNotes;
  const paid = notes * refunded;
  return new Map([
    [1006, paid - baseNotes * TOTAL],
    [1034, -foreignNotes * TOTAL],
    [1026, -(baseNotes * TOTAL + Math.round(foreignNotes * TOTAL * EURO_RATE))],
    [1000, -paid],
  ]);
}

const posted = balances();
const FIXED = new Map<string, string>([
  ['/api/organization/current', JSON.stringify(recorded('/api/organization/current'))],
  ['/api/accounts', JSON.stringify({ accounts: accounts.map((each) => ({ ...each, amount: posted.get(each.id) ?? 0 })) })],
  ['/api/accounts?only_inactive=true', '{"accounts":[]}'],
  ['/api/branches', '[]'],
]);

function listed(name: string, total: number, { searchParams }: URL, each: (number: number) => string): string {
  const [page, size] = [Number(searchParams.get('page')), Number(searchParams.get('page_size'))];
  const first = (page - 1) * size + 1;
  const count = Math.max(0, Math.min(size, total - first + 1));
  const records = Array.from({ length: count }, (_, index) => each(first + index)).join();
  return `{"${name}":[${records}],"pagination":{"total":${total},"page":${page},"page_size":${size}}}`;
}

function answer(path: string): string | undefined {
  const [, noteId] = /^\/api\/credit-notes\/(\d+)\/refunds$/.exec(path) ?? [];
  if (noteId !== undefined) {
    const note = Number(noteId);
    const first = (note - 1) * refundsPerNote + 1;
    return `[${Array.from({ length: refundsPerNote }, (_, index) => REFUNDS[kind(note)]?.(note, first + index)).join()}]`;
  }
  const url = new URL(path, 'http://localhost');
  if (url.pathname === '/api/credit-notes') return listed('credit_notes', notes, url, (note) => NOTES[kind(note)]?.(note, 0) ?? '');
  if (url.pathname === '/api/customers') {
    const customers = url.searchParams.has('inactive_mode') ? [] : (recorded('/api/customers').customers as Row[]);
    return listed('customers', customers.length, url, (number) => JSON.stringify(customers[number - 1]));
  }
  return FIXED.get(path);
}

const server = createServer((request, response) => {
  const body = answer(request.url ?? '');
  response.writeHead(body === undefined ? 404 : 200, { 'content-type': 'application/json; charset=utf-8' }).end(body ?? '{}');
});
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
