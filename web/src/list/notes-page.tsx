import type { ErrorLike } from '@apollo/client';
import { useQuery } from '@apollo/client/react';
import { useState } from 'react';
import { BulkDialog } from '../bulk/bulk-dialog.js';
import { attemptName } from '../bulk/use-bulk.js';
import { NotesDocument } from '../generated/documents.js';
import { go, PageHeading } from '../router.js';
import { mayRefund, useMe } from '../session/use-me.js';
import { OpenAttempt } from '../ui/open-attempt.js';
import { Failed, Loading } from '../ui/states.js';
import { CustomerMatches } from './customer-matches.js';
import { addressOf, filterOf, type ListFilter, toInput } from './filter.js';
import { Filters } from './filters.js';
import { NotesTable } from './notes-table.js';
import { NothingFound } from './nothing-found.js';
import { useSelection } from './use-selection.js';

/** As many refunds as the gateway takes in one list. */
const MOST = 100;

/** The list of credit notes, the newest first, page by page. */
export function NotesPage({ search }: { readonly search: URLSearchParams }) {
  const filter = filterOf(search);
  const [isRefunding, setRefunding] = useState(false);
  const [moreError, setMoreError] = useState<ErrorLike>();
  // Shown from the cache at once, and read again, since others refund, too.
  const { data, previousData, loading, error, refetch, fetchMore } = useQuery(NotesDocument, {
    variables: { filter: toInput(filter) },
    fetchPolicy: 'cache-and-network',
    nextFetchPolicy: 'cache-first',
    notifyOnNetworkStatusChange: true,
  });
  const list = (data ?? previousData)?.creditNotes;
  const notes = list?.edges.map(({ node }) => node) ?? [];
  const selection = useSelection(notes);

  const isTooMany = selection.chosen.length > MOST;
  const me = useMe();
  const organization = me?.organization;
  const closeBulk = (isSent: boolean): void => {
    setRefunding(false);
    if (!isSent) return;
    selection.clear();
    // Notes that are closed now no longer belong to the list of open ones.
    void refetch();
  };
  const change = (changed: Partial<ListFilter>): void => {
    go(addressOf({ ...filter, ...changed }), { replace: true });
    // A button that was pressed to choose a customer, or another one, is gone then.
    if ('customer' in changed) document.querySelector<HTMLElement>('input[type="search"]')?.focus();
  };
  const showMore = async (): Promise<void> => {
    // The policy of the cache appends the page to the list that is shown.
    const page = await fetchMore({ variables: { after: list?.pageInfo.endCursor ?? null } });
    setMoreError(page.error);
  };

  return (
    <>
      <div className="heading">
        <PageHeading title="Credit notes" />
        <p className="count" role="status">
          {list && `${list.totalCountIsCapped ? 'At least ' : ''}${list.totalCount.toLocaleString('en')} found`}
        </p>
      </div>
      {organization && !isRefunding && (
        <OpenAttempt name={attemptName(organization)} what="A list of refunds" onOpen={() => setRefunding(true)} />
      )}
      <Filters filter={filter} onChange={change} />
      <CustomerMatches
        search={filter.search}
        isAll={list?.edges.length === 0}
        onChoose={(customer) => change({ customer, search: '' })}
      />
      {error && <Failed error={error} onRetry={() => void refetch()} />}
      {!list && loading && <Loading what="credit notes" />}
      {list && notes.length === 0 && <NothingFound filter={filter} onChange={change} />}
      {notes.length > 0 && <NotesTable notes={notes} selection={mayRefund(me) ? selection : null} isStale={!data} />}
      {moreError && <Failed error={moreError} onRetry={() => void showMore()} />}
      {list?.pageInfo.hasNextPage && (
        <button type="button" className="more" onClick={() => void showMore()} disabled={loading}>
          {loading ? 'Loading …' : 'Show more'}
        </button>
      )}
      {selection.chosen.length > 0 && (
        <section className="selected" aria-label="Selected credit notes">
          <span role="status">
            {selection.chosen.length} selected{isTooMany && `, at most ${MOST} at once`}
          </span>
          <button type="button" className="primary" onClick={() => setRefunding(true)} disabled={isTooMany}>
            Refund together …
          </button>
          <button type="button" className="quiet" onClick={selection.clear}>
            Clear
          </button>
        </section>
      )}
      {isRefunding && organization && <BulkDialog notes={selection.chosen} organization={organization} onClose={closeBulk} />}
    </>
  );
}
