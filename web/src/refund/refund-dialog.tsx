import { useApolloClient, useQuery } from '@apollo/client/react';
import { useState } from 'react';
import { useEveryPage } from '../api/use-every-page.js';
import { BranchesDocument, type BranchesQuery, NoteDocument, RefundFormDocument } from '../generated/documents.js';
import { useMe } from '../session/use-me.js';
import { Dialog } from '../ui/dialog.js';
import { Failed, Loading } from '../ui/states.js';
import { RefundForm } from './refund-form.js';

interface RefundDialogProps {
  readonly noteId: string;
  readonly onClose: () => void;
}

/** The dialog that refunds one credit note. It reads what remains when it opens. */
export function RefundDialog({ noteId, onClose }: RefundDialogProps) {
  const client = useApolloClient();
  const me = useMe();
  const { data, error, refetch } = useQuery(RefundFormDocument, {
    variables: { id: noteId },
    fetchPolicy: 'network-only',
    nextFetchPolicy: 'cache-first',
  });
  const [isBusy, setBusy] = useState(false);
  const branches = useEveryPage(BranchesDocument, branchesOf);
  const note = data?.creditNote;
  const failed = error ?? branches.error;
  const retry = (): void => {
    if (error) void refetch();
    if (branches.error) branches.retry();
  };
  return (
    <Dialog title={note ? `Refund ${note.number}` : 'Refund'} onClose={onClose} isBusy={isBusy}>
      {failed && <Failed error={failed} onRetry={retry} />}
      {!(note && branches.items) && !failed && <Loading what="the credit note" />}
      {note && branches.items && me && (
        <RefundForm
          note={note}
          branches={branches.items.filter(({ active }) => active)}
          organization={me.organization}
          onReread={() => void client.refetchQueries({ include: [RefundFormDocument, NoteDocument] })}
          onBusy={setBusy}
        />
      )}
    </Dialog>
  );
}

function branchesOf({ branches }: BranchesQuery): BranchesQuery['branches'] {
  return branches;
}
