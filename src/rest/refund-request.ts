import { type TNumber, type TSchema, type TString, Type } from '@sinclair/typebox';
import { type DomainError, type InvalidField, InvalidInput, Refusals } from '../domain-error.js';
import type { RestContract } from '../entities/rest-contract.js';
import { AccountNotFound, BranchIdNotFound } from '../errors.js';
import { RefundCreditNoteInput } from '../inputs/refund-credit-note.input.js';
import { wrongFields } from '../inputs/validators.js';
import { isRecord, LongNumber } from '../values/json.js';
import { parseNumberToken } from '../values/money.js';
import { readDecimal } from '../values/scalars.js';
import { cut, MAX_QUOTED } from '../values/text.js';
import { camelCase, snakeCase } from './names.js';

/** The documented body of a refund, as the legacy API's document has it. All fields are required; other fields of a body are ignored. */
export const CreditNoteRefundDto = Type.Object({
  fromAccountId: Type.Number({ description: 'The id of the from account', example: 1 }),
  amount: Type.Number({ description: 'The amount of the credit note refund', example: 100 }),
  exchangeRate: Type.Number({ description: 'The exchange rate of the credit note refund', example: 1 }),
  referenceNo: Type.String({ description: 'The reference number of the credit note refund', example: '123456' }),
  description: Type.String({ description: 'The description of the credit note refund', example: 'Credit note refund' }),
  date: Type.String({ format: 'date-time', description: 'The date of the credit note refund', example: '2021-01-01' }),
  branchId: Type.Number({ description: 'The id of the branch', example: 1 }),
});

const DOCUMENTED = CreditNoteRefundDto.properties satisfies Partial<Record<keyof RefundCreditNoteInput, TNumber | TString>>;

type DocumentedField = keyof typeof DOCUMENTED;

const FIELDS = Object.keys(DOCUMENTED) as DocumentedField[];

/** The fields that may be absent, null or "" under the observed contract. They have the defaults of the input that both doors share. */
const OPTIONAL: ReadonlySet<DocumentedField> = new Set(['exchangeRate', 'referenceNo', 'description', 'branchId']);

/** A longer name is that of no field, however it is written: words of 100 kB would take tens of milliseconds to read. */
const MAX_NAME = 100;

/** The body of a refund under the observed contract. */
export const ObservedCreditNoteRefundDto = observedBody((field) => field);

/** The same body, as the legacy server's web app writes it. */
export const ObservedCreditNoteRefundDtoInSnakeCase = observedBody(snakeCase);

/** The body of a refund under each contract. */
export const REFUND_BODY: Readonly<Record<RestContract, TSchema>> = {
  documented: CreditNoteRefundDto,
  observed: Type.Union([ObservedCreditNoteRefundDto, ObservedCreditNoteRefundDtoInSnakeCase]),
};

/**
 * Returns the body as the input that both doors share. The contract defines names, JSON types and which fields may be absent, the input class
 * defines all rules for the values.
 *
 * @throws {InvalidInput} with one element for each wrong field
 */
