/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { TypedDocumentNode as DocumentNode } from '@graphql-typed-document-node/core';
/** The kind of an account. It determines the normal balance and the allowed uses of the account. */
export type AccountType =
  /** What the organization owes to its suppliers. */
  | 'ACCOUNTS_PAYABLE'
  /** What customers owe. A credit note lowers it, and a refund raises it again. */
  | 'ACCOUNTS_RECEIVABLE'
  /** An account at a bank. Refunds can be paid from it. */
  | 'BANK'
  /** Cash in hand. Refunds can be paid from it. */
  | 'CASH'
  /** What the sold goods have cost. */
  | 'COST_OF_GOODS_SOLD'
  /** What the organization owes for payments by credit card. Refunds can be paid from it if the organization allows them. */
  | 'CREDIT_CARD'
  /** The owners' share: capital and retained earnings. */
  | 'EQUITY'
  /** Running costs, such as rent. */
  | 'EXPENSE'
  /** An asset that is used for years, such as a machine. Refunds can be paid from it, as in Bigcapital. */
  | 'FIXED_ASSET'
  /** Sales. Opening a credit note debits the accounts of its lines. */
  | 'INCOME'
  /** Goods in stock. */
  | 'INVENTORY'
  /** A loan that is due after more than a year. */
  | 'LONG_TERM_LIABILITY'
  /** Any other asset that stays for more than a year, such as a patent. */
  | 'NONE_CURRENT_ASSET'
  /** Any other debt that is due after more than a year. */
  | 'NON_CURRENT_LIABILITY'
  /** Any other asset that turns into cash within a year, such as a prepayment. */
  | 'OTHER_CURRENT_ASSET'
  /** Any other debt that is due within a year. */
  | 'OTHER_CURRENT_LIABILITY'
  /** Expenses beside the running business, such as exchange losses. */
  | 'OTHER_EXPENSE'
  /** Income beside sales, such as interest. A line of a credit note can debit it. */
  | 'OTHER_INCOME'
  /** Taxes that the organization has collected or owes. A line of a credit note can debit it. */
  | 'TAX_PAYABLE';

/** Effect of one refusal on the other refunds of the list. */
export type BulkMode =
  /** All refunds are made, or none. */
  | 'ATOMIC'
  /** Each refund is made or refused by itself. */
  | 'PER_ITEM';

/** A credit note whose remaining credit is to be cancelled. */
export type CancelRemainingInput = {
  /** The credit note. */
  creditNoteId: string | number;
  /** Posting date, in an open period, not before the note's date nor before the reversals of its refunds. */
  date: string;
  /** Remaining credit that you saw, in the note's currency. The cancellation is refused if another amount remains on the note. */
  expectedRemaining?: string | number | null | undefined;
  /** Reason of the cancellation. 1 to 1000 characters. */
  reason: string;
};

/** An account to be added to the chart. */
export type CreateAccountInput = {
  /** Whether it may be used in new postings. */
  active?: boolean;
  /** Code, unique in the organization. */
  code: string;
  /** ISO 4217 code; the base currency if absent. */
  currencyCode?: string | null | undefined;
  /** Name of the account. */
  name: string;
  /** Kind of the account. */
  type: AccountType;
};

/** A branch to be added. */
export type CreateBranchInput = {
  /** Code, unique in the organization. */
  code: string;
  /** Name of the branch. */
  name: string;
};

/** A credit note to be recorded, in the customer's currency. */
export type CreateCreditNoteInput = {
  /** The branch; the primary one if absent. */
  branchId?: string | number | null | undefined;
  /** The customer whose debt it lowers. */
  customerId: string | number;
  /** Date of the document, and of its posting. */
  date: string;
  /** Units of the base currency per unit of the customer's; required for a foreign one, 1 for the base currency. */
  exchangeRate?: string | number | null | undefined;
  /** 1 to 100 lines, whose sum is above zero. */
  lines: Array<CreditNoteLineInput>;
  /** Note to the customer. At most 4000 characters. */
  note?: string;
  /** Number, unique in the organization; the next free one if absent. */
  number?: string | null | undefined;
  /** Whether it is opened at once. */
  open?: boolean;
  /** Reference of the document. At most 255 characters. */
  referenceNo?: string;
};

/** A customer to be added. */
export type CreateCustomerInput = {
  /** ISO 4217 code of the customer's documents; the base currency if absent. */
  currencyCode?: string | null | undefined;
  /** Name on documents. */
  displayName: string;
  /** E-mail address. */
  email?: string | null | undefined;
};

/** A line of a credit note, which takes back income or its tax. A negative line keeps a part, such as a restocking fee. */
export type CreditNoteLineInput = {
  /** An income or tax account in the base currency. */
  accountId: string | number;
  /** Amount in the customer's currency. It may be negative, but not zero. */
  amount: string | number;
  /** Goods or services that the line credits. At most 1000 characters. */
  description?: string;
};

/** State of a credit note. */
export type CreditNoteStatus =
  /** Posted, without remaining credit. */
  | 'CLOSED'
  /** Not posted yet. */
  | 'DRAFT'
  /** Posted, with remaining credit. */
  | 'OPEN'
  /** Voided: its journal entry, if any, has been reversed. */
  | 'VOID';

