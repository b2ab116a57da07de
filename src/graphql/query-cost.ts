import {
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
  type OperationDefinitionNode,
  SchemaMetaFieldDef,
  type SelectionSetNode,
  TypeMetaFieldDef,
  type ValueNode,
} from 'graphql';
import { LENGTHS } from '../inputs/lengths.js';
import { MAX_PAGE } from '../reads/statements.js';

type Variables = Readonly<Record<string, unknown>>;

/** What an object costs beside its fields: its row is read, and made into an object. */
const OBJECT = 2;

/** The same of those that cost more, such as those whose whole rows are read, whatever is asked for. */
const OBJECTS: Readonly<Record<string, number>> = {
  'CreditNote.refunds': 6,
  // Each is validated, and made.
  'Mutation.refundCreditNotes': 20,
};

/** What a field costs that does more than show what has been read. Any other costs 1, and more if its text may be long. */
const PRICES: Readonly<Record<string, number>> = {
  // The whole books are read in the database.
  'Query.ledgerHealth': 2_000,
  'Query.trialBalance': 1_000,
  // A unit of work, with its locks.
  'Query.previewRefund': 100,
  // A statement of its own.
  'Query.account': 50,
  'Query.accounts': 50,
  'Query.auditEvents': 50,
  'Query.branches': 50,
  'Query.creditNote': 50,
  'Query.creditNotes': 50,
  'Query.customers': 50,
  'Query.refund': 50,
  'Query.refunds': 50,
  // Sums of lines in the database.
  'Account.balance': 20,
  'Customer.balance': 20,
};

/** A text costs 1 for each so many characters that it may have: an allowed reply has no more than that many for each unit of cost. */
const CHARACTERS = 255;

/** The most characters of each text that may be longer. */
const TEXTS: Readonly<Record<string, number>> = {
  'CreditNote.note': LENGTHS.note,
  'CreditNoteLine.description': LENGTHS.lineDescription,
  'Refund.description': LENGTHS.refundDescription,
  'RefundReversal.reason': LENGTHS.reason,
  // JSON, in which a reason of quotation marks is twice as long, and two dates.
  'AuditEvent.details': 2 * LENGTHS.reason + CHARACTERS,
  // The number of a credit note, and what became of it.
  'JournalEntry.memo': LENGTHS.number + 50,
  // Each names an account, say, and an amount or two.
  'Refusal.message': 2 * CHARACTERS,
  'Refusal.details': 4 * CHARACTERS,
};

/** How many items a list holds at most that has no `first`, where that is not {@link MAX_PAGE}. */
const ITEMS: Readonly<Record<string, number>> = {
  'LedgerHealth.checks': 20,
  'Refundability.reasons': 10,
  'RefundPreview.lines': 4,
  'RefundPreview.refusals': 10,
  'TrialBalance.lines': 500,
};

/** The lines of a journal entry, by the type that it is reached from. A credit note's has one for the receivable, too. */
const ENTRY_LINES: Readonly<Record<string, number>> = { CreditNote: MAX_PAGE + 1, Refund: 4, RefundReversal: 4 };

/** The largest number that is told: what is beyond any limit need not be known to the last digit. */
const UNCOUNTED = 1_000_000_000;

/**
 * Works out what an operation costs, before anything of it runs: one for each field and a little more for each object that its
 * reply may hold. A list counts with its `first`, or with the most that it holds. What is skipped counts, since it might not be.
 *
 * The document has been measured before: written out, it has few enough fields to be walked through.
 */
export class QueryCost {
  private readonly schemaItems: Readonly<Record<string, number>>;

  constructor(private readonly schema: GraphQLSchema) {
    this.schemaItems = itemsOfSchema(schema);
  }

  of(operation: OperationDefinitionNode, fragments: ReadonlyMap<string, FragmentDefinitionNode>, variables: Variables): number {
    const root = this.schema.getRootType(operation.operation)?.name ?? '';
    const cost = this.selections(operation.selectionSet, root, 1, MAX_PAGE + 1, { operation, fragments, variables });
    return Math.min(Math.ceil(cost), UNCOUNTED);
  }

