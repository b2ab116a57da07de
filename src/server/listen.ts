import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import type { FastifyInstance } from 'fastify';

/** Listens on the host; on all addresses of `localhost`, since some clients try only one. */
export async function listen(app: FastifyInstance, { host, port }: { host: string; port: number }): Promise<AddressInfo> {
  // What comes in here is served like the rest; only listening is its own.
  const beside = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => app.server.emit('connection', socket));
  app.addHook('preClose', async () => void beside.close());
  await app.listen({ host, port });
  const bound = app.server.address() as AddressInfo;
  if (host === 'localhost') {
    const other = (await lookup(host, { all: true })).find(({ address }) => address !== bound.address);
    // An address that the machine has in its list of names only, or that somebody else listens on, is left.
    if (other)
      await Promise.race([once(beside.listen(bound.port, other.address), 'listening'), once(beside, 'error')]).catch(ignore);
  }
  return bound;
}

function ignore(): void {
  // The error is told by its event already.
}
