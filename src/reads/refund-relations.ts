import type { EntityManager } from '@mikro-orm/postgresql';
import { Account } from '../entities/account.js';
import { CreditNote } from '../entities/credit-note.js';
import type { Organization } from '../entities/organization.js';
import { metadataOf, WHOLE } from '../orm/columns.js';
import { runInOrder } from '../orm/in-order.js';
import { combine, type Query } from '../orm/query.js';
import { readTurnovers, type Turnover } from '../services/ledger/balances.js';
import type { WholeRow } from './read-model.js';
import { listQuery } from './rows.js';

interface RefundKeys {
  readonly fromAccount: { readonly id: number };
  readonly creditNote: { readonly id: number };
}

/** The accounts and the credit notes of refunds. Many refunds have the same ones. */
export interface RefundRelations {
  readonly accounts: readonly { readonly account: WholeRow<Account>; readonly turnover: Turnover }[];
  readonly creditNotes: readonly WholeRow<CreditNote>[];
}

/** Reads the accounts of the refunds with their turnover, and the credit notes, in one round trip. */
export async function readRelations(
  em: EntityManager,
  organization: Organization,
  refunds: readonly RefundKeys[],
): Promise<RefundRelations> {
  if (refunds.length === 0) return { accounts: [], creditNotes: [] };
  const idsOf = (relation: keyof RefundKeys) => [...new Set(refunds.map((refund) => refund[relation].id))];
  const rowsOf = (entity: typeof Account | typeof CreditNote, ids: readonly number[]) =>
    listQuery(em, metadataOf(em, entity), { organizationId: organization.id, where: [['id', 'in', ids]] }, WHOLE);
  const accountIds = idsOf('fromAccount');
  const parts = [
    rowsOf(Account, accountIds) as Query<WholeRow<Account>[]>,
    readTurnovers(
      organization,
      accountIds.map((accountId) => ({ accountId, asOf: null })),
    ),
    rowsOf(CreditNote, idsOf('creditNote')) as Query<WholeRow<CreditNote>[]>,
  ] as const;
  return runInOrder(
    em,
    combine(parts, ([accounts, turnovers, creditNotes]) => ({
      accounts: accounts.map((account) => ({ account, turnover: turnovers[accountIds.indexOf(account.id)] as Turnover })),
      creditNotes,
    })),
  );
}
