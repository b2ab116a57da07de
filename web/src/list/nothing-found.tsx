import { go } from '../router.js';
import { addressOf, type ListFilter } from './filter.js';

interface NothingFoundProps {
  readonly filter: ListFilter;
  readonly onChange: (changed: Partial<ListFilter>) => void;
}

/** An empty list: why it is empty, and the next thing to try. */
export function NothingFound({ filter, onChange }: NothingFoundProps) {
  if (addressOf(filter) === '')
    return <p className="card state">No customer holds an open credit note. There is nothing to refund.</p>;
  return (
    <div className="card nothing">
      <p>{reasonOf(filter)}</p>
      <div>
        {filter.status !== 'ALL' && (
          <button type="button" onClick={() => onChange({ status: 'ALL' })}>
            Look among all states
          </button>
        )}
        <button type="button" className="quiet" onClick={() => go('')}>
          Clear the filter
        </button>
      </div>
    </div>
  );
}

function reasonOf({ status, search }: ListFilter): string {
  const notes = status === 'ALL' ? 'credit note' : `${status.toLowerCase()} credit note`;
  if (search === '') return `No ${notes} fits this filter.`;
  return `No ${notes} has “${search}” in its number, reference or note.`;
}
