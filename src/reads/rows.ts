import type { EntityClass, EntityMetadata, EntityProperty } from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { Organization } from '../entities/organization.js';
import type { Owned } from '../entities/owned.js';
import { aliasOf, columnsOf, isToOne } from '../orm/columns.js';
import { executeTogether } from '../orm/execute-together.js';
import { mapRows } from '../orm/row-mapping.js';
import { type Memo, memoize, type Selection, WHOLE } from '../orm/selection.js';

/** A property of the entity, or of what is embedded in it (`provenance.createdBy`), and what its column must be. */
export type Condition = readonly [property: string, operator: '=' | 'in', value: unknown];

/** What is to be read of an organization's rows. */
export interface Reading {
  readonly where: readonly Condition[];
  /** The property that tells the order. A page goes by ids. */
  readonly orderBy?: string;
  /** So many of them, at most {@link MAX_PAGE}, after an id. */
  readonly page?: { readonly after: number; readonly first: number };
  readonly selection?: Selection;
}

export const MAX_PAGE = 100;

/**
 * Reads rows to be shown, {@link mapRows}, with their to-one relations in one statement. One more for each to-many relation is sent
 * along with it, and makes arrays of its items. It sees what was committed in between: a row that it found nothing for has no array.
 */
export async function readRows<T extends Owned>(
  em: EntityManager,
  entity: EntityClass<T>,
  organization: Organization,
  { where, orderBy = 'id', page, selection = WHOLE }: Reading,
): Promise<T[]> {
  const meta = em.getMetadata().get(entity) as EntityMetadata;
  const question = `${meta.tableName} ${where.map(([property, operator]) => property + operator)} ${orderBy} ${page !== undefined}`;
  const { text, toMany } = memoize(QUESTIONS, selection, question, () =>
    questionOf(em, meta, where, orderBy, page !== undefined, selection),
  );
  const values = [organization.id, ...where.map(([, operator, value]) => (operator === 'in' ? listed(value) : value))];
  if (page !== undefined) values.push(page.after, page.first);
  const [rows = [], ...rowsOfMany] = await executeTogether(
    em,
    [text, ...toMany.map(({ text }) => text)].map((text) => ({ text, values })),
  );
  const entities = mapRows(em, entity, organization, rows, selection);
  for (const [index, many] of toMany.entries()) {
    const items = mapRows(em, many.meta.class as EntityClass<Owned>, organization, rowsOfMany[index] ?? [], many.selection);
    const itemsOf = Map.groupBy(items, (item) => (item[many.mappedBy as never] as Owned).id);
    for (const owner of follow(entities, many.owner)) Object.assign(owner, { [many.name]: itemsOf.get(owner.id) });
  }
  return entities;
}

/** The statements that read rows of a selection. */
interface Question {
  readonly text: string;
  readonly toMany: readonly ToMany[];
}

interface ToMany {
  readonly text: string;
  /** Path to the rows that have it. */
  readonly owner: string;
  readonly name: string;
  readonly meta: EntityMetadata;
  readonly selection: Selection;
  /** The item's reference to its owner. */
  readonly mappedBy: string;
}

const QUESTIONS: Memo<Question> = new WeakMap();

function questionOf(
  em: EntityManager,
  meta: EntityMetadata,
  where: readonly Condition[],
  orderBy: string,
  isPage: boolean,
  selection: Selection,
): Question {
  const conditions = where.map(([property, operator], index) => {
    const value = `$${index + 2}`;
    return ` and ${columnOf(meta, property)} = ${operator === 'in' ? `any (${value})` : value}`;
  });
  const after = `$${where.length + 2}`;
  const first = `$${where.length + 3}`;
  // A page of a small organization must not be looked for among all ids, so its order and its beginning are those of the index
  // by organization: the plan that is kept is made for no organization in particular, and a large one makes all ids look as good.
  const own = isPage ? `(organization_id, id) > ($1, ${after}) and organization_id <= $1` : 'organization_id = $1';
  const order = isPage ? ['organization_id', 'id'] : [columnOf(meta, orderBy)];
  const along = [...joined(meta, selection, '')];
  // The page first, and then what is joined to it. It is planned for the longest page. Only columns of the answer must be named.
  const from = `
    from (
      select * from ${meta.tableName}
      where ${own}${conditions.join('')} order by ${order.join(', ')}${isPage ? ` limit ${MAX_PAGE}` : ''}
    ) ${ROOT}${along.map(({ join }) => join).join('')}
    order by ${order.map((column) => `${ROOT}.${column}`).join(', ')}${isPage ? ` limit ${first}` : ''}`;
  return {
    text: `select ${answered(em, { path: '', meta, selection }, along)}${from}`,
    toMany: [{ path: '', meta, selection }, ...along].flatMap((owner) => toManyOf(em, owner, from)),
  };
}

