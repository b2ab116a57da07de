import { useEffect, useRef } from 'react';
import type { RefundCreditNoteInput, SelectedNoteFragment } from '../generated/documents.js';
import { Day } from '../ui/day.js';
import { formatMoney, isDecimal } from '../ui/money.js';
import type { BulkValues } from './use-bulk.js';

interface BulkConfirmationProps {
  readonly notes: readonly SelectedNoteFragment[];
  readonly inputs: readonly RefundCreditNoteInput[];
  readonly account: string;
  readonly values: BulkValues;
  readonly isSending: boolean;
  readonly onBack: () => void;
  readonly onPay: () => void;
}

/** The last look at the list before the money leaves. */
export function BulkConfirmation({ notes, inputs, account, values, isSending, onBack, onPay }: BulkConfirmationProps) {
  const question = useRef<HTMLHeadingElement>(null);
  // Not the button: pressing Enter twice must not pay.
  useEffect(() => question.current?.focus(), []);
  const what = inputs.length === 1 ? '1 refund' : `${inputs.length} refunds`;
  return (
    <div className="confirmation">
      <h3 ref={question} tabIndex={-1} className="paid">
        Pay {what}?
      </h3>
      <p>
        From <strong>{account}</strong> on{' '}
        <strong>
          <Day date={values.date} />
        </strong>
        . If one is refused, {values.mode === 'ATOMIC' ? 'none is paid' : 'the others are paid'}.
      </p>
      <table>
        <thead className="unseen">
          <tr>
            <th scope="col">Credit note</th>
            <th scope="col">Amount</th>
          </tr>
        </thead>
        <tbody>
          {notes.map(({ id, number, customer, currency }, index) => (
            <tr key={id}>
              <th scope="row">
                {number} <span className="customer">{customer.displayName}</span>
              </th>
              <td className="amount">{shown(inputs[index]?.amount ?? '', currency)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <div className="actions">
        <button type="button" onClick={onBack} disabled={isSending}>
          Back
        </button>
        <button type="button" className="primary" onClick={onPay} disabled={isSending}>
          {isSending ? 'Paying …' : `Pay ${what}`}
        </button>
      </div>
    </div>
  );
}

function shown(amount: string, currency: SelectedNoteFragment['currency']): string {
  return isDecimal(amount) ? formatMoney(amount, currency) : `${amount} ${currency.id}`;
}
