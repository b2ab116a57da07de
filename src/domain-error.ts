import { type ErrorCode, isRetryable } from './error-codes.js';

export type ErrorDetails = Readonly<Record<string, unknown>>;

/**
 * Makes an error without a stack. For an error of the client nobody reads the stack, and its collection takes longer than the rest of the
 * refusal.
 *
 * @example throw withoutStack(() => new GraphQLError(message))
 */
export function withoutStack<T>(make: () => T): T {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return make();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/**
 * A refusal: the rules do not allow the request, and nothing was written. (Only {@link ServiceUnavailable} may follow a commit whose
 * answer was lost.)
 *
 * Any other error is a bug: it is hidden from the client, and logged in full.
 */
export abstract class DomainError extends Error {
  abstract readonly code: ErrorCode;
  /** The input field that caused the refusal, by its name in the request. */
  field: string | undefined;
  /** The values that led to the refusal, for programs. */
  readonly details: ErrorDetails;
  /** Seconds after which the same request may succeed, if that is known. Also the Retry-After header. */
  readonly retryAfter?: number;

  constructor(message: string, { field, ...details }: ErrorDetails & { field?: string } = {}) {
    // The same as in withoutStack, which cannot contain a call of super.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(message);
    Error.stackTraceLimit = stackTraceLimit;
    this.name = new.target.name;
    this.field = field;
    this.details = details;
  }

  /** Whether the same request may succeed later unchanged. */
  get retryable(): boolean {
    return isRetryable(this.code);
  }

  /** The refusals that it consists of, one for each wrong field or item; empty if it stands for itself. */
  get parts(): readonly DomainError[] {
    return [];
  }

  /**
   * Puts the path of a list item before the field.
   *
   * @example error.at('inputs.2') // field becomes 'inputs.2.amount'
   */
  at(place: string): this {
    this.field = this.field === undefined ? place : `${place}.${this.field}`;
    return this;
  }
}

export interface InvalidField {
  /** Path of the field, such as `amount` or `lines.0.amount`. */
  readonly field: string;
  /** Message of each broken rule, by the rule's name. */
  readonly constraints: Readonly<Record<string, string>>;
  /** Absent: BAD_USER_INPUT. */
  readonly code?: ErrorCode | undefined;
  readonly value?: unknown;
  /** The object that was checked; absent: the input itself. */
  readonly target?: unknown;
}

/** Refuses an input with all its invalid fields. The code is that of the fields if they share one, else BAD_USER_INPUT. */
export class InvalidInput extends DomainError {
  readonly code: ErrorCode;
  constructor(readonly fields: readonly InvalidField[]) {
    const codes = new Set(fields.map(({ code = 'BAD_USER_INPUT' }) => code));
    super(fields.flatMap(({ constraints }) => Object.values(constraints)).join('; '), {
      ...(fields[0] && { field: fields[0].field }),
      fields: fields.map(({ field, constraints, code = 'BAD_USER_INPUT' }) => ({
        field,
        code,
        reasons: Object.values(constraints),
      })),
    });
    const [code = 'BAD_USER_INPUT', ...others] = codes;
    this.code = others.length === 0 ? code : 'BAD_USER_INPUT';
  }

  override get parts(): readonly DomainError[] {
    return this.fields.length > 1 ? this.fields.map((field) => new InvalidInput([field])) : [];
  }
}

/** Several refusals of one request, which stand for themselves as the first of them. Nothing was written. */
class SeveralRefusals extends DomainError {
  readonly code: ErrorCode;
  constructor(private readonly refusals: readonly [DomainError, ...DomainError[]]) {
    const [{ code, message, field, details }] = refusals;
    super(message, { ...details, ...(field !== undefined && { field }) });
    this.code = code;
  }

  override get parts(): readonly DomainError[] {
    return this.refusals;
  }

  override at(place: string): this {
    for (const refusal of this.refusals) refusal.at(place);
    return super.at(place);
  }
}

/**
 * Collects the refusals of checks that do not depend on each other, so that the caller sees all of them at once.
 *
 * @example
 * const refusals = new Refusals();
 * refusals.check(() => organization.assertUnlocked(date));
 * const branch = refusals.check(() => branchOf(request));
 * if (refusals.any || !branch) throw refusals.all();
 */
export class Refusals {
  private readonly refusals: DomainError[] = [];

  /** Runs a check, and returns its result; `undefined` if it refuses. */
  check<T>(check: () => T): T | undefined {
    try {
      return check();
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      this.add(error);
      return undefined;
    }
  }

  /** Awaits a check that reads, and returns its result; `undefined` if it refuses. */
  async settle<T>(check: Promise<T>): Promise<T | undefined> {
    try {
      return await check;
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      this.add(error);
      return undefined;
    }
  }

  add(refusal: DomainError): void {
    this.refusals.push(...(refusal instanceof SeveralRefusals ? refusal.parts : [refusal]));
  }

  get any(): boolean {
    return this.refusals.length > 0;
  }

  /** Returns the refusals as one error to be thrown. */
  all(): DomainError {
    const malformed = this.refusals.filter((refusal) => refusal instanceof InvalidInput);
    // Where a field is malformed, the request is: its code and its status come first.
    const [first, ...others] = [...malformed, ...this.refusals.filter((refusal) => !(refusal instanceof InvalidInput))];
    if (first === undefined) throw new Error('no check has refused');
    if (others.length === 0) return first;
    if (malformed.length === this.refusals.length) return new InvalidInput(malformed.flatMap(({ fields }) => fields));
    return new SeveralRefusals([first, ...others]);
  }
}
