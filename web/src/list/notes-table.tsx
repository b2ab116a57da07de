import type { NoteRowFragment } from '../generated/documents.js';
import { Link } from '../router.js';
import { Day } from '../ui/day.js';
import { Money } from '../ui/money.js';
import { Status } from '../ui/status.js';
import type { Selection } from './use-selection.js';

interface NotesTableProps {
  readonly notes: readonly NoteRowFragment[];
  /** `null` for those who may not refund. */
  readonly selection: Selection | null;
  /** Whether these are the notes of the filter before, while those of the present one are read. */
  readonly isStale: boolean;
}

export function NotesTable({ notes, selection, isStale }: NotesTableProps) {
  return (
    <table className={isStale ? 'notes card stale' : 'notes card'} aria-busy={isStale}>
      <thead>
        <tr>
          <td className="tick">
            {selection && (
              <input type="checkbox" aria-label="Select all" checked={selection.areAll} onChange={selection.toggleAll} />
            )}
          </td>
          <th scope="col">Credit note</th>
          <th scope="col" className="wide">
            Date
          </th>
          <th scope="col" className="amount wide">
            Total
          </th>
          <th scope="col" className="amount">
            Remaining
          </th>
        </tr>
      </thead>
      <tbody>
        {notes.map((note) => (
          <NoteRow key={note.id} note={note} selection={selection} />
        ))}
      </tbody>
    </table>
  );
}

function NoteRow({ note, selection }: { readonly note: NoteRowFragment; readonly selection: Selection | null }) {
  return (
    <tr>
      <td className="tick">
        {selection && note.status === 'OPEN' && (
          <input
            type="checkbox"
            aria-label={`Select ${note.number}`}
            checked={selection.has(note)}
            onChange={() => selection.toggle(note)}
          />
        )}
      </td>
      <th scope="row">
        <Link to={`credit-notes/${note.id}`} className="whole-row">
          {note.number}
        </Link>{' '}
        {note.status !== 'OPEN' && <Status status={note.status} />}
        <span className="customer">{note.customer.displayName}</span>
      </th>
      <td className="wide">
        <Day date={note.date} />
      </td>
      <td className="amount wide">
        <Money amount={note.total} currency={note.currency} />
      </td>
      <td className="amount">
        <Money amount={note.remaining} currency={note.currency} />
      </td>
    </tr>
  );
}
