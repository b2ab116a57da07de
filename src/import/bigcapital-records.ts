import { parseId } from '../entities/owned.js';
import { isRecord } from '../values/json.js';
import { Big, parseNumberToken, ZERO } from '../values/money.js';
import { cut, lengthOf, MAX_QUOTED } from '../values/text.js';

/** A record of Bigcapital has another form than Bigcapital gives it. */
export class RecordUnreadable extends Error {}

export interface TheirOrganization {
  /** The value of the organization-id header. */
  readonly organizationId: string;
  readonly name: string;
  readonly baseCurrency: string;
  readonly timeZone: string;
}

export interface TheirAccount {
  readonly id: number;
  readonly code: string;
  readonly name: string;
  /** Names the accounts that Bigcapital itself posts to. */
  readonly slug: string;
  readonly type: string;
  readonly currencyCode: string;
  readonly active: boolean;
  /** On the side on which the account grows, in its own currency. */
  readonly balance: Big;
}

export interface TheirBranch {
  readonly id: number;
  readonly code: string;
  readonly name: string;
  readonly primary: boolean;
}

export interface TheirCustomer {
  readonly id: number;
  readonly displayName: string;
  readonly email: string | null;
  readonly currencyCode: string;
  readonly active: boolean;
}

export interface TheirLine {
  readonly accountId: number | null;
  readonly description: string;
  /** Without tax, after the line's discount. */
  readonly amount: Big;
}

export interface TheirCreditNote {
  readonly id: number;
  readonly number: string;
  readonly customerId: number;
  readonly branchId: number | null;
  readonly date: string;
  readonly currencyCode: string;
  readonly exchangeRate: Big | null;
  readonly isDraft: boolean;
  readonly total: Big;
  readonly applied: Big;
  readonly refunded: Big;
  readonly remaining: Big;
  readonly discount: Big;
  readonly adjustment: Big;
  readonly referenceNo: string;
  readonly note: string;
  readonly lines: readonly TheirLine[];
}

export interface TheirRefund {
  readonly id: number;
  /** Null: Bigcapital does not say which one it belongs to. */
  readonly creditNoteId: number | null;
  readonly fromAccountId: number;
  readonly branchId: number | null;
  readonly amount: Big;
  readonly currencyCode: string;
  readonly exchangeRate: Big | null;
  readonly date: string;
  /** Null: the refund was made without one. */
  readonly referenceNo: string | null;
  readonly description: string | null;
}

/** @throws {RecordUnreadable} */
export function organizationOf(reply: unknown): TheirOrganization {
  const fields = new Fields(reply);
  const metadata = new Fields(fields.value('metadata'));
  return {
    organizationId: fields.text('organization_id'),
    name: metadata.name('name'),
    baseCurrency: metadata.text('base_currency'),
    timeZone: metadata.text('timezone'),
  };
}

/** Returns the accounts with those below them. */
export function accountsOf(reply: unknown): unknown[] {
  const accounts = [...listOf(isRecord(reply) ? reply.accounts : reply)];
  // The loop visits those that it adds, too.
  for (const account of accounts) {
    if (isRecord(account) && account.children) for (const below of listOf(account.children)) accounts.push(below);
  }
  return accounts;
}

/**
 * Returns the last day on which Bigcapital's credit notes are locked, as it writes days; `null` if they are not.
 *
 * @throws {RecordUnreadable}
 */
export function lockDateOf(reply: unknown): string | null {
  const fields = new Fields(reply);
  const isWhole = fields.optionalText('locking_type') === 'all';
  const locks = isWhole
    ? [fields.value('all')]
    : listOf(fields.value('modules')).filter((lock) => isRecord(lock) && lock.module === 'sales');
  const dates = locks
    .map((lock) => new Fields(lock))
    .flatMap((lock) => (lock.flag('is_enabled', false) ? lock.optionalText('lock_to_date') || [] : []));
  return dates.sort().at(-1) ?? null;
}

/** Returns the branches, which stand alone or, as other lists do, under their name. */
export function branchesOf(reply: unknown): readonly unknown[] {
  return listOf(isRecord(reply) ? reply.branches : reply);
}

