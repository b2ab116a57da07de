import { isEmail, ValidateBy } from 'class-validator';
import { hasRateDigits, RATE_DIGITS } from '../entities/amount-rules.js';
import { parseId } from '../entities/owned.js';
import type { ErrorCode } from '../errors.js';
import { Big, digitCount, MAX_DIGITS, ZERO } from '../values/money.js';
import { isPostingDate } from '../values/posting-date.js';
import { tidy } from '../values/text.js';

/** An id: a positive integer. */
export function IsId(): PropertyDecorator {
  return rule('isId', 'must be an id: a positive integer', (value) => typeof value === 'string' && parseId(value) !== null);
}

/** An amount above zero. Whether it has too many digits is told by the rule after this one. */
export function IsPositiveAmount(): PropertyDecorator {
  return rule('isPositive', 'must be a positive number', isPositive, 'AMOUNT_NOT_POSITIVE');
}

/** An exchange rate above zero. Whether it has too many digits is told by the rule after this one. */
export function IsPositiveRate(): PropertyDecorator {
  return rule('isPositive', 'must be a positive number', isPositive, 'EXCHANGE_RATE_INVALID');
}

function isPositive(value: unknown): boolean {
  return value instanceof Big && value.gt(ZERO);
}

/** A decimal that a JSON number can carry. */
export function HasDigits(): PropertyDecorator {
  return rule(
    'hasDigits',
    `must have at most ${MAX_DIGITS} digits`,
    (value) => !(value instanceof Big) || digitCount(value) <= MAX_DIGITS,
    'AMOUNT_TOO_LARGE',
  );
}

/** An exchange rate that a JSON number and the database can carry. */
export function HasRateDigits(): PropertyDecorator {
  return rule(
    'hasDigits',
    `must have ${RATE_DIGITS}`,
    (value) => !(value instanceof Big) || hasRateDigits(value),
    'EXCHANGE_RATE_INVALID',
  );
}

/** A calendar date, or a date-time that becomes one. */
export function IsPostingDate(): PropertyDecorator {
  return rule(
    'isDateString',
    'must be a date such as 2021-01-31, or a date-time such as 2021-01-31T23:30:00Z',
    (value) => typeof value === 'string' && isPostingDate(value),
  );
}

/** No writing puts so many marks on a letter (UAX 15, stream-safe text); bringing more in order takes the square of the time. */
const MANY_MARKS = /\p{M}{31}/u;

/** An e-mail address. The library's own check throws at half a character. */
export function IsEmailAddress(): PropertyDecorator {
  const isAddress = (value: unknown) => typeof value === 'string' && value.isWellFormed() && isEmail(value);
  return rule('isEmail', 'must be an e-mail address', isAddress);
}

/** Text that PostgreSQL can hold, of so many characters as people count them. */
export function IsText(minimum: number, maximum: number): PropertyDecorator {
  const length = minimum === 0 ? `at most ${maximum}` : `${minimum} to ${maximum}`;
  return rule(
    'isText',
    `must be text of ${length} characters${minimum > 0 ? ', not blank' : ''}, all of them whole and none of them NUL`,
    (value) => {
      // No character takes so many code units, nor do blanks around them count without end.
      if (typeof value !== 'string' || value.length > 4 * maximum + 100) return false;
      if (value.includes('\0') || !value.isWellFormed() || MANY_MARKS.test(value)) return false;
      // What may not be blank is kept without the blanks around it.
      const count = [...(minimum === 0 ? value : tidy(value))].length;
      return count >= minimum && count <= maximum;
    },
  );
}

/** A value that stands in place of another. */
export function IsAlternativeTo(property: string): PropertyDecorator {
  return ValidateBy({
    name: 'isAlternative',
    validator: {
      validate: (_, args) => ((args?.object ?? {}) as Record<string, unknown>)[property] == null,
      defaultMessage: (args) => `${args?.property} must be absent where ${property} is given`,
    },
  });
}

function rule(name: string, message: string, validate: (value: unknown) => boolean, code?: ErrorCode): PropertyDecorator {
  const validator = { validate, defaultMessage: (args?: { property: string }) => `${args?.property} ${message}` };
  return ValidateBy({ name, validator }, code && { context: { code } });
}
