import type { EntityClass } from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/postgresql';
import { type GraphQLResolveInfo, isObjectType } from 'graphql';
import { type Actor, refusalFor } from '../auth/actor.js';
import { Role } from '../entities/access.js';
import { Account } from '../entities/account.js';
import { AuditEvent } from '../entities/audit-event.js';
import { Branch } from '../entities/branch.js';
import { CreditNote } from '../entities/credit-note.js';
import { CreditNoteCancellation } from '../entities/credit-note-cancellation.js';
import { CreditNoteLine } from '../entities/credit-note-line.js';
import { Customer } from '../entities/customer.js';
import { JournalEntry, JournalLine } from '../entities/journal-entry.js';
import { readNodeId } from '../entities/node.js';
import { Organization } from '../entities/organization.js';
import { type Owned, parseId } from '../entities/owned.js';
import { Refund } from '../entities/refund.js';
import { RefundReversal } from '../entities/refund-reversal.js';
import type { Forbidden } from '../errors.js';
import { metadataOf } from '../orm/columns.js';
import { readRows } from './rows.js';
import { selectionOf } from './selection.js';

/** The types of rows that have identifiers among all objects. */
const TYPES: ReadonlyMap<string, EntityClass<Owned>> = new Map(
  Object.entries({
    Account,
    AuditEvent,
    Branch,
    CreditNote,
    CreditNoteCancellation,
    CreditNoteLine,
    Customer,
    JournalEntry,
    JournalLine,
    Refund,
    RefundReversal,
  } satisfies Record<string, EntityClass<Owned>>),
);

/** Types that need a higher role than that of the field `node`. */
const ROLES: ReadonlyMap<string, Role> = new Map([[AuditEvent.name, Role.ADMIN]]);

/**
 * Reads the objects with these identifiers and what the query selects of them, with one query for each type. In the place of an object for which the
 * actor needs a higher role stands the refusal, as GraphQL expects it of an item of a list.
 */
export async function findNodes(
  { em, actor }: { readonly em: EntityManager; readonly actor: Actor },
  info: GraphQLResolveInfo,
  nodeIds: readonly string[],
): Promise<(object | Forbidden | null)[]> {
  const { organization } = actor;
  const wanted = nodeIds.map((nodeId) => readNodeId(nodeId, organization));
  // Not the entity itself: it belongs to the caller's whole request.
  const self: object = Object.create(organization, { __typename: { value: Organization.name } });
  const found = new Map([[`${Organization.name}:`, self]]);
  const refusals = new Map(
    [...ROLES].flatMap(([type, role]) => {
      const refusal = refusalFor(actor, role);
      return refusal === null ? [] : [[type, refusal] as const];
    }),
  );
  const ofType = Map.groupBy(wanted, (each) => each?.type);
  await Promise.all(
    [...TYPES].map(async ([type, entity]) => {
      const ids = new Set(ofType.get(type)?.flatMap((each) => parseId(each?.id ?? '') ?? []));
      const graphqlType = info.schema.getType(type);
      if (ids.size === 0 || !isObjectType(graphqlType)) return;
      if (refusals.has(type)) return;
      const selection = selectionOf(info, metadataOf(em, entity), graphqlType);
      const { id: organizationId } = organization;
      const wantedIds = ['id', 'in', [...ids]] as const;
      // A line that an edit of its draft has replaced has no note.
      const rows =
        entity === CreditNoteLine
          ? await readRows(em, CreditNoteLine, { organizationId, where: [wantedIds, ['creditNote', '>=', 1]] }, selection)
          : await readRows(em, entity, { organizationId, where: [wantedIds] }, selection);
      for (const row of rows) found.set(`${type}:${row.id}`, { ...row, __typename: type });
    }),
  );
  return wanted.map((each) => (each === null ? null : (refusals.get(each.type) ?? found.get(`${each.type}:${each.id}`) ?? null)));
}