/** The codes of all errors, in `Refusal.code` and in `errors[].extensions.code`. docs/errors.md lists them with their HTTP status. */
export type ErrorCode =
  /** Another account has this code. */
  | 'ACCOUNT_CODE_NOT_UNIQUE'
  /** The account is held in neither the note's currency nor the base currency. */
  | 'ACCOUNT_CURRENCY_INVALID'
  /** The account is inactive. */
  | 'ACCOUNT_INACTIVE'
  /** The type of the account does not allow this. Refunds are paid from bank, cash and fixed-asset accounts, and from credit-card accounts if the organization allows it. */
  | 'ACCOUNT_INVALID_TYPE'
  /** Your organization has no such account. */
  | 'ACCOUNT_NOT_FOUND'
  /** The amount is zero or negative. Lines of a credit note may be negative: then one is zero, or their sum is not above zero. */
  | 'AMOUNT_NOT_POSITIVE'
  /** The amount has more decimals than the note's currency. */
  | 'AMOUNT_PRECISION'
  /** The amount has more digits than a JSON number can hold. */
  | 'AMOUNT_TOO_LARGE'
  /** The request is no JSON, lacks a part, or breaks off. Nothing of it was done. */
  | 'BAD_REQUEST'
  /** A field is missing or has a wrong kind of value. */
  | 'BAD_USER_INPUT'
  /** Another branch has this code. */
  | 'BRANCH_CODE_NOT_UNIQUE'
  /** Your organization has no such branch. */
  | 'BRANCH_ID_NOT_FOUND'
  /** The branch is inactive. */
  | 'BRANCH_INACTIVE'
  /** Your organization has no branch with the id in the path. */
  | 'BRANCH_NOT_FOUND'
  /** The credit note has already been opened. */
  | 'CREDIT_NOTE_ALREADY_OPENED'
  /** The remaining credit differs from `expectedRemaining`, or from the `ETag` in `If-Match`. */
  | 'CREDIT_NOTE_CHANGED'
  /** The remaining credit is less than the amount, or zero. */
  | 'CREDIT_NOTE_HAS_NO_REMAINING_AMOUNT'
  /** A credit note with refunds, applied or cancelled credit cannot be voided. Reverse its refunds first. */
  | 'CREDIT_NOTE_HAS_REFUNDS_TRANSACTIONS'
  /** The credit note is a draft: it is not in the books yet. */
  | 'CREDIT_NOTE_IS_DRAFT'
  /** The credit note was voided. */
  | 'CREDIT_NOTE_IS_VOID'
  /** Your organization has no such credit note. */
  | 'CREDIT_NOTE_NOT_FOUND'
  /** Another credit note has this number. */
  | 'CREDIT_NOTE_NUMBER_NOT_UNIQUE'
  /** ISO 4217 does not list the currency, has withdrawn it, or lists it as no currency for payments (gold, test codes). */
  | 'CURRENCY_NOT_FOUND'
  /** The customer is inactive, and gets no new credit notes. */
  | 'CUSTOMER_INACTIVE'
  /** Your organization has no such customer. */
  | 'CUSTOMER_NOT_FOUND'
  /** The date is before the credit note's own date. */
  | 'DATE_BEFORE_CREDIT_NOTE'
  /** The reversal's date is before the refund's own date; or a credit note would be voided before the reversal of one of its refunds. */
  | 'DATE_BEFORE_REFUND'
  /** The date is more than `POSTING_DAYS_AHEAD` days after today in the organization's time zone. `details.latestDate` is the last allowed day. */
  | 'DATE_TOO_FAR_AHEAD'
  /** There is no trusted document with this id or hash; or only trusted documents are executed here, and the document is none of them. */
  | 'DOCUMENT_NOT_TRUSTED'
  /** The rate of a note in the base currency is not 1; the rate has more than 15 significant digits; or a note in another currency has neither a rate nor a `paidAmount`. */
  | 'EXCHANGE_RATE_INVALID'
  /** The rate is more than twice the note's rate, or less than half of it. `details` has both rates. `allowUnusualRate: true`, or the header `Allow-Unusual-Rate: true`, confirms it. */
  | 'EXCHANGE_RATE_UNUSUAL'
  /** The credential's role may not do this. */
  | 'FORBIDDEN'
  /** The text is no GraphQL document. */
  | 'GRAPHQL_PARSE_FAILED'
  /** The GraphQL document does not fit the schema. */
  | 'GRAPHQL_VALIDATION_FAILED'
  /** The gateway does not answer to the host name of the request. */
  | 'HOST_NOT_ALLOWED'
  /** The key was used for another command. */
  | 'IDEMPOTENCY_KEY_REUSED'
  /** An internal error. The reply hides the cause, which the log has under `requestId`. It does not tell whether a command was done: send it again with the same idempotency key, which never pays twice. */
  | 'INTERNAL_SERVER_ERROR'
  /** `lockTransactions` to a day before `details.currentLockDate` would open days: use `unlockTransactions`. */
  | 'LOCK_DATE_EARLIER'
  /** `unlockTransactions` would open nothing: the day is not before the lock date, or the books are not locked. */
  | 'LOCK_DATE_NOT_EARLIER'
  /** The method is not allowed here; a mutation needs POST. The header `Allow` lists what is. */
  | 'METHOD_NOT_ALLOWED'
  /** The `Accept` header allows no format that the gateway has. Nothing was executed. */
  | 'NOT_ACCEPTABLE'
  /** There is no such path. */
  | 'NOT_FOUND'
  /** The GraphQL request does not name the operation to execute. */
  | 'OPERATION_RESOLUTION_FAILURE'
  /** An operator has frozen the organization, because it moves to another database. Reads go on. Send the request again, with the same idempotency key: after the move it is executed in the new place, and no earlier command is executed twice. */
  | 'ORGANIZATION_MOVING'
  /** The paid amount differs from the amount, for a note in the base currency; the account is not held in the base currency; or the exchange rate that follows from it has too many digits. */
  | 'PAID_AMOUNT_INVALID'
  /** The body is over 100 kB (1.9 MB for GraphQL). */
  | 'PAYLOAD_TOO_LARGE'
  /** No document with this hash has been sent. Send it once with its text, as the clients' links for persisted queries do. */
  | 'PERSISTED_QUERY_NOT_FOUND'
  /** An equal refund was made within the last seconds, and no idempotency key distinguishes the two. `details.refundId` is its id, or `null` if both are in one `refundCreditNotes`. */
  | 'POSSIBLE_DUPLICATE_REFUND'
  /** No tag of `If-Match` is the `ETag` of what is there now, or one of `If-None-Match` is. Nothing was done. A refund is refused as `CREDIT_NOTE_CHANGED` instead, if its `If-Match` fails. */
  | 'PRECONDITION_FAILED'
  /** A GraphQL document is too large or reads too much. `details` has its `cost`, the `limit`, and `of`, the name of the limit. */
  | 'QUERY_TOO_COSTLY'
  /** Too many requests in a minute. The request was not read. */
  | 'RATE_LIMITED'
  /** The primary branch, and the accounts that the gateway posts to by itself, cannot be deactivated. */
  | 'RECORD_IS_NEEDED'
  /** The refund has already been reversed. */
  | 'REFUND_ALREADY_REVERSED'
  /** Your organization has no such refund. */
  | 'REFUND_CREDIT_NOTE_NOT_FOUND'
  /** A mutation was done, and its reply could not be read completely. Do not repeat it: read the result by its id. */
  | 'REPLY_INCOMPLETE'
  /** The header is over 16 kB. */
  | 'REQUEST_HEADER_FIELDS_TOO_LARGE'
  /** The request did not arrive in time. Nothing of it was done. */
  | 'REQUEST_TIMEOUT'
  /** The database was busy, full, read only, unreachable or starting. It is not known whether the command was done: send it again with the same idempotency key. Or the gateway has no capacity for the request, such as for a second `ledgerHealth` of the same books, or a connection or a lock did not become free in time: then the message says so, and nothing was done. */
  | 'SERVICE_UNAVAILABLE'
  /** The page of a list was not full after `details.limit` items were compared with its filter, and more are left. Add a condition, a longer word or a narrower range, or order the list by what its filter has a range of. With the field `orderBy`: the list of an owner has more items, and no index has them in this order. With the field `search_keyword` of REST: so many items may have the words, that their number is not known. */
  | 'TOO_MANY_MATCHES'
  /** The date is on or before the lock date. */
  | 'TRANSACTIONS_DATE_LOCKED'
  /** The credential is missing, is not valid here, or became invalid while the request waited. `details.reason` is `CREDENTIAL`, `ORGANIZATION_ID_REQUIRED` (a JWT without the `organization-id` header) or `ORGANIZATION_UNKNOWN` (the credential gives no access to the organization of the header). The reply never reveals whether such a key or organization exists. */
  | 'UNAUTHENTICATED'
  /** The body has another content type, charset or encoding than JSON in UTF-8. */
  | 'UNSUPPORTED_MEDIA_TYPE';

