import { readFile } from 'node:fs/promises';
import {
  type DefinitionNode,
  type DocumentNode,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  parse,
  validate,
} from 'graphql';
import { DocumentNotTrusted, QueryTooCostly } from '../errors.js';
import { checkLimits, MAX_TOKENS } from './document-limits.js';
import { type Manifest, ManifestError, manifestOf, readManifest } from './manifest.js';
import { fragmentsOf, QueryCost } from './query-cost.js';
import { type RequestedDocument, sha256 } from './requested-document.js';

/** The largest number of documents. A parsed document of a page takes some 100 kB. */
const MAX_DOCUMENTS = 1_000;

interface TrustedDocument {
  readonly text: string;
  readonly node: DocumentNode;
}

export interface TrustedDocumentsSettings {
  /** The file of the manifest. */
  readonly file: string;
  /** Whether all other documents are refused. */
  readonly only: boolean;
}

/**
 * Returns the documents of the manifest; none without settings.
 *
 * @throws {ManifestError} if the manifest cannot be used
 */
export async function loadTrustedDocuments(
  settings: TrustedDocumentsSettings | null,
  schema: GraphQLSchema,
  costLimit: number,
): Promise<TrustedDocuments> {
  if (settings === null) return new TrustedDocuments(manifestOf([]), schema, costLimit, false);
  try {
    return new TrustedDocuments(readManifest(await readFile(settings.file, 'utf8')), schema, costLimit, settings.only);
  } catch (error) {
    throw new ManifestError(`TRUSTED_DOCUMENTS, ${settings.file}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** The documents that the operator trusts. They are parsed, validated and priced once, at the start. */
export class TrustedDocuments {
  /** By the id of the manifest, and by the SHA-256 of the text. */
  private readonly byId = new Map<string, TrustedDocument>();
  private readonly texts = new Set<string>();

  /**
   * @param only whether all other documents are refused
   * @throws {ManifestError} if an operation cannot be executed on this schema and within these limits
   */
  constructor(
    { operations }: Manifest,
    schema: GraphQLSchema,
    costLimit: number,
    readonly only: boolean,
  ) {
    if (operations.length > MAX_DOCUMENTS)
      throw new ManifestError(`It has ${operations.length} operations; ${MAX_DOCUMENTS} are allowed`);
    const check = new ManifestCheck(schema, costLimit);
    for (const { id, name, body } of operations) {
      const hash = sha256(body);
      const bare = withoutPrefix(id);
      if (this.byId.has(bare)) throw new ManifestError(`Two operations have the id ${id}`);
      if (/^[\da-f]{64}$/.test(bare) && bare !== hash) throw new ManifestError(`The id of ${name} is not the SHA-256 of its body`);
      const document = { text: body, node: check.parsed(name, body) };
      this.byId.set(bare, document).set(hash, document);
      this.texts.add(body);
    }
  }

  /**
   * Returns the text of the trusted document that the request has, by its id, hash or text; `undefined` if it is none. Then the text of
   * the request is executed, or the one that the client has registered by its hash.
   *
   * @throws {DocumentNotTrusted} if the request may not be executed
   */
  textFor({ id, hash, text }: RequestedDocument): string | undefined {
    if (id !== undefined) {
      const document = this.byId.get(withoutPrefix(id));
      if (document === undefined) throw new DocumentNotTrusted('documentId');
      return document.text;
    }
    if (text !== undefined) {
      if (this.texts.has(text)) return text;
      if (this.only) throw new DocumentNotTrusted('text');
      return undefined;
    }
    if (hash === undefined) return undefined;
    const document = this.byId.get(withoutPrefix(hash));
    if (this.only && document === undefined) throw new DocumentNotTrusted('hash');
    return document?.text;
  }

  get isEmpty(): boolean {
    return this.texts.size === 0;
  }

  /** Returns the parsed document whose text has this SHA-256. */
  parsed(hash: string): DocumentNode | undefined {
    return this.byId.get(hash)?.node;
  }
}

/** Checks documents as the gateway checks those of clients, but only once. */
export class ManifestCheck {
  private readonly costs: QueryCost;

  constructor(
    private readonly schema: GraphQLSchema,
    private readonly costLimit: number,
  ) {
    this.costs = new QueryCost(schema);
  }

  /**
   * Returns the parsed document.
   *
   * @param name of the operation, for the message
   * @throws {ManifestError} if it could never be executed
   */
  parsed(name: string, text: string): DocumentNode {
    try {
      const document = parse(text, { maxTokens: MAX_TOKENS });
      const operations = document.definitions.filter(isOperation);
      const [operation] = operations;
      if (operation === undefined || operations.length > 1) throw new Error(`it has ${operations.length} operations and not one`);
      if (this.schema.getRootType(operation.operation) === undefined) throw new Error(`there are no ${operation.operation}s here`);
      const [invalid] = validate(this.schema, document);
      if (invalid !== undefined) throw invalid;
      checkLimits(document);
      const cost = this.costs.lowest(operation, fragmentsOf(document));
      if (cost > this.costLimit) throw new QueryTooCostly('reply', cost, this.costLimit);
      return document;
    } catch (error) {
      throw new ManifestError(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

/** GraphQL over HTTP: an id with this prefix is the hash of the document. Apollo's manifests have the hash alone. */
function withoutPrefix(id: string): string {
  return id.replace(/^sha256:/, '');
}

export function isOperation(definition: DefinitionNode): definition is OperationDefinitionNode {
  return definition.kind === Kind.OPERATION_DEFINITION;
}
