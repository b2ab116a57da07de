/** The way out that every failure of the embedded server ends with. */
export const useOwnServerInstead = 'To use a PostgreSQL server of your own instead, set DATABASE_URL.';
