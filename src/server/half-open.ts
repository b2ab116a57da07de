import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** The interval at which the gateway checks whether a client that has closed its side is still there. */
const PROBE_INTERVAL_MS = 1_000;

/** A connection is read from for this long after its last reply: closing it with unread bytes would destroy the reply on its way. */
const LINGER_MS = 2_000;

/** The reset of a nearby client that is gone arrives within this time. */
const RESET_MS = 20;

/**
 * Lets a client that closes its side of the connection have its replies: otherwise Node closes the other side, too. Node has always had
 * the property, but neither documents nor declares it (read in 24.21: `lib/_http_server.js`, socketOnEnd;
 * https://github.com/nodejs/node/pull/36819). Delete when `http.createServer` has an option for it.
 */
export function allowHalfOpen(server: Server): void {
  Object.assign(server, { httpAllowHalfOpen: true });
}

/**
 * Sends "100 Continue" again and again after the client has closed its side. Such a client may still wait for its reply (RFC 9112, 9.6) or
 * be gone, which only a failing write reveals. All clients but those of HTTP/1.0 ignore "100 Continue" before a reply.
 *
 * @param current returns the request that is being worked on
 */
export function probeClient(
  socket: Socket,
  current: () => { readonly request: IncomingMessage; readonly response: ServerResponse } | undefined,
): void {
  const timer = setInterval(() => {
    const exchange = current();
    if (exchange === undefined || exchange.response.headersSent || exchange.request.httpVersion === '1.0') return;
    exchange.response.writeContinue();
  }, PROBE_INTERVAL_MS).unref();
  socket.once('close', () => clearInterval(timer));
}

/** Closes our side of the connection, and the rest when the client has had time to read its last reply. */
export function closeLingering(socket: Socket): void {
  discardInput(socket);
  // If the client has closed its side, closing ours closes the connection. The empty write fails if a client that is gone has sent a reset.
  const timer = socket.readableEnded
    ? setTimeout(() => socket.end(''), RESET_MS)
    : setTimeout(() => socket.destroy(), LINGER_MS).unref();
  if (!socket.readableEnded) socket.end();
  socket.once('close', () => clearTimeout(timer));
}

/** Reads and ignores all further bytes, so that the client can finish sending. */
export function discardInput(socket: Socket): void {
  socket.removeAllListeners('data');
  socket.on('data', () => undefined);
}
