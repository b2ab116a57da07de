import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLField,
  type GraphQLOutputType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isListType,
  isObjectType,
  Kind,
  type ObjectFieldNode,
  type OperationDefinitionNode,
  SchemaMetaFieldDef,
  type SelectionSetNode,
  TypeMetaFieldDef,
  type TypeNode,
  type ValueNode,
} from 'graphql';
import { MAX_CANCELLATIONS } from '../entities/credit-note-cancellation.js';
import { MAX_ADDED_REFERENCES } from '../entities/refund.js';
import { MAX_COST } from '../errors.js';
import { LENGTHS, MAX_ITEMS } from '../inputs/lengths.js';
import { MAX_PAGE } from '../reads/pages.js';
import { MAX_USAGE_LINES } from '../services/organizations/rest-usage.js';
import { isRecord } from '../values/json.js';
import { OBJECT, SchemaCost } from './schema-cost.js';

type Variables = Readonly<Record<string, unknown>>;

/** The cost of objects that are more expensive. */
const OBJECTS: Readonly<Record<string, number>> = {
  // Each refund is validated and posted.
  'Mutation.refundCreditNotes': 20,
};

/** The cost of fields that do more than return a value of the row. Any other field costs 1, or more if its text may be long. */
const PRICES: Readonly<Record<string, number>> = {
  // Reads the whole ledger in the database.
  'Query.ledgerHealth': 2_000,
  'Query.trialBalance': 1_000,
  // Returns the text of the whole schema.
  '_Service.sdl': 500,
  // Runs a unit of work with its locks.
  'Query.previewRefund': 100,
  // Posts an entry with the lines of a credit note.
  'Mutation.cancelRemaining': 100,
  'Mutation.openCreditNote': 100,
  'Mutation.voidCreditNote': 100,
  // Runs a statement of its own.
  'Query._entities': 50,
  'Query.account': 50,
  'Query.accounts': 50,
  'Query.auditEvents': 50,
  'Query.branch': 50,
  'Query.branches': 50,
  'Query.creditNote': 50,
  'Query.creditNoteByNumber': 50,
  'Query.creditNotes': 50,
  'Query.customer': 50,
  'Query.customers': 50,
  'Query.journalEntries': 50,
  'Query.journalEntry': 50,
  'Query.node': 50,
  'Query.nodes': 100,
  // Sums up the requests of many days.
  'Query.restUsage': 200,
  'Query.refund': 50,
  'Query.refunds': 50,
  // Looks a page of its own up in an index.
  'Account.lines': 5,
  'CreditNote.refunds': 5,
  'Customer.creditNotes': 5,
  // Reads the whole row of another entry's document.
  'JournalEntry.cancellation': 5,
  'JournalEntry.creditNote': 5,
  'JournalEntry.refund': 5,
  // Sums journal lines in the database.
  'Account.balance': 20,
  'Account.currencyBalance': 20,
  'Customer.balance': 20,
};

/** The cost of fields of every connection that are a statement of their own. Counting reads up to 10,000 rows of an index. */
const COUNTS: Readonly<Record<string, number>> = { totalCount: 100, totalCountIsCapped: 100, pageInfo: 5, cursor: 2 };

/** The cost of a filter. Where no index has it, up to 100,000 rows are read to find the page; in the lists of 100 owners, 200,000. */
const FILTER_OF_LIST = 1_000;
const FILTER_OF_OWNER = 20;

/** The cost of each line of a credit note that a mutation records: its account is checked, and it is inserted and posted. */
const LINE = 5;

/** The fields at the root of every query that read the schema. */
const META_FIELDS = new Map([SchemaMetaFieldDef, TypeMetaFieldDef].map((field) => [field.name, field]));

/** The mutations that record lines of a credit note. */
const WITH_LINES: ReadonlySet<string> = new Set(['Mutation.createCreditNote', 'Mutation.updateCreditNote']);

/** A text costs 1 per this many characters of its maximum length, so that the cost bounds the length of a reply. */
const CHARACTERS = 255;

/** The maximum length of each text that may be longer. */
const TEXTS: Readonly<Record<string, number>> = {
  'CreditNote.note': LENGTHS.note,
  'CreditNoteLine.description': LENGTHS.lineDescription,
  'Refund.description': LENGTHS.refundDescription,
  'RefundReversal.reason': LENGTHS.reason,
  // JSON with the values of a draft before and after an edit: two notes, whose quotation marks double in length, two lists of lines.
  'AuditEvent.details': 4 * LENGTHS.note + 2 * MAX_ITEMS * 40 + 10 * CHARACTERS,
  // The number of a credit note, and the event that is posted.
  'JournalEntry.memo': LENGTHS.number + 50,
  // A refusal names, for example, an account and two amounts.
  'Refusal.message': 2 * CHARACTERS,
  'Refusal.details': 4 * CHARACTERS,
};

