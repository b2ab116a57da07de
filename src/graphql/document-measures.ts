import {
  type DirectiveNode,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
  type ValueNode,
  visit,
} from 'graphql';
import { type DocumentMeasure, MAX_COST } from '../errors.js';

/** The size of a document, by the parts that make it more work to validate and execute. */
export type Measures = Record<Exclude<DocumentMeasure, 'reply' | 'nameLength' | 'textLength'>, number>;

/** Returns the length of the longest name of an operation, of the longest other name, and of the longest text in a value. */
export function longestTexts(document: DocumentNode): { operation: number; other: number; value: number } {
  const longest = { operation: 0, other: 0, value: 0 };
  visit(document, {
    Name({ value }, _key, parent) {
      const isOperations = parent !== undefined && 'kind' in parent && parent.kind === Kind.OPERATION_DEFINITION;
      const of = isOperations ? 'operation' : 'other';
      longest[of] = Math.max(longest[of], value.length);
    },
    StringValue({ value }) {
      longest.value = Math.max(longest.value, value.length);
    },
  });
  return longest;
}

/** Measures of a document that are the largest value of its parts, and not the sum. */
const LARGEST: ReadonlySet<keyof Measures> = new Set(['depth', 'valueDepth', 'rootFields']);

/** The measures of a definition without its fragments, and the places where it uses fragments. */
interface Definition {
  readonly own: Measures;
  readonly spreads: readonly { readonly name: string; readonly depth: number }[];
}

/** Returns the measures of a document with its fragments expanded. Each definition is visited once, however often it is used. */
export function measure({ definitions }: DocumentNode): Measures {
  const fragments = new Map<string, Definition>();
  const operations: Definition[] = [];
  for (const definition of definitions) {
    if (definition.kind === Kind.OPERATION_DEFINITION) operations.push(measureOwn(definition));
    if (definition.kind !== Kind.FRAGMENT_DEFINITION) continue;
    const { own, spreads } = measureOwn(definition);
    const namesake = fragments.get(definition.name.value);
    if (namesake !== undefined) add(own, namesake.own);
    fragments.set(definition.name.value, { own, spreads: [...spreads, ...(namesake?.spreads ?? [])] });
  }
  const measured = new Map<string, Measures>();
  const open = new Set<string>();
  const expanded = ({ own, spreads }: Definition): Measures => {
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
    const known = measured.get(name);
    const fragment = fragments.get(name);
    if (known !== undefined || fragment === undefined) return known ?? null;
    // A fragment that uses itself would expand without end.
    if (open.has(name)) return { ...nothing(), fields: MAX_COST };
    open.add(name);
    const measures = expanded(fragment);
    open.delete(name);
    measured.set(name, measures);
    return measures;
  };
  const total = nothing();
  for (const operation of operations) add(total, expanded(operation));
  // Validation also visits each fragment by itself, even if it is not used.
  for (const name of fragments.keys()) add(total, { ...(fragmentOf(name) as Measures), rootFields: 0 });
  return total;
}

function nothing(): Measures {
  return {
    depth: 0,
    fields: 0,
    aliases: 0,
    repetitions: 0,
    rootFields: 0,
    directives: 0,
    fragments: 0,
    operations: 0,
    variables: 0,
    values: 0,
    valueDepth: 0,
  };
}

function add(sum: Measures, more: Measures): void {
  for (const of of Object.keys(more) as (keyof Measures)[]) {
    sum[of] = LARGEST.has(of) ? Math.max(sum[of], more[of]) : Math.min(sum[of] + more[of], MAX_COST);
  }
}

function measureOwn(definition: OperationDefinitionNode | FragmentDefinitionNode): Definition {
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
 * Returns how many fields repeat a response name of the same object. Validation compares each of them with all others
 * (OverlappingFieldsCanBeMerged), so that its time grows with the square of their number.
 */
export function repetitionsIn({ definitions }: DocumentNode): number {
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
