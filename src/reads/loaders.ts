import type { EntityClass } from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/postgresql';
import DataLoader from 'dataloader';
import { Account } from '../entities/account.js';
import { REFUNDABLE_FROM } from '../entities/account-type.js';
import { Branch } from '../entities/branch.js';
import { CreditNote } from '../entities/credit-note.js';
import { CreditNoteLine } from '../entities/credit-note-line.js';
import { Customer } from '../entities/customer.js';
import { JournalEntry, JournalLine } from '../entities/journal-entry.js';
import type { Organization } from '../entities/organization.js';
import type { Owned } from '../entities/owned.js';
import { Refund } from '../entities/refund.js';
import { RefundReversal } from '../entities/refund-reversal.js';
import { mapRows } from '../orm/row-mapping.js';
import { wholeWith } from '../orm/selection.js';
import { accountTurnovers, customerTurnovers, type Turnover } from '../services/ledger/balances.js';
import type { PostingDate } from '../values/posting-date.js';
import { type Reading, readRows } from './rows.js';

/** Who asks for a line wants to know of which account. */
const WITH_ACCOUNT = wholeWith('account');

/** One page of a credit note's refunds. */
export interface RefundsPage {
  readonly creditNoteId: number;
  readonly first: number;
  /** Id of the refund after which the page begins; 0 for the first page. */
  readonly after: number;
}

/** An account, up to and including a day. */
export interface AccountAsOf {
  readonly accountId: number;
  readonly asOf: PostingDate | null;
}

export type Loaders = ReturnType<typeof createLoaders>;

/** The relations of one request, each read in one statement however many rows ask for it. */
export function createLoaders(em: EntityManager, organization: () => Organization) {
  function read<T extends Owned>(entity: EntityClass<T>, reading: Reading): Promise<T[]> {
    return readRows(em, entity, organization(), reading);
  }

  function byId<T extends Owned>(entity: EntityClass<T>): DataLoader<number, T> {
    return new DataLoader(async (ids) => {
      const rows = await read(entity, { where: [['id', 'in', ids]] });
      const rowOf = new Map<number, T>(rows.map((row) => [row.id, row]));
      return ids.map((id) => rowOf.get(id) ?? new Error(`no ${entity.name} ${id}`));
    });
  }

  return {
    account: byId(Account),
    branch: byId(Branch),
    creditNote: byId(CreditNote),
    customer: byId(Customer),
    journalEntry: byId(JournalEntry),
    refund: byId(Refund),

    /** The reversal of a refund, if there is one. */
    reversals: new DataLoader<number, RefundReversal[]>(async (ids) => {
      const reversals = await read(RefundReversal, { where: [['refund', 'in', ids]] });
      return grouped(ids, reversals, ({ refund }) => refund.id);
    }),

    /** The mirror of an entry; `null` if it has none. */
    reversedBy: new DataLoader<number, JournalEntry | null>(async (ids) => {
      const mirrors = await read(JournalEntry, { where: [['reversalOf', 'in', ids]] });
      const mirrorOf = new Map(mirrors.map((mirror) => [mirror.reversalOf?.id, mirror]));
      return ids.map((id) => mirrorOf.get(id) ?? null);
    }),

    journalLines: new DataLoader<number, JournalLine[]>(async (ids) => {
      const lines = await read(JournalLine, { where: [['journalEntry', 'in', ids]], selection: WITH_ACCOUNT });
      return grouped(ids, lines, (line) => line.journalEntry.id);
    }),

    creditNoteLines: new DataLoader<number, CreditNoteLine[]>(async (ids) => {
      const lines = await read(CreditNoteLine, { where: [['creditNote', 'in', ids]], selection: WITH_ACCOUNT });
      return grouped(ids, lines, (line) => line.creditNote.id);
    }),

    refunds: new DataLoader<RefundsPage, Refund[], string>(
      async (pages) => {
        const rows = await em.execute(
          `select refund.* from (values ${pages.map(() => '(?::bigint, ?::bigint, ?::bigint)').join(', ')}) page (credit_note_id, first, after)
             cross join lateral (
               select * from refunds
               where credit_note_id = page.credit_note_id and organization_id = ? and id > page.after
               order by id limit page.first
             ) refund
           order by refund.id`,
          [...pages.flatMap(({ creditNoteId, first, after }) => [creditNoteId, first, after]), organization().id],
        );
        // Pages of one note may overlap, when a field is asked for twice: each refund is taken once.
        const refunds = new Set(mapRows(em, Refund, organization(), rows));
        const ofNote = Map.groupBy(refunds, ({ creditNote }) => creditNote.id);
        return pages.map(({ creditNoteId, first, after }) =>
          (ofNote.get(creditNoteId) ?? []).filter(({ id }) => id > after).slice(0, first),
        );
      },
      { cacheKeyFn: ({ creditNoteId, first, after }) => `${creditNoteId}:${first}:${after}` },
    ),

    /** Turnover of an account up to and including a day; `null` for all of it. */
    turnover: new DataLoader<AccountAsOf, Turnover, string>(
      async (keys) => {
        const days = [...new Set(keys.map(({ asOf }) => asOf))];
        const turnovers = await Promise.all(
          days.map(async (day) => {
            const ids = keys.filter(({ asOf }) => asOf === day).map(({ accountId }) => accountId);
            return [day, await accountTurnovers(em, organization(), ids, day)] as const;
          }),
        );
        const ofDay = new Map(turnovers);
        return keys.map(({ accountId, asOf }) => ofDay.get(asOf)?.(accountId) ?? new Error(`no turnover of account ${accountId}`));
      },
      { cacheKeyFn: ({ accountId, asOf }) => `${accountId}:${asOf}` },
    ),

    /** Turnover of a customer on the receivable. */
    customerTurnover: new DataLoader<number, Turnover>(async (ids) => {
      const turnover = await customerTurnovers(em, organization(), ids);
      return ids.map(turnover);
    }),

    /** Accounts that refunds in a currency can be paid from. */
    refundableFrom: new DataLoader<string, Account[]>(async (currencyCodes) => {
      const { baseCurrency } = organization();
      const accounts = await read(Account, {
        where: [
          ['active', '=', true],
          ['type', 'in', REFUNDABLE_FROM],
          ['currencyCode', 'in', [...currencyCodes, baseCurrency]],
        ],
        orderBy: 'code',
      });
      return currencyCodes.map((code) =>
        accounts.filter(({ currencyCode }) => currencyCode === code || currencyCode === baseCurrency),
      );
    }),
  };
}

function grouped<T>(ids: readonly number[], rows: readonly T[], idOf: (row: T) => number): T[][] {
  const groups = new Map<number, T[]>(ids.map((id) => [id, []]));
  for (const row of rows) groups.get(idOf(row))?.push(row);
  return ids.map((id) => groups.get(id) ?? []);
}
