import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach } from '@jest/globals';
import { connectionUrl } from '../../src/database/embedded-postgres/index.js';
import { type ImportResult, importFromBigcapital } from '../../src/import/import-bigcapital.js';
import type { Gateway } from './gateway.js';

type Row = Record<string, unknown>;

/** The key that the fake accepts. */
export const KEY = 'bc_their_key';

/** Bigcapital's id of the recorded organization. */
export const THEIR_ID = '3b2ozlo2gmwrjtbax';

/** How the fake treats a request; `null` answers it as recorded. */
export type Trouble = (
  path: string,
  attempt: number,
) => { status: number; headers?: Record<string, string>; body?: string } | 'never' | null;

const RECORDED = JSON.parse(readFileSync('test/fixtures/recorded-reads.json', 'utf8')) as { path: string; body: Row }[];

function recorded(path: string): Row {
  const reply = RECORDED.find((each) => each.path === path);
  if (reply === undefined) throw new Error(`no reply to ${path} is recorded`);
  return structuredClone(reply.body);
}

let started = 0;

/**
 * A small Bigcapital that answers in the recorded shapes, over HTTP: the recorded organization, its accounts and its customers, and credit notes and
 * refunds that the tests add in the shape of the recorded ones.
 */
export class FakeBigcapital {
  readonly organization = recorded('/api/organization/current');
  readonly accounts = recorded('/api/accounts').accounts as Row[];
  readonly branches: Row[] = [];
  readonly customers = recorded('/api/customers').customers as Row[];
  readonly creditNotes = recorded('/api/credit-notes').credit_notes as Row[];
  readonly refunds: Row[] = [];
  readonly locking = recorded('/api/transactions-locking');
  /** The paths of all requests. */
  readonly requests: string[] = [];
  trouble: Trouble = () => null;
  /** Milliseconds that each reply takes. */
  delay = 0;
  /** The most credit notes that a page has. An import writes each page in one transaction. */
  notesPerPage = Number.POSITIVE_INFINITY;
  /** The name of the compression with which it answers those who accept gzip, as a proxy before it may do. */
  compression: string | null = null;

  private constructor(
    private readonly server: Server,
    /** The organization here into which it is imported: another one for each fake. */
    public publicId: string,
  ) {}

  /** Starts another one before each test of the file, and stops it after the test. */
  static fresh(): FakeBigcapital {
    const fake: FakeBigcapital = Object.create(FakeBigcapital.prototype);
    beforeEach(() => Object.assign(fake, FakeBigcapital.create()).listen());
    afterEach(() => fake.stop());
    return fake;
  }

  static async start(): Promise<FakeBigcapital> {
    const fake = FakeBigcapital.create();
    await fake.listen();
    return fake;
  }

  private static create(): FakeBigcapital {
    started += 1;
    return new FakeBigcapital(createServer(), `books-${started}`);
  }

  private async listen(): Promise<void> {
    this.server.on('request', (request, response) => this.answer(request, response));
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    await closed;
  }

  /** Imports it into the database of the gateway, as the owner of the tables. */
  importInto(
    { database }: Gateway,
    changes: { isDry?: boolean; apiKey?: string; url?: string; timeoutSeconds?: number } = {},
  ): Promise<ImportResult> {
    const { url, publicId } = this;
    const source = { url, apiKey: KEY, publicId, isDry: false, timeoutSeconds: 10, postingDaysAhead: 7, ...changes };
    const settings = { databaseUrl: connectionUrl(database.connection('superuser')), dataDir: '' };
    return importFromBigcapital(settings, source, { by: 'Otto Operator' }, () => undefined);
  }

  /** Adds a credit note like the first recorded one, with the changes of the test. Bigcapital posts it, unless it is a draft. */
  creditNote(total: number, changes: Row = {}): number {
    const id = Math.max(0, ...this.creditNotes.map((note) => Number(note.id))) + 1;
    const note = structuredClone(recorded('/api/credit-notes/1'));
    const [entry] = note.entries as Row[];
    const lines = [{ ...entry, id, rate: total, amount: total, subtotal: total, total, subtotal_excluding_tax: total }];
    Object.assign(note, { id, entries: lines, amount: total, subtotal: total, total, credits_remaining: total });
    Object.assign(note, { credit_note_number: `CN-${id}`, ...changes });
    this.creditNotes.push(note);
    if (note.opened_at) {
      const rate = Number(note.exchange_rate ?? 1);
      const [receivable] = note.currency_code === 'USD' ? [1006] : [1034];
      this.post(receivable ?? 0, note.currency_code === 'USD' ? -total * rate : -total);
      this.post(1026, -total * rate);
    }
    return id;
  }

