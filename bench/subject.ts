import pg from 'pg';
import { type Books, openBooks } from './books.js';
import { audit, databaseUrl, Gateway, type Ledger } from './gateway.js';

/** What the rows tell of a load, beside what the clients were answered. */
export interface Growth {
  readonly refunds: number;
  /** Transactions that made them: a gateway that takes several refunds together makes fewer of them than refunds. */
  readonly transactions: number;
}

/** A ledger that is measured: its gateway, what the loads refund in it, and a connection that counts rows. */
export class Subject {
  /** How many refunds have gone through the gateway's present process, and how much memory it had then. */
  readonly memory: { readonly refunds: number; readonly mb: number | null }[] = [];
  private refundsThrough = 0;

  private constructor(
    readonly gateway: Gateway,
    readonly books: Books,
    private readonly observer: pg.Client,
  ) {}

  /** Starts a gateway, on a new ledger if need be, and opens what the loads refund. */
  static async open(ledger: Ledger, logLevel?: string): Promise<Subject> {
    const gateway = await Gateway.start(ledger, logLevel);
    return Subject.of(gateway, () => openBooks(gateway));
  }

  /** The same books behind another process of the gateway. */
  async restarted(): Promise<Subject> {
    const { gateway, books } = this;
    await this.stop();
    const started = await Gateway.start(gateway.ledger);
    // The server makes a new socket each time.
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

  /** What the database itself says of a setting. */
  async show(setting: 'fsync' | 'synchronous_commit' | 'server_version'): Promise<string> {
    const { rows } = await this.observer.query<Record<string, string>>(`show ${setting}`);
    return rows[0]?.[setting] ?? '';
  }

  /** Does the work and tells what it has added to the organization's books. */
  async watched<T>(work: () => Promise<T>): Promise<{ result: T; growth: Growth }> {
    const organization = [this.books.organizationId];
    const { rows: before } = await this.observer.query<{ id: string }>(
      'select coalesce(max(id), 0) as id from refunds where organization_id = $1',
      organization,
    );
    const result = await work();
    const { rows: after } = await this.observer.query<{ refunds: number; transactions: number }>(
      `select count(*)::integer as refunds, count(distinct entry.xid)::integer as transactions
       from refunds refund join journal_entries entry on entry.id = refund.journal_entry_id
       where refund.organization_id = $1 and refund.id > $2`,
      [...organization, before[0]?.id],
    );
    return { result, growth: after[0] ?? { refunds: 0, transactions: 0 } };
  }

  /** Ids after which a page of so many refunds begins. */
  async pageStarts(length: number): Promise<readonly [first: number, last: number]> {
    const { rows } = await this.observer.query<{ first: number; last: number }>(
      `select min(id)::float8 as first, (
         select min(id) from (select id from refunds where organization_id = $1 order by id desc limit $2) newest
       )::float8 as last from refunds where organization_id = $1`,
      [this.books.organizationId, length],
    );
    const { first = 1, last = 1 } = rows[0] ?? {};
    // An id is at least 1, also one that a page begins after.
    return [first, Math.max(first, last - 1)];
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
