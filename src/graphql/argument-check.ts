import {
  type DocumentNode,
  type GraphQLArgument,
  GraphQLError,
  type GraphQLInputType,
  type GraphQLSchema,
  getNullableType,
  isInputObjectType,
  isListType,
  type OperationDefinitionNode,
  OperationTypeNode,
  type SelectionNode,
} from 'graphql';
import { requireRole } from '../auth/actor.js';
import type { Role } from '../entities/access.js';
import { Forbidden, type InvalidField, InvalidInput, withoutStack } from '../errors.js';
import { wrongFields } from '../inputs/input-errors.js';
import type { Context } from '../request/context.js';
import { PostingDateScalar } from '../values/scalars.js';
import { type ArgumentRules, argumentRules } from './argument-rules.js';
import type { OperationCheck } from './operation-checks.js';
import {
  argumentsOf,
  fieldsOf,
  nameOf,
  type OperationField,
  type OperationFields,
  type Values,
  variableUses,
  type WrongArgument,
} from './operation-fields.js';
import { readVariables, type WrongValue } from './variables.js';

/** What a request asks for. */
interface Asked {
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
  readonly variables: Values;
}

/**
 * Checks every argument of every field that an operation can come to, nested ones too, before any of it is executed: GraphQL.js
 * and TypeGraphQL look at a nested field's arguments when they come to it, and then the mutation above it has been committed.
 */
export function argumentCheck(schema: GraphQLSchema): OperationCheck {
  const check = new ArgumentCheck(schema);
  return ({ document, operation, request, contextValue }) => {
    // A request without a credential asks for the schema, and has no arguments of ours.
    if (operation === undefined || !contextValue.isAuthenticated) return;
    const refusal = check.refusalOf({ document, operation, variables: request.variables ?? {} }, contextValue);
    if (refusal !== null) throw refusal;
    contextValue.argumentsChecked = true;
  };
}

class ArgumentCheck {
  private readonly rules: ArgumentRules;
  /** Of operations in documents that Apollo Server remembers. */
  private readonly known = new WeakMap<OperationDefinitionNode, OperationFields>();

  constructor(private readonly schema: GraphQLSchema) {
    this.rules = argumentRules(schema);
  }

  /** All that is wrong with the operation's arguments, as one error; `null` if nothing is. */
  refusalOf(asked: Asked, context: Context): GraphQLError | null {
    const { values, wrong } = readVariables(this.schema, asked.operation, asked.variables);
    const { fields, wrong: wrongDirectives } = this.fieldsOf(asked, values);
    const problems = new Problems();
    for (const each of [...wrongVariables(asked.operation, fields, wrong), ...wrongDirectives]) problems.addWrong(each);
    const isMutation = asked.operation.operation === OperationTypeNode.MUTATION;
    for (const each of fields) new FieldCheck(this.rules, each, context, problems).run(values, isMutation);
    return problems.error();
  }

  private fieldsOf({ document, operation }: Asked, variables: Values): OperationFields {
    const known = this.known.get(operation);
    if (known !== undefined) return known;
    const { fields, ...rest } = fieldsOf(this.schema, document, operation, variables);
    const checked = fields.filter(({ field }) => field.args.length > 0 || this.rules.fields.get(field)?.roles.length);
    const found = { ...rest, fields: checked };
    if (!found.isConditional) this.known.set(operation, found);
    return found;
  }
}

/** What is wrong with variables, told of the arguments that they are used for. */
function wrongVariables(
  { selectionSet }: OperationDefinitionNode,
  fields: readonly OperationField[],
  wrong: readonly WrongValue[],
): WrongArgument[] {
  if (wrong.length === 0) return [];
  const uses = variableUses(fields);
  return wrong.map(({ variable, path, reason }) => {
    const use = uses.get(variable);
    const field = use ? nameOf(use.argument, [...use.within, ...path]) : [variable, ...path].join('.');
    return { path: use?.path ?? [], node: use?.node ?? (selectionSet.selections[0] as SelectionNode), field, reason };
  });
}

/** Checks the arguments of one field. */
class FieldCheck {
  constructor(
    private readonly rules: ArgumentRules,
    private readonly at: OperationField,
    private readonly context: Context,
    private readonly problems: Problems,
  ) {}

