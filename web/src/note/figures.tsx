import { Money } from '../ui/money.js';
import type { Note } from './note.js';

/** What remains of the note, and where the rest of it went. */
export function Figures({ note }: { readonly note: Note }) {
  const { currency } = note;
  const amounts = [
    { name: 'Total', amount: note.total },
    { name: 'Refunded', amount: note.refunded },
    { name: 'Applied to invoices', amount: note.applied },
    { name: 'Cancelled', amount: note.cancelled },
  ];
  return (
    <dl className="figures">
      <div className="main-figure">
        <dt>Remaining</dt>
        <dd>
          <Money amount={note.remaining} currency={currency} />
        </dd>
      </div>
      {amounts.map(({ name, amount }) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            <Money amount={amount} currency={currency} />
          </dd>
        </div>
      ))}
    </dl>
  );
}