/** The maximum number of items of each list that is not read in pages, unless it is {@link MAX_PAGE}. */
const ITEMS: Readonly<Record<string, number>> = {
  'CreditNote.cancellations': MAX_CANCELLATIONS,
  'Refund.addedReferences': MAX_ADDED_REFERENCES,
  'LedgerHealth.checks': 20,
  'Query.currencies': 200,
  'Query.restUsage': MAX_USAGE_LINES,
  'Refundability.reasons': 10,
  'RefundPreview.lines': 4,
  'RefundOutcome.refusals': 10,
  'RefundPreview.refusals': 10,
  'TrialBalance.lines': 500,
};

/** The maximum number of lines of a journal entry, by the type that leads to it. A credit note's entry has one more, for the receivable. */
const ENTRY_LINES: Readonly<Record<string, number>> = {
  // The lines of an account belong to entries of all kinds, whatever led to the account.
  Account: MAX_PAGE + 1,
  CreditNote: MAX_PAGE + 1,
  CreditNoteCancellation: MAX_PAGE + 1,
  Refund: 4,
  RefundReversal: 4,
};

/**
 * Computes the cost of an operation before it is executed: one for each field, and a little more for each object that the reply may hold.
 * A page counts with its `first` or `last`, any other list with its maximum number of items. Fields with `@skip` or `@include` always count.
 *
 * `DocumentLimits` has checked the document before: with its fragments expanded, it has few enough fields to be visited.
 */
export class QueryCost {
  constructor(private readonly schema: GraphQLSchema) {}

  of(operation: OperationDefinitionNode, fragments: ReadonlyMap<string, FragmentDefinitionNode>, variables: Variables): number {
    const root = this.schema.getRootType(operation.operation)?.name ?? '';
    const place = { typeName: root, count: 1, entryLines: MAX_PAGE + 1, pageSize: MAX_PAGE };
    const cost = this.selections(operation.selectionSet, place, {
      ...{ operation, fragments, variables },
      schemaCost: new SchemaCost(this.schema, fragments),
    });
    return Math.min(Math.ceil(cost), MAX_COST);
  }

  /** Returns the cost with the values of variables that make it lowest. */
  lowest(operation: OperationDefinitionNode, fragments: ReadonlyMap<string, FragmentDefinitionNode>): number {
    const isListNode = (type: TypeNode): boolean => (type.kind === Kind.NON_NULL_TYPE ? type.type : type).kind === Kind.LIST_TYPE;
    const entries = operation.variableDefinitions?.map(({ variable, type }) => [variable.name.value, isListNode(type) ? [] : 1]);
    return this.of(operation, fragments, Object.fromEntries(entries ?? []));
  }

  private selections({ selections }: SelectionSetNode, place: Place, parts: Parts): number {
    let cost = 0;
    for (const node of selections) {
      if (node.kind === Kind.FIELD) cost += this.field(node, place, parts);
      else {
        const fragment = node.kind === Kind.INLINE_FRAGMENT ? node : parts.fragments.get(node.name.value);
        const typeName = fragment?.typeCondition?.name.value ?? place.typeName;
        if (fragment !== undefined) cost += this.selections(fragment.selectionSet, { ...place, typeName }, parts);
      }
    }
    return cost;
  }

  private field(node: FieldNode, { typeName, count, entryLines, pageSize }: Place, parts: Parts): number {
    const metaField = META_FIELDS.get(node.name.value);
    if (metaField !== undefined) {
      const type = given(node, 'name', parts);
      return parts.schemaCost.of(metaField, { name: typeof type === 'string' ? type : '' }, null, node.selectionSet);
    }
    const field = this.definition(typeName, node.name.value);
    const name = `${typeName}.${node.name.value}`;
    if (field === undefined) return count;
    const priceOfFilter = isFiltered(node, parts) ? (typeName === 'Query' ? FILTER_OF_LIST : FILTER_OF_OWNER) : 0;
    const priceOfLines = WITH_LINES.has(name) ? LINE * linesIn(node, parts) : 0;
    const price =
      count * (priceOfFilter + priceOfLines + (PRICES[name] ?? COUNTS[field.name] ?? Math.ceil((TEXTS[name] ?? 1) / CHARACTERS)));
    const lines = ENTRY_LINES[typeName] ?? entryLines;
    const items = count * (name === 'JournalEntry.lines' ? lines : this.items(name, field, node, parts, pageSize));
    if (node.selectionSet === undefined) return price + (isList(field.type) ? items : 0);
    const below = {
      typeName: getNamedType(field.type).name,
      count: items,
      entryLines: lines,
      pageSize: isPage(field) ? (pageSizeIn(node, parts) ?? MAX_PAGE) : MAX_PAGE,
    };
    return price + items * (OBJECTS[name] ?? OBJECT) + this.selections(node.selectionSet, below, parts);
  }

