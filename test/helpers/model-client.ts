import { Big } from '../../src/values/money.js';
import {
  CreateCreditNoteDocument,
  type LedgerFragment,
  LockTransactionsDocument,
  OpenCreditNoteDocument,
  PreviewRefundDocument,
  RefundCreditNoteDocument,
  ReverseRefundDocument,
  UnlockTransactionsDocument,
  VoidCreditNoteDocument,
} from '../generated/documents.js';
import { asRestBody, type Books, type GraphQLReply, ledger } from './gateway.js';

export const DIGITS = { USD: 2, EUR: 2, JPY: 0, KWD: 3 } as const;
export type Currency = keyof typeof DIGITS;

/** The exchange rate 1: rates are integers with ten decimals. */
export const PAR = 10n ** 10n;

export interface NoteTerms {
  readonly currency: Currency;
  readonly rate: bigint;
  readonly date: string;
}

/** Amounts are integers in minor units of the note's currency. */
export interface RefundTerms {
  readonly note: string;
  readonly account: 'Bank' | 'Petty Cash';
  readonly amount: bigint;
  readonly rate: bigint;
  readonly date: string;
}

export type Command =
  | ({ readonly kind: 'create'; readonly lines: readonly bigint[]; readonly open: boolean } & NoteTerms)
  | { readonly kind: 'open'; readonly note: string }
  | ({ readonly kind: 'refund' | 'preview' } & RefundTerms)
  | { readonly kind: 'reverse'; readonly refund: string; readonly date: string }
  | { readonly kind: 'void'; readonly note: string; readonly date: string }
  | { readonly kind: 'lock'; readonly date: string }
  | { readonly kind: 'unlock' };

export interface Request {
  readonly command: Command;
  readonly key: string | null;
  /** The remaining credit that the caller expects. */
  readonly expectedRemaining: bigint | null;
}

/** The data that a client reads, as text. */
export interface Statement {
  readonly lockDate: string | null;
  /** Balances of accounts and customers that are not zero. */
  readonly balances: Readonly<Record<string, string>>;
  readonly notes: Readonly<Record<string, string>>;
  readonly refunds: Readonly<Record<string, string>>;
}

/** The gateway's reply. */
export type Reply =
  | { readonly refusal: string }
  | { readonly refusal: null; readonly id: string; readonly replayed: boolean; readonly summary: string | null };

/** Sends the model's requests to a real gateway over GraphQL or REST, and reads the resulting data. */
export class ModelClient {
  private constructor(
    private readonly books: Books,
    /** The id of the customer for each currency. */
    private readonly customers: ReadonlyMap<Currency, string>,
    private readonly currencyOf = new Map<string, Currency>(),
  ) {}

  static async open(books: Books, currencies: readonly Currency[]): Promise<ModelClient> {
    const customers = new Map<Currency, string>();
    for (const currency of currencies) customers.set(currency, await books.customer(currency));
    return new ModelClient(books, customers);
  }

  async send(request: Request, door: 'GraphQL' | 'REST'): Promise<Reply> {
    const { command } = request;
    const { client } = this.books;
    const headers: Record<string, string> = request.key === null ? {} : { 'idempotency-key': request.key };
    switch (command.kind) {
      case 'create': {
        const { currency, rate, date, open } = command;
        const lines = command.lines.map((amount) => ({ accountId: this.books.ids.sales, amount: money(amount, currency) }));
        const input = { customerId: this.customers.get(currency) ?? '', exchangeRate: decimal(rate, 10), date, open, lines };
        const reply = await client.graphql(CreateCreditNoteDocument, { input }, headers);
        const id = reply.data?.createCreditNote?.id;
        if (id !== undefined) this.currencyOf.set(id, currency);
        return answer(reply, ({ createCreditNote }) => createCreditNote?.id);
      }
      case 'open':
        return answer(
          await client.graphql(OpenCreditNoteDocument, { id: command.note }, headers),
          (data) => data.openCreditNote?.id,
        );
      case 'void': {
        const { note: id, date } = command;
        return answer(await client.graphql(VoidCreditNoteDocument, { id, date }, headers), (data) => data.voidCreditNote?.id);
      }
      case 'lock': {
        const input = { lockDate: command.date, reason: 'Filed' };
        return answer(await client.graphql(LockTransactionsDocument, { input }, headers), () => '');
      }
      case 'unlock':
        return answer(await client.graphql(UnlockTransactionsDocument, { input: { reason: 'A late one' } }, headers), () => '');
      case 'reverse': {
        const input = { refundId: command.refund, date: command.date, reason: 'It came back' };
        return answer(await client.graphql(ReverseRefundDocument, { input }, headers), (data) => data.reverseRefund?.id);
      }
      case 'preview':
        return this.preview(command);
      case 'refund':
        return door === 'REST' ? this.refundByRest(command, request) : this.refundByGraphQL(command, request);
    }
  }

  private input({ note, account, amount, rate, date }: RefundTerms) {
    return this.books.refundInput(note, {
      fromAccountId: account === 'Bank' ? this.books.ids.bank : this.books.ids.cash,
      amount: this.amountText(note, amount),
      exchangeRate: decimal(rate, 10),
      date,
    });
  }

  private amountText(note: string, amount: bigint): string {
    return money(amount, this.currencyOf.get(note) ?? 'USD');
  }

