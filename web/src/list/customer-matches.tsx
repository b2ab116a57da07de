import { useQuery } from '@apollo/client/react';
import { CustomerMatchesDocument } from '../generated/documents.js';
import { isSearchable } from './filter.js';

interface CustomerMatchesProps {
  readonly search: string;
  /** Whether the words are in no note, so that the person surely means a customer. */
  readonly isAll: boolean;
  readonly onChoose: (customer: string) => void;
}

/** The customers whose names fit the search: one field finds notes and people. */
export function CustomerMatches({ search, isAll, onChoose }: CustomerMatchesProps) {
  const { data } = useQuery(CustomerMatchesDocument, { variables: { search: search.trim() }, skip: !isSearchable(search) });
  const customers = isSearchable(search) ? (data?.customers.nodes ?? []) : [];
  if (customers.length === 0) return null;
  return (
    <div className={isAll ? 'card matches' : 'matches'} role="status">
      <p>Show the credit notes of</p>
      {customers.map(({ id, displayName, email }) => (
        <button key={id} type="button" onClick={() => onChoose(id)}>
          {displayName} {email && <span className="email">{email}</span>}
        </button>
      ))}
    </div>
  );
}
