import { type ValidationError, type ValidatorOptions, validateSync } from 'class-validator';
import type { ErrorCode } from '../error-codes.js';
import type { InvalidField } from '../errors.js';

/** Validates an input by the rules of its class, all of which are synchronous; returns an empty list if it is valid. */
export function wrongFields(input: object, options: ValidatorOptions = {}): InvalidField[] {
  return invalidFields(validateSync(input, { forbidUnknownValues: false, ...options }));
}

/** Flattens class-validator's tree of errors: each invalid field with its path and its reasons. */
function invalidFields(errors: readonly ValidationError[], parent = ''): InvalidField[] {
  return errors.flatMap(({ property, constraints, contexts, children, value }) => [
    ...(constraints ? [{ field: `${parent}${property}`, constraints, code: codeOf(constraints, contexts), value }] : []),
    ...invalidFields(children ?? [], `${parent}${property}.`),
  ]);
}

/** Returns the error code of the first broken rule. */
function codeOf(constraints: Readonly<Record<string, string>>, contexts: ValidationError['contexts']): ErrorCode | undefined {
  const [first = ''] = Object.keys(constraints);
  return contexts?.[first]?.code;
}
