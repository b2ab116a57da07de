import {
  type DocumentNode,
  type GraphQLArgument,
  type GraphQLError,
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
import { type InvalidField, InvalidInput, withoutStack } from '../domain-error.js';
import type { Role } from '../entities/access.js';
import { Forbidden } from '../errors.js';
import { wrongFields } from '../inputs/validators.js';
import type { Context } from '../request/context.js';
import { PostingDateScalar } from '../values/scalars.js';
import type { OperationCheck } from './apollo-requests.js';
import { type ArgumentRules, argumentRules } from './argument-rules.js';
import { type Location, refusalError, SeveralErrors } from './errors.js';
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

interface GivenOperation {
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
  readonly variables: Values;
}

/**
 * Checks the arguments of all fields that an operation can reach before any field is executed. GraphQL.js and TypeGraphQL check the
 * arguments of a nested field only when they reach it, and by then the mutation above it has been committed.
 */
export function argumentCheck(schema: GraphQLSchema): OperationCheck {
  const check = new ArgumentCheck(schema);
  return ({ document, operation, request, contextValue }) => {
    // A request without a credential can only read the schema.
    if (!contextValue.isAuthenticated) return;
    const refusal = check.refusalOf({ document, operation, variables: request.variables ?? {} }, contextValue);
    if (refusal !== null) throw refusal;
    contextValue.argumentsChecked = true;
  };
}

class ArgumentCheck {
  private readonly rules: ArgumentRules;
  /** Apollo Server caches parsed documents, so that the operation of a repeated document is the same object. */
  private readonly cache = new WeakMap<OperationDefinitionNode, OperationFields>();

  constructor(private readonly schema: GraphQLSchema) {
    this.rules = argumentRules(schema);
  }

  /** Returns one error that names all invalid arguments of the operation; `null` if all are valid. */
  refusalOf(request: GivenOperation, context: Context): GraphQLError | null {
    const { values, wrong } = readVariables(this.schema, request.operation, request.variables);
    const { fields, wrong: wrongDirectives } = this.fieldsOf(request, values);
    const refusals = new OperationRefusals();
    for (const each of [...wrongVariables(request.operation, fields, wrong), ...wrongDirectives]) refusals.addWrong(each);
    const isMutation = request.operation.operation === OperationTypeNode.MUTATION;
    for (const each of fields) new FieldCheck(this.rules, each, context, refusals, isMutation).run(values);
    return refusals.error();
  }

  private fieldsOf({ document, operation }: GivenOperation, variables: Values): OperationFields {
    const cached = this.cache.get(operation);
    if (cached !== undefined) return cached;
    const { fields, ...rest } = fieldsOf(this.schema, document, operation, variables);
    const checked = fields.filter(({ field }) => field.args.length > 0 || this.rules.fields.get(field)?.roles.length);
    const found = { ...rest, fields: checked };
    if (!found.isConditional) this.cache.set(operation, found);
    return found;
  }
}

/** Returns the wrong values of variables as faults of the arguments that use the variables. */
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
    private readonly refusals: OperationRefusals,
    private readonly isMutation: boolean,
  ) {}

  run(variables: Values): void {
    const { field, path } = this.at;
    const { argsClass, single, roles } = this.rules.fields.get(field) ?? { argsClass: null, single: new Set(), roles: [] };
    // A query returns its other fields if a role is missing: the field itself refuses. A document that writes is refused as a whole.
    if (this.isMutation) for (const role of roles) this.collect(() => requireRole(this.context.actor, role));
    if (field.args.length === 0) return;
    const values = argumentsOf(this.at, variables, (wrong) => this.refusals.addWrong(wrong));
    const inputs: Record<string, unknown> = {};
    for (const argument of field.args) {
      inputs[argument.name] = this.inputOf(argument.type, values[argument.name], argument, []);
      if (single.has(argument.name)) this.validate(inputs[argument.name], argument, []);
    }
    if (argsClass !== null) {
      const wrong = wrongFields(Object.assign(new argsClass(), inputs), VALIDATION);
      this.add(wrong.map((each) => ({ ...each, field: this.nameWithin(each.field) })));
    }
    if (this.isMutation && path.length === 1) {
      const { idempotencyKey: key, inputs: several } = values;
      this.collect(() => this.context.assertKey(key as string | null | undefined, Array.isArray(several) ? several.length : 0));
    }
  }

  /** Returns the name by which callers know a field of the arguments' class. */
  private nameWithin(name: string): string {
    const [first = '', ...within] = name.split('.');
    const argument = this.at.field.args.find((each) => each.name === first);
    return argument === undefined ? name : nameOf(argument, within);
  }

  /** Returns the value as an instance of its input class, which declares the validation rules. Also checks dates and roles. */
  private inputOf(type: GraphQLInputType, value: unknown, argument: GraphQLArgument, within: Place): unknown {
    if (value === undefined || value === null) return value;
    const inner = getNullableType(type);
    if (isListType(inner)) {
      const { ofType } = inner;
      return (value as unknown[]).map((item, index) => this.inputOf(ofType, item, argument, [...within, index]));
    }
    const { organization } = this.context.actor;
    if (inner === PostingDateScalar) this.collect(() => organization.postingDate(String(value), nameOf(argument, within)));
    if (!isInputObjectType(inner)) return value;
    const { role } = inner.extensions as { readonly role?: Role };
    if (role !== undefined && this.isMutation) this.collect(() => requireRole(this.context.actor, role), nameOf(argument, within));
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

  /** Runs the check, and adds its refusal to the others. */
  private collect(check: () => unknown, field?: string): void {
    try {
      check();
    } catch (error) {
      if (error instanceof InvalidInput) this.add(error.fields);
      else if (error instanceof Forbidden) this.refusals.addForbidden(this.at, field === undefined ? error : error.at(field));
      else throw error;
    }
  }

  private add(fields: readonly InvalidField[]): void {
    for (const each of fields) this.refusals.add(this.at, each);
  }
}

