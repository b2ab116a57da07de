import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { afterAll, beforeAll, beforeEach } from '@jest/globals';
import type { MikroORM } from '@mikro-orm/postgresql';
import type { FastifyInstance } from 'fastify';
import { print } from 'graphql';
import { pino } from 'pino';
import { createApiKey } from '../../src/auth/api-keys.js';
import type { JwtSettings } from '../../src/auth/jwt.js';
import { Role } from '../../src/entities/access.js';
import { Account, SystemRole } from '../../src/entities/account.js';
import { AccountType } from '../../src/entities/account-type.js';
import { Branch } from '../../src/entities/branch.js';
import { Organization } from '../../src/entities/organization.js';
import type { DemoContent } from '../../src/graphql/server.js';
import { type AppOptions, createApp } from '../../src/server/app.js';
import { CONNECTION_LIMITS, type ConnectionLimits } from '../../src/server/connections.js';
import type { UnreadLimits } from '../../src/server/unread-replies.js';
import { createOrganization } from '../../src/services/organizations/create-organization.js';
import {
  CreateAccountDocument,
  CreateCreditNoteDocument,
  type CreateCreditNoteInput,
  type CreateCreditNoteMutation,
  CreateCustomerDocument,
  type LedgerFragment,
  LedgerHealthDocument,
  LockTransactionsDocument,
  RefundCreditNoteDocument,
  type RefundCreditNoteInput,
} from '../generated/documents.js';
import { createDatabase, type DatabaseOptions, type TestDatabase } from './database.js';

/** The key that signs and verifies the tests' JWTs. */
export const JWT: JwtSettings & { key: Uint8Array } = {
  algorithm: 'HS256',
  key: new TextEncoder().encode('a secret of the tests, long enough'),
};

/** The configuration of a gateway, where a test says nothing else. */
export const CONFIG: AppOptions['config'] = {
  host: 'localhost',
  allowedHosts: [],
  introspection: true,
  desk: false,
  corsOrigins: [],
  // Tests make equal refunds in a row; the check for duplicates has tests of its own.
  duplicateWindowSeconds: 0,
  postingDaysAhead: 7,
  clientIp: 'connection',
  trustedProxies: 1,
  maxEventLoopDelayMs: 0,
  rateLimit: null,
  queryCostLimit: 20_000,
  trustedDocuments: null,
  federation: false,
  restContract: 'documented',
  restDeprecatedSince: null,
  requestWaitMs: 5_000,
};

export interface GatewayOptions extends DatabaseOptions, Partial<AppOptions['config']> {
  demo?: DemoContent;
  jwt?: JwtSettings | null;
  connections?: Partial<ConnectionLimits>;
  stopSeconds?: number;
  unread?: UnreadLimits;
  /** Uses this database instead of the new one. */
  orm?: MikroORM;
}

export interface BooksOptions {
  baseCurrency?: string;
  timeZone?: string;
  firstId?: number;
}

/** A gateway on a new database. Requests pass through the whole HTTP stack, but without a socket. */
export class Gateway {
  private constructor(
    readonly database: TestDatabase,
    readonly app: FastifyInstance,
    /** The parsed lines of the gateway's log. */
    readonly logged: Record<string, unknown>[],
  ) {}

  static async start({
    poolSize,
    template,
    settings,
    orm,
    demo,
    jwt = JWT,
    connections,
    unread,
    stopSeconds,
    ...config
  }: GatewayOptions = {}): Promise<Gateway> {
    const database = await createDatabase({ poolSize, template, settings });
    const logged: Record<string, unknown>[] = [];
    const logger = pino({ level: 'info' }, { write: (line: string) => void logged.push(JSON.parse(line)) });
    const app = await createApp({
      orm: orm ?? database.orm,
      config: { ...CONFIG, ...config },
      jwt,
      logger,
      demo,
      connections: { ...CONNECTION_LIMITS, ...connections },
      unread,
      stopSeconds,
    }).catch(async (error: unknown) => {
      await database.drop();
      throw error;
    });
    return new Gateway(database, app, logged);
  }

