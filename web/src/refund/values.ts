import type { Problem } from '../api/errors.js';
import type { NoteRowFragment, RefundCreditNoteInput, RefundFormQuery } from '../generated/documents.js';
import { isAboveZero, typedAmount } from '../ui/money.js';

/** What the fields of the dialog hold: texts, also for amounts and rates. */
export interface Values {
  readonly amount: string;
  readonly exchangeRate: string;
  readonly date: string;
  readonly fromAccountId: string;
  readonly branchId: string;
  readonly referenceNo: string;
  readonly description: string;
}

export type FormNote = NonNullable<RefundFormQuery['creditNote']>;

/** Returns the values that the dialog opens with: the whole rest, today, from the first account, at the note's branch. */
export function initialValues(note: FormNote, today: string): Values {
  return {
    amount: note.refundability.maxAmount,
    exchangeRate: '',
    date: today,
    fromAccountId: note.refundability.accounts[0]?.id ?? '',
    branchId: note.branch.id,
    referenceNo: '',
    description: '',
  };
}

/** Returns the values of an attempt that was sent before. */
export function valuesOf(input: RefundCreditNoteInput): Values {
  return {
    amount: input.amount,
    exchangeRate: input.exchangeRate ?? '',
    date: input.date,
    fromAccountId: input.fromAccountId,
    branchId: input.branchId ?? '',
    referenceNo: input.referenceNo ?? '',
    description: input.description ?? '',
  };
}

/** Returns the refund that the values ask for. */
export function toInput(note: Pick<NoteRowFragment, 'id'>, isForeign: boolean, values: Values): RefundCreditNoteInput {
  return {
    creditNoteId: note.id,
    fromAccountId: values.fromAccountId,
    amount: typedAmount(values.amount),
    ...(isForeign && { exchangeRate: values.exchangeRate.trim() }),
    date: values.date,
    branchId: values.branchId,
    referenceNo: values.referenceNo.trim(),
    description: values.description.trim(),
  };
}

/** Names the fields that the gateway needs and that are empty. */
export function missingFields(input: RefundCreditNoteInput): readonly string[] {
  const needed = { account: input.fromAccountId, amount: input.amount, date: input.date, 'exchange rate': input.exchangeRate };
  return Object.entries(needed).flatMap(([name, value]) => (value === '' ? [name] : []));
}

/** Returns a problem for the amount, and for the rate, that is no number above zero. The gateway need not be asked about it. */
export function wrongNumbers({ amount, exchangeRate }: RefundCreditNoteInput): readonly Problem[] {
  const numbers = [
    { field: 'amount', value: amount, message: 'The amount must be a number above zero, such as 1,234.50' },
    { field: 'exchangeRate', value: exchangeRate ?? '', message: 'The rate must be a number above zero, such as 1.0825' },
  ];
  return numbers.flatMap(({ field, value, message }) =>
    value === '' || isAboveZero(value) ? [] : [{ code: 'NUMBER', field, message, details: {} }],
  );
}
