import { useQuery } from '@apollo/client/react';
import { useEffect, useState } from 'react';
import { CurrenciesDocument, CustomerNameDocument } from '../generated/documents.js';
import { isStatus, type ListFilter } from './filter.js';

/** The search waits this long after the last letter. */
const SETTLED_MS = 250;

interface FiltersProps {
  readonly filter: ListFilter;
  readonly onChange: (changed: Partial<ListFilter>) => void;
}

/** The filter of the list. The address changes with it. */
export function Filters({ filter, onChange }: FiltersProps) {
  return (
    <search className="filters">
      <SearchField filter={filter} onChange={onChange} />
      <label>
        Status
        <select value={filter.status} onChange={({ target }) => isStatus(target.value) && onChange({ status: target.value })}>
          <option value="OPEN">Open</option>
          <option value="CLOSED">Closed</option>
          <option value="DRAFT">Draft</option>
          <option value="VOID">Void</option>
          <option value="ALL">All</option>
        </select>
      </label>
      <CurrencyField filter={filter} onChange={onChange} />
      {filter.customer !== null && <ChosenCustomer id={filter.customer} onRemove={() => onChange({ customer: null })} />}
    </search>
  );
}

/** What is typed goes into the address once it has settled. */
function SearchField({ filter, onChange }: FiltersProps) {
  // What is being typed; `null` while it is what the address has.
  const [typed, setTyped] = useState<string | null>(null);
  useEffect(() => {
    if (typed === null) return;
    const timer = setTimeout(() => {
      onChange({ search: typed });
      setTyped(null);
    }, SETTLED_MS);
    return () => clearTimeout(timer);
  }, [typed, onChange]);

  return (
    <label className="search">
      Search
      <input
        type="search"
        placeholder="Number, reference, note or customer"
        value={typed ?? filter.search}
        onChange={({ target }) => setTyped(target.value)}
      />
    </label>
  );
}

function CurrencyField({ filter, onChange }: FiltersProps) {
  const { data } = useQuery(CurrenciesDocument);
  return (
    <label>
      Currency
      <select value={filter.currency ?? ''} onChange={({ target }) => onChange({ currency: target.value || null })}>
        <option value="">All</option>
        {data?.currencies.map(({ id, name }) => (
          <option key={id} value={id}>
            {id} · {name}
          </option>
        ))}
      </select>
    </label>
  );
}

function ChosenCustomer({ id, onRemove }: { readonly id: string; readonly onRemove: () => void }) {
  const { data } = useQuery(CustomerNameDocument, { variables: { id } });
  return (
    <button type="button" className="chip" onClick={onRemove}>
      Customer: {data?.customer?.displayName ?? id} <span aria-hidden="true">×</span>
      <span className="unseen">, remove this filter</span>
    </button>
  );
}