  /** Listens on a free port, for tests that need a socket; returns the port. */
  async listen(): Promise<number> {
    await this.app.listen({ port: 0, host: '127.0.0.1' });
    return (this.app.server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    await this.app.close();
    await this.database.drop();
  }

  /** Creates an organization, and returns its books with an admin's client. */
  async books({ baseCurrency = 'USD', timeZone = 'UTC', ...ids }: BooksOptions = {}): Promise<Books> {
    const publicId = randomUUID();
    const organization = await this.database.asOperator((em) =>
      createOrganization(em, { publicId, name: 'Test Ltd', baseCurrency, timeZone, ...ids }),
    );
    const em = this.database.orm.em.fork();
    const accounts = await em.find(Account, { organization: organization.id });
    const idOf = (matches: (account: Account) => boolean): string => String(accounts.find(matches)?.id);
    const branch = await em.findOneOrFail(Branch, { organization: organization.id });
    const client = await this.client(organization, Role.ADMIN);
    return new Books(this, client, organization, {
      bank: idOf(({ type }) => type === AccountType.BANK),
      cash: idOf(({ type }) => type === AccountType.CASH),
      sales: idOf(({ type }) => type === AccountType.INCOME),
      expense: idOf(({ code }) => code === '40001'),
      receivable: idOf(({ systemRole }) => systemRole === SystemRole.ACCOUNTS_RECEIVABLE),
      branch: String(branch.id),
    });
  }

  async client(organization: Organization, role: Role): Promise<Client> {
    const { key } = await this.database.asOperator((em) => createApiKey(em, organization, { name: `key of ${role}`, role }));
    return new Client(this.app, { authorization: `Bearer ${key}` });
  }
}

/**
 * Starts a gateway before the tests of the file or of the `describe`, and stops it after them. Its fields are there as soon as the first hook or test runs.
 * It stops before hooks `afterAll` that are defined later: use the connections of `gateway.database`, which end with it, and no others.
 *
 * @example
 * const gateway = sharedGateway();
 * const books = sharedBooks(gateway);
 */
export function sharedGateway(options: GatewayOptions = {}): Gateway {
  const gateway: Gateway = Object.create(Gateway.prototype);
  beforeAll(async () => {
    Object.assign(gateway, await Gateway.start(options));
  });
  afterAll(() => gateway.stop());
  return gateway;
}

/** Creates books that the tests of the file or of the `describe` share. */
export function sharedBooks(gateway: Gateway, options: BooksOptions = {}): Books {
  const books: Books = Object.create(Books.prototype);
  beforeAll(async () => {
    Object.assign(books, await gateway.books(options));
  });
  return books;
}

/** Creates other books before each test. */
export function freshBooks(gateway: Gateway, options: BooksOptions = {}): Books {
  const books: Books = Object.create(Books.prototype);
  beforeEach(async () => {
    Object.assign(books, await gateway.books(options));
  });
  return books;
}

type Complete<T> = { [Field in keyof T]: NonNullable<T[Field]> };

export interface GraphQLReply<T> {
  readonly data: T | null;
  readonly errors?: readonly {
    readonly message: string;
    readonly path?: readonly unknown[];
    readonly extensions: Record<string, unknown>;
  }[];
  readonly extensions?: Record<string, unknown>;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly status: number;
}

/** A client that sends its requests with one credential. */
export class Client {
  constructor(
    readonly app: FastifyInstance,
    readonly headers: Record<string, string>,
  ) {}

  async graphql<T, V>(
    document: TypedDocumentNode<T, V> | string,
    variables?: V,
    headers: Record<string, string> = {},
  ): Promise<GraphQLReply<T>> {
    const query = typeof document === 'string' ? document : print(document);
    const reply = await this.post('/graphql', JSON.stringify({ query, variables }), headers);
    return { ...JSON.parse(reply.body), headers: reply.headers, status: reply.status };
  }

