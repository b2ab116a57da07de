import { useQuery } from '@apollo/client/react';
import { type EntryFragment, MeDocument } from '../generated/documents.js';
import { Day } from '../ui/day.js';
import { JournalTable } from './journal-table.js';

/** A posted journal entry, folded up. */
export function Entry({ entry, title }: { readonly entry: EntryFragment; readonly title: string }) {
  const { data } = useQuery(MeDocument);
  return (
    <details className="entry">
      <summary>
        {title} {entry.id}, <Day date={entry.postingDate} />
      </summary>
      {data && <JournalTable lines={entry.lines} base={data.me.organization.currency} />}
    </details>
  );
}
