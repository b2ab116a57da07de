import type { EntityManager } from '@mikro-orm/postgresql';
import { Side } from '../entities/account-type.js';
import { query, type ResultRow, run } from '../orm/query.js';
import { Big, ZERO } from '../values/money.js';
import type { PostingDate } from '../values/posting-date.js';

/** A journal line with the document that its entry belongs to; an opening entry has none, and stands for itself. */
export interface AccountLine {
  readonly date: PostingDate;
  readonly debit: Big;
  readonly credit: Big;
  /** The amount in the foreign currency; null for a line without one. */
  readonly foreignAmount: Big | null;
  readonly foreignCurrencyCode: string | null;
  readonly document: 'CreditNote' | 'RefundCreditNote' | 'OpeningBalance';
  /** Of an opening entry, its own id. */
  readonly documentId: number;
}

/** Returns the lines of the account, or of all accounts, with the latest dates, the latest first. */
export async function latestLines(
  em: EntityManager,
  organizationId: number,
  accountId: number | null,
  limit: number,
): Promise<AccountLine[]> {
  const lines = query(
    accountId === null ? LATEST : LATEST_OF_ACCOUNT,
    [organizationId, limit, ...(accountId === null ? [] : [accountId])],
    (rows) =>
      rows.map((row) => {
        const amount = Big(String(row.amount));
        const isDebit = row.side === Side.DEBIT;
        return {
          date: String(row.date),
          debit: isDebit ? amount : ZERO,
          credit: isDebit ? ZERO : amount,
          foreignAmount: row.foreign_amount === null ? null : Big(String(row.foreign_amount)),
          foreignCurrencyCode: row.foreign_currency_code === null ? null : String(row.foreign_currency_code),
          ...documentOf(row),
        };
      }),
  );
  const [found] = await run(em, lines);
  return found;
}

function documentOf({ refund_id, note_id, entry_id }: ResultRow): Pick<AccountLine, 'document' | 'documentId'> {
  if (refund_id !== null) return { document: 'RefundCreditNote', documentId: Number(refund_id) };
  if (note_id !== null) return { document: 'CreditNote', documentId: Number(note_id) };
  return { document: 'OpeningBalance', documentId: Number(entry_id) };
}

/** A reversal belongs to the document of the entry that it reverses. */
const withDocuments = (lines: string) => `
  select line.posting_date::text as date, line.side, line.amount::text, line.foreign_amount::text, line.foreign_currency_code,
    refund.id as refund_id, coalesce(note.id, cancellation.credit_note_id) as note_id, entry.id as entry_id
  from (${lines}) line
    join journal_entries entry on entry.organization_id = line.organization_id and entry.id = line.journal_entry_id
    left join lateral (
      select id from refunds where organization_id = $1 and journal_entry_id = coalesce(entry.reversal_of_id, entry.id) limit 1
    ) refund on true
    left join lateral (
      select id from credit_notes where organization_id = $1 and journal_entry_id = coalesce(entry.reversal_of_id, entry.id) limit 1
    ) note on true
    left join lateral (
      select credit_note_id from credit_note_cancellations where organization_id = $1 and journal_entry_id = entry.id limit 1
    ) cancellation on true
  where entry.organization_id = $1
  order by line.posting_date desc, line.journal_entry_id desc, line.id desc`;

const LATEST_OF_ACCOUNT = withDocuments(`
    select * from journal_lines where organization_id = $1 and account_id = $3 order by posting_date desc, id desc limit $2`);

/** Each entry has lines, so that the latest lines are those of the latest entries. */
const LATEST = withDocuments(`
    select of_entry.* from (
      select id from journal_entries where organization_id = $1 order by posting_date desc, id desc limit $2
    ) latest join journal_lines of_entry on of_entry.organization_id = $1 and of_entry.journal_entry_id = latest.id
    order by of_entry.posting_date desc, of_entry.journal_entry_id desc, of_entry.id desc limit $2`);
