import { type GraphQLFieldResolver, type GraphQLSchema, isObjectType } from 'graphql';
import { getMetadataStorage } from 'type-graphql';

type FieldResolver = ReturnType<typeof getMetadataStorage>['fieldResolvers'][number];
type Resolve = GraphQLFieldResolver<unknown, unknown>;

/**
 * Takes off what TypeGraphQL wraps around each field, where it does nothing: a field that has no role, no middleware and no
 * arguments is its property, or its method called with the row and the context. A page of 100 refunds has 3,800 of them. A field
 * of which that is not known for certain keeps what it has.
 */
export function bareResolvers(schema: GraphQLSchema): GraphQLSchema {
  const { objectTypes, fields, fieldResolvers } = getMetadataStorage();
  for (const { target, name } of objectTypes) {
    const type = schema.getType(name);
    if (!isObjectType(type)) continue;
    const isItsOwn = (other: unknown): boolean =>
      typeof other === 'function' && (other === target || target.prototype instanceof other);
    for (const field of Object.values(type.getFields())) {
      const computed = fieldResolvers.find((each) => each.schemaName === field.name && isItsOwn(each.getObjectType?.()));
      const plain = fields.find((each) => each.schemaName === field.name && isItsOwn(each.target));
      if (field.args.length > 0 || isGuarded(computed) || isGuarded(plain)) continue;
      if (computed?.kind === 'external') field.resolve = called(computed) ?? field.resolve;
      // What stands under another name has to be looked for there.
      else if (plain !== undefined && plain.name === plain.schemaName && !isMethod(target.prototype, plain.name))
        field.resolve = undefined;
    }
  }
  return schema;
}

function isGuarded(metadata: Pick<FieldResolver, 'roles' | 'middlewares'> | undefined): boolean {
  return metadata?.roles !== undefined || (metadata?.middlewares?.length ?? 0) > 0;
}

/** The method of a resolver class, which keeps nothing between two calls; `null` if it takes more than the row and the context. */
function called({ target, methodName, params = [] }: FieldResolver): Resolve | null {
  const resolver = new (target as new () => Record<string, (...values: unknown[]) => unknown>)();
  const method = resolver[methodName];
  const kinds = params
    .toSorted((one, other) => one.index - other.index)
    .map(({ kind }) => kind)
    .join();
  if (kinds === 'root') return (root) => method?.call(resolver, root);
  if (kinds === 'root,context') return (root, _args, context) => method?.call(resolver, root, context);
  return null;
}

function isMethod(prototype: object, name: string): boolean {
  return typeof Object.getOwnPropertyDescriptor(prototype, name)?.value === 'function';
}