/** A period to be locked. */
export type LockTransactionsInput = {
  /** Nothing will be posted on or before this date. It must not be earlier than the present lock date, which needs unlockTransactions, nor later than the latest allowed posting date. */
  lockDate: string;
  /** Reason of the lock. 1 to 1000 characters. */
  reason: string;
};

/** The API that a request used. */
export type Protocol =
  /** The GraphQL API. */
  | 'GRAPHQL'
  /** None: the record was imported from another system, which knows its author. */
  | 'IMPORT'
  /** The operator's own commands. */
  | 'INTERNAL'
  /** The REST API. */
  | 'REST';

/** Filter by the origin of a record. All given fields must be equal. */
export type ProvenanceFilter = {
  /** Name of the client. */
  clientName?: string | null | undefined;
  /** Version of the client. */
  clientVersion?: string | null | undefined;
  /** Name of the user or of the API key. */
  createdBy?: string | null | undefined;
  /** Name of the GraphQL operation. */
  operationName?: string | null | undefined;
  /** The API that the request used. */
  protocol?: Protocol | null | undefined;
  /** Id of the request. */
  requestId?: string | null | undefined;
  /** W3C trace id. */
  traceId?: string | null | undefined;
};

/** A refund to be made. The documented REST body requires the fields that are optional here, except paidAmount, which it lacks. */
export type RefundCreditNoteInput = {
  /** Amount in the credit note's currency, with no more decimals than the currency has. */
  amount: string | number;
  /** The branch that the refund is posted to; the primary one if absent. */
  branchId?: string | number | null | undefined;
  /** The credit note to be refunded. */
  creditNoteId: string | number;
  /** Posting date. */
  date: string;
  /** Purpose of the refund; may be empty. At most 1000 characters. */
  description?: string;
  /** Units of the base currency per unit of the credit note's. Default: 1 if they are the same; otherwise this or paidAmount is required. */
  exchangeRate?: string | number | null | undefined;
  /** The account that the money leaves from: a bank, cash or fixed-asset account; or a credit-card account, if Organization.creditCardRefunds is true. */
  fromAccountId: string | number;
  /** Amount on the bank statement, in the base currency, if the account is held in it. It replaces exchangeRate, which follows from it. */
  paidAmount?: string | number | null | undefined;
  /** Reference number, such as that of the bank transfer; may be empty. At most 255 characters. */
  referenceNo?: string;
};

/** State of a refund. */
export type RefundStatus =
  /** Paid and posted. */
  | 'POSTED'
  /** Reversed by a mirror entry. A reversal is final. */
  | 'REVERSED';

/** What the body of a refund over REST may be. Replies are the same. */
export type RestContract =
  /** Exactly what the legacy API's document says. */
  | 'DOCUMENTED'
  /** Also what the legacy server takes: other spellings of names, numeric texts, and absent optional fields. */
  | 'OBSERVED';

/** A refund to be reversed. */
export type ReverseRefundInput = {
  /** Posting date, in an open period and not before the refund's date. */
  date: string;
  /** Reason of the reversal. 1 to 1000 characters. */
  reason: string;
  /** The refund. */
  refundId: string | number;
};

/** The permissions of a caller. An ACCOUNTANT has those of a VIEWER too, and an ADMIN has those of an ACCOUNTANT too. */
export type Role =
  /** May record and change customers, accounts, branches and credit notes, and make and reverse refunds. */
  | 'ACCOUNTANT'
  /** May change the lock date and the settings of the organization, and read the audit events. */
  | 'ADMIN'
  /** May read. */
  | 'VIEWER';

/** The side of a journal line; amounts stay positive. */
export type Side =
  /** The right side. Liabilities, equity and income grow on it. */
  | 'CREDIT'
  /** The left side. Assets and expenses grow on it. */
  | 'DEBIT';

/** Days to be unlocked. */
export type UnlockTransactionsInput = {
  /** The new lock date, earlier than the present one. The days after it are unlocked; all days if it is absent. */
  lockDate?: string | null | undefined;
  /** Reason of the unlocking. 1 to 1000 characters. */
  reason: string;
};

/** Changes of a draft. Fields that are absent or null stay as they are. */
export type UpdateCreditNoteInput = {
  /** The branch. */
  branchId?: string | number | null | undefined;
  /** The draft. */
  creditNoteId: string | number;
  /** The customer, whose currency the note then has. Amounts of lines that stay are then in this customer's currency. */
  customerId?: string | number | null | undefined;
  /** Date of the document, and of its posting. */
  date?: string | null | undefined;
  /** Units of the base currency per unit of the customer's; required for another foreign currency than before. */
  exchangeRate?: string | number | null | undefined;
  /** 1 to 100 lines, whose sum is above zero. They replace all lines of the draft. */
  lines?: Array<CreditNoteLineInput> | null | undefined;
  /** Note to the customer; empty for none. At most 4000 characters. */
  note?: string | null | undefined;
  /** Number, unique in the organization. */
  number?: string | null | undefined;
  /** Reference of the document; empty for none. At most 255 characters. */
  referenceNo?: string | null | undefined;
};

/** The new values of the organization. What is absent stays as it is, and so does null, except the contract. */
export type UpdateOrganizationInput = {
  /** Whether refunds can be paid from credit-card accounts, too. */
  creditCardRefunds?: boolean | null | undefined;
  /** Name of the organization. */
  name?: string | null | undefined;
  /** What the body of a refund over REST may be; null: what the gateway is configured for. */
  restContract?: RestContract | null | undefined;
  /** IANA time zone in which a date-time becomes a posting date. Posting dates that are in the books stay. */
  timeZone?: string | null | undefined;
};

export type LedgerFragment = { postingDate: string, memo: string, lines: Array<{ side: Side, amount: string, foreignAmount: string | null, foreignCurrencyCode: string | null, account: { name: string }, customer: { displayName: string } | null }> };

export type CreditNoteFieldsFragment = { id: string, number: string, status: CreditNoteStatus, date: string, currencyCode: string, exchangeRate: string, total: string, refunded: string, applied: string, remaining: string };

export type RefundCreditNoteMutationVariables = Exact<{
  input: RefundCreditNoteInput;
  idempotencyKey?: string | null | undefined;
  expectedRemaining?: string | number | null | undefined;
  allowDuplicate?: boolean;
  allowUnusualRate?: boolean;
}>;


export type RefundCreditNoteMutation = { refundCreditNote: { id: string, amount: string, currencyCode: string, exchangeRate: string, paidAmount: string, realizedGain: string, referenceNo: string, description: string, date: string, status: RefundStatus, createdBy: string, branch: { id: string, name: string }, creditNote: { id: string, number: string, status: CreditNoteStatus, date: string, currencyCode: string, exchangeRate: string, total: string, refunded: string, applied: string, remaining: string }, fromAccount: { id: string, name: string, balance: string }, journalEntry: { postingDate: string, memo: string, lines: Array<{ side: Side, amount: string, foreignAmount: string | null, foreignCurrencyCode: string | null, account: { name: string }, customer: { displayName: string } | null }> } } | null };

