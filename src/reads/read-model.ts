import { Collection } from '@mikro-orm/core';
import type DataLoader from 'dataloader';
import { Extensions, Root } from 'type-graphql';
import type { Organization } from '../entities/organization.js';
import { Owned } from '../entities/owned.js';
import { Reference } from '../orm/row-mapping.js';

/**
 * The read model: the result type of lists, pages and loaders.
 *
 * A {@link Row} is a plain object with columns and relations of an entity, but without its methods. It has only the columns of the query's
 * selection, so its type names the columns that may be read.
 */

/** Makes the rows of different entities different types. It exists for the compiler only. */
declare const ENTITY: unique symbol;

interface Of<E> {
  readonly [ENTITY]: E;
}

/**
 * A row with the id and the named columns. A to-one relation is a row, or a reference if it was not selected. A to-many relation is an array,
 * or absent if it was not selected.
 *
 * @example Row<CreditNote, 'total' | 'currencyCode'>
 */
export type Row<E extends Owned, K extends ColumnOf<E> = never> = Of<E> & { readonly [P in K | 'id']: Value<E[P]> };

/** A row with all columns. */
export type WholeRow<E extends Owned> = Row<E, ColumnOf<E>>;

/** A to-one relation: a row if it was selected, or else a reference with the id. */
type Related<E extends Owned, R extends Row<E> = Row<E>> = (Reference & Of<E>) | R;

/** The columns and relations of an entity. Methods are excluded, and getters, which are the read-only properties of an entity. */
export type ColumnOf<E extends Owned> = {
  [P in Extract<keyof E, string>]-?: E[P] extends Method | Organization ? never : IsReadonly<E, P> extends true ? never : P;
}[Extract<keyof E, string>];

/** The to-one relations of an entity. */
export type ReferenceOf<E extends Owned> = {
  [P in ColumnOf<E>]: NonNullable<E[P]> extends Owned ? P : never;
}[ColumnOf<E>];

type Value<V> = V extends Collection<infer E extends Owned> ? readonly Row<E>[] | undefined : V extends Owned ? Related<V> : V;

type Method = (...values: never[]) => unknown;
type IsReadonly<T, P extends keyof T> = IsSame<Pick<T, P>, Readonly<Pick<T, P>>>;
type IsSame<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/**
 * Marks the row parameter of a field resolver, and declares the columns that the resolver reads. A page selects these columns only. The compiler
 * reports a difference between the declared columns and those of the parameter's type.
 *
 * @example
 * amount(@Reads('amount', 'currencyCode') refund: Row<Refund, 'amount' | 'currencyCode'>): string {
 *   return formatAmount(refund.amount, refund.currencyCode);
 * }
 */
export function Reads<K extends string = never>(...columns: readonly K[]) {
  return <T extends Record<N, Method>, N extends string>(
    prototype: T,
    name: N,
    index: Checked<0, K, ColumnsOfParameter<T[N]>>,
  ): void => {
    Root()(prototype, name, Number(index));
    Extensions({ reads: columns })(prototype, name);
  };
}

type ColumnsOfParameter<M> = M extends (row: infer R, ...rest: never[]) => unknown ? Exclude<keyof R, 'id' | typeof ENTITY> : never;

/** `T`, or else a sentence about the mistake, which the compiler prints. */
type Checked<T, Declared, Read> = [Read] extends [Declared]
  ? [Declared] extends [Read]
    ? T
    : `The row's type lacks a declared column: ${Exclude<Declared, Read> & string}`
  : `The row's type has a column that is not declared: ${Exclude<Read, Declared> & string}`;

export type MaybePromise<T> = T | Promise<T>;

/**
 * Returns the relation's row if it was selected, or else loads the whole row.
 *
 * @example related(context.loaders.customer, note.customer)
 */
export function related<E extends Owned, R extends Row<E>>(
  loader: DataLoader<number, WholeRow<E>>,
  relation: Related<E, R>,
): MaybePromise<R | WholeRow<E>> {
  return relation instanceof Reference ? loader.load(relation.id) : relation;
}

/** Returns the row of an entity from a command, with its loaded relations. */
export function rowOf<E extends Owned>(entity: E): WholeRow<E> {
  return copyOf(entity, new Map()) as WholeRow<E>;
}

/** Returns the row of a related entity if the entity is loaded, or else a reference with its id. */
export function relatedTo<E extends Owned>(entity: E): Related<E, WholeRow<E>> {
  return (isLoaded(entity) ? rowOf(entity) : new Reference(entity.id)) as Related<E, WholeRow<E>>;
}

/** Whether more than the id of the entity is known. The database sets `createdAt`, so an entity that has one was read or inserted as a whole. */
function isLoaded(entity: Owned): boolean {
  return entity.createdAt !== undefined;
}

/** @param copies the copies of entities that the recursion has already visited, since entities refer to each other in circles */
function copyOf(entity: Owned, copies: Map<Owned, object>): object {
  if (!isLoaded(entity)) return new Reference(entity.id);
  const known = copies.get(entity);
  if (known !== undefined) return known;
  const copy: Record<string, unknown> = {};
  copies.set(entity, copy);
  for (const [name, value] of Object.entries(entity)) {
    if (value instanceof Owned) copy[name] = copyOf(value, copies);
    else if (!(value instanceof Collection)) copy[name] = value;
    else if (value.isInitialized()) copy[name] = value.getItems().map((item: Owned) => copyOf(item, copies));
  }
  return copy;
}