  /** The data of a request that must succeed; mutations in it are not null. */
  async query<T, V>(document: TypedDocumentNode<T, V>, variables?: V): Promise<Complete<T>> {
    const { data, errors } = await this.graphql(document, variables);
    if (data === null || errors !== undefined) throw new Error(JSON.stringify(errors));
    return data as Complete<T>;
  }

  async rest(path: string, body: unknown, headers: Record<string, string> = {}) {
    const reply = await this.post(path, typeof body === 'string' ? body : JSON.stringify(body), headers);
    return { ...reply, json: JSON.parse(reply.body) };
  }

  async post(url: string, payload: string, headers: Record<string, string>) {
    const reply = await this.app.inject({
      method: 'POST',
      url,
      payload,
      headers: { 'content-type': 'application/json', ...this.headers, ...headers },
    });
    return { status: reply.statusCode, headers: reply.headers, body: reply.body };
  }
}

/** The books of an organization, with helpers that create what a refund needs. */
export class Books {
  constructor(
    readonly gateway: Gateway,
    readonly client: Client,
    readonly organization: Organization,
    readonly ids: Readonly<Record<'bank' | 'cash' | 'sales' | 'expense' | 'receivable' | 'branch', string>>,
  ) {}

  async customer(currencyCode = this.organization.baseCurrency): Promise<string> {
    const { createCustomer } = await this.client.query(CreateCustomerDocument, { input: { displayName: 'Carol', currencyCode } });
    return createCustomer.id;
  }

  async account(
    type: 'BANK' | 'CASH' | 'FIXED_ASSET' | 'CREDIT_CARD' | 'TAX_PAYABLE' | 'INCOME' | 'OTHER_INCOME' | 'EXPENSE',
    rest: { currencyCode?: string; active?: boolean } = {},
  ): Promise<string> {
    const input = { code: randomUUID(), name: `${type} ${rest.currencyCode ?? ''}`.trim(), type, ...rest };
    return (await this.client.query(CreateAccountDocument, { input })).createAccount.id;
  }

  /** Creates an open credit note; its currency is the base currency by default. */
  async creditNote(
    amount: string,
    { currencyCode, ...rest }: { currencyCode?: string } & Partial<CreateCreditNoteInput> = {},
  ): Promise<NonNullable<CreateCreditNoteMutation['createCreditNote']>> {
    const input = {
      customerId: rest.customerId ?? (await this.customer(currencyCode)),
      date: '2026-01-15',
      lines: [{ accountId: this.ids.sales, amount }],
      open: true,
      ...rest,
    };
    return (await this.client.query(CreateCreditNoteDocument, { input })).createCreditNote;
  }

  /** Sets the lock date: nothing may be posted on or before it. */
  async lock(lockDate: string): Promise<void> {
    await this.client.query(LockTransactionsDocument, { input: { lockDate, reason: 'Filed' } });
  }

  /** The input of a valid refund, with the changes of the test. */
  refundInput(creditNoteId: string, changes: Partial<RefundCreditNoteInput> = {}): RefundCreditNoteInput {
    return {
      creditNoteId,
      fromAccountId: this.ids.bank,
      amount: '40.00',
      exchangeRate: '1',
      referenceNo: 'REF-1',
      description: 'Paid back',
      date: '2026-02-01',
      branchId: this.ids.branch,
      ...changes,
    };
  }

  /** The documented REST body of the same refund, with the changes of the test. */
  restBody(changes: Record<string, unknown> = {}): Record<string, unknown> {
    return { ...asRestBody(this.refundInput('')), ...changes };
  }

  async refund(creditNoteId: string, changes: Partial<RefundCreditNoteInput> = {}) {
    const input = this.refundInput(creditNoteId, changes);
    return (await this.client.query(RefundCreditNoteDocument, { input })).refundCreditNote;
  }

