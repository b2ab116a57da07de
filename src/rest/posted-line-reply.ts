import { type Static, Type } from '@sinclair/typebox';
import type { Account } from '../entities/account.js';
import { Side } from '../entities/account-type.js';
import type { JournalLine } from '../entities/journal-entry.js';
import type { WholeRow } from '../reads/read-model.js';
import { type Big, ZERO } from '../values/money.js';
import { DOCUMENTS } from './account-transaction-reply.js';
import { always, currencyCode, id, midnightUtc, nothing, number, oneOf, text } from './fields.js';
import { grouped, jsonNumber, midnight } from './formats.js';

/** The documents that post to the journal. */
export type PostedDocument = keyof typeof DOCUMENTS;

const Amount = Type.Object({
  amount: { ...number, description: 'In the base currency' },
  formatted_amount: { ...text, description: 'Empty for 0', examples: ['1,234.50'] },
  currency_code: currencyCode,
});

const day = Type.String({ format: 'date', examples: ['2026-02-01'] });

/** A journal line of a document, as the legacy API has it. */
export const PostedLine = Type.Object({
  date: Type.Object({ formatted_date: day, date: midnightUtc }),
  formatted_date: { ...day, description: "The same day, where the legacy web app's table of a credit note reads it" },
  credit: Amount,
  debit: Amount,
  contact_type: nothing,
  formatted_contact_type: always(''),
  contact_id: Type.Unsafe<number | null>({ type: ['integer', 'null'], description: 'The customer, on lines of the receivable' }),
  reference_type: oneOf(Object.keys(DOCUMENTS) as PostedDocument[]),
  formatted_reference_type: oneOf(Object.values(DOCUMENTS)),
  reference_id: id,
  account_name: text,
  account_code: text,
  account_id: id,
});

export function postedLine(
  line: WholeRow<JournalLine>,
  account: WholeRow<Account>,
  document: { readonly type: PostedDocument; readonly id: number },
  baseCurrency: string,
): Static<typeof PostedLine> {
  const amount = (value: Big) => ({
    amount: jsonNumber(value),
    formatted_amount: value.eq(ZERO) ? '' : grouped(value, baseCurrency),
    currency_code: baseCurrency,
  });
  return {
    date: { formatted_date: line.postingDate, date: midnight(line.postingDate) },
    formatted_date: line.postingDate,
    credit: amount(line.side === Side.CREDIT ? line.amount : ZERO),
    debit: amount(line.side === Side.DEBIT ? line.amount : ZERO),
    contact_type: null,
    formatted_contact_type: '',
    contact_id: line.customer?.id ?? null,
    reference_type: document.type,
    formatted_reference_type: DOCUMENTS[document.type],
    reference_id: document.id,
    account_name: account.name,
    account_code: account.code,
    account_id: account.id,
  };
}