  run(variables: Values, isMutation: boolean): void {
    const { field, path } = this.at;
    const { argsClass, single, roles } = this.rules.fields.get(field) ?? { argsClass: null, single: new Set(), roles: [] };
    // A query that is refused in part shows the rest; what writes is refused as a whole.
    if (isMutation) for (const role of roles) this.catching(() => requireRole(this.context.actor, role));
    if (field.args.length === 0) return;
    const values = argumentsOf(this.at, variables, (wrong) => this.problems.addWrong(wrong));
    const inputs: Record<string, unknown> = {};
    for (const argument of field.args) {
      inputs[argument.name] = this.inputOf(argument.type, values[argument.name], argument, []);
      if (single.has(argument.name)) this.validate(inputs[argument.name], argument, []);
    }
    if (argsClass !== null) this.add(wrongFields(Object.assign(new argsClass(), inputs), VALIDATION));
    if (isMutation && path.length === 1) {
      const { idempotencyKey: key, inputs: several } = values;
      this.catching(() => this.context.assertKey(key as string | null | undefined, Array.isArray(several) ? several.length : 0));
    }
  }

  /** The value as an instance of its input class, which holds its rules; dates and roles are checked on the way. */
  private inputOf(type: GraphQLInputType, value: unknown, argument: GraphQLArgument, within: Place): unknown {
    if (value === undefined || value === null) return value;
    const inner = getNullableType(type);
    if (isListType(inner)) {
      const { ofType } = inner;
      return (value as unknown[]).map((item, index) => this.inputOf(ofType, item, argument, [...within, index]));
    }
    const { organization } = this.context.actor;
    if (inner === PostingDateScalar) this.catching(() => organization.postingDate(String(value), nameOf(argument, within)));
    if (!isInputObjectType(inner)) return value;
    const { role } = inner.extensions as { readonly role?: Role };
    if (role !== undefined) this.catching(() => requireRole(this.context.actor, role), nameOf(argument, within));
    const input = new (this.rules.inputs.get(inner.name) ?? Object)() as Record<string, unknown>;
    const fields = inner.getFields();
    for (const [name, field] of Object.entries(value)) {
      const known = fields[name];
      if (known !== undefined) input[name] = this.inputOf(known.type, field, argument, [...within, name]);
    }
    return input;
  }

  private validate(input: unknown, argument: GraphQLArgument, within: Place): void {
    if (Array.isArray(input)) input.forEach((item, index) => void this.validate(item, argument, [...within, index]));
    else if (typeof input === 'object' && input !== null && isInputObjectType(getNullableType(argument.type)))
      this.add(wrongFields(input, VALIDATION));
  }

  /** Adds what the work refuses. */
  private catching(work: () => unknown, field?: string): void {
    try {
      work();
    } catch (error) {
      if (error instanceof InvalidInput) this.add(error.fields);
      else if (error instanceof Forbidden) this.problems.addForbidden(this.at, field === undefined ? error : error.at(field));
      else throw error;
    }
  }

  private add(fields: readonly InvalidField[]): void {
    for (const each of fields) this.problems.add(this.at, each);
  }
}

type Place = readonly (string | number)[];

/** What must not be missing, GraphQL's types say. */
const VALIDATION = { skipMissingProperties: true };

/** All wrong fields are told at once, up to so many. */
const MAX_PROBLEMS = 50;

/** Where in the document it is. */
interface Where {
  readonly path: readonly string[];
  readonly node: SelectionNode;
}

/** What is wrong with an operation, each field once. */
class Problems {
  private readonly fields = new Map<string, { readonly at: Where; readonly invalid: InvalidField }>();
  private forbidden: { readonly at: Where; readonly refusal: Forbidden } | undefined;

  add(at: Where, invalid: InvalidField): void {
    const place = JSON.stringify([at.path, invalid.field]);
    // What GraphQL cannot take comes first, and no rule is asked about it.
    if (!this.fields.has(place) && this.fields.size < MAX_PROBLEMS) this.fields.set(place, { at, invalid });
  }

  addWrong({ path, node, field, reason }: WrongArgument): void {
    this.add({ path, node }, { field, constraints: { isOfType: `${field} ${reason}` } });
  }

  addForbidden(at: Where, refusal: Forbidden): void {
    this.forbidden ??= { at, refusal };
  }

  error(): GraphQLError | null {
    if (this.forbidden) return refused(this.forbidden.refusal, this.forbidden.at, 403);
    const [first, ...others] = this.fields.values();
    if (first === undefined) return null;
    const isInSeveral = others.some(({ at }) => at.node !== first.at.node);
    const fields = [first, ...others].map(({ at, invalid }) => (isInSeveral ? { ...invalid, path: at.path } : invalid));
    return refused(new InvalidInput(fields), first.at, 400);
  }
}

function refused(refusal: Forbidden | InvalidInput, { path, node }: Where, status: number): GraphQLError {
  const options = { originalError: refusal, nodes: [node], ...(path.length > 0 && { path }), extensions: { http: { status } } };
  return withoutStack(() => new GraphQLError(refusal.message, options));
}
