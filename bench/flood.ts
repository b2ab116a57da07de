// An attacker in a process of its own: sends one kind of request on many connections until the parent stops it.
import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import { Client } from 'undici';

/** The request of a flood. */
export interface Flood {
  readonly name: string;
  readonly origin: string;
  readonly connections: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly path: string;
  readonly body: string;
  /** Sends bodies that never end, instead of one complete request after the other. */
  readonly slow?: boolean;
}

/** The number of replies with each status. */
export type ReplyCounts = Readonly<Record<string, number>>;

const BYTE_EVERY_MS = 500;
const PAUSE_AFTER_FAILURE_MS = 20;

const replies: Record<string, number> = {};
let isOver = false;

function count(status: string | number): void {
  replies[status] = (replies[status] ?? 0) + 1;
}

async function sendRequests({ origin, headers, path, body }: Flood): Promise<void> {
  const client = new Client(origin, { pipelining: 1, headersTimeout: 30_000, bodyTimeout: 30_000 });
  while (!isOver) {
    try {
      const reply = await client.request({ method: 'POST', path, headers, body });
      await reply.body.dump();
      count(reply.statusCode);
    } catch {
      count('cut');
      await new Promise((resolve) => setTimeout(resolve, PAUSE_AFTER_FAILURE_MS));
    }
  }
  await client.destroy();
}

async function sendSlowBodies({ origin, headers, path }: Flood): Promise<void> {
  const { hostname, port } = new URL(origin);
  while (!isOver) {
    const socket = createConnection(Number.parseInt(port, 10), hostname);
    socket.on('error', () => undefined);
    const lines = Object.entries({ ...headers, host: `${hostname}:${port}`, 'content-length': '50000' }).map(
      ([name, value]) => `${name}: ${value}\r\n`,
    );
    socket.write(`POST ${path} HTTP/1.1\r\n${lines.join('')}\r\n`);
    const timer = setInterval(() => socket.write(' '), BYTE_EVERY_MS);
    await ended(socket);
    clearInterval(timer);
    count('cut');
  }
}

async function ended(socket: Socket): Promise<void> {
  socket.resume();
  const over = setInterval(() => isOver && socket.destroy(), BYTE_EVERY_MS);
  await once(socket, 'close').catch(() => undefined);
  clearInterval(over);
}

// The parent sends the flood first, and "stop" at the end.
process.on('message', (message: Flood | 'stop') => {
  if (message === 'stop') {
    isOver = true;
    return;
  }
  const work = message.slow ? sendSlowBodies : sendRequests;
  void Promise.all(Array.from({ length: message.connections }, () => work(message))).then(() =>
    process.send?.(replies, () => process.exit()),
  );
});
