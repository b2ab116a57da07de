import type { EntityManager } from '@mikro-orm/postgresql';
import type { Row } from '../database-driver.js';
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
  const owner = organization.id;
  const guarded = requests.flatMap((request) => duplicateQuery(request, organization) ?? []);
  // The notes' locks come first: what is read after them is what those left whom they waited for. One round trip for all,
  // since that costs more than they do.
  const [noteRows = [], accountRows = [], branchRows = [], duplicateRows = []] = await em.execute<Row[][]>(
    [
      lockCreditNotesSql(patience),
      'select * from accounts where organization_id = ? and (id in (?) or system_role is not null)',
      'select * from branches where organization_id = ? and id in (?)',
      ...(guarded.length > 0 ? [duplicatesSql(guarded.length)] : []),
    ].join(';\n'),
    [
      ...[owner, idsOf(requests, 'creditNoteId')],
      ...[owner, idsOf(requests, 'fromAccountId')],
      ...[owner, idsOf(requests, 'branchId')],
      ...guarded.flatMap(({ parameters }) => parameters),
    ],
  );
  const creditNotes = byId(noteRows.map((row) => em.map(CreditNote, row)));
  const accounts = accountRows.map((row) => em.map(Account, row));
  const fromAccounts = byId(accounts);
  const branches = byId(branchRows.map((row) => em.map(Branch, row)));
  const duplicates = new Map(duplicateRows.map(({ index, id }) => [guarded[Number(index)]?.request, String(id)]));
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

/**
 * The lock makes check-then-spend one step: a concurrent refund waits here and then sees what is left. Locks are taken in the
 * order of the ids, so that no two units of work wait for one another.
 */
function lockCreditNotesSql(patience: Patience): string {
  const skip = patience === Patience.NONE ? ' skip locked' : '';
  return `select * from credit_notes where organization_id = ? and id in (?) order by id for update${skip}`;
}

/** An id that no row has: a list in SQL is never empty. */
const NO_ID = 0;

function idsOf(requests: readonly RefundRequest[], field: 'creditNoteId' | 'fromAccountId' | 'branchId'): number[] {
  return [NO_ID, ...new Set(requests.flatMap(({ command }) => parseId(command[field]) ?? []))];
}

function byId<T extends Owned>(rows: readonly T[]): (id: string) => T | undefined {
  const rowOf = new Map(rows.map((row) => [row.id, row]));
  return (id) => rowOf.get(parseId(id) ?? 0);
}

/** A double click sends the same refund twice. The note's lock makes the second wait, and see the first. */
function duplicatesSql(count: number): string {
  const rows = Array.from(
    { length: count },
    (_, index) => `(${index}, ?::bigint, ?::bigint, ?::bigint, ?::numeric, ?::date, ?::text, ?::float8)`,
  );
  return `
    select wanted.index, duplicate.id
    from (values ${rows.join(', ')})
      wanted (index, organization_id, credit_note_id, from_account_id, amount, date, reference_no, seconds)
    cross join lateral (
      select id from refunds refund
      where organization_id = wanted.organization_id and credit_note_id = wanted.credit_note_id
        and created_at > statement_timestamp() - make_interval(secs => wanted.seconds)
        and amount = wanted.amount and from_account_id = wanted.from_account_id and date = wanted.date
        and reference_no = wanted.reference_no
        and not exists (select from refund_reversals where refund_id = refund.id)
      order by created_at desc limit 1
    ) duplicate`;
}

/** `null` for what cannot be a duplicate: it has a key, or names nothing that there is. */
function duplicateQuery(
  request: RefundRequest,
  organization: Organization,
): { request: RefundRequest; parameters: unknown[] } | null {
  const { creditNoteId, fromAccountId, amount, date, referenceNo } = request.command;
  if (windowOf(request) === 0 || parseId(creditNoteId) === null || parseId(fromAccountId) === null) return null;
  const day = toPostingDate(date, organization.timeZone);
  if (day === null) return null;
  return {
    request,
    parameters: [organization.id, creditNoteId, fromAccountId, amount.toFixed(), day, referenceNo, windowOf(request)],
  };
}

/** A key of the caller's own tells its refunds apart. */
export function windowOf({ conditions: { idempotency, duplicateWindowSeconds } }: RefundRequest): number {
  return idempotency === undefined ? duplicateWindowSeconds : 0;
}

/** Whether a double click could have sent both. */
export function areEqual({ command: one }: RefundRequest, { command: other }: RefundRequest, organization: Organization): boolean {
  return (
    one.creditNoteId === other.creditNoteId &&
    one.fromAccountId === other.fromAccountId &&
    one.referenceNo === other.referenceNo &&
    one.amount.eq(other.amount) &&
    toPostingDate(one.date, organization.timeZone) === toPostingDate(other.date, organization.timeZone)
  );
}
