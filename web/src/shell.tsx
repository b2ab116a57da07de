import { useQuery } from '@apollo/client/react';
import type { ReactNode } from 'react';
import { MeDocument } from './generated/documents.js';
import { HealthBadge } from './health/health-badge.js';
import { Link } from './router.js';
import { signOut } from './session/session.js';
import { mayRefund } from './session/use-me.js';
import { Failed } from './ui/states.js';

/** The frame of every page: whose books these are, who is signed in, and the state of the books. */
export function Shell({ children }: { readonly children: ReactNode }) {
  const { data, error, refetch } = useQuery(MeDocument);
  const me = data?.me;
  return (
    <>
      <a className="skip" href="#main">
        Skip to the page
      </a>
      <header className="bar">
        <Link to="" className="brand">
          Refund desk
        </Link>
        <span className="organization">{me?.organization.name}</span>
        {mayRefund(me) && <HealthBadge />}
        <span className="person">
          {me && (
            <>
              {me.name} <span className="role">{me.role.toLowerCase()}</span>
            </>
          )}
        </span>
        <button type="button" className="quiet" onClick={signOut}>
          Sign out
        </button>
      </header>
      <main id="main">
        {error && !me && <Failed error={error} onRetry={() => void refetch()} />}
        {children}
      </main>
    </>
  );
}
