import { useQuery } from '@apollo/client/react';
import { useEffect, useState } from 'react';
import { HealthDocument, type HealthQuery } from '../generated/documents.js';
import { Moment } from '../ui/day.js';
import { Dialog } from '../ui/dialog.js';
import { Failed, Loading } from '../ui/states.js';

type Health = NonNullable<HealthQuery['ledgerHealth']>;

const LATER_MS = 1_000;

/** The state of the books. The check reads every record, so it runs once when the desk opens, and then on request. */
export function HealthBadge() {
  const [isOpen, setOpen] = useState(false);
  const [isDue, setDue] = useState(false);
  // First the page that the person has come for.
  useEffect(() => {
    const timer = setTimeout(() => setDue(true), LATER_MS);
    return () => clearTimeout(timer);
  }, []);
  const { data, loading, error, refetch } = useQuery(HealthDocument, { skip: !isDue, notifyOnNetworkStatusChange: true });
  const health = data?.ledgerHealth;
  const [tone, words] = stateOf(health, loading || !isDue);
  return (
    <>
      <button type="button" className={`badge ${tone}`} onClick={() => setOpen(true)}>
        {words}
      </button>
      {isOpen && (
        <Dialog title="The books" onClose={() => setOpen(false)}>
          {loading && <Loading what="the check of the books" />}
          {!loading && error && <Failed error={error} onRetry={() => void refetch()} />}
          {!loading && health && <Checks health={health} />}
          <div className="actions">
            <button type="button" onClick={() => void refetch()} disabled={loading}>
              Check again
            </button>
          </div>
        </Dialog>
      )}
    </>
  );
}

function stateOf(health: Health | null | undefined, isLoading: boolean): readonly [tone: string, words: string] {
  if (isLoading) return ['unknown', 'Checking the books …'];
  if (!health) return ['unknown', 'Books not checked'];
  return health.healthy ? ['good', 'Books in order'] : ['bad', 'Books need attention'];
}

function Checks({ health }: { readonly health: Health }) {
  return (
    <>
      <p>
        {health.healthy ? 'Every rule of the books held ' : 'Not every rule of the books held '}
        on <Moment time={health.checkedAt} />.
      </p>
      <ul className="checks">
        {health.checks.map(({ name, healthy, offenders }) => (
          <li key={name} className={healthy ? 'good' : 'bad'}>
            {inWords(name)}
            {healthy ? <span className="unseen">: holds</span> : `: ${offenders.join(', ')}`}
          </li>
        ))}
      </ul>
    </>
  );
}

/** The names of rules read like sentences: every-entry-balances. */
function inWords(name: string): string {
  const words = name.replaceAll('-', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}
