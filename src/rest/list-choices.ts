import { Type } from '@sinclair/typebox';
import { type InvalidField, InvalidInput } from '../domain-error.js';
import { always, oneOf } from './fields.js';
import { camelCase, parametersIn } from './names.js';
import type { Parameter } from './openapi/headers.js';

const DIRECTIONS = ['asc', 'desc'] as const;

type Direction = (typeof DIRECTIONS)[number];

/** The order of a list, as the legacy server says it. Without one in the request it says this, too, whatever the order is. */
export const FilterMeta = Type.Object({ order: oneOf(DIRECTIONS), field_key: always('created_at') });

/** What a request chooses of a list, beside its page. */
export interface Choices<View extends string> {
  /** `undefined`: the whole list. */
  readonly view: View | undefined;
  /** `undefined`: by id. */
  readonly direction: Direction | undefined;
}

/** The parameters that choose what the legacy server's lists can be filtered by. The gateway refuses them: the reply would not be what they ask for. */
const FILTERS = ['search_keyword', 'stringified_filter_roles', 'filter_roles', 'custom_view_id'];

const NO_FILTERS = /^\s*(\[\s*\]\s*)?$/;

/**
 * Reads the parameters of the legacy web app's lists. Empty ones choose nothing.
 *
 * @param views those of the list
 * @throws {InvalidInput} with each parameter that asks for what the gateway lacks
 */
export function readChoices<View extends string>(queryString: unknown, views: readonly View[]): Choices<View> {
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
  const view = read('view_slug', views);
  const column = read('column_sort_by', ['created_at']);
  const direction = read('sort_order', DIRECTIONS);
  for (const field of FILTERS) {
    const value = sent[camelCase(field)];
    if (value === undefined || (typeof value === 'string' && NO_FILTERS.test(value))) continue;
    wrong.push({ field, constraints: { isEmpty: `${field} must be empty: REST does not filter lists; GraphQL does` }, value });
  }
  if (wrong.length > 0) throw new InvalidInput(wrong);
  return { view, direction: direction ?? (column && 'desc') };
}

/** Returns the declarations of the parameters. */
export function choiceParameters(views: readonly string[]): readonly Parameter[] {
  const order: readonly Parameter[] = [
    {
      name: 'column_sort_by',
      in: 'query',
      description: 'The newest first, unless `sort_order` says otherwise.',
      schema: { type: 'string', enum: ['created_at'] },
    },
    {
      name: 'sort_order',
      in: 'query',
      description: 'Without it and `column_sort_by`, the list is by id.',
      schema: { type: 'string', enum: DIRECTIONS },
    },
  ];
  if (views.length === 0) return order;
  return [
    { name: 'view_slug', in: 'query', description: 'The view, a part of the list.', schema: { type: 'string', enum: views } },
    ...order,
  ];
}
