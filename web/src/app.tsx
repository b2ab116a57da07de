import { ApolloProvider } from '@apollo/client/react';
import { useMemo } from 'react';
import { createClient } from './api/client.js';
import { NotesPage } from './list/notes-page.js';
import { NotePage } from './note/note-page.js';
import { ReceiptPage } from './receipt/receipt-page.js';
import { PageHeading, usePlace } from './router.js';
import { useSession } from './session/session.js';
import { SignIn } from './session/sign-in.js';
import { Shell } from './shell.js';

/** The desk: signed out, the form to sign in; signed in, the page of the address. */
export function App() {
  const { credential, reason } = useSession();
  const client = useMemo(() => credential && createClient(credential), [credential]);
  if (client === null) return <SignIn reason={reason} />;
  return (
    <ApolloProvider client={client}>
      <Shell>
        <Page />
      </Shell>
    </ApolloProvider>
  );
}

function Page() {
  const { path, search } = usePlace();
  const [place, id] = path;
  if (place === undefined) return <NotesPage search={search} />;
  if (place === 'credit-notes' && id !== undefined) return <NotePage key={id} id={id} />;
  if (place === 'refunds' && id !== undefined) return <ReceiptPage key={id} id={id} paid={search.get('paid')} />;
  return <PageHeading title="There is no such page" />;
}
