/** Ends the messages of failures of the embedded server: the operator can always avoid it. */
export const USE_OWN_SERVER = 'To use a PostgreSQL server of your own instead, set DATABASE_URL.';
