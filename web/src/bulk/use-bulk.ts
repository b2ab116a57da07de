import { useState } from 'react';
import { type Command, useCommand } from '../api/use-command.js';
import {
  type BulkMode,
  type RefundCreditNoteInput,
  RefundNotesDocument,
  type RefundNotesMutation,
  type RefundNotesMutationVariables,
  type SelectedNoteFragment,
} from '../generated/documents.js';
import type { Organization } from '../session/use-me.js';
import { typedAmount } from '../ui/money.js';

export type BulkSent = Omit<RefundNotesMutationVariables, 'idempotencyKey'>;
export type Outcomes = NonNullable<RefundNotesMutation['refundCreditNotes']>;

/** What the fields of the dialog hold: those that all refunds share, and those of each note by its id. */
export interface BulkValues {
  readonly fromAccountId: string;
  readonly date: string;
  readonly referenceNo: string;
  readonly description: string;
  readonly mode: BulkMode;
  readonly allowUnusualRate: boolean;
  readonly amounts: Readonly<Record<string, string>>;
  readonly rates: Readonly<Record<string, string>>;
}

/** Names the one attempt to pay several refunds that a tab may have open. */
export function attemptName({ id }: Organization): string {
  return `refunds ${id}`;
}

export interface Bulk extends Command<RefundNotesMutation, BulkSent> {
  /** The refunds of the last attempt, to which {@link outcomes} belong. */
  readonly sent: readonly RefundCreditNoteInput[];
  readonly outcomes: Outcomes | null;
  readonly pay: (list: BulkSent) => Promise<void>;
}

/** The command that pays several refunds, and the outcome of each. */
export function useBulk(organization: Organization): Bulk {
  const command = useCommand<RefundNotesMutation, BulkSent>(RefundNotesDocument, attemptName(organization));
  const [sent, setSent] = useState<readonly RefundCreditNoteInput[]>([]);
  const [outcomes, setOutcomes] = useState<Outcomes | null>(null);
  const pay = async (list: BulkSent): Promise<void> => {
    const result = await command.send(list);
    setSent(list.inputs);
    setOutcomes(result?.data.refundCreditNotes ?? null);
  };
  return { ...command, sent, outcomes, pay };
}

/** Returns the refunds that the values ask for, in the order of the notes. */
export function toInputs(notes: readonly SelectedNoteFragment[], base: string, values: BulkValues): RefundCreditNoteInput[] {
  return notes.map(({ id, branch, currency }) => ({
    creditNoteId: id,
    fromAccountId: values.fromAccountId,
    amount: typedAmount(values.amounts[id] ?? ''),
    ...(currency.id !== base && { exchangeRate: (values.rates[id] ?? '').trim() }),
    date: values.date,
    branchId: branch.id,
    referenceNo: values.referenceNo.trim(),
    description: values.description.trim(),
  }));
}