  /** SQL of a valid refund of 40.00 in the base currency, whose entry is the newest one; with the changes of the test, in SQL. */
  refundBySql(creditNoteId: string, changes: Readonly<Record<string, string>> = {}): string {
    const columns = {
      organization_id: String(this.organization.id),
      credit_note_id: creditNoteId,
      from_account_id: this.ids.bank,
      branch_id: this.ids.branch,
      amount: '40',
      currency_code: `'${this.organization.baseCurrency}'`,
      exchange_rate: '1',
      settled_amount: '40',
      paid_amount: '40',
      date: `'2026-02-01'`,
      reference_no: `''`,
      description: `''`,
      journal_entry_id: this.newest('journal_entries'),
      created_by: `'psql'`,
      api_key_id: `(select min(id) from api_keys where organization_id = ${this.organization.id})`,
      request_id: `'psql'`,
      protocol: `'INTERNAL'`,
      ...changes,
    };
    return `insert into refunds (${Object.keys(columns).join(', ')}) values (${Object.values(columns).join(', ')})`;
  }

  /** SQL for the id of the organization's newest row in the table. */
  newest(table: string): string {
    return `(select max(id) from ${table} where organization_id = ${this.organization.id})`;
  }

  /** The checks of the ledger that fail, each with what is wrong. */
  async faults(): Promise<string[]> {
    const { ledgerHealth } = await this.client.query(LedgerHealthDocument);
    return ledgerHealth.checks.filter(({ healthy }) => !healthy).map(({ name, offenders }) => `${name}: ${offenders.join(', ')}`);
  }

  /** Every row that a refund can write; two equal snapshots show that nothing was written. */
  async snapshot(): Promise<unknown> {
    const others = ['organizations', 'memberships', 'audit_events', 'credit_note_counters'];
    return (await this.everything()).filter(({ name }) => !others.includes(name));
  }

  /** The organization and all of its rows; two equal results show that a command wrote nothing. */
  async everything(): Promise<{ name: string; row: unknown }[]> {
    const { sql } = this.gateway.database;
    // Every request may update its key, and background work writes balances, watermarks and counts of requests: these tables are left out.
    const { rows: tables } = await sql.query<{ name: string }>(
      `select table_name as name from information_schema.columns
       where table_schema = current_schema() and column_name = 'organization_id'
         and table_name not in ('api_keys', 'balance_snapshots', 'balance_watermarks', 'customer_balance_snapshots', 'rest_usage')`,
    );
    const all = tables.map(({ name }) => `select '${name}' as name, to_jsonb(t) as row from ${name} t where organization_id = $1`);
    const organization = "select 'organizations' as name, to_jsonb(t) as row from organizations t where id = $1";
    const { rows } = await sql.query(`${[organization, ...all].join(' union all ')} order by 1, 2`, [this.organization.id]);
    return rows;
  }
}

/** The documented REST body of a refund: ids and decimals are JSON numbers, and the note's id belongs into the path. */
export function asRestBody({ creditNoteId: _, ...input }: RefundCreditNoteInput): Record<string, unknown> {
  const numbers = ['fromAccountId', 'branchId', 'amount', 'exchangeRate'] as const;
  return { ...input, ...Object.fromEntries(numbers.map((name) => [name, Number(input[name])])) };
}

/** The lines of a journal entry as an accountant writes them: `debit Accounts Receivable 40.00`. */
export function ledger(entry: LedgerFragment | null | undefined): string[] {
  return (entry?.lines ?? []).map(({ side, amount, account, foreignAmount, foreignCurrencyCode }) => {
    const foreign = foreignAmount ? ` (${foreignAmount} ${foreignCurrencyCode})` : '';
    return `${side.toLowerCase()} ${account.name} ${amount}${foreign}`;
  });
}
