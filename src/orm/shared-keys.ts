import type { EventArgs, EventSubscriber } from '@mikro-orm/core';
import { ID_COLUMN } from '../entities/columns.js';
import { Owned } from '../entities/owned.js';

/**
 * All references between rows of an organization share the column `organization_id` with the primary key. MikroORM supports this, but 7.2.1 has two
 * gaps; `test/contract-mikro-orm.test.ts` describes them without this subscriber. Delete each part when MikroORM closes its gap.
 */
export class SharedKeys implements EventSubscriber {
  /** Sets empty references, and their snapshots, to null. MikroORM does so only if all columns are null, and the organization never is. */
  onLoad({ entity, meta, em }: EventArgs<object>): void {
    const snapshot = em.getUnitOfWork().getOriginalEntityData(entity) as Record<string, unknown>;
    for (const { name } of meta.relations.filter(({ kind, nullable }) => kind === 'm:1' && nullable)) {
      (entity as Record<string, unknown>)[name] ??= null;
      snapshot[name] ??= null;
    }
  }

  /**
   * Completes the snapshot by which MikroORM detects changes of a new entity. MikroORM leaves the organization out of its references to entities that
   * are new too, and so the next flush would update each of these references.
   */
  afterCreate({ entity, changeSet }: EventArgs<object>): void {
    const snapshot = changeSet?.payload as Record<string, unknown>;
    for (const [name, related] of Object.entries(entity)) {
      if (related instanceof Owned)
        snapshot[name] = [related.id, related.organization.id].map((id) => ID_COLUMN.convertToDatabaseValue(id));
    }
  }
}
