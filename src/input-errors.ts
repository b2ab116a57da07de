import type { ValidationError } from 'class-validator';
import type { InvalidField } from './errors.js';

/** class-validator's errors as paths into the input, each with its reasons. */
export function invalidFields(errors: readonly ValidationError[], parent = ''): InvalidField[] {
  return errors.flatMap(({ property, constraints, children, value }) => [
    ...(constraints ? [{ field: `${parent}${property}`, constraints, value }] : []),
    ...invalidFields(children ?? [], `${parent}${property}.`),
  ]);
}
