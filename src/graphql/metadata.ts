import { type GraphQLField, type GraphQLSchema, isObjectType } from 'graphql';
import { getMetadataStorage } from 'type-graphql';

type Storage = ReturnType<typeof getMetadataStorage>;
export type PropertyMetadata = Storage['fields'][number];
export type MethodMetadata = Storage['queries'][number] | Storage['fieldResolvers'][number];
export type InputClass = new () => object;

/** How the decorators declare a field. */
export interface Declaration {
  /** The class of the object type. */
  readonly type: InputClass;
  /** The property of the class; `undefined` if a resolver computes the field. */
  property?: PropertyMetadata;
  /** The method of a resolver class. */
  method?: MethodMetadata;
}

export interface Declarations {
  readonly fields: ReadonlyMap<GraphQLField<unknown, unknown>, Declaration>;
  /** The class of each input type, by the type's name. */
  readonly inputs: ReadonlyMap<string, InputClass>;
}

/**
 * Returns the declarations of the schema's fields, which the schema itself lacks: classes, arguments, roles and middlewares.
 *
 * Read in TypeGraphQL 2.0.0-rc.4, which exports its metadata and does not document them. Delete when it publishes a field's
 * declaration, in `info` or in the field's `extensions`: https://github.com/MichalLytek/type-graphql/issues/123
 */
export function declarationsIn(schema: GraphQLSchema): Declarations {
  const { queries, mutations, fieldResolvers, fields, objectTypes, inputTypes } = getMetadataStorage();
  const declarations = new Map<GraphQLField<unknown, unknown>, Declaration>();
  const declare = (typeName: string | undefined, target: unknown, name: string, part: Partial<Declaration>): void => {
    const type = typeName === undefined ? undefined : schema.getType(typeName);
    const field = isObjectType(type) ? type.getFields()[name] : undefined;
    if (field !== undefined) declarations.set(field, { type: target as InputClass, ...declarations.get(field), ...part });
  };
  for (const { name, target } of objectTypes) {
    const isOfType = (declaring: unknown): boolean => inherits(target, declaring);
    for (const each of fields) if (isOfType(each.target)) declare(name, target, each.schemaName, { property: each });
    for (const each of fieldResolvers)
      if (isOfType(each.getObjectType?.())) declare(name, target, each.schemaName, { method: each });
  }
  for (const each of queries) declare(schema.getQueryType()?.name, each.target, each.schemaName, { method: each });
  for (const each of mutations) declare(schema.getMutationType()?.name, each.target, each.schemaName, { method: each });
  return { fields: declarations, inputs: new Map(inputTypes.map(({ name, target }) => [name, target as InputClass])) };
}

/** Whether it is the class, or one that inherits its fields. */
function inherits(type: unknown, declaring: unknown): boolean {
  if (typeof type !== 'function' || typeof declaring !== 'function') return false;
  return type === declaring || type.prototype instanceof declaring;
}