export function readRefundRequest(creditNoteId: string, body: unknown, contract: RestContract): RefundCreditNoteInput {
  const { sent, ambiguous } = contract === 'observed' ? fieldsInAnyCase(body) : { sent: isRecord(body) ? body : {}, ambiguous: [] };
  const values = contract === 'observed' ? observed(sent) : sent;
  const isAbsent = (field: DocumentedField) => contract === 'observed' && OPTIONAL.has(field) && values[field] === undefined;
  const wrongTypes = FIELDS.flatMap((field) => (isAbsent(field) ? [] : wrongType(field, values[field], contract)));
  const input = Object.assign(new RefundCreditNoteInput(), {
    creditNoteId,
    fromAccountId: idText(values.fromAccountId),
    amount: readDecimal(values.amount),
    // A number that is no decimal stays as it is: without any, the rate would have a default.
    exchangeRate: readDecimal(values.exchangeRate) ?? values.exchangeRate,
    // Absent and null are the same here; an empty text is kept apart, since the legacy server stores what it is sent.
    referenceNo: isAbsent('referenceNo') ? emptyOrNull(sent.referenceNo) : values.referenceNo,
    description: isAbsent('description') ? emptyOrNull(sent.description) : values.description,
    date: values.date,
    branchId: isAbsent('branchId') ? null : idText(values.branchId),
  });
  const reported = new Set([...ambiguous, ...wrongTypes].map(({ field }) => field));
  const wrong = [
    ...ambiguous,
    ...wrongTypes.filter(({ field }) => !ambiguous.some((other) => other.field === field)),
    ...wrongFields(input).filter(({ field }) => !reported.has(field)),
  ];
  if (wrong.length > 0) {
    if (wrong.every(isNoId)) throw noRecords(wrong);
    const inOrder = wrong.sort((one, other) => placeOf(one) - placeOf(other));
    const quoted = contract === 'observed' && { target: sent };
    throw new InvalidInput(inOrder.map((invalid) => ({ ...asLegacy(invalid), value: sent[invalid.field], ...quoted })));
  }
  return input;
}

/** Whether the field is a number, but no id. */
function isNoId({ constraints }: InvalidField): boolean {
  return Object.hasOwn(constraints, 'isId');
}

/** Returns the refusal of numbers that are no ids. To the legacy server, they are ids of nothing. */
function noRecords(wrong: readonly InvalidField[]): DomainError {
  const refusals = new Refusals();
  for (const { field, value } of wrong) {
    const id = cut(String(value), MAX_QUOTED);
    refusals.add(field === 'branchId' ? new BranchIdNotFound(id) : new AccountNotFound(id, field));
  }
  return refusals.all();
}

function emptyOrNull(sent: unknown): '' | null {
  return sent === '' ? '' : null;
}

function placeOf({ field }: InvalidField): number {
  return FIELDS.indexOf(field as DocumentedField);
}

/**
 * Returns the fields of a body by their documented names, however their names are written: `from_account_id`, `from-account-id`,
 * `FromAccountId`. Two spellings of one field with different values are refused, since nobody knows which one is meant.
 */
function fieldsInAnyCase(body: unknown): { sent: Readonly<Record<string, unknown>>; ambiguous: readonly InvalidField[] } {
  const sent: Record<string, unknown> = {};
  const ambiguous = new Map<string, InvalidField>();
  for (const [key, value] of Object.entries(isRecord(body) ? body : {})) {
    const name = key.length > MAX_NAME ? null : camelCase(key);
    const field = FIELDS.find((each) => each === name);
    if (field === undefined) continue;
    if (Object.hasOwn(sent, field) && comparable(field, sent[field]) !== comparable(field, value)) {
      const reason = `${field} must be given once: two spellings of it have different values`;
      ambiguous.set(field, { field, constraints: { isUnambiguous: reason }, value });
    }
    sent[field] = value;
  }
  return { sent, ambiguous: [...ambiguous.values()] };
}

/** Returns the body that the observed contract takes: numbers may be texts, and optional fields may be absent, null or "". */
function observedBody(name: (field: DocumentedField) => string): TSchema {
  const properties = FIELDS.map((field) => {
    const { type, description } = DOCUMENTED[field];
    const types = [...new Set([type, 'string', ...(OPTIONAL.has(field) ? ['null'] : [])])];
    return [name(field), { type: types.length === 1 ? type : types, description }];
  });
  const required = FIELDS.filter((field) => !OPTIONAL.has(field)).map(name);
  return Type.Unsafe({ type: 'object', properties: Object.fromEntries(properties), required });
}

/** Returns the values as the documented types. */
function observed(sent: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(FIELDS.map((field) => [field, observedValue(field, sent[field])]));
}

/** Returns the value as the documented type: a numeric text is its number, and an optional field without a value is absent. */
function observedValue(field: DocumentedField, value: unknown): unknown {
  if (OPTIONAL.has(field) && (value === null || value === '')) return undefined;
  return isNumber(field) && typeof value === 'string' ? (numberIn(value) ?? value) : value;
}