export type CreateCreditNoteMutationVariables = Exact<{
  input: CreateCreditNoteInput;
}>;


export type CreateCreditNoteMutation = { createCreditNote: { id: string, number: string, status: CreditNoteStatus, date: string, currencyCode: string, exchangeRate: string, total: string, refunded: string, applied: string, remaining: string, branch: { id: string }, lines: Array<{ description: string, amount: string, account: { name: string } }>, journalEntry: { postingDate: string, memo: string, lines: Array<{ side: Side, amount: string, foreignAmount: string | null, foreignCurrencyCode: string | null, account: { name: string }, customer: { displayName: string } | null }> } | null } | null };

export type UpdateCreditNoteMutationVariables = Exact<{
  input: UpdateCreditNoteInput;
}>;


export type UpdateCreditNoteMutation = { updateCreditNote: { referenceNo: string, note: string, id: string, number: string, status: CreditNoteStatus, date: string, currencyCode: string, exchangeRate: string, total: string, refunded: string, applied: string, remaining: string, customer: { id: string }, lines: Array<{ nodeId: string, amount: string, description: string }> } | null };

export type OpenCreditNoteMutationVariables = Exact<{
  id: string | number;
}>;


export type OpenCreditNoteMutation = { openCreditNote: { id: string, number: string, status: CreditNoteStatus, date: string, currencyCode: string, exchangeRate: string, total: string, refunded: string, applied: string, remaining: string, journalEntry: { postingDate: string, memo: string, lines: Array<{ side: Side, amount: string, foreignAmount: string | null, foreignCurrencyCode: string | null, account: { name: string }, customer: { displayName: string } | null }> } | null } | null };

export type CreateAccountMutationVariables = Exact<{
  input: CreateAccountInput;
}>;


export type CreateAccountMutation = { createAccount: { id: string, code: string, name: string, type: AccountType, currencyCode: string, active: boolean, balance: string } | null };

export type CreateBranchMutationVariables = Exact<{
  input: CreateBranchInput;
}>;


export type CreateBranchMutation = { createBranch: { id: string, code: string, name: string, isPrimary: boolean } | null };

export type CreateCustomerMutationVariables = Exact<{
  input: CreateCustomerInput;
}>;


export type CreateCustomerMutation = { createCustomer: { id: string, displayName: string, email: string | null, currencyCode: string } | null };

export type CreditNoteQueryVariables = Exact<{
  id: string | number;
  first?: number;
  after?: string | null | undefined;
}>;


export type CreditNoteQuery = { creditNote: { id: string, number: string, status: CreditNoteStatus, date: string, currencyCode: string, exchangeRate: string, total: string, refunded: string, applied: string, remaining: string, refunds: { nodes: Array<{ id: string, amount: string }>, pageInfo: { endCursor: string | null } } | null } | null };

export type RefundQueryVariables = Exact<{
  id: string | number;
}>;


export type RefundQuery = { refund: { id: string, amount: string } | null };

export type AccountQueryVariables = Exact<{
  id: string | number;
}>;


export type AccountQuery = { account: { id: string, name: string, balance: string } | null };

export type RefundsPageQueryVariables = Exact<{
  first?: number;
  after?: string | null | undefined;
}>;


export type RefundsPageQuery = { refunds: { nodes: Array<{ id: string, amount: string, branch: { name: string }, creditNote: { number: string, customer: { displayName: string }, refunds: { nodes: Array<{ id: string }> } | null }, fromAccount: { name: string, balance: string }, journalEntry: { postingDate: string, memo: string, lines: Array<{ side: Side, amount: string, foreignAmount: string | null, foreignCurrencyCode: string | null, account: { name: string }, customer: { displayName: string } | null }> } }>, pageInfo: { endCursor: string | null, hasNextPage: boolean } } | null };

export type ListsQueryVariables = Exact<{ [key: string]: never; }>;


export type ListsQuery = { creditNotes: { nodes: Array<{ id: string }> }, refunds: { nodes: Array<{ id: string }> } | null, accounts: { nodes: Array<{ id: string }> }, branches: { nodes: Array<{ id: string }> }, customers: { nodes: Array<{ id: string }> } };

export type MeQueryVariables = Exact<{ [key: string]: never; }>;


export type MeQuery = { me: { name: string, role: Role, organization: { id: string, name: string, baseCurrency: string } } };

export type ReverseRefundMutationVariables = Exact<{
  input: ReverseRefundInput;
}>;


export type ReverseRefundMutation = { reverseRefund: { id: string, status: RefundStatus, creditNote: { id: string, number: string, status: CreditNoteStatus, date: string, currencyCode: string, exchangeRate: string, total: string, refunded: string, applied: string, remaining: string }, journalEntry: { id: string, reversedBy: { id: string } | null }, reversal: { date: string, reason: string, createdBy: string, refund: { id: string }, journalEntry: { postingDate: string, memo: string, reversalOf: { id: string } | null, lines: Array<{ side: Side, amount: string, foreignAmount: string | null, foreignCurrencyCode: string | null, account: { name: string }, customer: { displayName: string } | null }> } } | null } | null };

export type VoidCreditNoteMutationVariables = Exact<{
  id: string | number;
  date?: string | null | undefined;
}>;


export type VoidCreditNoteMutation = { voidCreditNote: { id: string, number: string, status: CreditNoteStatus, date: string, currencyCode: string, exchangeRate: string, total: string, refunded: string, applied: string, remaining: string, journalEntry: { reversedBy: { postingDate: string, memo: string, lines: Array<{ side: Side, amount: string, foreignAmount: string | null, foreignCurrencyCode: string | null, account: { name: string }, customer: { displayName: string } | null }> } | null } | null } | null };

export type CancelRemainingMutationVariables = Exact<{
  input: CancelRemainingInput;
}>;


export type CancelRemainingMutation = { cancelRemaining: { cancelled: string, id: string, number: string, status: CreditNoteStatus, date: string, currencyCode: string, exchangeRate: string, total: string, refunded: string, applied: string, remaining: string, cancellations: Array<{ amount: string, date: string, reason: string, createdBy: string, creditNote: { id: string }, journalEntry: { postingDate: string, memo: string, lines: Array<{ side: Side, amount: string, foreignAmount: string | null, foreignCurrencyCode: string | null, account: { name: string }, customer: { displayName: string } | null }> } }> } | null };

export type UpdateOrganizationMutationVariables = Exact<{
  input: UpdateOrganizationInput;
}>;


export type UpdateOrganizationMutation = { updateOrganization: { id: string, name: string, timeZone: string, baseCurrency: string, creditCardRefunds: boolean } | null };

export type LockTransactionsMutationVariables = Exact<{
  input: LockTransactionsInput;
}>;


export type LockTransactionsMutation = { lockTransactions: { id: string, lockDate: string | null } | null };

