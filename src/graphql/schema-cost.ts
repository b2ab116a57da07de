import {
  type FragmentDefinitionNode,
  type GraphQLField,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  getNamedType,
  isObjectType,
  Kind,
  type SelectionSetNode,
} from 'graphql';

/** The cost of an object beside its fields. */
export const OBJECT = 2;

/** The deprecated parts of the schema count, too: the cost is the largest. */
const ALL_PARTS = { includeDeprecated: true };

/**
 * Computes the cost of reading the schema: one for each field, and {@link OBJECT} more for each object that the reply will hold. The schema is
 * known, so that the objects are visited instead of estimated: some types have thirty times the fields of others.
 *
 * Each selection is visited once for each object of the schema, however often the reply repeats it.
 */
export class SchemaCost {
  private readonly costs = new Map<SelectionSetNode, Map<unknown, number>>();
  private readonly info: GraphQLResolveInfo;

  constructor(
    schema: GraphQLSchema,
    private readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>,
  ) {
    // The resolvers of introspection read nothing else.
    this.info = { schema } as GraphQLResolveInfo;
  }

  /**
   * @param field `__schema`, `__type` or a field below them
   * @param of the object that has the field: a type, a field, an argument …
   * @example cost.of(TypeMetaFieldDef, { name: 'Mutation' }, null, node.selectionSet)
   */
  of(field: GraphQLField<unknown, unknown>, args: object, of: unknown, selectionSet: SelectionSetNode | undefined): number {
    const value: unknown = field.resolve?.(of, args, null, this.info);
    if (selectionSet === undefined) return 1 + (Array.isArray(value) ? value.length : 0);
    const objects = [value].flat().filter((each) => each !== null && each !== undefined);
    const type = getNamedType(field.type);
    if (!isObjectType(type)) return 1;
    const fields = type.getFields();
    return objects.reduce<number>((sum, object) => sum + OBJECT + this.selections(selectionSet, fields, object), 1);
  }

  private selections(selectionSet: SelectionSetNode, fields: Fields, object: unknown): number {
    const costs = this.costs.get(selectionSet) ?? new Map<unknown, number>();
    this.costs.set(selectionSet, costs);
    const known = costs.get(object);
    if (known !== undefined) return known;
    let cost = 0;
    for (const node of selectionSet.selections) {
      if (node.kind === Kind.FIELD) {
        const field = fields[node.name.value];
        // `__typename` has no definition.
        cost += field === undefined ? 1 : this.of(field, ALL_PARTS, object, node.selectionSet);
      } else {
        const fragment = node.kind === Kind.INLINE_FRAGMENT ? node : this.fragments.get(node.name.value);
        if (fragment !== undefined) cost += this.selections(fragment.selectionSet, fields, object);
      }
    }
    costs.set(object, cost);
    return cost;
  }
}

type Fields = Readonly<Record<string, GraphQLField<unknown, unknown>>>;
