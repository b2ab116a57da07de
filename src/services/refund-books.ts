import { type EntityManager, LockMode } from '@mikro-orm/postgresql';
import { Account } from '../entities/account.js';
import { Branch } from '../entities/branch.js';
import { CreditNote } from '../entities/credit-note.js';
import type { Organization } from '../entities/organization.js';
import { type Owned, parseId } from '../entities/owned.js';
import { toPostingDate } from '../posting-date.js';
import type { RefundRequest } from './refund-credit-note.js';
import { type SystemAccounts, systemAccounts } from './system-accounts.js';
import { Patience } from './unit-of-work.js';

/** What the requests of one unit of work need, locked and loaded. What the organization does not own is `undefined`. */
export interface Books {
  readonly organization: Organization;
  readonly systemAccounts: SystemAccounts;
  creditNote(request: RefundRequest): CreditNote | undefined;
  /** Whether its credit note, if there is one, is in the hands of somebody else. */
  isBusy(request: RefundRequest): boolean;
  fromAccount(request: RefundRequest): Account | undefined;
  branch(request: RefundRequest): Branch | undefined;
  /** Id of an equal refund within the request's window. */
  duplicate(request: RefundRequest): string | undefined;
}

export async function openBooks(
  em: EntityManager,
  organization: Organization,
  requests: readonly RefundRequest[],
  patience: Patience,
): Promise<Books> {
  // The lock makes check-then-spend one step: a concurrent refund waits here and then sees what is left. Locks are taken in
  // the order of the ids, so that no two units of work wait for one another.
  const lockMode = patience === Patience.NONE ? LockMode.PESSIMISTIC_PARTIAL_WRITE : LockMode.PESSIMISTIC_WRITE;
  const owner = organization.id;
  const noteIds = { $in: idsOf(requests, 'creditNoteId') };
  const creditNotes = byId(await em.find(CreditNote, { id: noteIds, organization: owner }, { lockMode, orderBy: { id: 'asc' } }));
  // After the lock, so that it sees what those did whom it waited for.
  const duplicates = await findDuplicates(em, organization, requests);
  const accounts = await em.find(Account, {
    organization: owner,
    $or: [{ id: { $in: idsOf(requests, 'fromAccountId') } }, { systemRole: { $ne: null } }],
  });
  const fromAccounts = byId(accounts);
  const branches = byId(await em.find(Branch, { id: { $in: idsOf(requests, 'branchId') }, organization: owner }));
  return {
    organization,
    systemAccounts: systemAccounts(organization, accounts),
    creditNote: ({ command }) => creditNotes(command.creditNoteId),
    isBusy: ({ command }) =>
      patience === Patience.NONE && parseId(command.creditNoteId) !== null && creditNotes(command.creditNoteId) === undefined,
    fromAccount: ({ command }) => fromAccounts(command.fromAccountId),
    branch: ({ command }) => branches(command.branchId),
    duplicate: (request) => duplicates.get(request),
  };
}

function idsOf(requests: readonly RefundRequest[], field: 'creditNoteId' | 'fromAccountId' | 'branchId'): number[] {
  return [...new Set(requests.flatMap(({ command }) => parseId(command[field]) ?? []))];
}

function byId<T extends Owned>(rows: readonly T[]): (id: string) => T | undefined {
  const rowOf = new Map(rows.map((row) => [row.id, row]));
  return (id) => rowOf.get(parseId(id) ?? 0);
}

/** A double click sends the same refund twice. The note's lock makes the second wait, and see the first. */
async function findDuplicates(
  em: EntityManager,
  organization: Organization,
  requests: readonly RefundRequest[],
): Promise<Map<RefundRequest, string>> {
  const guarded = requests.flatMap((request) => {
    const { creditNoteId, fromAccountId, amount, referenceNo, date } = request.command;
    const day = toPostingDate(date, organization.timeZone);
    if (windowOf(request) === 0 || day === null || parseId(creditNoteId) === null || parseId(fromAccountId) === null) return [];
    return [{ request, row: [creditNoteId, fromAccountId, amount.toFixed(), day, referenceNo, windowOf(request)] }];
  });
  if (guarded.length === 0) return new Map();
  const found = await em.execute<{ index: number; id: string }[]>(
    `select wanted.index, duplicate.id
     from (values ${guarded.map((_, index) => `(${index}, ?::bigint, ?::bigint, ?::numeric, ?::date, ?::text, ?::numeric)`).join(', ')})
       wanted (index, credit_note_id, from_account_id, amount, date, reference_no, seconds)
     cross join lateral (
       select id from refunds refund
       where organization_id = ? and credit_note_id = wanted.credit_note_id
         and created_at > statement_timestamp() - make_interval(secs => wanted.seconds)
         and amount = wanted.amount and from_account_id = wanted.from_account_id and date = wanted.date
         and reference_no = wanted.reference_no
         and not exists (select from refund_reversals where refund_id = refund.id)
       order by created_at desc limit 1
     ) duplicate`,
    [...guarded.flatMap(({ row }) => row), organization.id],
  );
  return new Map(found.flatMap(({ index, id }) => (guarded[index] ? [[guarded[index].request, String(id)] as const] : [])));
}

/** A key of the caller's own tells its refunds apart. */
export function windowOf({ conditions: { idempotency, duplicateWindowSeconds } }: RefundRequest): number {
  return idempotency === undefined ? duplicateWindowSeconds : 0;
}

/** Whether a double click could have sent both. */
export function areEqual({ command: one }: RefundRequest, { command: other }: RefundRequest, { organization }: Books): boolean {
  return (
    one.creditNoteId === other.creditNoteId &&
    one.fromAccountId === other.fromAccountId &&
    one.referenceNo === other.referenceNo &&
    one.amount.eq(other.amount) &&
    toPostingDate(one.date, organization.timeZone) === toPostingDate(other.date, organization.timeZone)
  );
}
