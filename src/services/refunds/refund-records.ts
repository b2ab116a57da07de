import type { EntityManager } from '@mikro-orm/postgresql';
import { Account, type SystemAccounts, systemAccounts } from '../../entities/account.js';
import { Branch } from '../../entities/branch.js';
import type { CreditNote } from '../../entities/credit-note.js';
import type { Organization } from '../../entities/organization.js';
import { type Owned, parseId } from '../../entities/owned.js';
import { columnsOf } from '../../orm/columns.js';
import { combine, type Query, query } from '../../orm/query.js';
import { mapRows } from '../../orm/row-mapping.js';
import { LockWait, lockCreditNotes, type WantedNote } from '../unit-of-work/locks.js';
import type { RefundRequest } from './refund-command.js';

/** The records that refunds need, locked and loaded. A record that the organization does not own is `undefined`. */
export interface LockedRecords {
  readonly organization: Organization;
  readonly systemAccounts: SystemAccounts;
  creditNote(request: RefundRequest): CreditNote | undefined;
  /** Whether the credit note, if it exists, was skipped because another transaction holds it. */
  isSkipped(request: RefundRequest): boolean;
  fromAccount(request: RefundRequest): Account | undefined;
  branch(request: RefundRequest): Branch | undefined;
  /** Id of an equal refund within the request's duplicate window. */
  duplicate(request: RefundRequest): string | undefined;
}

/** Locks the credit notes of the requests, and then reads the other records that their refunds need. */
export function lockRecords(
  em: EntityManager,
  organizationId: number,
  requests: readonly RefundRequest[],
  lockWait: LockWait,
): Query<(organization: Organization) => LockedRecords> {
  return combine(
    [
      // The locks come first, so that the other statements see the writes of their former holders.
      lockCreditNotes(em, organizationId, requests.flatMap(wantedNote), lockWait),
      readAccounts(em, organizationId, idsOf(requests, 'fromAccountId')),
      readBranches(em, organizationId, idsOf(requests, 'branchId')),
      readDuplicates(organizationId, requests),
    ],
    ([readNotes, readAccounts, readBranches, duplicates]) =>
      (organization) => {
        const accounts = readAccounts(organization);
        const creditNote = byId(readNotes(organization));
        const fromAccount = byId(accounts);
        const branch = byId(readBranches(organization));
        return {
          organization,
          systemAccounts: systemAccounts(organization, accounts),
          creditNote: ({ command }) => creditNote(command.creditNoteId),
          isSkipped: (request) =>
            lockWait === LockWait.SKIP && wantedNote(request).length > 0 && creditNote(request.command.creditNoteId) === undefined,
          fromAccount: ({ command }) => fromAccount(command.fromAccountId),
          branch: ({ command }) => branch(command.branchId),
          duplicate: (request) => duplicates.get(request),
        };
      },
  );
}

/** Reads the accounts with these ids, and the system accounts. */
function readAccounts(em: EntityManager, organizationId: number, ids: readonly number[]) {
  const text = `select ${columnsOf(em, Account)} from accounts where organization_id = $1 and (id = any ($2) or system_role is not null)`;
  return query(text, [organizationId, ids], (rows) => (organization: Organization) => mapRows(em, Account, organization, rows));
}

function readBranches(em: EntityManager, organizationId: number, ids: readonly number[]) {
  const text = `select ${columnsOf(em, Branch)} from branches where organization_id = $1 and id = any ($2)`;
  return query(text, [organizationId, ids], (rows) => (organization: Organization) => mapRows(em, Branch, organization, rows));
}

/**
 * Reads the id of the refund that each request may repeat. The second request of a double click waits for the note's lock, and then finds the
 * refund of the first.
 */
function readDuplicates(
  organizationId: number,
  requests: readonly RefundRequest[],
): Query<ReadonlyMap<RefundRequest | undefined, string>> {
  const wanted = requests.flatMap(wantedDuplicate);
  if (wanted.length === 0) return { statements: [], read: () => new Map() };
  return query(
    DUPLICATES,
    [organizationId, JSON.stringify(wanted)],
    (rows) => new Map(rows.map(({ index, id }) => [requests[Number(index)], String(id)])),
  );
}

/** The window ends at `statement_timestamp()`: a comparison with the volatile `clock_timestamp()` could not use the index. */
const DUPLICATES = `
  select wanted.index, duplicate.id
  from json_to_recordset($2) wanted
    (index integer, credit_note_id bigint, from_account_id bigint, amount numeric, date date, reference_no text, seconds float8)
  cross join lateral (
    select id from refunds refund
    where organization_id = $1 and credit_note_id = wanted.credit_note_id
      and created_at > statement_timestamp() - make_interval(secs => wanted.seconds)
      and amount = wanted.amount and from_account_id = wanted.from_account_id and date = wanted.date
      and coalesce(reference_no, '') = coalesce(wanted.reference_no, '')
      and not exists (select from refund_reversals where organization_id = $1 and refund_id = refund.id)
    order by created_at desc limit 1
  ) duplicate`;

/** A request with an idempotency key is never a duplicate, since the key identifies it. */
function wantedDuplicate({ command, conditions }: RefundRequest, index: number): object[] {
  const { creditNoteId, fromAccountId, amount, date, referenceNo } = command;
  const { idempotency, duplicateWindowSeconds: seconds } = conditions;
  if (idempotency !== undefined || seconds === 0 || parseId(creditNoteId) === null || parseId(fromAccountId) === null) return [];
  return [
    {
      ...{ index, credit_note_id: creditNoteId, from_account_id: fromAccountId, amount: amount.toFixed() },
      ...{ date, reference_no: referenceNo, seconds },
    },
  ];
}

function wantedNote({ command, conditions }: RefundRequest): WantedNote[] {
  const id = parseId(command.creditNoteId);
  return id === null ? [] : [{ id, key: conditions.idempotency?.key }];
}

function idsOf(requests: readonly RefundRequest[], field: 'fromAccountId' | 'branchId'): number[] {
  return [...new Set(requests.flatMap(({ command }) => parseId(command[field]) ?? []))];
}

function byId<T extends Owned>(entities: readonly T[]): (id: string) => T | undefined {
  const entityOf = new Map(entities.map((entity) => [entity.id, entity]));
  return (id) => entityOf.get(parseId(id) ?? 0);
}