/** Returns a text that is the same for equal values, such as 1, "1" and "1.0". */
function comparable(field: DocumentedField, value: unknown): string | undefined {
  const read = observedValue(field, value);
  const number = isNumber(field) && typeof read !== 'string' ? readDecimal(read) : null;
  return number === null ? JSON.stringify(read) : number.toFixed();
}

function isNumber(field: DocumentedField): boolean {
  return DOCUMENTED[field].type === 'number';
}

/** Text of a decimal number as JavaScript reads it, but without hexadecimal digits, and not empty. */
const NUMERIC = /^\+?(-?)(\d+)?(?:\.(\d*))?(e[+-]?\d+)?$/i;

/** Returns the exact number in a text; `undefined` if the text is no number. */
function numberIn(text: string): LongNumber | undefined {
  const [, sign = '', whole, decimals, exponent = ''] = NUMERIC.exec(text.trim()) ?? [];
  if (!whole && !decimals) return undefined;
  const number = parseNumberToken(`${sign}${whole ?? '0'}${decimals ? `.${decimals}` : ''}${exponent}`);
  return number === null ? undefined : new LongNumber(number.toFixed());
}

function wrongType(field: DocumentedField, value: unknown, contract: RestContract): InvalidField[] {
  const { type } = DOCUMENTED[field];
  const isEmpty = value === undefined || value === null || value === '';
  const isNeeded = type === 'number' || field === 'date';
  if (!(isEmpty && isNeeded) && (typeof value === type || (type === 'number' && value instanceof LongNumber))) return [];
  const rules = isEmpty ? ['isNotEmpty' as const, ...RULES[field]] : contract === 'observed' ? rulesOf(field, value) : RULES[field];
  return [{ field, constraints: Object.fromEntries(rules.map((rule) => [rule, `${field} ${REASONS[rule]}`])), value }];
}

/** Returns the rules that the value breaks after the legacy server has converted it to a number: `false` is 0, and only not positive. */
function rulesOf(field: DocumentedField, value: unknown): readonly Rule[] {
  const isEmptyList = Array.isArray(value) && value.length === 0;
  const number = typeof value === 'string' || typeof value === 'boolean' ? Number(value) : isEmptyList ? 0 : Number.NaN;
  const broken = RULES[field].filter((rule) => (rule === 'isPositive' ? number <= 0 : !Number.isFinite(number)));
  // Of a number that is right, the legacy server says nothing.
  return RULES[field].includes('isPositive') && !Number.isNaN(number) && broken.length > 0 ? broken : RULES[field];
}

/** Returns the field with the legacy server's own texts, where it has the rule. */
function asLegacy({ field, constraints, ...rest }: InvalidField): InvalidField {
  const texts = Object.entries(constraints).map(([rule, reason]) => {
    const legacy = Object.entries(REASONS).find(([name]) => name === rule)?.[1];
    return [rule, legacy === undefined ? reason : `${field} ${legacy}`];
  });
  return { field, constraints: Object.fromEntries(texts), ...rest };
}

/** The legacy server's reasons, by the names that it gives to its rules. */
const REASONS = {
  isNotEmpty: 'should not be empty',
  isNumber: 'must be a number conforming to the specified constraints',
  isPositive: 'must be a positive number',
  isString: 'must be a string',
  isDateString: 'must be a valid ISO 8601 date string',
} as const;

type Rule = keyof typeof REASONS;

/** The rules of the legacy server that a value of a wrong type breaks. */
const RULES: Readonly<Record<DocumentedField, readonly Rule[]>> = {
  fromAccountId: ['isNumber'],
  amount: ['isPositive', 'isNumber'],
  exchangeRate: ['isPositive', 'isNumber'],
  referenceNo: ['isString'],
  description: ['isString'],
  date: ['isDateString'],
  branchId: ['isNumber'],
};

/** Returns the id as text, which is the form of GraphQL's ID that the input class expects. */
function idText(value: unknown): string {
  return value instanceof LongNumber ? value.source : typeof value === 'number' ? String(value) : '';
}
