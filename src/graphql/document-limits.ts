import {
  type DefinitionNode,
  type DirectiveNode,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  OperationTypeNode,
  parse,
  type SelectionSetNode,
  type ValueNode,
  visit,
} from 'graphql';
import { type DocumentMeasure, QueryTooCostly } from '../errors.js';

/** Enough for a hundred refunds, or a hundred lines of a credit note, written in the document itself. */
export const MAX_TOKENS = 8_000;

/** The Sandbox's own question for the schema takes 300. */
const MAX_ANONYMOUS_TOKENS = 1_000;

type Measured = Exclude<DocumentMeasure, 'reply' | 'nameLength'>;

/** A name comes again in each object of a reply and in each message about it, so a long one would multiply both. */
const MAX_NAME_LENGTH = 255;
/** An operation's name comes again in messages alone, and tools make long ones. */
const MAX_OPERATION_NAME_LENGTH = 10_000;

/**
 * How much a document may have of what makes validating and executing it more work than reading it. Fragments count wherever they
 * are used. The deepest honest document is the one that asks for the schema, of 15 levels.
 */
const LIMITS: Readonly<Record<Measured, number>> = {
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

/** Documents that have been admitted are not parsed here again. */
const MAX_KNOWN = 200;
const MAX_KNOWN_LENGTH = 10_000;

/** Refuses documents before they are validated, in time that grows with their length and no faster. */
export class DocumentLimits {
  private readonly known = new Set<string>();

  /**
   * A text that is no document is left to whoever says what is wrong with it.
   *
   * @throws {QueryTooCostly}
   */
  check(source: string): void {
    if (!this.known.delete(source)) {
      const document = parsed(source, MAX_TOKENS);
      if (document === null) return;
      checkLimits(document);
    }
    if (source.length > MAX_KNOWN_LENGTH) return;
    this.known.add(source);
    for (const oldest of this.known) {
      if (this.known.size <= MAX_KNOWN) break;
      this.known.delete(oldest);
    }
  }
}

/**
 * Without a credential, a document may ask for the schema and for nothing else.
 *
 * @throws {QueryTooCostly}
 */
export function isForSchemaOnly(source: string): boolean {
  const document = parsed(source, MAX_ANONYMOUS_TOKENS);
  if (document === null || !document.definitions.every(asksForSchema)) return false;
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

/** The schema can be asked for without a fragment at the root. */
function asksForSchema(definition: DefinitionNode): boolean {
  if (definition.kind === Kind.FRAGMENT_DEFINITION) return true;
  if (definition.kind !== Kind.OPERATION_DEFINITION || definition.operation !== OperationTypeNode.QUERY) return false;
  return definition.selectionSet.selections.every((each) => each.kind === Kind.FIELD && SCHEMA_FIELDS.has(each.name.value));
}

const SCHEMA_FIELDS: ReadonlySet<string> = new Set(['__schema', '__type', '__typename']);

function checkLimits(document: DocumentNode): void {
  const { operation, other } = longestNames(document);
  if (other > MAX_NAME_LENGTH) throw new QueryTooCostly('nameLength', other, MAX_NAME_LENGTH);
  if (operation > MAX_OPERATION_NAME_LENGTH) throw new QueryTooCostly('nameLength', operation, MAX_OPERATION_NAME_LENGTH);
  const measured = measure(document);
  for (const [of, limit] of Object.entries(LIMITS) as [Measured, number][]) {
    if (measured[of] > limit) throw new QueryTooCostly(of, measured[of], limit);
  }
  // Only now, since it walks through all fields.
  const repetitions = repetitionsIn(document);
  if (repetitions > LIMITS.repetitions) throw new QueryTooCostly('repetitions', repetitions, LIMITS.repetitions);
}

function longestNames(document: DocumentNode): { operation: number; other: number } {
  const longest = { operation: 0, other: 0 };
  visit(document, {
    Name({ value }, _key, parent) {
      const isOperations = parent !== undefined && 'kind' in parent && parent.kind === Kind.OPERATION_DEFINITION;
      const of = isOperations ? 'operation' : 'other';
      longest[of] = Math.max(longest[of], value.length);
    },
  });
  return longest;
}

type Measures = Record<Measured, number>;

/** Of which the largest counts, and not the sum. */
const LARGEST: ReadonlySet<Measured> = new Set(['depth', 'valueDepth', 'rootFields']);

/** Some double with each fragment that uses another one twice: a reply need not tell such numbers to the last digit. */
const UNCOUNTED = 1_000_000_000;

/** What stands in a definition itself, and where it uses fragments. */
interface Definition {
  readonly own: Measures;
  readonly spreads: readonly { readonly name: string; readonly depth: number }[];
}

/** How much a document has of everything. Each definition is walked through once, however often it is used. */
export function measure({ definitions }: DocumentNode): Measures {
  const fragments = new Map<string, Definition>();
  const operations: Definition[] = [];
  for (const definition of definitions) {
    if (definition.kind === Kind.OPERATION_DEFINITION) operations.push(read(definition));
    if (definition.kind !== Kind.FRAGMENT_DEFINITION) continue;
    const { own, spreads } = read(definition);
    const namesake = fragments.get(definition.name.value);
    if (namesake !== undefined) add(own, namesake.own);
    fragments.set(definition.name.value, { own, spreads: [...spreads, ...(namesake?.spreads ?? [])] });
  }
  const written = new Map<string, Measures>();
  const open = new Set<string>();
  const writtenOut = ({ own, spreads }: Definition): Measures => {
    const measures = { ...own };
    for (const { name, depth } of spreads) {
      const inner = fragmentOf(name);
      if (inner === null) continue;
      add(measures, { ...inner, depth: inner.depth + depth, rootFields: 0 });
      if (depth === 0) measures.rootFields += inner.rootFields;
    }
    return measures;
  };
  const fragmentOf = (name: string): Measures | null => {
    const known = written.get(name);
    const fragment = fragments.get(name);
    if (known !== undefined || fragment === undefined) return known ?? null;
    // Written out, a fragment that holds itself has no end.
    if (open.has(name)) return { ...nothing(), fields: UNCOUNTED };
    open.add(name);
    const measures = writtenOut(fragment);
    open.delete(name);
    written.set(name, measures);
    return measures;
  };
  const total = nothing();
  for (const operation of operations) add(total, writtenOut(operation));
  // Validation looks at each fragment by itself too, also at one that is not used.
  for (const name of fragments.keys()) add(total, { ...(fragmentOf(name) as Measures), rootFields: 0 });
  return total;
}

function nothing(): Measures {
  return Object.fromEntries(Object.keys(LIMITS).map((of) => [of, 0])) as Measures;
}

function add(sum: Measures, more: Measures): void {
  for (const of of Object.keys(more) as Measured[]) {
    sum[of] = LARGEST.has(of) ? Math.max(sum[of], more[of]) : Math.min(sum[of] + more[of], UNCOUNTED);
  }
}

function read(definition: OperationDefinitionNode | FragmentDefinitionNode): Definition {
  const own = nothing();
  const spreads: { name: string; depth: number }[] = [];
  const values = (value: ValueNode, depth: number): void => {
    own.values += 1;
    own.valueDepth = Math.max(own.valueDepth, depth);
    if (value.kind === Kind.LIST) for (const item of value.values) values(item, depth + 1);
    if (value.kind === Kind.OBJECT) for (const field of value.fields) values(field.value, depth + 1);
  };
  const directives = (nodes: readonly DirectiveNode[] = []): void => {
    own.directives += nodes.length;
    for (const node of nodes) for (const argument of node.arguments ?? []) values(argument.value, 1);
  };
  const selections = ({ selections: nodes }: SelectionSetNode, depth: number, isRoot: boolean): void => {
    for (const node of nodes) {
      directives(node.directives);
      if (node.kind === Kind.FIELD) {
        own.fields += 1;
        if (node.alias) own.aliases += 1;
        if (isRoot) own.rootFields += 1;
        for (const argument of node.arguments ?? []) values(argument.value, 1);
      } else own.fragments += 1;
      if (node.kind === Kind.FRAGMENT_SPREAD) spreads.push({ name: node.name.value, depth: isRoot ? 0 : depth });
      else {
        own.depth = Math.max(own.depth, depth + 1);
        if (node.selectionSet) selections(node.selectionSet, depth + 1, isRoot && node.kind === Kind.INLINE_FRAGMENT);
      }
    }
  };
  directives(definition.directives);
  if (definition.kind === Kind.OPERATION_DEFINITION) {
    own.operations = 1;
    for (const { defaultValue, directives: nodes } of definition.variableDefinitions ?? []) {
      own.variables += 1;
      directives(nodes);
      if (defaultValue) values(defaultValue, 1);
    }
  }
  selections(definition.selectionSet, 0, true);
  return { own, spreads };
}

/**
 * How many fields are asked for again where they have been asked for already. Validation compares each of those with each other
 * one: that is the one rule that takes more than its share of time.
 */
function repetitionsIn({ definitions }: DocumentNode): number {
  const fragments = new Map<string, SelectionSetNode>();
  for (const definition of definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition.selectionSet);
  }
  const collect = ({ selections }: SelectionSetNode, into: Map<string, FieldNode[]>): void => {
    for (const node of selections) {
      if (node.kind === Kind.FIELD) {
        const name = (node.alias ?? node.name).value;
        const others = into.get(name);
        if (others === undefined) into.set(name, [node]);
        else others.push(node);
      } else {
        const inner = node.kind === Kind.INLINE_FRAGMENT ? node.selectionSet : fragments.get(node.name.value);
        if (inner !== undefined) collect(inner, into);
      }
    }
  };
  const repetitions = (merged: readonly SelectionSetNode[]): number => {
    const fields = new Map<string, FieldNode[]>();
    for (const selectionSet of merged) collect(selectionSet, fields);
    let sum = 0;
    for (const nodes of fields.values())
      sum += nodes.length - 1 + repetitions(nodes.flatMap(({ selectionSet }) => selectionSet ?? []));
    return sum;
  };
  return definitions.reduce(
    (sum, definition) => sum + ('selectionSet' in definition ? repetitions([definition.selectionSet]) : 0),
    0,
  );
}
