import { type ClassType, Field, Int, ObjectType } from 'type-graphql';
import { Account } from '../entities/account.js';
import { AuditEvent } from '../entities/audit-event.js';
import { Branch } from '../entities/branch.js';
import { CreditNote } from '../entities/credit-note.js';
import { Customer } from '../entities/customer.js';
import { JournalEntry, JournalLine } from '../entities/journal-entry.js';
import type { Owned } from '../entities/owned.js';
import { Refund } from '../entities/refund.js';
import { MAX_COUNT } from '../reads/pages.js';
import type { Row } from '../reads/read-model.js';

@ObjectType({ description: 'Place of a page in its list.' })
export class PageInfo {
  @Field(() => Boolean, { description: 'Whether there are items after the page.' })
  hasNextPage!: boolean;

  @Field(() => Boolean, { description: 'Whether there are items before the page.' })
  hasPreviousPage!: boolean;

  @Field(() => String, { nullable: true, description: 'Cursor of the first item; null if the page is empty.' })
  startCursor!: string | null;

  @Field(() => String, { nullable: true, description: 'Cursor of the last item; null if the page is empty.' })
  endCursor!: string | null;
}

/** Returns the type of a page of the entity's rows. */
function connectionType<E extends Owned>(entity: ClassType<E>, items: string): ClassType<object> {
  @ObjectType(`${entity.name}Edge`, { description: 'An item of a list, with its cursor.' })
  class Edge {
    @Field(() => String, { description: 'Cursor of the item, for `after` and `before` of the same list in the same order.' })
    cursor!: string;

    @Field(() => entity, { description: 'The item.' })
    node!: Row<E>;
  }

  @ObjectType(`${entity.name}Connection`, { description: `A page of a list of ${items}.` })
  class ConnectionType {
    @Field(() => [entity], { description: 'The items of the page.' })
    nodes!: readonly Row<E>[];

    @Field(() => [Edge], { description: 'The items of the page, with their cursors.' })
    edges!: readonly Edge[];

    @Field(() => PageInfo, { description: 'Place of the page in the list.' })
    pageInfo!: PageInfo;

    @Field(() => Int, {
      description: `Number of items of the whole list, with its filter; ${MAX_COUNT} if there are more. If totalCountIsCapped, there are at least as many.`,
    })
    totalCount!: number;

    @Field(() => Boolean, {
      description: `Whether the list has more than ${MAX_COUNT} items, or was too long to be compared with its filter, so that totalCount is not exact.`,
    })
    totalCountIsCapped!: boolean;
  }
  return ConnectionType;
}

export const AccountConnection = connectionType(Account, 'accounts');
export const AuditEventConnection = connectionType(AuditEvent, 'audit events');
export const BranchConnection = connectionType(Branch, 'branches');
export const CreditNoteConnection = connectionType(CreditNote, 'credit notes');
export const CustomerConnection = connectionType(Customer, 'customers');
export const JournalEntryConnection = connectionType(JournalEntry, 'journal entries');
export const JournalLineConnection = connectionType(JournalLine, 'journal lines');
export const RefundConnection = connectionType(Refund, 'refunds');
