import { Money } from '../ui/money.js';
import { Entry } from './entry.js';
import type { Note } from './note.js';

/** The goods or services that the note credits. */
export function Lines({ note }: { readonly note: Note }) {
  return (
    <section>
      <h2>What was credited</h2>
      <table className="card">
        <thead>
          <tr>
            <th scope="col">Description</th>
            <th scope="col" className="wide">
              Account
            </th>
            <th scope="col" className="amount">
              Amount
            </th>
          </tr>
        </thead>
        <tbody>
          {note.lines.map(({ id, description, account, amount }) => (
            <tr key={id}>
              <td>{description || '–'}</td>
              <td className="wide">{account.name}</td>
              <td className="amount">
                <Money amount={amount} currency={note.currency} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {note.journalEntry && <Entry entry={note.journalEntry} of="credit note" />}
    </section>
  );
}
