import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import type { FastifyInstance } from 'fastify';

/** Why an address cannot be listened on, by the code of the error, and what to do. */
const OBSTACLES: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program uses it; stop that, or choose another PORT',
  EACCES: 'this user may not use the port; choose a PORT from 1024',
  EADDRNOTAVAIL: 'no interface of this machine has the address; choose another HOST',
  ENOTFOUND: 'the name has no address; choose another HOST',
};

/** The address cannot be listened on. The message is for the operator. */
class CannotListen extends Error {
  constructor(host: string, port: number, cause: NodeJS.ErrnoException) {
    super(`The gateway cannot listen on HOST ${host}, PORT ${port}: ${OBSTACLES[cause.code ?? ''] ?? cause.message}.`, { cause });
  }
}

/**
 * Listens on the host, and returns the address. `localhost` has two addresses, of which some clients try only one: both are used.
 *
 * @throws {CannotListen}
 */
export async function listen(app: FastifyInstance, { host, port }: { host: string; port: number }): Promise<AddressInfo> {
  // Hands its connections over to the app's server.
  const second = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => app.server.emit('connection', socket));
  app.addHook('preClose', async () => void second.close());
  await app.listen({ host, port }).catch((error: NodeJS.ErrnoException) => {
    throw new CannotListen(host, port, error);
  });
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
