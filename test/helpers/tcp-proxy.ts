import { once } from 'node:events';
import { type AddressInfo, createConnection, createServer, type Socket } from 'node:net';
import { readCluster } from './cluster.js';

/** A way to the tests' server over TCP, on which connections can go silent: established, but nothing comes through. */
export interface TcpProxy {
  readonly port: number;
  /** How many connections have been made. */
  readonly accepted: number;
  /** Lets nothing more through on these connections; by default, on those that there are. */
  silence(connections?: readonly number[]): void;
  stop(): Promise<void>;
}

export async function startTcpProxy(): Promise<TcpProxy> {
  const { host, port } = readCluster().application;
  const pairs: [Socket, Socket][] = [];
  const server = createServer((client) => {
    const upstream = createConnection(`${host}/.s.PGSQL.${port}`);
    pairs.push([client, upstream]);
    client.pipe(upstream).pipe(client);
    client.on('error', () => upstream.destroy()).on('close', () => upstream.destroy());
    upstream.on('error', () => client.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    get accepted() {
      return pairs.length;
    },
    silence(connections = [...pairs.keys()]) {
      for (const index of connections) {
        const [client, upstream] = pairs[index] ?? [];
        client?.unpipe().pause();
        upstream?.unpipe().pause();
      }
    },
    async stop() {
      for (const [client, upstream] of pairs) {
        client.destroy();
        upstream.destroy();
      }
      server.close();
      await once(server, 'close');
    },
  };
}
