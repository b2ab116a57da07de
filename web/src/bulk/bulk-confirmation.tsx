import { useEffect, useRef, useState } from 'react';
import type { RefundCreditNoteInput, SelectedNoteFragment } from '../generated/documents.js';
import { Day } from '../ui/day.js';
import { type Currency, formatMoney, isDecimal } from '../ui/money.js';
import { BulkPreview, duplicateIn } from './bulk-preview.js';
import type { BulkValues } from './use-bulk.js';
import { usePreviews } from './use-previews.js';

interface BulkConfirmationProps {
  readonly notes: readonly SelectedNoteFragment[];
  readonly inputs: readonly RefundCreditNoteInput[];
  readonly account: string;
  readonly base: Currency;
  readonly values: BulkValues;
  readonly isSending: boolean;
  readonly onBack: () => void;
  readonly onPay: () => void;
}

/** The last look at the list before the money leaves: what each refund will do, and whether it may have been made already. */
export function BulkConfirmation({ notes, inputs, account, base, values, isSending, onBack, onPay }: BulkConfirmationProps) {
  const question = useRef<HTMLHeadingElement>(null);
  // Not the button: pressing Enter twice must not pay.
  useEffect(() => question.current?.focus(), []);
  const previews = usePreviews(inputs);
  const isAsking = previews.length < inputs.length;
  const duplicates = previews.filter((preview) => duplicateIn(preview) !== null).length;
  const [allowDuplicates, setAllowDuplicates] = useState(false);
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
          {notes.map(({ id, number, customer, currency }, index) => {
            const preview = previews[index];
            return (
              <tr key={id}>
                <th scope="row">
                  {number} <span className="customer">{customer.displayName}</span>
                  {preview && <BulkPreview preview={preview} currency={currency} base={base} />}
                </th>
                <td className="amount">{shown(inputs[index]?.amount ?? '', currency)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
      <p className="state" role="status">
        {isAsking && `Asking the gateway what they will do: ${previews.length} of ${inputs.length} …`}
      </p>
      {duplicates > 0 && (
        <label>
          <input type="checkbox" checked={allowDuplicates} onChange={({ target }) => setAllowDuplicates(target.checked)} />{' '}
          {duplicates === 1 ? 'Yes, pay the possible duplicate, too' : `Yes, pay the ${duplicates} possible duplicates, too`}
        </label>
      )}
      <div className="actions">
        <button type="button" onClick={onBack} disabled={isSending}>
          Back
        </button>
        <button
          type="button"
          className="primary"
          onClick={onPay}
          disabled={isSending || isAsking || (duplicates > 0 && !allowDuplicates)}
        >
          {isSending ? 'Paying …' : `Pay ${what}`}
        </button>
      </div>
    </div>
  );
}

function shown(amount: string, currency: SelectedNoteFragment['currency']): string {
  return isDecimal(amount) ? formatMoney(amount, currency) : `${amount} ${currency.id}`;
}
