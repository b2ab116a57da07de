import { type Static, Type } from '@sinclair/typebox';
import type { AccountLine } from '../reads/account-lines.js';
import { type Big, ZERO } from '../values/money.js';
import { id, midnightUtc, monthFirstDate, number, oneOf, text } from './fields.js';
import { jsonNumber, midnight, monthFirst, withSign } from './formats.js';
import type { PageSizes } from './paging.js';

/** The number of lines of a reply: the legacy server's own, unless the request has another. */
export const LINES: PageSizes = { usual: 50, max: 500 };

/** The documents that post to the journal, by the names that the legacy API has for them. */
export const DOCUMENTS = { CreditNote: 'Credit Note', RefundCreditNote: 'Refund Credit Note' } as const;

/** An opening entry stands for itself: its documents are in the system that the books come from. */
const TYPES = { ...DOCUMENTS, OpeningBalance: 'Opening Balance' } as const;

/** A journal line of an account, as the legacy API has it. */
export const AccountTransaction = Type.Object({
  date: midnightUtc,
  formatted_date: monthFirstDate,
  transaction_type: oneOf(Object.keys(TYPES) as (keyof typeof TYPES)[]),
  transaction_id: id,
  transaction_type_formatted: oneOf(Object.values(TYPES)),
  credit: number,
  debit: number,
  formatted_credit: text,
  formatted_debit: text,
  fc_credit: number,
  fc_debit: number,
  formatted_fc_credit: text,
  formatted_fc_debit: text,
});

export function accountTransaction(line: AccountLine, baseCurrency: string): Static<typeof AccountTransaction> {
  const { date, debit, credit, document, documentId } = line;
  const currency = line.foreignCurrencyCode ?? baseCurrency;
  const foreign = (amount: Big) => (amount.eq(ZERO) ? ZERO : (line.foreignAmount ?? amount));
  const money = (amount: Big, currencyCode: string) => (amount.eq(ZERO) ? '' : withSign(amount, currencyCode));
  return {
    date: midnight(date),
    formatted_date: monthFirst(date),
    transaction_type: document,
    transaction_id: documentId,
    transaction_type_formatted: TYPES[document],
    credit: jsonNumber(credit),
    debit: jsonNumber(debit),
    formatted_credit: money(credit, baseCurrency),
    formatted_debit: money(debit, baseCurrency),
    fc_credit: jsonNumber(foreign(credit)),
    fc_debit: jsonNumber(foreign(debit)),
    formatted_fc_credit: money(foreign(credit), currency),
    formatted_fc_debit: money(foreign(debit), currency),
  };
}
