import { type InvalidField, InvalidInput } from '../errors.js';
import { wrongFields } from '../inputs/input-errors.js';
import { RefundCreditNoteInput } from '../inputs/refund-credit-note.input.js';
import { LongNumber } from '../values/json.js';
import { readDecimal } from '../values/scalars.js';

/** The documented body: field → JSON type. All are required; what else is in the body is ignored. */
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
 * Reads the documented body into the input that both doors share. The JSON types are this contract's; every rule about
 * the values is the input class's own.
 *
 * @throws {InvalidInput} with one element for each field that is wrong
 */
export function readRefundRequest(creditNoteId: string, body: unknown): RefundCreditNoteInput {
  const values: Readonly<Record<string, unknown>> = typeof body === 'object' && body !== null ? { ...body } : {};
  const wrongTypes = (Object.keys(DOCUMENTED) as DocumentedField[]).flatMap((field) => wrongType(field, values[field]));
  const input = Object.assign(new RefundCreditNoteInput(), {
    creditNoteId,
    fromAccountId: idText(values.fromAccountId),
    amount: readDecimal(values.amount),
    exchangeRate: readDecimal(values.exchangeRate),
    referenceNo: values.referenceNo,
    description: values.description,
    date: values.date,
    branchId: idText(values.branchId),
  });
  const typed = new Set(wrongTypes.map(({ field }) => field));
  const wrongValues = wrongFields(input)
    .filter(({ field }) => !typed.has(field))
    .map((invalid) => ({ ...invalid, value: values[invalid.field] }));
  const problems = [...wrongTypes, ...wrongValues];
  if (problems.length > 0) throw new InvalidInput(problems);
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

/** GraphQL's ID is text at run time, and so is ours. */
function idText(value: unknown): string {
  return value instanceof LongNumber ? value.source : typeof value === 'number' ? String(value) : '';
}
