import type { TSchema } from '@sinclair/typebox';
import { AccountItem, AccountReply, AccountTypeReply } from '../account-reply.js';
import { AccountTransaction } from '../account-transaction-reply.js';
import { BranchReply } from '../branch-reply.js';
import { CreditNoteItem, CreditNoteReply, EntryReply, ItemReply, OneCreditNote } from '../credit-note-reply.js';
import { CustomerItem, CustomerReply } from '../customer-reply.js';
import { FilterMeta } from '../list-choices.js';
import { Pagination } from '../listing.js';
import { CurrencyReply, LocksReply, OrganizationReply, SettingReply } from '../organization-reply.js';
import { PostedLine } from '../posted-line-reply.js';
import { RefundItem, RefundReply } from '../refund-reply.js';
import { CreditNoteRefundDto, ObservedCreditNoteRefundDto, ObservedCreditNoteRefundDtoInSnakeCase } from '../refund-request.js';
import { ListedAccount } from '../routes/accounts.js';
import { ViewReply } from '../web-app-reply.js';
import { InvalidFieldReply } from './error-replies.js';

/** The schemas that have a name in the document. All others stand where they are used. */
const SCHEMAS: Readonly<Record<string, TSchema>> = {
  CreditNoteRefundDto,
  ObservedCreditNoteRefundDto,
  ObservedCreditNoteRefundDtoInSnakeCase,
  CreditNoteRefund: RefundReply,
  CreditNoteRefundItem: RefundItem,
  CreditNote: CreditNoteReply,
  CreditNoteItem,
  CreditNoteDetails: OneCreditNote,
  CreditNoteEntry: EntryReply,
  CreditNoteEntryItem: ItemReply,
  Account: AccountReply,
  AccountDetails: AccountItem,
  AccountItem: ListedAccount,
  Branch: BranchReply,
  Customer: CustomerReply,
  CustomerDetails: CustomerItem,
  AccountType: AccountTypeReply,
  AccountTransaction,
  PostedLine,
  Organization: OrganizationReply,
  Currency: CurrencyReply,
  Setting: SettingReply,
  TransactionsLocking: LocksReply,
  View: ViewReply,
  Pagination,
  FilterMeta,
  InvalidField: InvalidFieldReply,
};

const NAMES: ReadonlyMap<unknown, string> = new Map(Object.entries(SCHEMAS).map(([name, schema]) => [schema, name]));

/** Returns the value with a reference in place of each schema that has a name, and these schemas. */
export function referringToSchemas<T extends object>(value: T): { value: T; schemas: Readonly<Record<string, unknown>> } {
  const schemas: Record<string, unknown> = {};
  const refer = (part: unknown): unknown => {
    const name = NAMES.get(part);
    if (name === undefined) return inline(part);
    if (!Object.hasOwn(schemas, name)) {
      schemas[name] = null;
      schemas[name] = inline(part);
    }
    return { $ref: `#/components/schemas/${name}` };
  };
  const inline = (part: unknown): unknown => {
    if (Array.isArray(part)) return part.map(refer);
    if (typeof part !== 'object' || part === null) return part;
    return Object.fromEntries(Object.entries(part).map(([key, each]) => [key, refer(each)]));
  };
  return { value: inline(value) as T, schemas };
}
