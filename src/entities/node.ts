import { Field, ID, InterfaceType } from 'type-graphql';

/** A row that knows its type, as the field `node` returns it. */
interface TypedRow {
  readonly __typename: string;
}

@InterfaceType({
  description: 'An object with an identifier that is unique among all objects of all organizations.',
  resolveType: ({ __typename }: TypedRow) => __typename,
  // Otherwise the base class of all records would become a type.
  autoRegisterImplementations: false,
})
export abstract class Node {
  @Field(() => ID, {
    description: 'Identifier among all objects, for caches and for the field `node`. Opaque; `id` is the number that REST uses.',
  })
  nodeId!: string;
}

/** Returns the identifier of an object; without an id, that of the organization itself. */
export function nodeIdOf(type: string, organization: { readonly publicId: string }, id?: number | string): string {
  return Buffer.from([type, organization.publicId, ...(id === undefined ? [] : [id])].join(':')).toString('base64url');
}

/** Returns the type and the id of an object of the organization; `null` if the text is no identifier as {@link nodeIdOf} writes it. */
export function readNodeId(
  nodeId: string,
  organization: { readonly publicId: string },
): { readonly type: string; readonly id: string } | null {
  const [type = '', , id = ''] = Buffer.from(nodeId, 'base64url').toString().split(':');
  return nodeId === nodeIdOf(type, organization, id || undefined) ? { type, id } : null;
}