export type UnlockTransactionsMutationVariables = Exact<{
  input: UnlockTransactionsInput;
}>;


export type UnlockTransactionsMutation = { unlockTransactions: { id: string, lockDate: string | null } | null };

export type AuditEventsQueryVariables = Exact<{ [key: string]: never; }>;


export type AuditEventsQuery = { auditEvents: { nodes: Array<{ action: string, details: Record<string, unknown>, createdBy: string, requestId: string, createdAt: string }> } | null };

export type PreviewRefundQueryVariables = Exact<{
  input: RefundCreditNoteInput;
  allowDuplicate?: boolean | null | undefined;
}>;


export type PreviewRefundQuery = { previewRefund: { allowed: boolean, postingDate: string | null, realizedGain: string | null, remainingBefore: string | null, remainingAfter: string | null, refusals: Array<{ code: ErrorCode, message: string, field: string | null }>, warnings: Array<{ code: ErrorCode, message: string, field: string | null, details: Record<string, unknown> }>, lines: Array<{ side: Side, amount: string, foreignAmount: string | null, foreignCurrencyCode: string | null, account: { name: string }, customer: { displayName: string } | null }> } };

export type RefundabilityQueryVariables = Exact<{
  id: string | number;
}>;


export type RefundabilityQuery = { creditNote: { etag: string, refundability: { allowed: boolean, maxAmount: string, reasons: Array<{ code: ErrorCode, message: string }>, accounts: Array<{ id: string, name: string }> } } | null };

export type LedgerHealthQueryVariables = Exact<{ [key: string]: never; }>;


export type LedgerHealthQuery = { ledgerHealth: { healthy: boolean, checkedAt: string, checks: Array<{ name: string, healthy: boolean, offenders: Array<string> }> } | null };

export type BalancesQueryVariables = Exact<{
  account: string | number;
  asOf?: string | null | undefined;
}>;


export type BalancesQuery = { account: { balance: string } | null, trialBalance: { debits: string, credits: string, lines: Array<{ debits: string, credits: string, account: { name: string } }> }, customers: { nodes: Array<{ balance: string }> } };

export type ProvenancesQueryVariables = Exact<{
  provenance?: ProvenanceFilter | null | undefined;
}>;


export type ProvenancesQuery = { refunds: { nodes: Array<{ id: string, provenance: { createdBy: string, requestId: string, traceId: string | null, clientName: string | null, clientVersion: string | null, operationName: string | null, protocol: Protocol, ip: string | null } | null }> } | null };

export type RefundCreditNotesMutationVariables = Exact<{
  inputs: Array<RefundCreditNoteInput> | RefundCreditNoteInput;
  mode: BulkMode;
  idempotencyKey?: string | null | undefined;
  allowDuplicate?: boolean;
  allowUnusualRate?: boolean;
}>;


export type RefundCreditNotesMutation = { refundCreditNotes: Array<{ refund: { id: string, amount: string, creditNote: { id: string, remaining: string }, journalEntry: { postingDate: string, memo: string, lines: Array<{ side: Side, amount: string, foreignAmount: string | null, foreignCurrencyCode: string | null, account: { name: string }, customer: { displayName: string } | null }> } } | null, refusal: { code: ErrorCode, message: string, field: string | null, details: Record<string, unknown> } | null }> | null };

