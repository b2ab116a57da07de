import type { GraphQLField, GraphQLSchema } from 'graphql';
import type { Role } from '../entities/access.js';
import { type Declaration, declarationsIn, type InputClass } from './metadata.js';

/** The rules for a field and its arguments that GraphQL's schema does not hold. */
export interface FieldRules {
  /** The class that validates the arguments as a whole; `null` if each argument is validated by itself. */
  readonly argsClass: InputClass | null;
  /** The arguments that are validated by themselves. */
  readonly single: ReadonlySet<string>;
  /** The caller needs each of these roles. */
  readonly roles: readonly Role[];
}

export interface ArgumentRules {
  readonly fields: ReadonlyMap<GraphQLField<unknown, unknown>, FieldRules>;
  /** The class of each input type, by the type's name. */
  readonly inputs: ReadonlyMap<string, InputClass>;
}

/**
 * Returns the classes and roles that the schema's fields were declared with. TypeGraphQL checks them only when it reaches the field,
 * which is too late for a document that writes.
 */
export function argumentRules(schema: GraphQLSchema): ArgumentRules {
  const { fields, inputs } = declarationsIn(schema);
  return { fields: new Map([...fields].map(([field, declaration]) => [field, rulesIn(declaration)])), inputs };
}

function rulesIn({ property, method }: Declaration): FieldRules {
  const { params = [], roles = [] } = method ?? property ?? {};
  const [args = null] = params.flatMap((param) => (param.kind === 'args' ? [param.getType() as InputClass] : []));
  const single = params.flatMap((param) => (param.kind === 'arg' ? [param.name] : []));
  return { argsClass: args, single: new Set(single), roles };
}