/** @throws {RecordUnreadable} */
export function accountOf(record: unknown): TheirAccount {
  const fields = new Fields(record);
  return {
    id: fields.id('id'),
    code: fields.name('code'),
    name: fields.name('name'),
    slug: fields.optionalText('slug'),
    type: fields.text('account_type'),
    currencyCode: fields.text('currency_code'),
    active: fields.flag('active', true),
    balance: computed(fields.amount('amount')),
  };
}

/** @throws {RecordUnreadable} */
export function branchOf(record: unknown): TheirBranch {
  const fields = new Fields(record);
  return {
    id: fields.id('id'),
    code: fields.name('code'),
    name: fields.name('name'),
    primary: fields.flag('primary', false),
  };
}

/** @throws {RecordUnreadable} */
export function customerOf(record: unknown): TheirCustomer {
  const fields = new Fields(record);
  return {
    id: fields.id('id'),
    displayName: fields.name('display_name'),
    email: fields.name('email') || null,
    currencyCode: fields.text('currency_code'),
    active: fields.flag('active', true),
  };
}

/** @throws {RecordUnreadable} */
export function creditNoteOf(record: unknown): TheirCreditNote {
  const fields = new Fields(record);
  return {
    id: fields.id('id'),
    number: fields.name('credit_note_number'),
    customerId: fields.id('customer_id'),
    branchId: fields.optionalId('branch_id'),
    date: fields.text('credit_note_date'),
    currencyCode: fields.text('currency_code'),
    exchangeRate: fields.optionalNumber('exchange_rate'),
    isDraft: !fields.value('opened_at'),
    total: computed(fields.number('total')),
    applied: computed(fields.amount('invoices_amount')),
    refunded: computed(fields.amount('refunded_amount')),
    remaining: computed(fields.number('credits_remaining')),
    discount: computed(fields.amount('discount_amount')),
    adjustment: computed(fields.amount('adjustment')),
    referenceNo: fields.optionalText('reference_no'),
    note: fields.optionalText('note'),
    lines: listOf(fields.value('entries')).map(lineOf),
  };
}

/** @throws {RecordUnreadable} */
function refundOf(record: unknown): TheirRefund {
  const fields = new Fields(record);
  return {
    id: fields.id('id'),
    creditNoteId: fields.optionalId('credit_note_id'),
    fromAccountId: fields.id('from_account_id'),
    branchId: fields.optionalId('branch_id'),
    amount: fields.number('amount'),
    currencyCode: fields.text('currency_code'),
    exchangeRate: fields.optionalNumber('exchange_rate'),
    date: fields.text('date'),
    referenceNo: fields.textOrNull('reference_no'),
    description: fields.textOrNull('description'),
  };
}

/** A refund that cannot be read. */
export interface UnreadableRefund {
  readonly id: string;
  readonly unreadable: string;
}

/** Keeps of a refund what an import needs: Bigcapital sends its credit note and its account with each. */
export function refundOrUnreadable(record: unknown): TheirRefund | UnreadableRefund {
  try {
    return refundOf(record);
  } catch (error) {
    if (!(error instanceof RecordUnreadable)) throw error;
    return { id: idOrUnknown(record), unreadable: error.message };
  }
}

/** A page of a list, and the number of records on all its pages. */
export interface Page {
  readonly records: readonly unknown[];
  readonly total: number;
}

/**
 * @param name of the list, such as `customers`
 * @throws {RecordUnreadable}
 */
export function pageOf(reply: unknown, name: string): Page {
  const fields = new Fields(reply);
  const pagination = new Fields(fields.value('pagination'));
  const records = fields.value(name) ?? fields.value('data');
  return { records: listOf(records), total: pagination.count('total') };
}

/** @throws {RecordUnreadable} */
export function listOf(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new RecordUnreadable('it has no list where Bigcapital has one');
  return value;
}

/** The id of a record that is otherwise unreadable; `?` if even that is. */
export function idOrUnknown(record: unknown): string {
  const id = isRecord(record) ? record.id : undefined;
  return typeof id === 'number' || typeof id === 'string' ? String(id) : '?';
}

