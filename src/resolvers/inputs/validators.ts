import { ValidateBy, type ValidationOptions } from 'class-validator';
import { parseId } from '../../entities/owned.js';
import { Big, decimalCount, digitCount, MAX_DIGITS, ZERO } from '../../money.js';
import { isPostingDate } from '../../posting-date.js';

/** An id: a positive integer. */
export function IsId(options?: ValidationOptions): PropertyDecorator {
  return rule(
    'isId',
    'must be an id: a positive integer',
    (value) => typeof value === 'string' && parseId(value) !== null,
    options,
  );
}

/** A decimal above zero. Whether it has too many digits is told by the rule after this one. */
export function IsPositiveDecimal(options?: ValidationOptions): PropertyDecorator {
  return rule('isPositive', 'must be a positive number', (value) => value instanceof Big && value.gt(ZERO), options);
}

/** A decimal that a JSON number can carry, of not more than so many decimals. */
export function HasDigits(decimals: number = MAX_DIGITS, options?: ValidationOptions): PropertyDecorator {
  return rule(
    'hasDigits',
    `must have at most ${MAX_DIGITS} digits${decimals < MAX_DIGITS ? `, ${decimals} of them decimals` : ''}`,
    (value) => !(value instanceof Big) || (digitCount(value) <= MAX_DIGITS && decimalCount(value) <= decimals),
    options,
  );
}

/** A calendar date or an RFC 3339 date-time. */
export function IsPostingDate(options?: ValidationOptions): PropertyDecorator {
  return rule(
    'isDateString',
    'must be a date such as 2021-01-31, or an RFC 3339 date-time',
    (value) => typeof value === 'string' && isPostingDate(value),
    options,
  );
}

/** Text that PostgreSQL can hold, of so many characters as people count them. */
export function IsText(minimum: number, maximum: number, options?: ValidationOptions): PropertyDecorator {
  const length = minimum === 0 ? `at most ${maximum}` : `${minimum} to ${maximum}`;
  return rule(
    'isText',
    `must be text of ${length} characters, without NUL`,
    (value) => {
      if (typeof value !== 'string' || value.includes('\0') || !value.isWellFormed()) return false;
      const count = [...value].length;
      return count >= minimum && count <= maximum && (minimum === 0 || value.trim() !== '');
    },
    options,
  );
}

function rule(
  name: string,
  message: string,
  validate: (value: unknown) => boolean,
  options?: ValidationOptions,
): PropertyDecorator {
  return ValidateBy({ name, validator: { validate, defaultMessage: (args) => `${args?.property} ${message}` } }, options);
}
