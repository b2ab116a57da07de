import { Type } from '@sinclair/typebox';
import type { Actor } from '../auth/actor.js';
import { type InvalidField, InvalidInput } from '../domain-error.js';
import type { Owned } from '../entities/owned.js';
import { wrongFields } from '../inputs/validators.js';
import type { PagedList } from '../reads/connections.js';
import { type Condition, conditionsOf } from '../reads/filters.js';
import type { Order } from '../reads/orders.js';
import type { List } from '../reads/statements.js';
import { oneOf, text } from './fields.js';
import { camelCase, parametersIn } from './names.js';
import type { Parameter } from './openapi/headers.js';

const DIRECTIONS = ['asc', 'desc'] as const;

type Direction = (typeof DIRECTIONS)[number];

/** What a request may choose of a list, beside its page: by the names that the legacy API has for them. */
export interface Choosable {
  /** The conditions of each view. They replace those of the whole list. */
  readonly views?: Readonly<Record<string, List['where']>>;
  /** The column of each order beside `created_at`, which is the order of ids. */
  readonly orders?: Readonly<Record<string, string>>;
  /** The list of GraphQL whose search, and whose limits of it, `search_keyword` has. */
  readonly searchedAs?: SearchedAs;
}

/** A list with a search, and the class that validates it. */
export interface SearchedAs {
  readonly orders: ReadonlyMap<string, Order>;
  readonly indexed: readonly string[];
  readonly filter: new () => object;
  readonly conditions: (search: string, actor: Actor) => readonly Condition[];
}

/** Returns what `search_keyword` has of the list of GraphQL. */
export function searchedAs<E extends Owned, Filter extends { search?: string | null }>(
  { orders, indexed, filters }: PagedList<E, Filter>,
  filter: new () => Filter,
): SearchedAs {
  const conditions = (search: string, actor: Actor) => conditionsOf(filters, Object.assign(new filter(), { search }), actor);
  return { orders, indexed, filter, conditions };
}

/** The order of a list, as the legacy server says it. */
export const FilterMeta = Type.Object({ order: oneOf(DIRECTIONS), field_key: text, search_keyword: Type.Optional(text) });

/** What a request has chosen. */
export interface Choices {
  /** `undefined`: the whole list. */
  readonly where: List['where'] | undefined;
  readonly orderBy: string;
  readonly isDescending: boolean;
  /** Words to search for. */
  readonly search: string | undefined;
  /** What the reply says about the order. Without one in the request, this is what the legacy server says, whatever the order is. */
  readonly meta: { readonly order: Direction; readonly field_key: string; readonly search_keyword?: string };
}

const CREATED_AT = 'created_at';

/** The parameters that choose what the legacy server's lists can be filtered by. The gateway refuses them: the reply would not be what they ask for. */
const FILTERS = ['stringified_filter_roles', 'filter_roles', 'custom_view_id'];

const SEARCH = 'search_keyword';

const NO_FILTERS = /^\s*(\[\s*\]\s*)?$/;

/**
 * Reads the parameters of the legacy web app's lists. Empty ones choose nothing.
 *
 * @throws {InvalidInput} with each parameter that asks for what the gateway lacks
 */
export function readChoices(queryString: unknown, { views = {}, orders = {}, searchedAs }: Choosable): Choices {
  const sent = parametersIn(queryString);
  const wrong: InvalidField[] = [];
  const read = <Choice extends string>(field: string, choices: readonly Choice[]): Choice | undefined => {
    const value = sent[camelCase(field)];
    if (value === undefined || value === '') return undefined;
    const choice = choices.find((each) => each === String(value).toLowerCase());
    if (choice === undefined || typeof value !== 'string') {
      const allowed = choices.length === 0 ? 'be empty: the list has no views' : `be one of: ${choices.join(', ')}`;
      wrong.push({ field, constraints: { isIn: `${field} must ${allowed}` }, value });
    }
    return choice;
  };
  const view = read('view_slug', Object.keys(views));
  const column = read('column_sort_by', [CREATED_AT, ...Object.keys(orders)]);
  const direction = read('sort_order', DIRECTIONS);
  const search = String(sent[camelCase(SEARCH)] ?? '').trim() === '' ? undefined : sent[camelCase(SEARCH)];
  if (searchedAs !== undefined && search !== undefined) {
    const invalid = wrongFields(Object.assign(new searchedAs.filter(), { search }));
    wrong.push(...invalid.map(({ constraints, ...rest }) => ({ ...rest, field: SEARCH, constraints: renamed(constraints) })));
  }
  for (const field of searchedAs === undefined ? [SEARCH, ...FILTERS] : FILTERS) {
    const value = sent[camelCase(field)];
    if (value === undefined || (typeof value === 'string' && NO_FILTERS.test(value))) continue;
    wrong.push({ field, constraints: { isEmpty: `${field} must be empty: REST does not filter lists; GraphQL does` }, value });
  }
  if (wrong.length > 0) throw new InvalidInput(wrong);
  const order = direction ?? 'desc';
  const field_key = column ?? CREATED_AT;
  return {
    where: view === undefined ? undefined : views[view],
    orderBy: orders[field_key] ?? 'id',
    // Without an order, the list is by id.
    isDescending: order === 'desc' && (direction ?? column) !== undefined,
    search: search === undefined ? undefined : String(search),
    meta: { order, field_key, ...(search !== undefined && { search_keyword: String(search) }) },
  };
}

/** Returns the reasons, which name the field of GraphQL, with the name of the parameter. */
function renamed(constraints: InvalidField['constraints']): InvalidField['constraints'] {
  return Object.fromEntries(Object.entries(constraints).map(([rule, reason]) => [rule, reason.replace(/^search\b/, SEARCH)]));
}

const SEARCH_PARAMETER: Parameter = {
  name: SEARCH,
  in: 'query',
  description: 'Words, or their beginnings, that all must be in a record, as in the `search` of GraphQL.',
  schema: { type: 'string', minLength: 2, maxLength: 100 },
};

/** Returns the declarations of the parameters. */
export function choiceParameters({ views = {}, orders = {}, searchedAs }: Choosable): readonly Parameter[] {
  const choice = (name: string, description: string, names: readonly string[]): Parameter => {
    return { name, in: 'query', description, schema: { type: 'string', enum: names } };
  };
  const slugs = Object.keys(views);
  return [
    ...(slugs.length === 0 ? [] : [choice('view_slug', 'The view, a part of the list.', slugs)]),
    choice('column_sort_by', 'The order, from the last to the first unless `sort_order` says otherwise.', [
      CREATED_AT,
      ...Object.keys(orders),
    ]),
    choice('sort_order', 'Without it and `column_sort_by`, the list is by id.', DIRECTIONS),
    ...(searchedAs === undefined ? [] : [SEARCH_PARAMETER]),
  ];
}
