import { Type } from '@sinclair/typebox';
import { type InvalidField, InvalidInput } from '../domain-error.js';
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
}

/** The order of a list, as the legacy server says it. */
export const FilterMeta = Type.Object({ order: oneOf(DIRECTIONS), field_key: text });

/** What a request has chosen. */
export interface Choices {
  /** `undefined`: the whole list. */
  readonly where: List['where'] | undefined;
  readonly orderBy: string;
  readonly isDescending: boolean;
  /** What the reply says about the order. Without one in the request, this is what the legacy server says, whatever the order is. */
  readonly meta: { readonly order: Direction; readonly field_key: string };
}

const CREATED_AT = 'created_at';

/** The parameters that choose what the legacy server's lists can be filtered by. The gateway refuses them: the reply would not be what they ask for. */
const FILTERS = ['search_keyword', 'stringified_filter_roles', 'filter_roles', 'custom_view_id'];

const NO_FILTERS = /^\s*(\[\s*\]\s*)?$/;

/**
 * Reads the parameters of the legacy web app's lists. Empty ones choose nothing.
 *
 * @throws {InvalidInput} with each parameter that asks for what the gateway lacks
 */
export function readChoices(queryString: unknown, { views = {}, orders = {} }: Choosable): Choices {
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
  for (const field of FILTERS) {
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
    meta: { order, field_key },
  };
}

/** Returns the declarations of the parameters. */
export function choiceParameters({ views = {}, orders = {} }: Choosable): readonly Parameter[] {
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
  ];
}
