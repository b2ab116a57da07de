/** Ends the messages of failures of the embedded server: the operator can always avoid it. */
export const useOwnServerInstead = 'To use a PostgreSQL server of your own instead, set DATABASE_URL.';