export const LedgerFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"Ledger"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"JournalEntry"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"postingDate"}},{"kind":"Field","name":{"kind":"Name","value":"memo"}},{"kind":"Field","name":{"kind":"Name","value":"lines"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"side"}},{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"foreignAmount"}},{"kind":"Field","name":{"kind":"Name","value":"foreignCurrencyCode"}},{"kind":"Field","name":{"kind":"Name","value":"account"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"customer"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"displayName"}}]}}]}}]}}]} as unknown as DocumentNode<LedgerFragment, unknown>;
export const CreditNoteFieldsFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"CreditNoteFields"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"CreditNote"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"number"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"date"}},{"kind":"Field","name":{"kind":"Name","value":"currencyCode"}},{"kind":"Field","name":{"kind":"Name","value":"exchangeRate"}},{"kind":"Field","name":{"kind":"Name","value":"total"}},{"kind":"Field","name":{"kind":"Name","value":"refunded"}},{"kind":"Field","name":{"kind":"Name","value":"applied"}},{"kind":"Field","name":{"kind":"Name","value":"remaining"}}]}}]} as unknown as DocumentNode<CreditNoteFieldsFragment, unknown>;
export const RefundCreditNoteDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"RefundCreditNote"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"RefundCreditNoteInput"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"idempotencyKey"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"expectedRemaining"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"Decimal"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"allowDuplicate"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"Boolean"}}},"defaultValue":{"kind":"BooleanValue","value":false}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"allowUnusualRate"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"Boolean"}}},"defaultValue":{"kind":"BooleanValue","value":false}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"refundCreditNote"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}},{"kind":"Argument","name":{"kind":"Name","value":"idempotencyKey"},"value":{"kind":"Variable","name":{"kind":"Name","value":"idempotencyKey"}}},{"kind":"Argument","name":{"kind":"Name","value":"expectedRemaining"},"value":{"kind":"Variable","name":{"kind":"Name","value":"expectedRemaining"}}},{"kind":"Argument","name":{"kind":"Name","value":"allowDuplicate"},"value":{"kind":"Variable","name":{"kind":"Name","value":"allowDuplicate"}}},{"kind":"Argument","name":{"kind":"Name","value":"allowUnusualRate"},"value":{"kind":"Variable","name":{"kind":"Name","value":"allowUnusualRate"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"currencyCode"}},{"kind":"Field","name":{"kind":"Name","value":"exchangeRate"}},{"kind":"Field","name":{"kind":"Name","value":"paidAmount"}},{"kind":"Field","name":{"kind":"Name","value":"realizedGain"}},{"kind":"Field","name":{"kind":"Name","value":"referenceNo"}},{"kind":"Field","name":{"kind":"Name","value":"description"}},{"kind":"Field","name":{"kind":"Name","value":"date"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"createdBy"}},{"kind":"Field","name":{"kind":"Name","value":"branch"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"creditNote"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"CreditNoteFields"}}]}},{"kind":"Field","name":{"kind":"Name","value":"fromAccount"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"balance"}}]}},{"kind":"Field","name":{"kind":"Name","value":"journalEntry"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"Ledger"}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"CreditNoteFields"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"CreditNote"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"number"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"date"}},{"kind":"Field","name":{"kind":"Name","value":"currencyCode"}},{"kind":"Field","name":{"kind":"Name","value":"exchangeRate"}},{"kind":"Field","name":{"kind":"Name","value":"total"}},{"kind":"Field","name":{"kind":"Name","value":"refunded"}},{"kind":"Field","name":{"kind":"Name","value":"applied"}},{"kind":"Field","name":{"kind":"Name","value":"remaining"}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"Ledger"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"JournalEntry"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"postingDate"}},{"kind":"Field","name":{"kind":"Name","value":"memo"}},{"kind":"Field","name":{"kind":"Name","value":"lines"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"side"}},{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"foreignAmount"}},{"kind":"Field","name":{"kind":"Name","value":"foreignCurrencyCode"}},{"kind":"Field","name":{"kind":"Name","value":"account"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"customer"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"displayName"}}]}}]}}]}}]} as unknown as DocumentNode<RefundCreditNoteMutation, RefundCreditNoteMutationVariables>;
export const CreateCreditNoteDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"CreateCreditNote"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"CreateCreditNoteInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"createCreditNote"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"CreditNoteFields"}},{"kind":"Field","name":{"kind":"Name","value":"branch"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}},{"kind":"Field","name":{"kind":"Name","value":"lines"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"description"}},{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"account"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"journalEntry"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"Ledger"}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"CreditNoteFields"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"CreditNote"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"number"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"date"}},{"kind":"Field","name":{"kind":"Name","value":"currencyCode"}},{"kind":"Field","name":{"kind":"Name","value":"exchangeRate"}},{"kind":"Field","name":{"kind":"Name","value":"total"}},{"kind":"Field","name":{"kind":"Name","value":"refunded"}},{"kind":"Field","name":{"kind":"Name","value":"applied"}},{"kind":"Field","name":{"kind":"Name","value":"remaining"}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"Ledger"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"JournalEntry"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"postingDate"}},{"kind":"Field","name":{"kind":"Name","value":"memo"}},{"kind":"Field","name":{"kind":"Name","value":"lines"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"side"}},{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"foreignAmount"}},{"kind":"Field","name":{"kind":"Name","value":"foreignCurrencyCode"}},{"kind":"Field","name":{"kind":"Name","value":"account"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"customer"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"displayName"}}]}}]}}]}}]} as unknown as DocumentNode<CreateCreditNoteMutation, CreateCreditNoteMutationVariables>;
export const UpdateCreditNoteDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"UpdateCreditNote"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"UpdateCreditNoteInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"updateCreditNote"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"CreditNoteFields"}},{"kind":"Field","name":{"kind":"Name","value":"referenceNo"}},{"kind":"Field","name":{"kind":"Name","value":"note"}},{"kind":"Field","name":{"kind":"Name","value":"customer"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}},{"kind":"Field","name":{"kind":"Name","value":"lines"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"nodeId"}},{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"description"}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"CreditNoteFields"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"CreditNote"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"number"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"date"}},{"kind":"Field","name":{"kind":"Name","value":"currencyCode"}},{"kind":"Field","name":{"kind":"Name","value":"exchangeRate"}},{"kind":"Field","name":{"kind":"Name","value":"total"}},{"kind":"Field","name":{"kind":"Name","value":"refunded"}},{"kind":"Field","name":{"kind":"Name","value":"applied"}},{"kind":"Field","name":{"kind":"Name","value":"remaining"}}]}}]} as unknown as DocumentNode<UpdateCreditNoteMutation, UpdateCreditNoteMutationVariables>;
export const OpenCreditNoteDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"OpenCreditNote"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"id"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"openCreditNote"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"id"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"CreditNoteFields"}},{"kind":"Field","name":{"kind":"Name","value":"journalEntry"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"Ledger"}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"CreditNoteFields"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"CreditNote"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"number"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"date"}},{"kind":"Field","name":{"kind":"Name","value":"currencyCode"}},{"kind":"Field","name":{"kind":"Name","value":"exchangeRate"}},{"kind":"Field","name":{"kind":"Name","value":"total"}},{"kind":"Field","name":{"kind":"Name","value":"refunded"}},{"kind":"Field","name":{"kind":"Name","value":"applied"}},{"kind":"Field","name":{"kind":"Name","value":"remaining"}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"Ledger"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"JournalEntry"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"postingDate"}},{"kind":"Field","name":{"kind":"Name","value":"memo"}},{"kind":"Field","name":{"kind":"Name","value":"lines"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"side"}},{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"foreignAmount"}},{"kind":"Field","name":{"kind":"Name","value":"foreignCurrencyCode"}},{"kind":"Field","name":{"kind":"Name","value":"account"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"customer"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"displayName"}}]}}]}}]}}]} as unknown as DocumentNode<OpenCreditNoteMutation, OpenCreditNoteMutationVariables>;
export const CreateAccountDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"CreateAccount"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"CreateAccountInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"createAccount"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"type"}},{"kind":"Field","name":{"kind":"Name","value":"currencyCode"}},{"kind":"Field","name":{"kind":"Name","value":"active"}},{"kind":"Field","name":{"kind":"Name","value":"balance"}}]}}]}}]} as unknown as DocumentNode<CreateAccountMutation, CreateAccountMutationVariables>;
export const CreateBranchDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"CreateBranch"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"CreateBranchInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"createBranch"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"isPrimary"}}]}}]}}]} as unknown as DocumentNode<CreateBranchMutation, CreateBranchMutationVariables>;
export const CreateCustomerDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"CreateCustomer"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"CreateCustomerInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"createCustomer"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"displayName"}},{"kind":"Field","name":{"kind":"Name","value":"email"}},{"kind":"Field","name":{"kind":"Name","value":"currencyCode"}}]}}]}}]} as unknown as DocumentNode<CreateCustomerMutation, CreateCustomerMutationVariables>;
export const CreditNoteDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"CreditNote"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"id"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"first"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"Int"}}},"defaultValue":{"kind":"IntValue","value":"100"}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"after"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"creditNote"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"id"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"CreditNoteFields"}},{"kind":"Field","name":{"kind":"Name","value":"refunds"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"Variable","name":{"kind":"Name","value":"first"}}},{"kind":"Argument","name":{"kind":"Name","value":"after"},"value":{"kind":"Variable","name":{"kind":"Name","value":"after"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"amount"}}]}},{"kind":"Field","name":{"kind":"Name","value":"pageInfo"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"endCursor"}}]}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"CreditNoteFields"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"CreditNote"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"number"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"date"}},{"kind":"Field","name":{"kind":"Name","value":"currencyCode"}},{"kind":"Field","name":{"kind":"Name","value":"exchangeRate"}},{"kind":"Field","name":{"kind":"Name","value":"total"}},{"kind":"Field","name":{"kind":"Name","value":"refunded"}},{"kind":"Field","name":{"kind":"Name","value":"applied"}},{"kind":"Field","name":{"kind":"Name","value":"remaining"}}]}}]} as unknown as DocumentNode<CreditNoteQuery, CreditNoteQueryVariables>;
export const RefundDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"Refund"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"id"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"refund"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"id"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"amount"}}]}}]}}]} as unknown as DocumentNode<RefundQuery, RefundQueryVariables>;
export const AccountDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"Account"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"id"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"account"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"id"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"balance"}}]}}]}}]} as unknown as DocumentNode<AccountQuery, AccountQueryVariables>;
export const RefundsPageDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"RefundsPage"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"first"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"Int"}}},"defaultValue":{"kind":"IntValue","value":"100"}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"after"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"refunds"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"Variable","name":{"kind":"Name","value":"first"}}},{"kind":"Argument","name":{"kind":"Name","value":"after"},"value":{"kind":"Variable","name":{"kind":"Name","value":"after"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"branch"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"creditNote"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"number"}},{"kind":"Field","name":{"kind":"Name","value":"customer"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"displayName"}}]}},{"kind":"Field","name":{"kind":"Name","value":"refunds"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"IntValue","value":"3"}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"fromAccount"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"balance"}}]}},{"kind":"Field","name":{"kind":"Name","value":"journalEntry"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"Ledger"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"pageInfo"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"endCursor"}},{"kind":"Field","name":{"kind":"Name","value":"hasNextPage"}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"Ledger"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"JournalEntry"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"postingDate"}},{"kind":"Field","name":{"kind":"Name","value":"memo"}},{"kind":"Field","name":{"kind":"Name","value":"lines"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"side"}},{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"foreignAmount"}},{"kind":"Field","name":{"kind":"Name","value":"foreignCurrencyCode"}},{"kind":"Field","name":{"kind":"Name","value":"account"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"customer"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"displayName"}}]}}]}}]}}]} as unknown as DocumentNode<RefundsPageQuery, RefundsPageQueryVariables>;
export const ListsDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"Lists"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"creditNotes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"refunds"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"accounts"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"branches"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"customers"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}}]}}]}}]} as unknown as DocumentNode<ListsQuery, ListsQueryVariables>;
export const MeDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"Me"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"me"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"role"}},{"kind":"Field","name":{"kind":"Name","value":"organization"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"baseCurrency"}}]}}]}}]}}]} as unknown as DocumentNode<MeQuery, MeQueryVariables>;
export const ReverseRefundDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"ReverseRefund"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ReverseRefundInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"reverseRefund"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"creditNote"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"CreditNoteFields"}}]}},{"kind":"Field","name":{"kind":"Name","value":"journalEntry"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"reversedBy"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"reversal"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"date"}},{"kind":"Field","name":{"kind":"Name","value":"reason"}},{"kind":"Field","name":{"kind":"Name","value":"createdBy"}},{"kind":"Field","name":{"kind":"Name","value":"refund"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}},{"kind":"Field","name":{"kind":"Name","value":"journalEntry"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"Ledger"}},{"kind":"Field","name":{"kind":"Name","value":"reversalOf"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}}]}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"CreditNoteFields"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"CreditNote"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"number"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"date"}},{"kind":"Field","name":{"kind":"Name","value":"currencyCode"}},{"kind":"Field","name":{"kind":"Name","value":"exchangeRate"}},{"kind":"Field","name":{"kind":"Name","value":"total"}},{"kind":"Field","name":{"kind":"Name","value":"refunded"}},{"kind":"Field","name":{"kind":"Name","value":"applied"}},{"kind":"Field","name":{"kind":"Name","value":"remaining"}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"Ledger"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"JournalEntry"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"postingDate"}},{"kind":"Field","name":{"kind":"Name","value":"memo"}},{"kind":"Field","name":{"kind":"Name","value":"lines"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"side"}},{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"foreignAmount"}},{"kind":"Field","name":{"kind":"Name","value":"foreignCurrencyCode"}},{"kind":"Field","name":{"kind":"Name","value":"account"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"customer"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"displayName"}}]}}]}}]}}]} as unknown as DocumentNode<ReverseRefundMutation, ReverseRefundMutationVariables>;
export const VoidCreditNoteDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"VoidCreditNote"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"id"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"date"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"PostingDate"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"voidCreditNote"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"id"}}},{"kind":"Argument","name":{"kind":"Name","value":"date"},"value":{"kind":"Variable","name":{"kind":"Name","value":"date"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"CreditNoteFields"}},{"kind":"Field","name":{"kind":"Name","value":"journalEntry"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"reversedBy"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"Ledger"}}]}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"CreditNoteFields"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"CreditNote"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"number"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"date"}},{"kind":"Field","name":{"kind":"Name","value":"currencyCode"}},{"kind":"Field","name":{"kind":"Name","value":"exchangeRate"}},{"kind":"Field","name":{"kind":"Name","value":"total"}},{"kind":"Field","name":{"kind":"Name","value":"refunded"}},{"kind":"Field","name":{"kind":"Name","value":"applied"}},{"kind":"Field","name":{"kind":"Name","value":"remaining"}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"Ledger"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"JournalEntry"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"postingDate"}},{"kind":"Field","name":{"kind":"Name","value":"memo"}},{"kind":"Field","name":{"kind":"Name","value":"lines"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"side"}},{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"foreignAmount"}},{"kind":"Field","name":{"kind":"Name","value":"foreignCurrencyCode"}},{"kind":"Field","name":{"kind":"Name","value":"account"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"customer"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"displayName"}}]}}]}}]}}]} as unknown as DocumentNode<VoidCreditNoteMutation, VoidCreditNoteMutationVariables>;
export const CancelRemainingDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"CancelRemaining"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"CancelRemainingInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"cancelRemaining"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"CreditNoteFields"}},{"kind":"Field","name":{"kind":"Name","value":"cancelled"}},{"kind":"Field","name":{"kind":"Name","value":"cancellations"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"date"}},{"kind":"Field","name":{"kind":"Name","value":"reason"}},{"kind":"Field","name":{"kind":"Name","value":"createdBy"}},{"kind":"Field","name":{"kind":"Name","value":"creditNote"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}},{"kind":"Field","name":{"kind":"Name","value":"journalEntry"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"Ledger"}}]}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"CreditNoteFields"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"CreditNote"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"number"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"date"}},{"kind":"Field","name":{"kind":"Name","value":"currencyCode"}},{"kind":"Field","name":{"kind":"Name","value":"exchangeRate"}},{"kind":"Field","name":{"kind":"Name","value":"total"}},{"kind":"Field","name":{"kind":"Name","value":"refunded"}},{"kind":"Field","name":{"kind":"Name","value":"applied"}},{"kind":"Field","name":{"kind":"Name","value":"remaining"}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"Ledger"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"JournalEntry"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"postingDate"}},{"kind":"Field","name":{"kind":"Name","value":"memo"}},{"kind":"Field","name":{"kind":"Name","value":"lines"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"side"}},{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"foreignAmount"}},{"kind":"Field","name":{"kind":"Name","value":"foreignCurrencyCode"}},{"kind":"Field","name":{"kind":"Name","value":"account"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"customer"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"displayName"}}]}}]}}]}}]} as unknown as DocumentNode<CancelRemainingMutation, CancelRemainingMutationVariables>;
export const UpdateOrganizationDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"UpdateOrganization"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"UpdateOrganizationInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"updateOrganization"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"timeZone"}},{"kind":"Field","name":{"kind":"Name","value":"baseCurrency"}},{"kind":"Field","name":{"kind":"Name","value":"creditCardRefunds"}}]}}]}}]} as unknown as DocumentNode<UpdateOrganizationMutation, UpdateOrganizationMutationVariables>;
export const LockTransactionsDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"LockTransactions"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"LockTransactionsInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"lockTransactions"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"lockDate"}}]}}]}}]} as unknown as DocumentNode<LockTransactionsMutation, LockTransactionsMutationVariables>;
export const UnlockTransactionsDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"UnlockTransactions"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"UnlockTransactionsInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"unlockTransactions"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"lockDate"}}]}}]}}]} as unknown as DocumentNode<UnlockTransactionsMutation, UnlockTransactionsMutationVariables>;
export const AuditEventsDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"AuditEvents"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"auditEvents"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"action"}},{"kind":"Field","name":{"kind":"Name","value":"details"}},{"kind":"Field","name":{"kind":"Name","value":"createdBy"}},{"kind":"Field","name":{"kind":"Name","value":"requestId"}},{"kind":"Field","name":{"kind":"Name","value":"createdAt"}}]}}]}}]}}]} as unknown as DocumentNode<AuditEventsQuery, AuditEventsQueryVariables>;
export const PreviewRefundDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"PreviewRefund"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"RefundCreditNoteInput"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"allowDuplicate"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"Boolean"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"previewRefund"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}},{"kind":"Argument","name":{"kind":"Name","value":"allowDuplicate"},"value":{"kind":"Variable","name":{"kind":"Name","value":"allowDuplicate"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"allowed"}},{"kind":"Field","name":{"kind":"Name","value":"refusals"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"field"}}]}},{"kind":"Field","name":{"kind":"Name","value":"warnings"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"field"}},{"kind":"Field","name":{"kind":"Name","value":"details"}}]}},{"kind":"Field","name":{"kind":"Name","value":"postingDate"}},{"kind":"Field","name":{"kind":"Name","value":"lines"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"side"}},{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"foreignAmount"}},{"kind":"Field","name":{"kind":"Name","value":"foreignCurrencyCode"}},{"kind":"Field","name":{"kind":"Name","value":"account"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"customer"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"displayName"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"realizedGain"}},{"kind":"Field","name":{"kind":"Name","value":"remainingBefore"}},{"kind":"Field","name":{"kind":"Name","value":"remainingAfter"}}]}}]}}]} as unknown as DocumentNode<PreviewRefundQuery, PreviewRefundQueryVariables>;
export const RefundabilityDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"Refundability"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"id"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"creditNote"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"id"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"etag"}},{"kind":"Field","name":{"kind":"Name","value":"refundability"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"allowed"}},{"kind":"Field","name":{"kind":"Name","value":"maxAmount"}},{"kind":"Field","name":{"kind":"Name","value":"reasons"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}}]}},{"kind":"Field","name":{"kind":"Name","value":"accounts"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}}]}}]}}]}}]}}]} as unknown as DocumentNode<RefundabilityQuery, RefundabilityQueryVariables>;
export const LedgerHealthDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"LedgerHealth"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"ledgerHealth"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"healthy"}},{"kind":"Field","name":{"kind":"Name","value":"checkedAt"}},{"kind":"Field","name":{"kind":"Name","value":"checks"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"healthy"}},{"kind":"Field","name":{"kind":"Name","value":"offenders"}}]}}]}}]}}]} as unknown as DocumentNode<LedgerHealthQuery, LedgerHealthQueryVariables>;
export const BalancesDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"Balances"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"account"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"asOf"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"PostingDate"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"account"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"account"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"balance"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"asOf"},"value":{"kind":"Variable","name":{"kind":"Name","value":"asOf"}}}]}]}},{"kind":"Field","name":{"kind":"Name","value":"trialBalance"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"asOf"},"value":{"kind":"Variable","name":{"kind":"Name","value":"asOf"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"debits"}},{"kind":"Field","name":{"kind":"Name","value":"credits"}},{"kind":"Field","name":{"kind":"Name","value":"lines"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"account"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"debits"}},{"kind":"Field","name":{"kind":"Name","value":"credits"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"customers"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"balance"}}]}}]}}]}}]} as unknown as DocumentNode<BalancesQuery, BalancesQueryVariables>;
export const ProvenancesDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"Provenances"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"provenance"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"ProvenanceFilter"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"refunds"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"filter"},"value":{"kind":"ObjectValue","fields":[{"kind":"ObjectField","name":{"kind":"Name","value":"provenance"},"value":{"kind":"Variable","name":{"kind":"Name","value":"provenance"}}}]}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"provenance"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"createdBy"}},{"kind":"Field","name":{"kind":"Name","value":"requestId"}},{"kind":"Field","name":{"kind":"Name","value":"traceId"}},{"kind":"Field","name":{"kind":"Name","value":"clientName"}},{"kind":"Field","name":{"kind":"Name","value":"clientVersion"}},{"kind":"Field","name":{"kind":"Name","value":"operationName"}},{"kind":"Field","name":{"kind":"Name","value":"protocol"}},{"kind":"Field","name":{"kind":"Name","value":"ip"}}]}}]}}]}}]}}]} as unknown as DocumentNode<ProvenancesQuery, ProvenancesQueryVariables>;
export const RefundCreditNotesDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"RefundCreditNotes"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"inputs"}},"type":{"kind":"NonNullType","type":{"kind":"ListType","type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"RefundCreditNoteInput"}}}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"mode"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"BulkMode"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"idempotencyKey"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"allowDuplicate"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"Boolean"}}},"defaultValue":{"kind":"BooleanValue","value":false}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"allowUnusualRate"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"Boolean"}}},"defaultValue":{"kind":"BooleanValue","value":false}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"refundCreditNotes"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"inputs"},"value":{"kind":"Variable","name":{"kind":"Name","value":"inputs"}}},{"kind":"Argument","name":{"kind":"Name","value":"mode"},"value":{"kind":"Variable","name":{"kind":"Name","value":"mode"}}},{"kind":"Argument","name":{"kind":"Name","value":"idempotencyKey"},"value":{"kind":"Variable","name":{"kind":"Name","value":"idempotencyKey"}}},{"kind":"Argument","name":{"kind":"Name","value":"allowDuplicate"},"value":{"kind":"Variable","name":{"kind":"Name","value":"allowDuplicate"}}},{"kind":"Argument","name":{"kind":"Name","value":"allowUnusualRate"},"value":{"kind":"Variable","name":{"kind":"Name","value":"allowUnusualRate"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"refund"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"creditNote"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"remaining"}}]}},{"kind":"Field","name":{"kind":"Name","value":"journalEntry"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"Ledger"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"refusal"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"field"}},{"kind":"Field","name":{"kind":"Name","value":"details"}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"Ledger"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"JournalEntry"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"postingDate"}},{"kind":"Field","name":{"kind":"Name","value":"memo"}},{"kind":"Field","name":{"kind":"Name","value":"lines"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"side"}},{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"foreignAmount"}},{"kind":"Field","name":{"kind":"Name","value":"foreignCurrencyCode"}},{"kind":"Field","name":{"kind":"Name","value":"account"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"customer"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"displayName"}}]}}]}}]}}]} as unknown as DocumentNode<RefundCreditNotesMutation, RefundCreditNotesMutationVariables>;