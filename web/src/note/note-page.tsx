import { useQuery } from '@apollo/client/react';
import { useState } from 'react';
import { NoteDocument } from '../generated/documents.js';
import { RefundDialog } from '../refund/refund-dialog.js';
import { attemptName } from '../refund/use-refund.js';
import { Link, PageHeading } from '../router.js';
import { useMe } from '../session/use-me.js';
import { Day } from '../ui/day.js';
import { Notice } from '../ui/notice.js';
import { OpenAttempt } from '../ui/open-attempt.js';
import { Failed, Loading } from '../ui/states.js';
import { Status } from '../ui/status.js';
import { Figures } from './figures.js';
import { History } from './history.js';
import { Lines } from './lines.js';
import type { Note } from './note.js';

/** A credit note: what remains of it, its lines, and everything that has happened to it. */
export function NotePage({ id }: { readonly id: string }) {
  const { data, loading, error, refetch } = useQuery(NoteDocument, {
    variables: { id },
    fetchPolicy: 'cache-and-network',
    nextFetchPolicy: 'cache-first',
  });
  const note = data?.creditNote;
  return (
    <>
      <nav aria-label="Where you are">
        ‹ <Link to="">Credit notes</Link>
      </nav>
      {error && <Failed error={error} onRetry={() => void refetch()} />}
      {!note && loading && <Loading what="the credit note" />}
      {note && <NoteView note={note} />}
      {note === null && <PageHeading title="There is no such credit note" />}
    </>
  );
}

function NoteView({ note }: { readonly note: Note }) {
  const [isRefunding, setRefunding] = useState(false);
  const organization = useMe()?.organization;
  const { refundability } = note;
  return (
    <>
      <div className="heading">
        <PageHeading title={note.number}>
          {note.number} <Status status={note.status} />
        </PageHeading>
        {refundability.allowed && (
          <button type="button" className="primary" onClick={() => setRefunding(true)}>
            Refund …
          </button>
        )}
      </div>
      <p className="for">
        <Link to={`?customer=${note.customer.id}&status=ALL`}>{note.customer.displayName}</Link> · <Day date={note.date} /> ·{' '}
        {note.branch.name}
        {note.referenceNo !== '' && ` · ${note.referenceNo}`}
      </p>
      {organization && !isRefunding && (
        <OpenAttempt name={attemptName(organization, note)} what="A refund of this credit note" onOpen={() => setRefunding(true)} />
      )}
      {!refundability.allowed && <Reasons note={note} />}
      <Figures note={note} />
      <History note={note} />
      <Lines note={note} />
      {note.note !== '' && (
        <section>
          <h2>Note to the customer</h2>
          <p className="text">{note.note}</p>
        </section>
      )}
      {isRefunding && <RefundDialog noteId={note.id} onClose={() => setRefunding(false)} />}
    </>
  );
}

/** Why the note cannot be refunded, in the server's words. */
function Reasons({ note }: { readonly note: Note }) {
  return (
    <Notice tone="info">
      <p>This credit note cannot be refunded today:</p>
      <ul>
        {note.refundability.reasons.map(({ code, message }) => (
          <li key={code}>{message}</li>
        ))}
      </ul>
    </Notice>
  );
}
