import type { Pool, PoolClient } from 'pg';

/**
 * Replaces the connections to a server that has become a standby and refuses writes. All connections of the pool lead to that server,
 * so none of them is lent out again. New ones reach the server that has taken over.
 *
 * @returns the function to call when a connection was refused a write
 */
export function leaveReadOnlyServers(pool: Pool): () => void {
  const clients = new Set<PoolClient>();
  const left = new WeakSet<PoolClient>();
  pool.on('connect', (client) => clients.add(client));
  pool.on('remove', (client) => clients.delete(client));
  const connect = pool.connect.bind(pool);
  Object.assign(pool, {
    connect: async (): Promise<PoolClient> => {
      for (;;) {
        const client = await connect();
        if (!left.has(client)) return client;
        client.release(true);
      }
    },
  });
  return () => {
    for (const client of clients) left.add(client);
  };
}
