/**
 * Refunds of an organization share a connection, so that few of these are busy at a time: more would lower the throughput of
 * a small machine. Most of them are for those who wait for a lock.
 */
export const DEFAULT_POOL_SIZE = 24;

/** With fewer, one organization that waits for locks would leave too little to the others. */
export const LEAST_POOL_SIZE = 6;