  private definition(typeName: string, fieldName: string): GraphQLField<unknown, unknown> | undefined {
    const type = this.schema.getType(typeName);
    return isObjectType(type) ? type.getFields()[fieldName] : undefined;
  }

  /** Returns the maximum number of objects or values of the field. */
  private items(name: string, { type }: GraphQLField<unknown, unknown>, node: FieldNode, parts: Parts, pageSize: number): number {
    const known = ITEMS[name];
    if (known !== undefined || !isList(type)) return known ?? 1;
    // Each input has one outcome, and each reference or identifier one object.
    const inputs = ['inputs', 'representations', 'nodeIds'].map((name) => given(node, name, parts)).find(Array.isArray);
    return Array.isArray(inputs) ? bounded(inputs.length) : pageSize;
  }
}

export function fragmentsOf({ definitions }: DocumentNode): ReadonlyMap<string, FragmentDefinitionNode> {
  return new Map(definitions.flatMap((each) => (each.kind === Kind.FRAGMENT_DEFINITION ? [[each.name.value, each]] : [])));
}

/** A place in the operation. */
interface Place {
  readonly typeName: string;
  /** The maximum number of objects at this place. */
  readonly count: number;
  /** The maximum number of lines of a journal entry at this place. */
  readonly entryLines: number;
  /** The maximum number of items of a list at this place: in a page, its size. */
  readonly pageSize: number;
}

/** Whether the field returns a page of a list. */
function isPage({ args }: GraphQLField<unknown, unknown>): boolean {
  return args.some(({ name }) => name === 'first');
}

/** Whether the client asks for a part of the list. */
function isFiltered(node: FieldNode, parts: Parts): boolean {
  const filter = given(node, 'filter', parts);
  return typeof filter === 'object' && filter !== null && Object.keys(filter).length > 0;
}

/** Returns the number of lines in the input of a mutation. */
function linesIn(node: FieldNode, parts: Parts): number {
  const input = given(node, 'input', parts);
  // A literal is a list of its fields. A variable may have any value, since it is validated later.
  const fields: readonly (ObjectFieldNode | null)[] = Array.isArray(input) ? input : [];
  const field = fields.find((each) => each?.name?.value === 'lines') ?? undefined;
  const lines = isRecord(input) ? input.lines : givenIn(field?.value, parts);
  return Array.isArray(lines) ? lines.length : 1;
}

/** Returns the number of items that the client asks for; `undefined` if it asks for none. */
function pageSizeIn(node: FieldNode, parts: Parts): number | undefined {
  const sizes = [given(node, 'first', parts), given(node, 'last', parts)].filter((size) => Number.isInteger(size)) as number[];
  return sizes.length === 0 ? undefined : bounded(Math.max(...sizes));
}

/** An invalid number of items is refused later, before anything is read. */
function bounded(size: number): number {
  return Math.min(Math.max(size, 1), MAX_PAGE);
}

/** The parts of a request that are looked up by name. */
interface Parts {
  readonly operation: OperationDefinitionNode;
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  readonly variables: Variables;
  readonly schemaCost: SchemaCost;
}

function given(node: FieldNode, argument: string, parts: Parts): unknown {
  return givenIn(node.arguments?.find((each) => each.name.value === argument)?.value, parts);
}

/** Returns the integer, text, list or object of the literal or variable; `undefined` for anything else. Only the length of a list or object is correct. */
function givenIn(node: ValueNode | undefined, parts: Parts): unknown {
  const { operation, variables } = parts;
  if (node === undefined) return undefined;
  if (node.kind === Kind.INT) return Number(node.value);
  if (node.kind === Kind.STRING) return node.value;
  if (node.kind === Kind.LIST) return node.values;
  if (node.kind === Kind.OBJECT) return node.fields;
  if (node.kind !== Kind.VARIABLE) return undefined;
  const name = node.name.value;
  if (Object.hasOwn(variables, name)) return variables[name];
  // A default contains no variables.
  return givenIn(operation.variableDefinitions?.find(({ variable }) => variable.name.value === name)?.defaultValue, parts);
}

function isList(type: GraphQLOutputType): boolean {
  return isListType(getNullableType(type));
}
