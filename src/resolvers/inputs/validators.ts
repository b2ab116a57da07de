import { ValidateBy, type ValidationOptions } from 'class-validator';
import { hasRateDigits, RATE_DIGITS } from '../../entities/amount-rules.js';
import { parseId } from '../../entities/owned.js';
import { Big, digitCount, MAX_DIGITS, ZERO } from '../../money.js';
import { isPostingDate } from '../../posting-date.js';
import { tidy } from '../../text.js';

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

/** A decimal that a JSON number can carry. */
export function HasDigits(options?: ValidationOptions): PropertyDecorator {
  return rule(
    'hasDigits',
    `must have at most ${MAX_DIGITS} digits`,
    (value) => !(value instanceof Big) || digitCount(value) <= MAX_DIGITS,
    options,
  );
}

/** An exchange rate that a JSON number and the database can carry. */
export function HasRateDigits(options?: ValidationOptions): PropertyDecorator {
  return rule('hasDigits', `must have ${RATE_DIGITS}`, (value) => !(value instanceof Big) || hasRateDigits(value), options);
}

/** A calendar date, or a date-time that becomes one. */
export function IsPostingDate(options?: ValidationOptions): PropertyDecorator {
  return rule(
    'isDateString',
    'must be a date such as 2021-01-31, or a date-time such as 2021-01-31T23:30:00Z',
    (value) => typeof value === 'string' && isPostingDate(value),
    options,
  );
}

/** Text that PostgreSQL can hold, of so many characters as people count them. */
export function IsText(minimum: number, maximum: number, options?: ValidationOptions): PropertyDecorator {
  const length = minimum === 0 ? `at most ${maximum}` : `${minimum} to ${maximum}`;
  return rule(
    'isText',
    `must be text of ${length} characters${minimum > 0 ? ', not blank' : ''}, all of them whole and none of them NUL`,
    (value) => {
      if (typeof value !== 'string' || value.includes('\0') || !value.isWellFormed()) return false;
      // What may not be blank is kept without the blanks around it.
      const count = [...(minimum === 0 ? value : tidy(value))].length;
      return count >= minimum && count <= maximum;
    },
    options,
  );
}

/** A value that stands in place of another. */
export function IsAlternativeTo(property: string, options?: ValidationOptions): PropertyDecorator {
  return ValidateBy(
    {
      name: 'isAlternative',
      validator: {
        validate: (_, args) => ((args?.object ?? {}) as Record<string, unknown>)[property] == null,
        defaultMessage: (args) => `${args?.property} must be absent where ${property} is given`,
      },
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