function lineOf(record: unknown): TheirLine {
  const fields = new Fields(record);
  const item = isRecord(fields.value('item')) ? new Fields(fields.value('item')) : null;
  const amount = fields.optionalNumber('subtotal_excluding_tax');
  return {
    accountId: fields.optionalId('sell_account_id') ?? item?.optionalId('sell_account_id') ?? null,
    description: fields.optionalText('description') || (item?.optionalText('name') ?? ''),
    amount: computed(amount === null ? fields.number('total') : amount.minus(fields.amount('discount_amount'))),
  };
}

/** Returns the value as it is quoted: a list or an object may nest too deeply to be written. */
function quoted(value: unknown): string {
  return typeof value === 'object' ? 'a list or an object' : cut(JSON.stringify(value), MAX_QUOTED);
}

/** Bigcapital stores amounts with 3 decimals, but multiplies and adds binary fractions: 0.1 + 0.2 = 0.30000000000000004. */
const STORED_DECIMALS = 6;

function computed(amount: Big): Big {
  return amount.round(STORED_DECIMALS);
}

/** The longest name, code, number or email address that Bigcapital stores. */
const MAX_NAME = 255;

/** The fields of a record. Bigcapital's numbers are JSON numbers, or texts where a database driver has left them so. */
class Fields {
  private readonly record: Readonly<Record<string, unknown>>;

  constructor(record: unknown) {
    if (!isRecord(record)) throw new RecordUnreadable('it is no record');
    this.record = record;
  }

  value(name: string): unknown {
    return this.record[name];
  }

  text(name: string): string {
    const text = this.optionalText(name);
    if (text === '') throw new RecordUnreadable(`its ${name} is missing`);
    return text;
  }

  textOrNull(name: string): string | null {
    return (this.record[name] ?? null) === null ? null : this.optionalText(name);
  }

  /** Returns an empty text for null. */
  optionalText(name: string): string {
    const value = this.record[name] ?? '';
    if (typeof value === 'number') return String(value);
    if (typeof value !== 'string') throw new RecordUnreadable(`its ${name} is no text`);
    if (value.includes('\0') || !value.isWellFormed())
      throw new RecordUnreadable(`its ${name} has a character that no text may have`);
    return value;
  }

  /** Returns a text that an index has, and so is short. */
  name(name: string): string {
    const text = this.optionalText(name);
    if (lengthOf(text) > MAX_NAME) throw new RecordUnreadable(`its ${name} is longer than ${MAX_NAME} characters`);
    return text;
  }

  id(name: string): number {
    const id = this.optionalId(name);
    if (id === null) throw new RecordUnreadable(`its ${name} is missing`);
    return id;
  }

  optionalId(name: string): number | null {
    const value = this.record[name] ?? null;
    if (value === null || value === '') return null;
    // Another id could not be asked for here, and 1, '01' and true would be one id.
    const id = typeof value === 'number' || typeof value === 'string' ? parseId(String(value)) : null;
    if (id === null) throw new RecordUnreadable(`its ${name} is no id: ${quoted(value)}`);
    return id;
  }

  count(name: string): number {
    const count = Number(this.record[name]);
    if (!Number.isSafeInteger(count) || count < 0) throw new RecordUnreadable(`its ${name} is no count`);
    return count;
  }

  number(name: string): Big {
    const number = this.optionalNumber(name);
    if (number === null) throw new RecordUnreadable(`its ${name} is missing`);
    return number;
  }

  /** Returns zero for null. */
  amount(name: string): Big {
    return this.optionalNumber(name) ?? ZERO;
  }

  optionalNumber(name: string): Big | null {
    const value = this.record[name] ?? null;
    if (value === null || value === '') return null;
    const number = typeof value === 'number' || typeof value === 'string' ? parseNumberToken(String(value)) : null;
    if (number === null) throw new RecordUnreadable(`its ${name} is no number: ${quoted(value)}`);
    return number;
  }

  flag(name: string, absent: boolean): boolean {
    const value = this.record[name] ?? absent;
    return value === true || value === 1 || value === '1';
  }
}