  /** @param entryLines of each journal entry at this place */
  private selections({ selections }: SelectionSetNode, typeName: string, count: number, entryLines: number, asked: Asked): number {
    let cost = 0;
    for (const node of selections) {
      if (node.kind === Kind.FIELD) cost += this.field(node, typeName, count, entryLines, asked);
      else {
        const fragment = node.kind === Kind.INLINE_FRAGMENT ? node : asked.fragments.get(node.name.value);
        const inner = fragment?.typeCondition?.name.value ?? typeName;
        if (fragment !== undefined) cost += this.selections(fragment.selectionSet, inner, count, entryLines, asked);
      }
    }
    return cost;
  }

  private field(node: FieldNode, typeName: string, count: number, entryLines: number, asked: Asked): number {
    const field = this.definition(typeName, node.name.value);
    const name = `${typeName}.${node.name.value}`;
    const price = count * (PRICES[name] ?? Math.ceil((TEXTS[name] ?? 1) / CHARACTERS));
    if (field === undefined) return price;
    const lines = ENTRY_LINES[typeName] ?? entryLines;
    const items = count * (name === 'JournalEntry.lines' ? lines : this.items(name, field, node, asked));
    if (node.selectionSet === undefined) return price + (isList(field.type) ? items : 0);
    return (
      price +
      items * (OBJECTS[name] ?? OBJECT) +
      this.selections(node.selectionSet, getNamedType(field.type).name, items, lines, asked)
    );
  }

  private definition(typeName: string, fieldName: string): GraphQLField<unknown, unknown> | undefined {
    if (fieldName === SchemaMetaFieldDef.name) return SchemaMetaFieldDef;
    if (fieldName === TypeMetaFieldDef.name) return TypeMetaFieldDef;
    const type = this.schema.getType(typeName);
    return isObjectType(type) ? type.getFields()[fieldName] : undefined;
  }

  /** How many objects, or values, the field has at most. */
  private items(name: string, { args, type }: GraphQLField<unknown, unknown>, node: FieldNode, asked: Asked): number {
    const known = ITEMS[name] ?? this.schemaItems[name];
    if (known !== undefined || !isList(type)) return known ?? 1;
    const given = (argument: string) => givenIn(node.arguments?.find((each) => each.name.value === argument)?.value, asked);
    // Each refund of the list has its outcome.
    const inputs = given('inputs');
    const first = Array.isArray(inputs) ? inputs.length : args.some((each) => each.name === 'first') ? given('first') : undefined;
    // What is no number of items is refused before anything is read.
    return Number.isInteger(first) ? Math.min(Math.max(first as number, 1), MAX_PAGE) : MAX_PAGE;
  }
}

/** Where the walk takes the parts of the document from. */
interface Asked {
  readonly operation: OperationDefinitionNode;
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  readonly variables: Variables;
}

/** The integer that stands there or in the variable, or a list of any items of the same length; `undefined` for all else. */
function givenIn(node: ValueNode | undefined, { operation, variables }: Asked): unknown {
  if (node === undefined) return undefined;
  if (node.kind === Kind.INT) return Number(node.value);
  if (node.kind === Kind.LIST) return node.values;
  if (node.kind !== Kind.VARIABLE) return undefined;
  const name = node.name.value;
  if (name in variables) return variables[name];
  const definition = operation.variableDefinitions?.find(({ variable }) => variable.name.value === name);
  return definition?.defaultValue?.kind === Kind.INT ? Number(definition.defaultValue.value) : undefined;
}

function isList(type: GraphQLOutputType): boolean {
  return isListType(getNullableType(type));
}

/** How many there are of everything in the schema itself, on average: `__schema { types { fields } }` has as many as that. */
function itemsOfSchema(schema: GraphQLSchema): Record<string, number> {
  const types = Object.values(schema.getTypeMap());
  const fields = types.flatMap((type) => (isObjectType(type) ? Object.values(type.getFields()) : []));
  const args = fields.flatMap((field) => field.args);
  return {
    '__Schema.types': types.length,
    '__Schema.directives': schema.getDirectives().length,
    '__Type.fields': fields.length / types.length,
    '__Type.inputFields': 2,
    '__Type.enumValues': 2,
    '__Type.interfaces': 1,
    '__Type.possibleTypes': 1,
    // Most types are wrapped no more than once, in what says that they are never null.
    '__Type.ofType': 0.5,
    '__Field.args': args.length / fields.length,
    '__Directive.args': 2,
    '__Directive.locations': 5,
  };
}
