import { type ValidationError, type ValidatorOptions, validateSync } from 'class-validator';
import type { ErrorCode, InvalidField } from '../errors.js';

/** What the rules of an input's class find wrong with it. All of them are synchronous. */
export function wrongFields(input: object, options: ValidatorOptions = {}): InvalidField[] {
  return invalidFields(validateSync(input, { forbidUnknownValues: false, ...options }));
}

/** class-validator's errors as paths into the input, each with its reasons. */
function invalidFields(errors: readonly ValidationError[], parent = ''): InvalidField[] {
  return errors.flatMap(({ property, constraints, contexts, children, value }) => [
    ...(constraints ? [{ field: `${parent}${property}`, constraints, code: codeOf(constraints, contexts), value }] : []),
    ...invalidFields(children ?? [], `${parent}${property}.`),
  ]);
}

/** The first rule that is broken says what a client's program should hear. */
function codeOf(constraints: Readonly<Record<string, string>>, contexts: ValidationError['contexts']): ErrorCode | undefined {
  const [first = ''] = Object.keys(constraints);
  return contexts?.[first]?.code;
}
