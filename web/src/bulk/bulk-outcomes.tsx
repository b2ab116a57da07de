import { useQuery } from '@apollo/client/react';
import { NoteNumberDocument, type RefundCreditNoteInput } from '../generated/documents.js';
import { Link } from '../router.js';
import { Money } from '../ui/money.js';
import { Notice } from '../ui/notice.js';
import type { Outcomes } from './use-bulk.js';

interface BulkOutcomesProps {
  readonly sent: readonly RefundCreditNoteInput[];
  readonly outcomes: Outcomes;
  readonly onClose: () => void;
}

/** What has become of each refund, in the order of the list. */
export function BulkOutcomes({ sent, outcomes, onClose }: BulkOutcomesProps) {
  const made = outcomes.filter(({ refund }) => refund !== null).length;
  return (
    <>
      <Notice tone={made === outcomes.length ? 'good' : 'warning'}>
        {made === outcomes.length ? `All ${made} refunds are paid.` : `${made} of ${outcomes.length} refunds are paid.`}
      </Notice>
      <ul className="outcomes">
        {outcomes.map(({ refund, refusals }, index) => (
          <li key={sent[index]?.creditNoteId}>
            <NoteNumber id={sent[index]?.creditNoteId ?? ''} />
            {refund && (
              <>
                <Link to={`refunds/${refund.id}`}>Receipt of refund {refund.id}</Link>
                <Money amount={refund.amount} currency={refund.currency} />
              </>
            )}
            {refusals.length > 0 && <span className="error">Not paid: {refusals.map(({ message }) => message).join('; ')}</span>}
          </li>
        ))}
      </ul>
      <div className="actions">
        <button type="button" className="primary" onClick={onClose}>
          Done
        </button>
      </div>
    </>
  );
}

function NoteNumber({ id }: { readonly id: string }) {
  const { data } = useQuery(NoteNumberDocument, { variables: { id } });
  return <strong>{data?.creditNote?.number ?? `Credit note ${id}`}</strong>;
}
