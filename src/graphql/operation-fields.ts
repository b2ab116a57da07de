import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLArgument,
  type GraphQLDirective,
  GraphQLError,
  type GraphQLField,
  GraphQLIncludeDirective,
  type GraphQLInputType,
  type GraphQLSchema,
  GraphQLSkipDirective,
  getArgumentValues,
  getDirectiveValues,
  getNamedType,
  getNullableType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
  type ValueNode,
} from 'graphql';

export type Values = Readonly<Record<string, unknown>>;

/** A field that executing the operation can reach. */
export interface OperationField {
  /** Response names from the root to the field. For a fragment that is used several times, the path of one use. */
  readonly path: readonly string[];
  readonly field: GraphQLField<unknown, unknown>;
  readonly node: FieldNode;
}

/** An argument that GraphQL cannot coerce. */
export interface WrongArgument {
  readonly path: readonly string[];
  readonly node: SelectionNode;
  /** Name of the argument and of the field within it. */
  readonly field: string;
  readonly reason: string;
}

export interface OperationFields {
  readonly fields: readonly OperationField[];
  /** Whether `@skip` or `@include` make the fields depend on the variables. */
  readonly isConditional: boolean;
  /** Arguments of directives that GraphQL cannot coerce. */
  readonly wrong: readonly WrongArgument[];
}

/**
 * Returns all fields that executing the operation can reach. Each fragment is visited once; selections that the variables skip are not
 * visited.
 */
export function fieldsOf(
  schema: GraphQLSchema,
  { definitions }: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Values,
): OperationFields {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const each of definitions) if (each.kind === Kind.FRAGMENT_DEFINITION) fragments.set(each.name.value, each);
  const fields: OperationField[] = [];
  const wrong: WrongArgument[] = [];
  let isConditional = false;
  const isSkipped = (node: SelectionNode, path: readonly string[]): boolean => {
    if (node.directives === undefined || node.directives.length === 0) return false;
    isConditional = true;
    const ifOf = (directive: GraphQLDirective): unknown => {
      try {
        return getDirectiveValues(directive, node, variables)?.if;
      } catch (error) {
        wrong.push({ path, node, field: 'if', reason: phraseOf(error) });
        return undefined;
      }
    };
    return ifOf(GraphQLSkipDirective) === true || ifOf(GraphQLIncludeDirective) === false;
  };
  const walk = ({ selections }: SelectionSetNode, typeName: string, path: readonly string[]): void => {
    const type = schema.getType(typeName);
    for (const node of selections) {
      if (isSkipped(node, path)) continue;
      if (node.kind === Kind.FRAGMENT_SPREAD) {
        const fragment = fragments.get(node.name.value);
        if (fragment === undefined) continue;
        fragments.delete(node.name.value);
        walk(fragment.selectionSet, fragment.typeCondition.name.value, path);
      } else if (node.kind === Kind.INLINE_FRAGMENT) {
        walk(node.selectionSet, node.typeCondition?.name.value ?? typeName, path);
      } else {
        const field = isObjectType(type) ? type.getFields()[node.name.value] : undefined;
        // The fields of introspection, such as __typename, have no definition in the type.
        if (field === undefined) continue;
        const at = [...path, node.alias?.value ?? node.name.value];
        fields.push({ path: at, field, node });
        if (node.selectionSet) walk(node.selectionSet, getNamedType(field.type).name, at);
      }
    }
  };
  walk(operation.selectionSet, schema.getRootType(operation.operation)?.name ?? '', []);
  return { fields, isConditional, wrong };
}

/** Returns the arguments as the resolver gets them, and reports those that GraphQL cannot coerce. */
export function argumentsOf(
  { path, field, node }: OperationField,
  variables: Values,
  report: (wrong: WrongArgument) => void,
): Values {
  try {
    return getArgumentValues(field, node, variables);
  } catch {
    const values: Record<string, unknown> = {};
    for (const argument of field.args) {
      try {
        Object.assign(values, getArgumentValues({ ...field, args: [argument] }, node, variables));
      } catch (error) {
        const value = node.arguments?.find(({ name }) => name.value === argument.name)?.value;
        const within = value ? placeOfNull(argument.type, value, variables) : null;
        const reason = within === null ? phraseOf(error) : 'must not be null';
        report({ path, node, field: nameOf(argument, within ?? []), reason });
      }
    }
    return values;
  }
}

/** Returns GraphQL's message about an argument as a phrase that follows the argument's name. */
function phraseOf(error: unknown): string {
  const phrase = (error as GraphQLError).message.replace(/^Argument "\w+" /, '').replace(/\.$/, '');
  return phrase.replace(/^of non-null type ".*" (?=must not be null$)/, '');
}

/** Returns the name by which callers know a field: a field within an argument such as `input` has its own name. */
export function nameOf({ name, type }: GraphQLArgument, within: readonly (string | number)[]): string {
  const isWrapper = within.length > 0 && isInputObjectType(getNullableType(type));
  return [...(isWrapper ? [] : [name]), ...within].join('.');
}

/** The use of a variable: a field, its argument, and the place within the argument. */
export interface VariableUse {
  readonly path: readonly string[];
  readonly node: SelectionNode;
  readonly argument: GraphQLArgument;
  readonly within: readonly (string | number)[];
}

/** Returns the first use of each variable. */
export function variableUses(fields: readonly OperationField[]): ReadonlyMap<string, VariableUse> {
  const uses = new Map<string, VariableUse>();
  for (const { path, field, node } of fields) {
    const look = (argument: GraphQLArgument | undefined, value: ValueNode, within: readonly (string | number)[]): void => {
      if (argument === undefined) return;
      if (value.kind === Kind.LIST) value.values.forEach((item, index) => void look(argument, item, [...within, index]));
      if (value.kind === Kind.OBJECT)
        for (const { name, value: inner } of value.fields) look(argument, inner, [...within, name.value]);
      if (value.kind !== Kind.VARIABLE || uses.has(value.name.value)) return;
      uses.set(value.name.value, { path, node, argument, within });
    };
    for (const { name, value } of node.arguments ?? [])
      look(
        field.args.find((each) => each.name === name.value),
        value,
        [],
      );
  }
  return uses;
}

/** Returns the place of the variable that must not be null. All other parts of a literal have been validated. */
function placeOfNull(type: GraphQLInputType, node: ValueNode, variables: Values): (string | number)[] | null {
  if (node.kind === Kind.VARIABLE) return isNonNullType(type) && (variables[node.name.value] ?? null) === null ? [] : null;
  const inner = getNullableType(type);
  if (isListType(inner)) {
    if (node.kind !== Kind.LIST) return placeOfNull(inner.ofType, node, variables);
    return firstPlace(
      node.values.map((value, index) => [index, inner.ofType, value] as const),
      variables,
    );
  }
  if (!isInputObjectType(inner) || node.kind !== Kind.OBJECT) return null;
  const fields = inner.getFields();
  return firstPlace(
    node.fields.flatMap(({ name, value }) => {
      const field = fields[name.value];
      const isDefault =
        value.kind === Kind.VARIABLE && variables[value.name.value] === undefined && field?.defaultValue !== undefined;
      return field === undefined || isDefault ? [] : [[name.value, field.type, value] as const];
    }),
    variables,
  );
}

function firstPlace(
  places: readonly (readonly [string | number, GraphQLInputType, ValueNode])[],
  variables: Values,
): (string | number)[] | null {
  for (const [key, type, value] of places) {
    const within = placeOfNull(type, value, variables);
    if (within !== null) return [key, ...within];
  }
  return null;
}