type Place = readonly (string | number)[];

/** GraphQL's types already refuse an operation without a required field. */
const VALIDATION = { skipMissingProperties: true };

/** The largest number of invalid fields in one reply. A list of a hundred empty refunds has 800. */
const MAX_FIELDS = 1_000;

/** The largest number of places in the document that they are reported at. Locating one takes time that grows with the document. */
const MAX_PLACES = 50;

/** The refusals of an operation, with one for each invalid field. */
class OperationRefusals {
  /** The invalid fields of each place, by their names. */
  private readonly places = new Map<string, { readonly at: Location; readonly fields: Map<string, InvalidField> }>();
  private count = 0;
  private forbidden: { readonly at: Location; readonly refusal: Forbidden } | undefined;

  add(at: Location, invalid: InvalidField): void {
    const key = JSON.stringify(at.path);
    const place = this.places.get(key) ?? { at, fields: new Map() };
    // The first fault counts: values that GraphQL cannot coerce are added before any rule is checked.
    if (place.fields.has(invalid.field) || this.count >= MAX_FIELDS) return;
    if (place.fields.size === 0 && this.places.size >= MAX_PLACES) return;
    this.places.set(key, place);
    place.fields.set(invalid.field, invalid);
    this.count += 1;
  }

  addWrong({ path, node, field, reason }: WrongArgument): void {
    this.add({ path, node }, { field, constraints: { isOfType: `${field} ${reason}` } });
  }

  addForbidden(at: Location, refusal: Forbidden): void {
    this.forbidden ??= { at, refusal };
  }

  error(): GraphQLError | null {
    if (this.forbidden) return refusalError(this.forbidden.refusal, this.forbidden.at);
    const errors = [...this.places.values()].map(({ at, fields }) => refusalError(new InvalidInput([...fields.values()]), at));
    return errors.length === 0 ? null : withoutStack(() => new SeveralErrors(errors));
  }
}
