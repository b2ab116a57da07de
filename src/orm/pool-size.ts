/**
 * Default number of connections. Refunds of an organization share a connection, so few connections are busy at a time; more busy ones would lower
 * the throughput of a small machine. Most connections are for transactions that wait for locks.
 */
export const DEFAULT_POOL_SIZE = 24;

/** Minimum number of connections. With fewer, one organization that waits for locks would leave too few to the others. */
export const MIN_POOL_SIZE = 6;
