import type { EntityClass } from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/postgresql';
import DataLoader from 'dataloader';
import type { Actor } from '../auth/actor.js';
import { Account } from '../entities/account.js';
import type { AuditEvent } from '../entities/audit-event.js';
import { Branch } from '../entities/branch.js';
import { CreditNote } from '../entities/credit-note.js';
import { CreditNoteCancellation } from '../entities/credit-note-cancellation.js';
import { CreditNoteLine } from '../entities/credit-note-line.js';
import { Customer } from '../entities/customer.js';
import { JournalEntry, JournalLine } from '../entities/journal-entry.js';
import type { Organization } from '../entities/organization.js';
import type { Owned } from '../entities/owned.js';
import { Refund } from '../entities/refund.js';
import { RefundReversal } from '../entities/refund-reversal.js';
import { metadataOf, WHOLE, wholeWith } from '../orm/columns.js';
import { runInOrder } from '../orm/in-order.js';
import { type Query, run } from '../orm/query.js';
import { type AccountAsOf, readCustomerTurnovers, readTurnovers, type Turnover } from '../services/ledger/balances.js';
import { addedReferences } from './added-references.js';
import { createOwnedConnections } from './connections.js';
import type { Filterable } from './filters.js';
import { MAX_PAGE } from './pages.js';
import type { ReferenceOf, WholeRow } from './read-model.js';
import { listQuery, readRows, readWhole } from './rows.js';
import type { List } from './statements.js';

/** Lines are nearly always read with their account. */
const WITH_ACCOUNT = wholeWith('account');

export type Loaders = ReturnType<typeof createLoaders>;

/**
 * Returns the loaders of one request. Each reads a relation in one statement, for all rows that the request asks for at the same time.
 *
 * @param actor returns the caller; is called only after authentication
 * @example const account = await context.loaders.account.load(line.account.id);
 */
export function createLoaders(em: EntityManager, actor: () => Actor) {
  const organization = (): Organization => actor().organization;

  function byId<E extends Owned>(entity: EntityClass<E>): DataLoader<number, WholeRow<E>> {
    return new DataLoader(async (ids) => {
      const rows = await readWhole(em, entity, { organizationId: organization().id, where: [['id', 'in', ids]] });
      const rowOf = new Map<number, WholeRow<E>>(rows.map((row) => [row.id, row]));
      return ids.map((id) => rowOf.get(id) ?? new Error(`${entity.name} ${id} does not exist in the organization`));
    });
  }

  /** Loads, for each id, the rows whose reference `name` has this id, in the order of their own ids. */
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
    /** By the id of the refund; at most one row. */
    reversals: byReference(RefundReversal, 'refund'),
    /** The credit note that the entry opened, the refund that it pays, or the cancellation that it posts, by the id of the entry; at most one row. */
    openedNotes: byReference(CreditNote, 'journalEntry'),
    paidRefunds: byReference(Refund, 'journalEntry'),
    postedCancellations: byReference(CreditNoteCancellation, 'journalEntry'),
    /** Mirror entries by the id of the reversed entry; at most one row. */
    mirrors: byReference(JournalEntry, 'reversalOf'),
    /** Pages of lists that belong to owners, such as the refunds of credit notes. */
    connection: createOwnedConnections(em, actor),
    journalLines: byReference(JournalLine, 'journalEntry', WITH_ACCOUNT),
    /** By the id of the credit note. */
    cancellations: byReference(CreditNoteCancellation, 'creditNote'),
    creditNoteLines: byReference(CreditNoteLine, 'creditNote', WITH_ACCOUNT),

    turnover: turnover(em, (accounts) => readTurnovers(organization(), accounts)),
    /** Turnover in the foreign currency that an account is held in. */
    foreignTurnover: turnover(em, (accounts) => readTurnovers(organization(), accounts, 'foreign')),
    /** Turnover of a customer on the receivable, by the customer's id. */
    customerTurnover: new DataLoader<number, Turnover>((ids) => runInOrder(em, readCustomerTurnovers(organization(), ids))),
    /** Audit events that added references to a refund, by its id. */
    addedReferences: new DataLoader<number, readonly AuditEvent[]>(async (ids) =>
      ids.map(await addedReferences(em, organization(), ids)),
    ),
    refundableFrom: refundableAccounts(em, organization),
  };
}

/** Loads the turnover of accounts, each up to and including a day, in one statement. */
function turnover(
  em: EntityManager,
  read: (accounts: readonly AccountAsOf[]) => Query<readonly Turnover[]>,
): DataLoader<AccountAsOf, Turnover, string> {
  return new DataLoader((accounts) => runInOrder(em, read(accounts)), { cacheKeyFn });
}

function cacheKeyFn({ accountId, asOf }: AccountAsOf): string {
  return `${accountId}:${asOf}`;
}

/**
 * Loads the accounts that can pay refunds in a currency, by its code: the first {@link MAX_PAGE}. They are held in this currency or in the base currency.
 */
function refundableAccounts(em: EntityManager, organization: () => Organization): DataLoader<string, WholeRow<Account>[]> {
  return new DataLoader(async (currencyCodes) => {
    const { id, baseCurrency } = organization();
    const types = organization().refundableFrom();
    const lists = currencyCodes.map(
      (code): List<Filterable<Account>> => ({
        organizationId: id,
        where: [
          ['active', '=', true],
          ['type', 'in', types],
          ['currencyCode', 'in', [code, baseCurrency]],
        ],
        orderBy: 'code',
        slice: { offset: 0, limit: MAX_PAGE },
      }),
    );
    const accounts = await run(em, ...lists.map((list) => listQuery(em, metadataOf(em, Account), list, WHOLE)));
    return accounts as WholeRow<Account>[][];
  });
}
