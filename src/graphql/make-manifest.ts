import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  concatAST,
  type DefinitionNode,
  type DocumentNode,
  type FieldNode,
  GraphQLError,
  type GraphQLSchema,
  Kind,
  parse,
  print,
  type SelectionSetNode,
  Source,
  separateOperations,
  validate,
  visit,
} from 'graphql';
import { MAX_TOKENS } from './document-limits.js';
import { type Manifest, ManifestError, type ManifestOperation, manifestOf } from './manifest.js';
import { sha256 } from './requested-document.js';
import { isOperation, ManifestCheck } from './trusted-documents.js';

/**
 * Returns the manifest of all operations in the folder's files, with the fragments of these files.
 *
 * @throws {ManifestError} with the file and the line of each operation that the gateway would refuse
 */
export async function makeManifest(folder: string, schema: GraphQLSchema, costLimit: number): Promise<Manifest> {
  const document = concatAST(await readDocuments(folder));
  const errors = validate(schema, document);
  if (errors.length > 0) throw new ManifestError(errors.map(located).join('\n'));
  const check = new ManifestCheck(schema, costLimit);
  const separate = separateOperations(document);
  const operations = document.definitions.filter(isOperation).map((operation): ManifestOperation => {
    const name = operation.name?.value;
    if (name === undefined) throw new ManifestError(located(new GraphQLError('The operation has no name', { nodes: operation })));
    const body = print(withTypeNames(inOrder(separate[name] as DocumentNode)));
    try {
      check.parsed(name, body);
    } catch (error) {
      if (!(error instanceof ManifestError)) throw error;
      throw new ManifestError(located(new GraphQLError(error.message, { nodes: operation })));
    }
    return { id: sha256(body), name, type: operation.operation, body };
  });
  if (operations.length === 0) throw new ManifestError(`${folder} has no operation in a .graphql file`);
  return manifestOf(operations.sort((one, other) => (one.name < other.name ? -1 : 1)));
}

async function readDocuments(folder: string): Promise<DocumentNode[]> {
  const names = (await readdir(folder, { recursive: true })).filter((name) => /\.(graphql|gql)$/.test(name)).sort();
  const documents: DocumentNode[] = [];
  for (const name of names) {
    const file = join(folder, name);
    try {
      documents.push(parse(new Source(await readFile(file, 'utf8'), file), { maxTokens: MAX_TOKENS }));
    } catch (error) {
      throw error instanceof GraphQLError ? new ManifestError(located(error)) : error;
    }
  }
  return documents;
}

/** Returns the message behind its file and line. */
function located({ source, nodes, locations, message }: GraphQLError): string {
  const file = source?.name ?? nodes?.[0]?.loc?.source.name;
  return `${file}:${locations?.[0]?.line}: ${message}`;
}

/** Puts the operation first, and its fragments by name: a fragment that moves to another file does not change the id. */
function inOrder(document: DocumentNode): DocumentNode {
  const keyOf = (each: DefinitionNode): string => (each.kind === Kind.FRAGMENT_DEFINITION ? each.name.value : '');
  return { ...document, definitions: [...document.definitions].sort((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1)) };
}

/**
 * Adds `__typename` to each object, as the caches of Apollo Client and urql do with the documents that they send. Without it they could not
 * read the replies.
 */
function withTypeNames(document: DocumentNode): DocumentNode {
  return visit(document, {
    SelectionSet(node, _key, parent) {
      const isRoot = parent !== undefined && 'kind' in parent && parent.kind === Kind.OPERATION_DEFINITION;
      return isRoot || isOfSchema(node) ? undefined : { ...node, selections: [...node.selections, TYPE_NAME] };
    },
  });
}

const TYPE_NAME: FieldNode = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: '__typename' } };

/** Whether the objects have a `__typename` already, or are those of an introspection. */
function isOfSchema({ selections }: SelectionSetNode): boolean {
  return selections.some((each) => each.kind === Kind.FIELD && each.alias === undefined && each.name.value.startsWith('__'));
}