  /** Adds a refund as Bigcapital does: it counts it on its note, and posts its amount, unconverted. */
  refund(noteId: number, amount: number, changes: Row = {}): number {
    const id = Math.max(0, ...this.refunds.map((refund) => Number(refund.id))) + 1;
    const note = this.note(noteId);
    const refund: Row = {
      ...{ id, amount, credit_note_id: noteId, from_account_id: 1000, date: '2026-02-01T00:00:00.000Z' },
      ...{
        currency_code: note.currency_code,
        exchange_rate: note.exchange_rate,
        reference_no: `R-${id}`,
        description: 'Paid back',
      },
      ...{ branch_id: null, created_at: null, updated_at: null },
      ...changes,
    };
    this.refunds.push(refund);
    note.refunded_amount = round(Number(note.refunded_amount) + (Number(refund.amount) || 0));
    note.credits_used = note.refunded_amount;
    note.credits_remaining = Math.max(0, round(Number(note.amount) - Number(note.refunded_amount) - Number(note.invoices_amount)));
    // Of a long description Bigcapital answers 201 and posts nothing.
    if (String(refund.description ?? '').length <= 255) {
      this.post(1006, Number(refund.amount));
      this.post(Number(refund.from_account_id), -Number(refund.amount));
    }
    return id;
  }

  /** Posts by another document: adds to the balance of the account, on its normal side. */
  post(accountId: number, amount: number): void {
    const account = this.accounts.find(({ id }) => id === accountId);
    if (account) account.amount = round(Number(account.amount ?? 0) + amount);
  }

  account(id: number): Row {
    return found(this.accounts, id);
  }

  note(id: number): Row {
    return found(this.creditNotes, id);
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url ?? '';
    this.requests.push(path);
    const trouble = this.trouble(path, this.requests.filter((each) => each === path).length);
    if (trouble === 'never') return;
    const send = () => {
      if (trouble !== null) return void response.writeHead(trouble.status, trouble.headers).end(trouble.body ?? '');
      const ours = this.organization.organization_id;
      const { authorization, 'organization-id': organizationId = ours } = request.headers;
      const isKnown = authorization === `Bearer ${KEY}` || authorization === 'Bearer their.jwt';
      if (!isKnown) return json(response, 401, { message: 'Unauthorized', statusCode: 401 });
      if (organizationId !== ours) {
        return json(response, 401, { message: 'Tenant not found.', errors: [{ type: 'TENANT.NOT.FOUND' }] });
      }
      const body = this.bodyOf(new URL(path, this.url));
      if (body === undefined) return json(response, 404, { statusCode: 404, message: `Cannot GET ${path}`, error: 'Not Found' });
      if (this.compression === null || !request.headers['accept-encoding']?.includes('gzip')) return json(response, 200, body);
      const headers = { 'content-type': 'application/json; charset=utf-8', 'content-encoding': this.compression };
      response.writeHead(200, headers).end(gzipSync(JSON.stringify(body)));
    };
    if (this.delay > 0) setTimeout(send, this.delay);
    else send();
  }

  private bodyOf({ pathname, searchParams }: URL): unknown {
    const [, noteId] = /^\/api\/credit-notes\/(\d+)\/refunds$/.exec(pathname) ?? [];
    if (noteId !== undefined) return this.refundsOf(Number(noteId));
    const inactive = searchParams.get('inactive_mode') === 'true' || searchParams.get('only_inactive') === 'true';
    const isListed = (row: Row) => Boolean(row.active) !== inactive;
    // Express takes a path with a slash at its end, too.
    switch (pathname.replace(/\/$/, '')) {
      case '/api/organization/current':
        return this.organization;
      case '/api/accounts':
        return { ...recorded('/api/accounts'), accounts: this.accounts.filter(isListed) };
      case '/api/transactions-locking':
        return this.locking;
      case '/api/branches':
        return this.branches;
      case '/api/customers':
        return { ...page('customers', this.customers.filter(isListed), searchParams), filter_meta: {} };
      case '/api/credit-notes':
        return page('credit_notes', this.creditNotes, searchParams, this.notesPerPage);
      default:
        return undefined;
    }
  }

  /** As recorded, each refund has its note and its account in it. */
  private refundsOf(noteId: number): Row[] {
    return this.refunds
      .filter((refund) => refund.credit_note_id === noteId)
      .map((refund) => {
        const { entries: _entries, customer: _customer, ...note } = this.note(noteId);
        const account = this.accounts.find(({ id }) => id === refund.from_account_id);
        const { children: _children, ...from } = account ?? {};
        return {
          ...refund,
          from_account: from,
          credit_note: note,
          formtted_amount: String(refund.amount),
          formatted_date: '02/01/2026',
        };
      });
  }
}

function found(rows: readonly Row[], id: number): Row {
  const row = rows.find((each) => each.id === id);
  if (row === undefined) throw new Error(`the fake has no record ${id}`);
  return row;
}

function page(name: string, rows: readonly Row[], parameters: URLSearchParams, largest = Number.POSITIVE_INFINITY): Row {
  const number = Number(parameters.get('page') ?? 1);
  const size = Math.min(Number(parameters.get('page_size') ?? 12), largest);
  const records = rows.slice((number - 1) * size, number * size);
  return { [name]: records, pagination: { total: rows.length, page: number, page_size: parameters.get('page_size') ?? 12 } };
}

/** Bigcapital stores amounts with 3 decimals. */
function round(amount: number): number {
  return Math.round(amount * 1000) / 1000;
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(body));
}
