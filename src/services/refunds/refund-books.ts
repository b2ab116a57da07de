import type { EntityManager } from '@mikro-orm/postgresql';
import { Account } from '../../entities/account.js';
import { Branch } from '../../entities/branch.js';
import { CreditNote } from '../../entities/credit-note.js';
import type { Organization } from '../../entities/organization.js';
import { type Owned, parseId } from '../../entities/owned.js';
import { columnsOf } from '../../orm/columns.js';
import { mapRows } from '../../orm/row-mapping.js';
import type { Row, Statement } from '../../orm/statement.js';
import { REFRESH_LOCK_TIMEOUT } from '../../orm/transaction-limits.js';
import { toPostingDate } from '../../values/posting-date.js';
import { type SystemAccounts, systemAccounts } from '../ledger/system-accounts.js';
import { keyLockId } from '../unit-of-work/idempotency.js';
import { Patience } from '../unit-of-work/unit-of-work.js';
import type { RefundRequest } from './refund-command.js';

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

/** What locks and reads the books of the requests, for {@link openBooks}. */
export function bookStatements(
  em: EntityManager,
  organizationId: number,
  requests: readonly RefundRequest[],
  patience: Patience,
): Statement[] {
  const guarded = guardedBy(requests);
  // The notes' locks come first: what is read after them is what those left whom they waited for.
  return [
    { text: lockCreditNotes(em, patience), values: [organizationId, JSON.stringify(requests.flatMap(notesOf))] },
    {
      text: `select ${columnsOf(em, Account)} from accounts where organization_id = $1 and (id = any ($2) or system_role is not null)`,
      values: [organizationId, idsOf(requests, 'fromAccountId')],
    },
    {
      text: `select ${columnsOf(em, Branch)} from branches where organization_id = $1 and id = any ($2)`,
      values: [organizationId, idsOf(requests, 'branchId')],
    },
    ...(guarded.length > 0 ? [{ text: DUPLICATES, values: [organizationId, JSON.stringify(guarded)] }] : []),
  ];
}

/** @param rows what {@link bookStatements} answered to the same requests */
export function openBooks(
  em: EntityManager,
  organization: Organization,
  requests: readonly RefundRequest[],
  patience: Patience,
  [noteRows = [], accountRows = [], branchRows = [], duplicateRows = []]: readonly Row[][],
): Books {
  const creditNotes = byId(mapRows(em, CreditNote, organization, noteRows));
  const accounts = mapRows(em, Account, organization, accountRows);
  const fromAccounts = byId(accounts);
  const branches = byId(mapRows(em, Branch, organization, branchRows));
  const duplicates = new Map(duplicateRows.map(({ index, id }) => [requests[Number(index)], String(id)]));
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
 * order of the ids, so that no two units of work wait for one another. What was done before, as its key says, needs no note,
 * nor does that whose key is in use elsewhere. (A unit of work gets a lock that it has once more.)
 */
function lockCreditNotes(em: EntityManager, patience: Patience): string {
  return `
    select ${columnsOf(em, CreditNote)} from credit_notes
    where organization_id = $1 and id = any (array(
      select wanted.id from json_to_recordset($2) wanted (id bigint, key text)
      where ${patience === Patience.FULL ? `${REFRESH_LOCK_TIMEOUT} <> '' and` : ''} not exists (select from idempotency_keys used where used.organization_id = $1 and used.key = wanted.key)
        and (wanted.key is null or pg_try_advisory_xact_lock(${keyLockId('wanted.key')}))
    ))
    order by id for update${patience === Patience.NONE ? ' skip locked' : ''}`;
}

/** A double click sends the same refund twice. The note's lock makes the second wait, and see the first. */
const DUPLICATES = `
  select wanted.index, duplicate.id
  from json_to_recordset($2) wanted
    (index integer, credit_note_id bigint, from_account_id bigint, amount numeric, date date, reference_no text, seconds float8)
  cross join lateral (
    select id from refunds refund
    where organization_id = $1 and credit_note_id = wanted.credit_note_id
      and created_at > statement_timestamp() - make_interval(secs => wanted.seconds)
      and amount = wanted.amount and from_account_id = wanted.from_account_id and date = wanted.date
      and reference_no = wanted.reference_no
      and not exists (select from refund_reversals where refund_id = refund.id)
    order by created_at desc limit 1
  ) duplicate`;

function notesOf({ command, conditions }: RefundRequest): { id: number; key: string | undefined }[] {
  const id = parseId(command.creditNoteId);
  return id === null ? [] : [{ id, key: conditions.idempotency?.key }];
}

function idsOf(requests: readonly RefundRequest[], field: 'fromAccountId' | 'branchId'): number[] {
  return [...new Set(requests.flatMap(({ command }) => parseId(command[field]) ?? []))];
}

function byId<T extends Owned>(rows: readonly T[]): (id: string) => T | undefined {
  const rowOf = new Map(rows.map((row) => [row.id, row]));
  return (id) => rowOf.get(parseId(id) ?? 0);
}

/**
 * What each request might repeat. What has a key cannot be a duplicate, nor what names nothing that there is. (The time zone of
 * an organization never changes, so the one that the caller was found with is right.)
 */
function guardedBy(requests: readonly RefundRequest[]): object[] {
  return requests.flatMap((request, index) => {
    const { creditNoteId, fromAccountId, amount, date, referenceNo } = request.command;
    const seconds = windowOf(request);
    if (seconds === 0 || parseId(creditNoteId) === null || parseId(fromAccountId) === null) return [];
    const day = toPostingDate(date, request.actor.organization.timeZone);
    if (day === null) return [];
    return {
      ...{ index, credit_note_id: creditNoteId, from_account_id: fromAccountId, amount: amount.toFixed() },
      ...{ date: day, reference_no: referenceNo, seconds },
    };
  });
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
