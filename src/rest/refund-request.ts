import { type InvalidField, InvalidInput } from '../errors.js';
import { RefundCreditNoteInput } from '../inputs/refund-credit-note.input.js';
import { wrongFields } from '../inputs/validators.js';
import { LongNumber } from '../values/json.js';
import { readDecimal } from '../values/scalars.js';

/** The JSON type of each field in the documented body. All are required; other fields of a body are ignored. */
const DOCUMENTED = {
  fromAccountId: 'number',
  amount: 'number',
  exchangeRate: 'number',
  referenceNo: 'string',
  description: 'string',
  date: 'string',
  branchId: 'number',
} as const satisfies Partial<Record<keyof RefundCreditNoteInput, 'number' | 'string'>>;

type DocumentedField = keyof typeof DOCUMENTED;

/**
 * Returns the documented body as the input that both doors share. This contract defines the JSON types, the input class defines all rules
 * for the values.
 *
 * @throws {InvalidInput} with one element for each wrong field
 */
export function readRefundRequest(creditNoteId: string, body: unknown): RefundCreditNoteInput {
  const values: Readonly<Record<string, unknown>> = typeof body === 'object' && body !== null ? { ...body } : {};
  const wrongTypes = (Object.keys(DOCUMENTED) as DocumentedField[]).flatMap((field) => wrongType(field, values[field]));
  const input = Object.assign(new RefundCreditNoteInput(), {
    creditNoteId,
    fromAccountId: idText(values.fromAccountId),
    amount: readDecimal(values.amount),
    // A number that is no decimal stays as it is: without any, the rate would have a default.
    exchangeRate: readDecimal(values.exchangeRate) ?? values.exchangeRate,
    referenceNo: values.referenceNo,
    description: values.description,
    date: values.date,
    branchId: idText(values.branchId),
  });
  const typed = new Set(wrongTypes.map(({ field }) => field));
  const wrongValues = wrongFields(input)
    .filter(({ field }) => !typed.has(field))
    .map((invalid) => ({ ...invalid, value: values[invalid.field] }));
  const wrong = [...wrongTypes, ...wrongValues];
  if (wrong.length > 0) throw new InvalidInput(wrong);
  return input;
}

function wrongType(field: DocumentedField, value: unknown): InvalidField[] {
  const type = DOCUMENTED[field];
  if (typeof value === type || (type === 'number' && value instanceof LongNumber)) return [];
  const rule = type === 'number' ? 'isNumber' : 'isString';
  const constraints = {
    ...(value === undefined || value === null ? { isNotEmpty: `${field} should not be empty` } : {}),
    [rule]: `${field} must be a ${type}`,
  };
  return [{ field, constraints, value }];
}

/** Returns the id as text, which is the form of GraphQL's ID that the input class expects. */
function idText(value: unknown): string {
  return value instanceof LongNumber ? value.source : typeof value === 'number' ? String(value) : '';
}