/** The columns of a statement's answer. */
function answered(em: EntityManager, root: Level, along: readonly Level[]): string {
  const own = columnsOf(em, root.meta.class, '', root.selection).replaceAll(/\w+/g, `${ROOT}.$&`);
  return [own, ...along.map(({ path, meta, selection }) => columnsOf(em, meta.class, path, selection))].join(', ');
}

interface Level {
  /** From the rows that are asked for; empty for themselves. */
  readonly path: string;
  readonly meta: EntityMetadata;
  readonly selection: Selection;
}

/** Each reference carries the organization in the database, so what is joined by its id alone is of the same one. */
function* joined(meta: EntityMetadata, selection: Selection, above: string): Generator<Level & { readonly join: string }> {
  for (const [name, inner] of selection.relations) {
    const property = propertyOf(meta, name);
    if (!isToOne(property)) continue;
    const target = property.targetMeta as EntityMetadata;
    const path = above === '' ? name : `${above}.${name}`;
    const condition =
      property.kind === 'm:1'
        ? `${aliasOf(path)}.id = ${alias(above)}.${property.fieldNames[0]}`
        : `${aliasOf(path)}.${columnOf(target, property.mappedBy)} = ${alias(above)}.id`;
    yield { path, meta: target, selection: inner, join: ` left join ${target.tableName} ${aliasOf(path)} on ${condition}` };
    yield* joined(target, inner, path);
  }
}

function toManyOf(em: EntityManager, { path, meta, selection }: Level, from: string): ToMany[] {
  return [...selection.relations].flatMap(([name, inner]) => {
    const property = propertyOf(meta, name);
    if (isToOne(property)) return [];
    const { mappedBy } = property;
    const target = property.targetMeta as EntityMetadata;
    const along = [...joined(target, inner, '')];
    const text = `
      select ${answered(em, { path: '', meta: target, selection: inner }, along)}
      from (
        select * from ${target.tableName}
        where organization_id = $1 and ${columnOf(target, mappedBy)} = any (array(select ${alias(path)}.id ${from}))
      ) ${ROOT}${along.map(({ join }) => join).join('')} order by ${ROOT}.id`;
    return [{ text, owner: path, name, meta: target, selection: inner, mappedBy }];
  });
}

const ROOT = 'root';

function alias(path: string): string {
  return path === '' ? ROOT : aliasOf(path);
}

/** The entities at the end of a path over to-one relations, each once. */
function follow(entities: readonly Owned[], path: string): ReadonlySet<Owned> {
  let at = new Set(entities);
  for (const name of path === '' ? [] : path.split('.')) {
    at = new Set([...at].flatMap((entity) => (entity[name as never] as Owned | null) ?? []));
  }
  return at;
}

/** Ids as PostgreSQL writes an array of them: the driver would look at each for what is to be escaped. */
function listed(values: unknown): unknown {
  return Array.isArray(values) && values.every((value) => typeof value === 'number') ? `{${values.join()}}` : values;
}

function columnOf(meta: EntityMetadata, property: string): string {
  return propertyOf(meta, property.replace('.', '_')).fieldNames[0] as string;
}

function propertyOf(meta: EntityMetadata, name: string): EntityProperty {
  return (meta.properties as Record<string, EntityProperty>)[name] as EntityProperty;
}