  private async refundByGraphQL(terms: RefundTerms, { key, expectedRemaining }: Request): Promise<Reply> {
    const expected = expectedRemaining === null ? null : this.amountText(terms.note, expectedRemaining);
    const variables = { input: this.input(terms), idempotencyKey: key, expectedRemaining: expected, allowUnusualRate: true };
    return answer(
      await this.books.client.graphql(RefundCreditNoteDocument, variables),
      ({ refundCreditNote }) => refundCreditNote?.id,
      ({ refundCreditNote }) => summaryOf(refundCreditNote?.journalEntry, refundCreditNote?.realizedGain),
    );
  }

  /** Sends the refund as legacy clients do: numbers, a date-time, and the expected credit as an ETag. */
  private async refundByRest(terms: RefundTerms, { key, expectedRemaining }: Request): Promise<Reply> {
    const input = this.input(terms);
    const { creditNoteId } = input;
    const body = { ...asRestBody(input), date: `${terms.date}T12:00:00Z` };
    // An ETag has no zeros at its end.
    const remaining = expectedRemaining === null ? null : Big(this.amountText(terms.note, expectedRemaining)).toFixed();
    const headers = {
      'allow-unusual-rate': 'true',
      ...(key !== null && { 'idempotency-key': key }),
      ...(remaining !== null && { 'if-match': `"${creditNoteId}-${remaining}"` }),
    };
    const reply = await this.books.client.rest(`/api/credit-notes/${creditNoteId}/refunds`, body, headers);
    if (reply.status !== 201) return { refusal: String(reply.json.errors?.[0]?.type ?? reply.body) };
    return { refusal: null, id: String(reply.json.id), replayed: reply.headers['idempotency-replayed'] === 'true', summary: null };
  }

  private async preview(terms: RefundTerms): Promise<Reply> {
    const { previewRefund } = await this.books.client.query(PreviewRefundDocument, { input: this.input(terms) });
    const { refusals, lines, realizedGain, remainingBefore, remainingAfter } = previewRefund;
    if (refusals[0] !== undefined) return { refusal: refusals[0].code };
    const journal = summaryOf({ postingDate: '', memo: '', lines }, String(realizedGain));
    return { refusal: null, id: '', replayed: false, summary: `${journal}; remaining ${remainingBefore}, then ${remainingAfter}` };
  }

  async statement(): Promise<Statement> {
    const { data } = await this.books.client.graphql<StatementData, undefined>(STATEMENT);
    if (data === null) throw new Error('the books cannot be read');
    const currencies = new Map([...this.customers].map(([currency, id]) => [id, currency]));
    const balances = [
      ...data.accounts.nodes.map(({ name, balance }) => [name, balance]),
      ...data.customers.nodes.map(({ id, balance }) => [`customer ${currencies.get(id)}`, balance]),
    ].filter(([, balance = '']) => /[1-9]/.test(balance));
    return {
      lockDate: data.me.organization.lockDate,
      balances: Object.fromEntries(balances),
      notes: Object.fromEntries(
        data.creditNotes.nodes.map(({ id, status, currencyCode, total, refunded, remaining }) => {
          return [id, `${status}: ${currencyCode} ${total} − ${refunded} − ${remaining}`];
        }),
      ),
      refunds: Object.fromEntries(
        data.refunds.nodes.map(({ id, status, amount, realizedGain, creditNote }) => {
          return [id, `${status}: ${amount} of ${creditNote.id}, gain ${realizedGain}`];
        }),
      ),
    };
  }
}

const STATEMENT = `{
  me { organization { lockDate } }
  accounts(first: 100) { nodes { name balance } }
  customers(first: 100) { nodes { id balance } }
  creditNotes(first: 100) { nodes { id status currencyCode total refunded remaining } }
  refunds(first: 100) { nodes { id status amount realizedGain creditNote { id } } }
}`;

interface StatementData {
  readonly me: { readonly organization: { readonly lockDate: string | null } };
  readonly accounts: Nodes<Record<'name' | 'balance', string>>;
  readonly customers: Nodes<Record<'id' | 'balance', string>>;
  readonly creditNotes: Nodes<Record<'id' | 'status' | 'currencyCode' | 'total' | 'refunded' | 'remaining', string>>;
  readonly refunds: Nodes<
    Record<'id' | 'status' | 'amount' | 'realizedGain', string> & { readonly creditNote: { readonly id: string } }
  >;
}

interface Nodes<T> {
  readonly nodes: readonly T[];
}

function answer<T>(
  { data, errors, headers }: GraphQLReply<T>,
  id: (data: T) => string | undefined,
  details?: (data: T) => string,
): Reply {
  const replayed = headers['idempotency-replayed'] === 'true';
  // A refusal is never replayed; one that claims to be gets a code that the model does not expect.
  if (data === null || errors !== undefined) return { refusal: `${errors?.[0]?.extensions.code}${replayed ? ', replayed' : ''}` };
  return { refusal: null, id: id(data) ?? '', replayed, summary: details?.(data) ?? null };
}

function summaryOf(entry: LedgerFragment | undefined, gain: string | undefined): string {
  return [...ledger(entry), `gain ${gain}`].join('; ');
}

/** The decimal text of an amount in minor units. */
export function money(amount: bigint, currency: Currency): string {
  return decimal(amount, DIGITS[currency]);
}

function decimal(amount: bigint, digits: number): string {
  const text = String(amount < 0n ? -amount : amount).padStart(digits + 1, '0');
  const point = text.length - digits;
  return `${amount < 0n ? '-' : ''}${text.slice(0, point)}${digits > 0 ? `.${text.slice(point)}` : ''}`;
}
