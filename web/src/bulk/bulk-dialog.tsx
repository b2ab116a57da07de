import { useQuery } from '@apollo/client/react';
import { useState } from 'react';
import { useEveryPage } from '../api/use-every-page.js';
import {
  type NoteRowFragment,
  PayingAccountsDocument,
  type PayingAccountsQuery,
  SelectedNotesDocument,
} from '../generated/documents.js';
import type { Organization } from '../session/use-me.js';
import { Dialog } from '../ui/dialog.js';
import { Failed, Loading } from '../ui/states.js';
import { BulkForm } from './bulk-form.js';
import { BulkOutcomes } from './bulk-outcomes.js';
import { BulkPending } from './bulk-pending.js';
import { useBulk } from './use-bulk.js';

interface BulkDialogProps {
  readonly notes: readonly NoteRowFragment[];
  readonly organization: Organization;
  readonly onClose: (isSent: boolean) => void;
}

/** Refunds several notes at once: their values; while no reply has come, the list that was sent; and then the outcome of each. */
export function BulkDialog({ notes, organization, onClose }: BulkDialogProps) {
  const bulk = useBulk(organization);
  const close = (): void => onClose(bulk.outcome.state !== 'none');
  // Those that were selected when the dialog opened: paid ones leave the selection of the list.
  const [nodeIds] = useState(() => notes.map(({ nodeId }) => nodeId));
  const isPending = bulk.unresolved !== null;
  const { data, error, refetch } = useQuery(SelectedNotesDocument, {
    variables: { nodeIds },
    fetchPolicy: 'network-only',
    nextFetchPolicy: 'cache-first',
    skip: nodeIds.length === 0 || isPending || bulk.outcomes !== null,
  });
  const accounts = useEveryPage(PayingAccountsDocument, accountsOf);
  const failed = error ?? accounts.error;
  const retry = (): void => {
    if (error) void refetch();
    if (accounts.error) accounts.retry();
  };
  const selected = data?.nodes?.flatMap((node) => (node?.__typename === 'CreditNote' ? [node] : [])) ?? [];
  return (
    <Dialog title="Refund several credit notes" onClose={close} isBusy={bulk.outcome.state === 'sending'}>
      {bulk.outcomes && <BulkOutcomes sent={bulk.sent} outcomes={bulk.outcomes} onClose={close} />}
      {isPending && <BulkPending bulk={bulk} onClose={close} />}
      {!bulk.outcomes && !isPending && (
        <>
          {failed && <Failed error={failed} onRetry={retry} />}
          {!(data && accounts.items) && !failed && <Loading what="the credit notes" />}
          {data && accounts.items && (
            <BulkForm notes={selected} accounts={accounts.items} organization={organization} bulk={bulk} onClose={close} />
          )}
        </>
      )}
    </Dialog>
  );
}

function accountsOf({ accounts }: PayingAccountsQuery): PayingAccountsQuery['accounts'] {
  return accounts;
}
