import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import type { FastifyInstance } from 'fastify';

/** Listens on the host, and returns the address. `localhost` has two addresses, of which some clients try only one: both are used. */
export async function listen(app: FastifyInstance, { host, port }: { host: string; port: number }): Promise<AddressInfo> {
  // Hands its connections over to the app's server.
  const second = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => app.server.emit('connection', socket));
  app.addHook('preClose', async () => void second.close());
  await app.listen({ host, port });
  const bound = app.server.address() as AddressInfo;
  if (host === 'localhost') {
    const other = (await lookup(host, { all: true })).find(({ address }) => address !== bound.address);
    // Skips an address that no interface has, or on which another process listens.
    if (other)
      await Promise.race([once(second.listen(bound.port, other.address), 'listening'), once(second, 'error')]).catch(ignore);
  }
  return bound;
}

function ignore(): void {
  // `once` rejects with the error of the address that is skipped.
}
