import {
  GraphQLError,
  type GraphQLInputObjectType,
  type GraphQLInputType,
  type GraphQLSchema,
  getVariableValues,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  type OperationDefinitionNode,
  typeFromAST,
  valueFromAST,
} from 'graphql';
import { withoutStack } from '../domain-error.js';
import { cut, MAX_QUOTED } from '../values/text.js';

type Key = string | number;

/** A value that GraphQL cannot coerce, and its place in a variable. */
export interface WrongValue {
  readonly variable: string;
  readonly path: readonly Key[];
  /** The fault, as a phrase that follows the name of the field. */
  readonly reason: string;
}

/** The largest number of wrong values in one reply. A list of a hundred empty refunds has 800. */
const MAX_WRONG_VALUES = 1_000;

export interface Variables {
  readonly values: Readonly<Record<string, unknown>>;
  readonly wrong: readonly WrongValue[];
}

/**
 * Returns the variables as resolvers get them, and all wrong values. GraphQL.js decides whether the variables are valid. The walk over the
 * values only locates the faults, because GraphQL.js names their place in its message only.
 */
export function readVariables(
  schema: GraphQLSchema,
  { variableDefinitions = [] }: OperationDefinitionNode,
  given: Readonly<Record<string, unknown>>,
): Variables {
  const { coerced, errors } = withoutStack(() => getVariableValues(schema, variableDefinitions, given, { maxErrors: 1 }));
  if (errors === undefined) return { values: coerced, wrong: [] };
  const values: Record<string, unknown> = {};
  const wrong: WrongValue[] = [];
  for (const { variable, type: typeNode, defaultValue } of variableDefinitions) {
    const name = variable.name.value;
    const type = typeFromAST(schema, typeNode as Parameters<typeof typeFromAST>[1]) as GraphQLInputType;
    const coercion = new Coercion((path, reason) => {
      if (wrong.length < MAX_WRONG_VALUES) wrong.push({ variable: name, path, reason: cut(reason, MAX_QUOTED) });
    });
    if (Object.hasOwn(given, name)) values[name] = coercion.value(type, given[name], []);
    else if (defaultValue !== undefined) values[name] = valueFromAST(defaultValue, type);
    else if (isNonNullType(type)) coercion.value(type, undefined, []);
  }
  // The walk does not know the fault that GraphQL.js has found.
  if (wrong.length === 0) wrong.push({ variable: '', path: [], reason: cut(errors[0]?.message ?? 'is wrong', MAX_QUOTED) });
  return { values, wrong };
}

/** Coerces values as GraphQL.js does. Wrong values are reported and left out. */
class Coercion {
  constructor(private readonly report: (path: readonly Key[], reason: string) => void) {}

  value(type: GraphQLInputType, value: unknown, path: readonly Key[]): unknown {
    if (isNonNullType(type)) {
      if (value === undefined || value === null) return this.report(path, value === null ? 'must not be null' : 'is missing');
      return this.value(type.ofType, value, path);
    }
    if (value === undefined || value === null) return value;
    if (isListType(type)) {
      return Array.isArray(value)
        ? value.map((item, index) => this.value(type.ofType, item ?? null, [...path, index]))
        : [this.value(type.ofType, value, path)];
    }
    if (isInputObjectType(type)) return this.object(type, value, path);
    try {
      const read = type.parseValue(value);
      if (read !== undefined) return read;
    } catch (error) {
      // The message of an enum suggests its values, which are private while introspection is off.
      if (error instanceof GraphQLError && !isEnumType(type)) return this.report(path, `is wrong: ${error.message}`);
    }
    return this.report(path, `is no value of ${type.name}`);
  }

  private object(type: GraphQLInputObjectType, value: unknown, path: readonly Key[]): unknown {
    if (typeof value !== 'object' || Array.isArray(value)) return this.report(path, 'must be an object');
    const given = value as Readonly<Record<string, unknown>>;
    const fields = type.getFields();
    const read: Record<string, unknown> = {};
    for (const { name, type: fieldType, defaultValue } of Object.values(fields)) {
      if (!Object.hasOwn(given, name) && defaultValue !== undefined) read[name] = defaultValue;
      else read[name] = this.value(fieldType, given[name], [...path, name]);
    }
    for (const name of Object.keys(given)) {
      if (!Object.hasOwn(fields, name)) this.report([...path, name], `is no field of ${type.name}`);
    }
    return read;
  }
}
