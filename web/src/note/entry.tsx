import type { EntryFragment } from '../generated/documents.js';
import { useMe } from '../session/use-me.js';
import { Day } from '../ui/day.js';
import { JournalTable } from './journal-table.js';

/** A posted journal entry, folded up. */
export function Entry({ entry, of }: { readonly entry: EntryFragment; readonly of?: string }) {
  const me = useMe();
  return (
    <details className="entry">
      <summary>
        Journal entry {entry.id}
        {of && ` of the ${of}`}, <Day date={entry.postingDate} />
      </summary>
      {me && <JournalTable lines={entry.lines} base={me.organization.currency} />}
    </details>
  );
}
