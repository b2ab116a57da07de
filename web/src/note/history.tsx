import type { ErrorLike } from '@apollo/client';
import { useApolloClient } from '@apollo/client/react';
import { useState } from 'react';
import { EarlierRefundsDocument, type HistoryFragment } from '../generated/documents.js';
import { ReverseDialog } from '../reversal/reverse-dialog.js';
import { Link } from '../router.js';
import { mayRefund, useMe } from '../session/use-me.js';
import { Day } from '../ui/day.js';
import { Money } from '../ui/money.js';
import { Failed } from '../ui/states.js';
import { Entry } from './entry.js';
import type { Note } from './note.js';

/** The refunds of the note with their reversals, the newest first, and what was cancelled. */
export function History({ note }: { readonly note: Note }) {
  const client = useApolloClient();
  const [reversing, setReversing] = useState<HistoryFragment | null>(null);
  const refunds = note.refunds?.edges ?? [];
  const { endCursor, hasNextPage } = note.refunds?.pageInfo ?? { endCursor: null, hasNextPage: false };
  const [failure, setFailure] = useState<ErrorLike>();
  const showEarlier = async (): Promise<void> => {
    // The policy of the cache appends the page to the list that is shown.
    const variables = { id: note.id, after: endCursor };
    const { error } = await client.query({ query: EarlierRefundsDocument, variables, fetchPolicy: 'network-only' });
    setFailure(error);
  };
  return (
    <section>
      <h2>History</h2>
      {refunds.length === 0 && note.cancellations.length === 0 && <p className="card state">Nothing has been refunded yet.</p>}
      <ol className="history">
        {refunds.map(({ node }) => (
          <RefundItem key={node.id} refund={node} note={note} onReverse={() => setReversing(node)} />
        ))}
      </ol>
      {failure && <Failed error={failure} onRetry={() => void showEarlier()} />}
      {hasNextPage && (
        <button type="button" className="more" onClick={() => void showEarlier()}>
          Show earlier refunds
        </button>
      )}
      {note.cancellations.map(({ id, amount, date, reason, createdBy, journalEntry }) => (
        <div key={id} className="event">
          <p>
            <Money amount={amount} currency={note.currency} /> cancelled on <Day date={date} /> by {createdBy}: {reason}
          </p>
          <Entry entry={journalEntry} />
        </div>
      ))}
      {reversing && <ReverseDialog refund={reversing} currency={note.currency} onClose={() => setReversing(null)} />}
    </section>
  );
}

interface RefundItemProps {
  readonly refund: HistoryFragment;
  readonly note: Note;
  readonly onReverse: () => void;
}

function RefundItem({ refund, note, onReverse }: RefundItemProps) {
  const me = useMe();
  const { id, amount, date, fromAccount, referenceNo, description, createdBy, reversal } = refund;
  return (
    <li className={reversal ? 'event reversed' : 'event'}>
      <div className="event-head">
        <Link to={`refunds/${id}`}>Refund {id}</Link>
        <Money amount={amount} currency={note.currency} />
      </div>
      <p>
        <Day date={date} /> from {fromAccount.name}, by {createdBy}
        {referenceNo !== '' && ` · ${referenceNo}`}
      </p>
      {description !== '' && <p className="text">{description}</p>}
      <Entry entry={refund.journalEntry} />
      {reversal ? (
        <>
          <p className="reversal">
            Reversed on <Day date={reversal.date} /> by {reversal.createdBy}: {reversal.reason}
          </p>
          <Entry entry={reversal.journalEntry} of="reversal" />
        </>
      ) : (
        mayRefund(me) && (
          <button type="button" className="small" onClick={onReverse}>
            Reverse …<span className="unseen"> refund {id}</span>
          </button>
        )
      )}
    </li>
  );
}
