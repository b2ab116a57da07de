import { useQuery } from '@apollo/client/react';
import type { MouseEvent } from 'react';
import type { Problem } from '../api/errors.js';
import { ReceiptDocument } from '../generated/documents.js';
import { Day, Moment } from '../ui/day.js';
import { Money } from '../ui/money.js';
import { Notice } from '../ui/notice.js';

interface DuplicateProps {
  readonly problem: Pick<Problem, 'details'>;
  readonly onPay: () => void;
}

/** An equal refund was made a moment ago. It is shown, so that a person can decide. */
export function Duplicate({ problem: { details }, onPay }: DuplicateProps) {
  const id = typeof details.refundId === 'string' ? details.refundId : null;
  const { data } = useQuery(ReceiptDocument, { variables: { id: id ?? '' }, skip: id === null });
  const earlier = data?.refund;
  const decide = (event: MouseEvent<HTMLButtonElement>): void => {
    // This button disappears, so the focus goes on to the next step.
    event.currentTarget.form?.querySelector<HTMLElement>('[type="submit"]')?.focus();
    onPay();
  };
  return (
    <div className="asks">
      <Notice tone="warning">
        <p>An equal refund was made a moment ago. Is this another one?</p>
        {earlier && (
          <p>
            Refund {earlier.id}: <Money amount={earlier.amount} currency={earlier.currency} /> on <Day date={earlier.date} /> from{' '}
            {earlier.fromAccount.name}, recorded <Moment time={earlier.createdAt} /> by {earlier.createdBy}.
          </p>
        )}
      </Notice>
      <button type="button" onClick={decide}>
        Pay all the same
      </button>
    </div>
  );
}
