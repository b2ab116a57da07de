import type { EntityClass, FilterQuery } from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/postgresql';
import DataLoader from 'dataloader';
import { Account } from '../entities/account.js';
import { normalBalance, Side } from '../entities/account-type.js';
import { Branch } from '../entities/branch.js';
import { CreditNote, CreditNoteLine } from '../entities/credit-note.js';
import { Customer } from '../entities/customer.js';
import { JournalEntry, JournalLine } from '../entities/journal-entry.js';
import type { Organization } from '../entities/organization.js';
import type { Owned } from '../entities/owned.js';
import { Refund } from '../entities/refund.js';
import { Big, ZERO } from '../money.js';

/** One page of a credit note's refunds. */
export interface RefundsPage {
  readonly creditNoteId: number;
  readonly first: number;
  /** Id of the refund after which the page begins; 0 for the first page. */
  readonly after: number;
}

export type Loaders = ReturnType<typeof createLoaders>;

/** The relations of one request, each read in one statement however many rows ask for it. */
export function createLoaders(em: EntityManager, organization: () => Organization) {
  function byId<T extends Owned>(entity: EntityClass<T>): DataLoader<number, T> {
    return new DataLoader(async (ids) => {
      const rows = await em.find(entity, { id: { $in: [...ids] }, organization: organization().id } as FilterQuery<T>);
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

    journalLines: new DataLoader<number, JournalLine[]>(async (ids) => {
      const where = { journalEntry: { $in: [...ids] }, organization: organization().id };
      const lines = await em.find(JournalLine, where, { orderBy: { id: 'asc' } });
      return grouped(ids, lines, (line) => line.journalEntry.id);
    }),

    creditNoteLines: new DataLoader<number, CreditNoteLine[]>(async (ids) => {
      const where = { creditNote: { $in: [...ids] }, organization: organization().id };
      const lines = await em.find(CreditNoteLine, where, { orderBy: { id: 'asc' } });
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
        const refunds = rows.map((row) => em.map(Refund, row));
        // Pages of one note may overlap: an alias of a field may ask for another page.
        return pages.map(({ creditNoteId, first, after }) =>
          [...new Set(refunds)].filter(({ id, creditNote }) => creditNote.id === creditNoteId && id > after).slice(0, first),
        );
      },
      { cacheKeyFn: ({ creditNoteId, first, after }) => `${creditNoteId}:${first}:${after}` },
    ),

    /** Balance of an account in the base currency, positive on the side on which its type grows. */
    balance: new DataLoader<Account, Big, number>(
      async (accounts) => {
        const rows = await em.execute<{ account_id: string; debits: string; credits: string }[]>(
          `select account_id,
             coalesce(sum(amount) filter (where side = 'DEBIT'), 0) as debits,
             coalesce(sum(amount) filter (where side = 'CREDIT'), 0) as credits
           from journal_lines where account_id in (?) and organization_id = ? group by account_id`,
          [accounts.map(({ id }) => id), organization().id],
        );
        const netOf = new Map(rows.map((row) => [String(row.account_id), Big(row.debits).minus(Big(row.credits))]));
        return accounts.map(({ id, type }) => {
          const net = netOf.get(String(id)) ?? ZERO;
          return normalBalance(type) === Side.DEBIT ? net : ZERO.minus(net);
        });
      },
      { cacheKeyFn: ({ id }) => id },
    ),
  };
}

function grouped<T>(ids: readonly number[], rows: readonly T[], idOf: (row: T) => number): T[][] {
  const groups = new Map<number, T[]>(ids.map((id) => [id, []]));
  for (const row of rows) groups.get(idOf(row))?.push(row);
  return ids.map((id) => groups.get(id) ?? []);
}
