import { ApolloClient, ApolloLink, CombinedGraphQLErrors, type FieldPolicy, HttpLink, InMemoryCache } from '@apollo/client';
import { ErrorLink } from '@apollo/client/link/error';
import { relayStylePagination } from '@apollo/client/utilities';
import { type Credential, endSession, headersOf } from '../session/session.js';
import { codeOf } from './errors.js';

/** A reply that takes longer is given up: for a command it is then unknown whether it was done. */
const TIMEOUT_MS = 30_000;

/** Returns a client of one session. Another person gets a new one, whose cache is empty. */
export function createClient(credential: Credential): ApolloClient {
  const signedOut = new ErrorLink(({ error }) => {
    if (CombinedGraphQLErrors.is(error) && error.errors.some((each) => codeOf(each) === 'UNAUTHENTICATED')) {
      endSession(credential, 'Your session has ended: the key or token is no longer valid here. Sign in again.');
    }
  });
  const http = new HttpLink({ uri: '/graphql', headers: headersOf(credential), fetch: fetchInTime });
  return new ApolloClient({
    link: ApolloLink.from([signedOut, http]),
    cache: createCache(),
    clientAwareness: { name: 'refund-desk' },
    // A failed request is a result with an error, and never an exception that nobody catches.
    defaultOptions: { watchQuery: { errorPolicy: 'all' }, query: { errorPolicy: 'all' }, mutate: { errorPolicy: 'all' } },
  });
}

/** The cache knows a record by its type and id, so one reply updates every page that shows the record. */
function createCache(): InMemoryCache {
  return new InMemoryCache({
    typePolicies: {
      Query: {
        fields: {
          // Pages of the same filter are one list.
          creditNotes: relayStylePagination(['filter']),
          // A page whose record is in the cache is shown at once, before its own request.
          creditNote: byId('CreditNote'),
          refund: byId('Refund'),
          customer: byId('Customer'),
        },
      },
      CreditNote: { fields: { refunds: relayStylePagination(['orderBy']) } },
    },
  });
}

/** Reads the record that a list or a mutation has brought. `null` stays: it is the reply that there is none. */
function byId(type: string): FieldPolicy {
  return {
    read: (known, { args, toReference }) => (known === undefined ? toReference({ __typename: type, id: args?.id }) : known),
  };
}

function fetchInTime(url: RequestInfo | URL, { signal, ...options }: RequestInit = {}): Promise<Response> {
  const inTime = AbortSignal.timeout(TIMEOUT_MS);
  return fetch(url, { ...options, signal: signal ? AbortSignal.any([signal, inTime]) : inTime });
}
