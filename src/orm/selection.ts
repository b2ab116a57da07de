/** The properties and relations of an entity that a statement reads. */
export interface Selection {
  /** The entity's own properties; `null` selects all. The id is always selected. */
  readonly properties: ReadonlySet<string> | null;
  /** The relations that are read in the same round trip. Of any other to-one relation only the id is read. */
  readonly relations: ReadonlyMap<string, Selection>;
}

/** Selects the whole row and no relation. */
export const WHOLE: Selection = { properties: null, relations: new Map() };

/**
 * Selects the whole row and the whole rows of these relations.
 *
 * Create a selection once, as a constant: values that are computed from it are memoized by the object.
 *
 * @example const WITH_ACCOUNT = wholeWith('account');
 */
export function wholeWith(...relations: readonly string[]): Selection {
  return { properties: null, relations: new Map(relations.map((name) => [name, WHOLE])) };
}

/** Values computed from a selection. An entry lives as long as its selection does. */
export type Memo<T> = WeakMap<Selection, Map<string, T>>;

/** Returns the memoized value for the selection and the key, and computes it the first time. */
export function memoize<T>(memo: Memo<T>, selection: Selection, key: string, compute: () => T): T {
  const values = memo.get(selection) ?? new Map<string, T>();
  memo.set(selection, values);
  const value = values.get(key) ?? compute();
  values.set(key, value);
  return value;
}
