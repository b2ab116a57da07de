import { isEmail, ValidateBy, type ValidationError, type ValidatorOptions, validateSync } from 'class-validator';
import type { InvalidField } from '../domain-error.js';
import { hasRateDigits, RATE_DIGITS } from '../entities/amount-rules.js';
import { parseId } from '../entities/owned.js';
import type { ErrorCode } from '../error-codes.js';
import { Big, digitCount, MAX_DIGITS, ZERO } from '../values/money.js';
import { isPostingDate, isTimeZone } from '../values/posting-date.js';
import { lengthOf, tidy, wordsIn } from '../values/text.js';
import { mostCodeUnits } from './lengths.js';

/** The value must be an id: a positive integer. */
export function IsId(): PropertyDecorator {
  return rule('isId', 'must be an id: a positive integer', (value) => typeof value === 'string' && parseId(value) !== null);
}

/** The amount must be above zero. {@link HasDigits} checks its digits. */
export function IsPositiveAmount(): PropertyDecorator {
  return rule('isPositive', 'must be a positive number', isPositive, 'AMOUNT_NOT_POSITIVE');
}

/** The amount may be negative, but not zero. {@link HasDigits} checks its digits. */
export function IsNonZeroAmount(): PropertyDecorator {
  const isNonZero = (value: unknown) => value instanceof Big && !value.eq(ZERO);
  return rule('isNonZero', 'must not be zero', isNonZero, 'AMOUNT_NOT_POSITIVE');
}

/** The exchange rate must be above zero. {@link HasRateDigits} checks its digits. */
export function IsPositiveRate(): PropertyDecorator {
  return rule('isPositive', 'must be a positive number', isPositive, 'EXCHANGE_RATE_INVALID');
}

function isPositive(value: unknown): boolean {
  return value instanceof Big && value.gt(ZERO);
}

/** A JSON number must be able to hold the digits of the decimal. */
export function HasDigits(): PropertyDecorator {
  return rule(
    'hasDigits',
    `must have at most ${MAX_DIGITS} digits`,
    (value) => !(value instanceof Big) || digitCount(value) <= MAX_DIGITS,
    'AMOUNT_TOO_LARGE',
  );
}

/** A JSON number and the database must be able to hold the digits of the exchange rate. */
export function HasRateDigits(): PropertyDecorator {
  return rule(
    'hasDigits',
    `must have ${RATE_DIGITS}`,
    (value) => !(value instanceof Big) || hasRateDigits(value),
    'EXCHANGE_RATE_INVALID',
  );
}

/** The value must be a calendar date, or a date-time that {@link isPostingDate} accepts. */
export function IsPostingDate(): PropertyDecorator {
  return rule(
    'isDateString',
    'must be a date such as 2021-01-31, or a date-time such as 2021-01-31T23:30:00Z',
    (value) => typeof value === 'string' && isPostingDate(value),
  );
}

/** The time must be one that PostgreSQL reads: in another time zone, 9999-12-31 may be a day of the year 10000, and 0001-01-01 one of the year 0. */
export function IsTime(): PropertyDecorator {
  const isTime = (value: unknown) => value instanceof Date && value.getUTCFullYear() >= 1 && value.getUTCFullYear() <= 9999;
  return rule('isDate', 'must be a time of the years 1 to 9999, in UTC', isTime);
}

/** The value must be the name of a time zone. */
export function IsTimeZone(): PropertyDecorator {
  const isName = (value: unknown) => typeof value === 'string' && isTimeZone(value);
  return rule('isTimeZone', 'must be the IANA name of a time zone, such as Europe/Berlin', isName);
}

/** No writing system puts more marks on a letter (UAX 15, Stream-Safe Text Format). Normalization sorts them in quadratic time. */
const MAX_MARKS = 30;

/** Reads each mark once. A pattern for 31 marks would begin again at each of 30. */
function hasManyMarks(text: string): boolean {
  return text.match(/\p{M}+/gu)?.some((marks) => lengthOf(marks) > MAX_MARKS) ?? false;
}

const UNICODE = `in valid Unicode without NUL, with at most ${MAX_MARKS} combining marks in a row`;

/** The value must be an e-mail address. The check of class-validator throws for a lone surrogate, so that is refused before. */
export function IsEmailAddress(): PropertyDecorator {
  const isAddress = (value: unknown) => typeof value === 'string' && value.isWellFormed() && isEmail(value);
  return rule('isEmail', 'must be an e-mail address', isAddress);
}

/** The value must be text that PostgreSQL can hold, with a length in characters (Unicode code points) within the limits. */
export function IsText(minimum: number, maximum: number): PropertyDecorator {
  const length = minimum === 0 ? `at most ${maximum}` : `${minimum} to ${maximum}`;
  return rule('isText', `must be text of ${length} characters${minimum > 0 ? ', not blank' : ''}, ${UNICODE}`, (value) => {
    if (typeof value !== 'string' || value.length > mostCodeUnits(maximum)) return false;
    if (value.includes('\0') || !value.isWellFormed() || hasManyMarks(value)) return false;
    // A text that must not be blank is stored without the blanks at its ends.
    const count = lengthOf(minimum === 0 ? value : tidy(value));
    return count >= minimum && count <= maximum;
  });
}

/** PostgreSQL reads all entries of each word that is searched for. */
const MAX_WORDS = 8;

/** The value must be text with words to search for. */
export function IsSearch(): PropertyDecorator {
  return rule(
    'isSearch',
    `must be text of 2 to 100 characters with a letter or a digit and at most ${MAX_WORDS} different words, ${UNICODE}`,
    (value) =>
      typeof value === 'string' &&
      value.length >= 2 &&
      value.length <= 100 &&
      value.isWellFormed() &&
      !value.includes('\0') &&
      !hasManyMarks(value) &&
      wordsIn(value).length > 0 &&
      wordsIn(value).length <= MAX_WORDS,
  );
}

/** The value is allowed only if the other property is absent. */
export function IsAlternativeTo(property: string): PropertyDecorator {
  return ValidateBy({
    name: 'isAlternative',
    validator: {
      validate: (_, args) => ((args?.object ?? {}) as Record<string, unknown>)[property] == null,
      defaultMessage: (args) => `${args?.property} must be absent where ${property} is given`,
    },
  });
}

/** Validates an input by the rules of its class, all of which are synchronous; returns an empty list if it is valid. */
export function wrongFields(input: object, options: ValidatorOptions = {}): InvalidField[] {
  return invalidFields(validateSync(input, { forbidUnknownValues: false, ...options }));
}

function rule(name: string, message: string, validate: (value: unknown) => boolean, code?: ErrorCode): PropertyDecorator {
  const validator = { validate, defaultMessage: (args?: { property: string }) => `${args?.property} ${message}` };
  return ValidateBy({ name, validator }, code && { context: { code } });
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
