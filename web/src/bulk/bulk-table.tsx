import type { Problem } from '../api/errors.js';
import type { SelectedNoteFragment } from '../generated/documents.js';
import { type Currency, Money } from '../ui/money.js';
import type { BulkValues } from './use-bulk.js';

interface BulkTableProps {
  readonly notes: readonly SelectedNoteFragment[];
  readonly base: Currency;
  readonly values: BulkValues;
  readonly problems: readonly Problem[];
  readonly onChange: (changed: Partial<BulkValues>) => void;
}

/** Each note with its rest, and the amount to be paid back. */
export function BulkTable({ notes, ...rest }: BulkTableProps) {
  // The gateway numbers the refunds that are sent; notes that cannot be refunded are not.
  const sent = notes.filter(({ refundability }) => refundability.allowed);
  return (
    <table className="amounts">
      <thead>
        <tr>
          <th scope="col">Credit note</th>
          <th scope="col" className="amount">
            Remaining
          </th>
          <th scope="col" className="amount">
            Amount
          </th>
        </tr>
      </thead>
      <tbody>
        {notes.map((note) => (
          <BulkRow key={note.id} note={note} index={sent.indexOf(note)} {...rest} />
        ))}
      </tbody>
    </table>
  );
}

interface BulkRowProps extends Omit<BulkTableProps, 'notes'> {
  readonly note: SelectedNoteFragment;
  /** Number of the refund in the request; -1 if it is not sent. */
  readonly index: number;
}

function BulkRow({ note, index, base, values, problems, onChange }: BulkRowProps) {
  const { id, number, currency, customer, refundability } = note;
  const own = problems.filter(
    ({ field }) => /\.(amount|creditNoteId|exchangeRate|branchId)$/.test(field ?? '') && field?.startsWith(`inputs.${index}.`),
  );
  const errorId = `problem-${id}`;
  const described = { 'aria-invalid': own.length > 0, 'aria-describedby': own.length > 0 ? errorId : undefined };
  return (
    <tr>
      <th scope="row">
        {number} <span className="customer">{customer.displayName}</span>
        {own.length > 0 && (
          <span className="error" id={errorId}>
            {own.map(({ message }) => message).join(' ')}
          </span>
        )}
        {!refundability.allowed && (
          <span className="error">{refundability.reasons.map(({ message }) => message).join(' ')} It is left out.</span>
        )}
      </th>
      <td className="amount">
        <Money amount={note.remaining} currency={currency} />
      </td>
      <td className="amount">
        {refundability.allowed && (
          <span className="inputs">
            {currency.id !== base.id && (
              <input
                aria-label={`Exchange rate of ${number}, ${base.id} for 1 ${currency.id}`}
                placeholder={`Rate, booked ${note.exchangeRate}`}
                inputMode="decimal"
                autoComplete="off"
                required
                {...described}
                value={values.rates[id] ?? ''}
                onChange={({ target }) => onChange({ rates: { ...values.rates, [id]: target.value } })}
              />
            )}
            <input
              aria-label={`Amount of ${number}, ${currency.id}`}
              inputMode="decimal"
              autoComplete="off"
              required
              {...described}
              value={values.amounts[id] ?? ''}
              onChange={({ target }) => onChange({ amounts: { ...values.amounts, [id]: target.value } })}
            />
          </span>
        )}
      </td>
    </tr>
  );
}
