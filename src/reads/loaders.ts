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
import { WHOLE, wholeWith } from '../orm/selection.js';
import { accountTurnovers, customerTurnovers, type Turnover } from '../services/ledger/balances.js';
import type { PostingDate } from '../values/posting-date.js';
import type { ReferenceOf, WholeRow } from './read-model.js';
import { readPages, readRows, readWhole } from './rows.js';
import type { Pages } from './statements.js';

/** Who asks for a line wants to know of which account. */
const WITH_ACCOUNT = wholeWith('account');

/** One page of a credit note's refunds. */
type RefundsPage = Pages['pages'][number];

/** An account, up to and including a day. */
export interface AccountAsOf {
  readonly accountId: number;
  readonly asOf: PostingDate | null;
}

export type Loaders = ReturnType<typeof createLoaders>;

/** The relations of one request, each read in one statement however many rows ask for it. */
export function createLoaders(em: EntityManager, organization: () => Organization) {
  function byId<E extends Owned>(entity: EntityClass<E>): DataLoader<number, WholeRow<E>> {
    return new DataLoader(async (ids) => {
      const rows = await readWhole(em, entity, { organizationId: organization().id, where: [['id', 'in', ids]] });
      const rowOf = new Map<number, WholeRow<E>>(rows.map((row) => [row.id, row]));
      return ids.map((id) => rowOf.get(id) ?? new Error(`no ${entity.name} ${id}`));
    });
  }

  /** The rows that refer to another one, in the order of their ids. */
  function byReference<E extends Owned>(
    entity: EntityClass<E>,
    name: ReferenceOf<E>,
    selection = WHOLE,
  ): DataLoader<number, WholeRow<E>[]> {
    return new DataLoader(async (ids) => {
      const list = { organizationId: organization().id, where: [[name, 'in', ids] as const] };
      const rows = (await readRows(em, entity, list, selection)) as WholeRow<E>[];
      const groups = Map.groupBy(rows, (row) => (row[name] as { readonly id: number }).id);
      return ids.map((id) => groups.get(id) ?? []);
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
    reversals: byReference(RefundReversal, 'refund'),
    /** The mirror of an entry, if it has one. */
    mirrors: byReference(JournalEntry, 'reversalOf'),
    journalLines: byReference(JournalLine, 'journalEntry', WITH_ACCOUNT),
    creditNoteLines: byReference(CreditNoteLine, 'creditNote', WITH_ACCOUNT),

    refunds: new DataLoader<RefundsPage, WholeRow<Refund>[], string>(
      async (pages) => {
        const rows = await readPages(em, Refund, 'creditNote', { organizationId: organization().id, pages });
        const ofNote = Map.groupBy(rows, ({ creditNote }) => creditNote.id);
        // Pages of one note may overlap, when a field is asked for twice.
        return pages.map(({ owner, first, after }) => (ofNote.get(owner) ?? []).filter(({ id }) => id > after).slice(0, first));
      },
      { cacheKeyFn: ({ owner, first, after }) => `${owner}:${first}:${after}` },
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
    refundableFrom: new DataLoader<string, WholeRow<Account>[]>(async (currencyCodes) => {
      const { baseCurrency } = organization();
      const accounts = await readWhole(em, Account, {
        organizationId: organization().id,
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
