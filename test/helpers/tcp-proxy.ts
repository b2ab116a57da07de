import { once } from 'node:events';
import { type AddressInfo, createConnection, createServer, type Socket } from 'node:net';
import { readCluster } from './cluster.js';

/** A TCP proxy to the tests' server, whose connections can become silent: they stay open, but transfer nothing. */
export interface TcpProxy {
  readonly port: number;
  /** The number of connections that were opened. */
  readonly accepted: number;
  /** Stops the transfer on these connections, or on all that exist. */
  silence(connections?: readonly number[]): void;
  /** Makes each connection silent as soon as it has passed on a statement with this text. */
  silenceAfter(text: string): void;
  stop(): Promise<void>;
}

/** @param refuseSettings whether connections with settings in their start-up message are refused, as by PgBouncer */
export async function startTcpProxy({ refuseSettings = false } = {}): Promise<TcpProxy> {
  const { host, port } = readCluster().application;
  const pairs: [Socket, Socket][] = [];
  let last: string | undefined;
  const server = createServer((client) => {
    const upstream = createConnection(`${host}/.s.PGSQL.${port}`);
    pairs.push([client, upstream]);
    if (refuseSettings) {
      client.once('data', (startup: Buffer) => {
        const setting = /lock_timeout|statement_timeout|plan_cache_mode/.exec(startup.toString('latin1'))?.[0];
        if (setting !== undefined) client.end(fatal('08P01', `unsupported startup parameter: ${setting}`));
        else upstream.write(startup);
        client.pipe(upstream).pipe(client);
      });
    } else {
      client.pipe(upstream).pipe(client);
    }
    client.on('data', (chunk: Buffer) => {
      if (last !== undefined && chunk.includes(last)) upstream.unpipe().pause();
    });
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
    silenceAfter(text) {
      last = text;
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

/** An error message of PostgreSQL's protocol that ends a connection. */
function fatal(code: string, message: string): Buffer {
  const fields = Buffer.from(`SFATAL\0VFATAL\0C${code}\0M${message}\0\0`);
  const head = Buffer.alloc(5);
  head.write('E');
  head.writeInt32BE(fields.length + 4, 1);
  return Buffer.concat([head, fields]);
}
