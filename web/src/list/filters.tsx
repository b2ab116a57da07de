import { useQuery } from '@apollo/client/react';
import { useEffect, useRef, useState } from 'react';
import { CurrenciesDocument, CustomerMatchesDocument, CustomerNameDocument } from '../generated/documents.js';
import { isSearchable, isStatus, type ListFilter } from './filter.js';

/** The search waits this long after the last letter. */
const SETTLED_MS = 250;

interface FiltersProps {
  readonly filter: ListFilter;
  readonly onChange: (changed: Partial<ListFilter>) => void;
}

/** The filter of the list. The address changes with it. */
export function Filters({ filter, onChange }: FiltersProps) {
  const field = useRef<HTMLElement>(null);
  // What was pressed disappears, so the focus goes back to where one types.
  const choose = (customer: string | null): void => {
    onChange(customer === null ? { customer } : { customer, search: '' });
    field.current?.querySelector('input')?.focus();
  };
  return (
    <search className="filters" ref={field}>
      <SearchField filter={filter} onChange={onChange} onChoose={choose} />
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
      {filter.customer !== null && <ChosenCustomer id={filter.customer} onRemove={() => choose(null)} />}
    </search>
  );
}

/** Searches numbers, references and notes, and offers the customers whose names fit. */
function SearchField({ filter, onChange, onChoose }: FiltersProps & { readonly onChoose: (customer: string) => void }) {
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

  const { data } = useQuery(CustomerMatchesDocument, {
    variables: { search: filter.search.trim() },
    skip: !isSearchable(filter.search),
  });
  const customers = isSearchable(filter.search) ? (data?.customers.nodes ?? []) : [];
  return (
    <div className="search">
      <label>
        Search
        <input
          type="search"
          placeholder="Number, reference, note or customer"
          value={typed ?? filter.search}
          onChange={({ target }) => setTyped(target.value)}
        />
      </label>
      {customers.length > 0 && (
        <p className="matches" role="status">
          Notes of the customer{' '}
          {customers.map(({ id, displayName, email }) => (
            <button key={id} type="button" title={email ?? ''} onClick={() => onChoose(id)}>
              {displayName}
            </button>
          ))}
        </p>
      )}
    </div>
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
