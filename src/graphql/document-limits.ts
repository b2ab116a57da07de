import { type DefinitionNode, type DocumentNode, Kind, OperationTypeNode, parse } from 'graphql';
import { QueryTooCostly } from '../errors.js';
import { MAX_CODE_UNITS } from '../inputs/lengths.js';
import { longestTexts, type Measures, measure, repetitionsIn } from './document-measures.js';

/** Suffices for a hundred refunds or a hundred lines of a credit note, written as literals in the document. */
export const MAX_TOKENS = 8_000;

/** The Sandbox's introspection query has 300. */
const MAX_ANONYMOUS_TOKENS = 1_000;

/** A name is repeated in each object of a reply and in each message about it, so that a long name would multiply the size of the reply. */
const MAX_NAME_LENGTH = 255;
/** The name of an operation is repeated in messages only, and tools generate long names. */
const MAX_OPERATION_NAME_LENGTH = 10_000;

/**
 * Limits for the parts of a document that make validating and executing it more work than parsing it. Fragments count at each use. The
 * deepest legitimate document is the introspection query, with 15 levels.
 */
const LIMITS: Readonly<Measures> = {
  depth: 20,
  fields: 1_000,
  aliases: 100,
  repetitions: 100,
  rootFields: 50,
  directives: 50,
  fragments: 200,
  operations: 50,
  variables: 200,
  values: 5_000,
  valueDepth: 10,
};

/** Texts of documents within the limits, which are not parsed here again. */
const MAX_CACHED = 200;
const MAX_CACHED_LENGTH = 10_000;

/** Refuses documents before they are validated, in time that is linear in their length. */
export class DocumentLimits {
  private readonly cache = new Set<string>();

  /**
   * Passes a text that cannot be parsed: the GraphQL server reports its syntax error.
   *
   * @throws {QueryTooCostly} if the document exceeds a limit
   */
  check(source: string): void {
    if (!this.cache.delete(source)) {
      const document = parsed(source, MAX_TOKENS);
      if (document === null) return;
      checkLimits(document);
    }
    if (source.length > MAX_CACHED_LENGTH) return;
    this.cache.add(source);
    for (const oldest of this.cache) {
      if (this.cache.size <= MAX_CACHED) break;
      this.cache.delete(oldest);
    }
  }
}

/**
 * Whether the document reads the schema and nothing else, as a request without a credential may.
 *
 * @throws {QueryTooCostly} if it exceeds a limit
 */
export function isForSchemaOnly(source: string): boolean {
  const document = parsed(source, MAX_ANONYMOUS_TOKENS);
  if (document === null || !document.definitions.every(readsSchema)) return false;
  checkLimits(document);
  return true;
}

function parsed(source: string, maxTokens: number): DocumentNode | null {
  try {
    return parse(source, { maxTokens, noLocation: true });
  } catch {
    return null;
  }
}

/** Whether the definition reads only the schema. Fragments at the root are refused, because an introspection query needs none. */
function readsSchema(definition: DefinitionNode): boolean {
  if (definition.kind === Kind.FRAGMENT_DEFINITION) return true;
  if (definition.kind !== Kind.OPERATION_DEFINITION || definition.operation !== OperationTypeNode.QUERY) return false;
  return definition.selectionSet.selections.every((each) => each.kind === Kind.FIELD && SCHEMA_FIELDS.has(each.name.value));
}

const SCHEMA_FIELDS: ReadonlySet<string> = new Set(['__schema', '__type', '__typename']);

/** @throws {QueryTooCostly} if the document exceeds a limit */
export function checkLimits(document: DocumentNode): void {
  const { operation, other, value } = longestTexts(document);
  if (other > MAX_NAME_LENGTH) throw new QueryTooCostly('nameLength', other, MAX_NAME_LENGTH);
  if (operation > MAX_OPERATION_NAME_LENGTH) throw new QueryTooCostly('nameLength', operation, MAX_OPERATION_NAME_LENGTH);
  if (value > MAX_CODE_UNITS) throw new QueryTooCostly('textLength', value, MAX_CODE_UNITS);
  const measured = measure(document);
  for (const [of, limit] of Object.entries(LIMITS) as [keyof Measures, number][]) {
    if (measured[of] > limit) throw new QueryTooCostly(of, measured[of], limit);
  }
  // Checked last, because it visits all expanded fields.
  const repetitions = repetitionsIn(document);
  if (repetitions > LIMITS.repetitions) throw new QueryTooCostly('repetitions', repetitions, LIMITS.repetitions);
}
