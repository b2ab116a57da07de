import type { GraphQLField, GraphQLSchema } from 'graphql';
import { isObjectType } from 'graphql';
import { getMetadataStorage } from 'type-graphql';
import type { Role } from '../entities/access.js';

export type InputClass = new () => object;

/** What holds for a field and its arguments beyond what GraphQL's schema says. */
export interface FieldRules {
  /** The class that validates the arguments as a whole; `null` if each stands for itself. */
  readonly argsClass: InputClass | null;
  /** The arguments that stand for themselves. */
  readonly single: ReadonlySet<string>;
  /** The roles of which the caller needs each. */
  readonly roles: readonly Role[];
}

export interface ArgumentRules {
  readonly fields: ReadonlyMap<GraphQLField<unknown, unknown>, FieldRules>;
  /** The class of each input type, by the type's name. */
  readonly inputs: ReadonlyMap<string, InputClass>;
}

type Metadata = Pick<ReturnType<typeof getMetadataStorage>['queries'][number], 'params' | 'roles'>;

/**
 * Reads from TypeGraphQL 2.0.0-rc.4 which classes and roles a schema's fields were declared with. GraphQL's schema does not
 * hold them, and TypeGraphQL looks at them only when it comes to the field, which is too late for a document that writes.
 */
export function argumentRules(schema: GraphQLSchema): ArgumentRules {
  const { queries, mutations, fieldResolvers, fields, objectTypes, inputTypes } = getMetadataStorage();
  const rules = new Map<GraphQLField<unknown, unknown>, FieldRules>();
  const add = (typeName: string | undefined, name: string, metadata: Metadata): void => {
    const type = typeName === undefined ? undefined : schema.getType(typeName);
    const field = isObjectType(type) ? type.getFields()[name] : undefined;
    if (field !== undefined) rules.set(field, rulesIn(metadata));
  };
  const namesOf = (target: unknown): string[] => objectTypes.filter((each) => isSame(each.target, target)).map(({ name }) => name);
  for (const each of fields) for (const name of namesOf(each.target)) add(name, each.schemaName, each);
  for (const each of fieldResolvers) for (const name of namesOf(each.getObjectType?.())) add(name, each.schemaName, each);
  for (const each of queries) add(schema.getQueryType()?.name, each.schemaName, each);
  for (const each of mutations) add(schema.getMutationType()?.name, each.schemaName, each);
  return { fields: rules, inputs: new Map(inputTypes.map(({ name, target }) => [name, target as InputClass])) };
}

function rulesIn({ params = [], roles = [] }: Metadata): FieldRules {
  const [args = null] = params.flatMap((param) => (param.kind === 'args' ? [param.getType() as InputClass] : []));
  const single = params.flatMap((param) => (param.kind === 'arg' ? [param.name] : []));
  return { argsClass: args, single: new Set(single), roles };
}

/** The class, or one that inherits its fields. */
function isSame(type: unknown, declaring: unknown): boolean {
  if (typeof type !== 'function' || typeof declaring !== 'function') return false;
  return type === declaring || type.prototype instanceof declaring;
}
