import pg from 'pg';
import { type Books, openBooks } from './books.js';
import { audit, databaseUrl, Gateway, type Ledger } from './gateway.js';

/** The rows that a load has added to the database. */
export interface Growth {
  readonly refunds: number;
  /** The number of transactions that inserted the refunds; batches share one. */
  readonly transactions: number;
}

/** A measured ledger: its gateway, the notes and accounts of the loads, and a connection that counts rows. */
export class Subject {
  /** Samples of the gateway's memory, with the number of refunds through this process. */
  readonly memory: { readonly refunds: number; readonly mb: number | null }[] = [];
  private refundsThrough = 0;
  private thousandth: Promise<string> | undefined;

  private constructor(
    readonly gateway: Gateway,
    readonly books: Books,
    private readonly observer: pg.Client,
  ) {}

  /** Starts a gateway, creates the ledger if it does not exist, and creates the notes and accounts of the loads. */
  static async open(ledger: Ledger, logLevel?: string): Promise<Subject> {
    const gateway = await Gateway.start(ledger, logLevel);
    return Subject.of(gateway, () => openBooks(gateway));
  }

  /** The same ledger with a new gateway process. */
  async restarted(): Promise<Subject> {
    const { gateway, books } = this;
    await this.stop();
    const started = await Gateway.start(gateway.ledger);
    // The server creates a new socket at each start.
    const url = await databaseUrl(gateway.ledger);
    return Subject.of(started, async () => ({ ...books, databaseUrl: url }));
  }

  private static async of(gateway: Gateway, open: () => Promise<Books>): Promise<Subject> {
    try {
      const books = await open();
      const observer = new pg.Client(books.databaseUrl);
      observer.on('error', () => undefined);
      await observer.connect();
      const subject = new Subject(gateway, books, observer);
      await subject.noteMemory(0);
      return subject;
    } catch (error) {
      await gateway.stop();
      throw error;
    }
  }

  /** The value of a database setting. */
  async show(setting: 'fsync' | 'synchronous_commit' | 'server_version'): Promise<string> {
    const { rows } = await this.observer.query<Record<string, string>>(`show ${setting}`);
    return rows[0]?.[setting] ?? '';
  }

  /** Runs the work, and counts the refunds that it added to the organization. */
  async watched<T>(work: () => Promise<T>): Promise<{ result: T; growth: Growth }> {
    const organization = [this.books.organizationId];
    const { rows: before } = await this.observer.query<{ id: string }>(
      'select coalesce(max(id), 0) as id from refunds where organization_id = $1',
      organization,
    );
    const result = await work();
    const { rows: after } = await this.observer.query<{ refunds: number; transactions: number }>(
      `select count(*)::integer as refunds, count(distinct entry.xid)::integer as transactions
       from refunds refund join journal_entries entry on (entry.organization_id, entry.id) = (refund.organization_id, refund.journal_entry_id)
       where refund.organization_id = $1 and refund.id > $2`,
      [...organization, before[0]?.id],
    );
    return { result, growth: after[0] ?? { refunds: 0, transactions: 0 } };
  }

  /** The range of ids after which a full page of refunds begins. */
  async pageStarts(length: number): Promise<readonly [first: number, last: number]> {
    const { rows } = await this.observer.query<{ first: number; last: number }>(
      `select min(id)::float8 as first, (
         select min(id) from (select id from refunds where organization_id = $1 order by id desc limit $2) newest
       )::float8 as last from refunds where organization_id = $1`,
      [this.books.organizationId, length],
    );
    const { first = 1, last = 1 } = rows[0] ?? {};
    // Valid ids start at 1.
    return [first, Math.max(first, last - 1)];
  }

  /** The cursor before the thousandth page of the filtered list of `requests.ts`. It is looked for once: that takes as long as many requests. */
  cursorOfThousandthPage(): Promise<string> {
    this.thousandth ??= this.findThousandthPage();
    return this.thousandth;
  }

  private async findThousandthPage(): Promise<string> {
    const { rows } = await this.observer.query<{ date: string; id: string }>(
      `select date::text, id from refunds where organization_id = $1 and branch_id = $2 and amount >= 3
       order by date desc, id desc offset 99899 limit 1`,
      [this.books.organizationId, this.books.branchId],
    );
    const [last] = rows;
    if (last === undefined) throw new Error('the ledger has less than a thousand pages');
    return Buffer.from(JSON.stringify(['refunds', 'DATE_DESC', last.date, last.id])).toString('base64url');
  }

  async noteMemory(refunds: number): Promise<void> {
    this.refundsThrough += refunds;
    this.memory.push({ refunds: this.refundsThrough, mb: await this.gateway.residentMb() });
  }

  get refunded(): number {
    return this.refundsThrough;
  }

  audit(): Promise<void> {
    return audit(this.gateway.ledger);
  }

  async stop(): Promise<void> {
    await this.observer.end();
    await this.gateway.stop();
  }
}
