import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import type { ConnectionError, FastifyBaseLogger } from 'fastify';
import { ServiceUnavailable } from '../errors.js';
import { BrokenRequest, brokenRequest, MAX_HEADER_BYTES, NOT_A_REQUEST, rawReply } from './broken-request.js';
import { allowHalfOpen, closeLingering, discardInput, probeClient } from './half-open.js';

/** Limits of the HTTP server's connections. */
export interface ConnectionLimits {
  readonly maxConnections: number;
  /** Time from the first byte of a request to its last. */
  readonly requestSeconds: number;
  /** Time that a connection may stay open between two requests. */
  readonly keepAliveSeconds: number;
  /** Time that a client may take to read a reply. */
  readonly replySeconds: number;
}

export const CONNECTION_LIMITS: ConnectionLimits = {
  maxConnections: 1_000,
  requestSeconds: 30,
  keepAliveSeconds: 72,
  replySeconds: 60,
};

/** Time limit for the header of a request, unless the limit for the whole request is shorter. */
const HEADER_SECONDS = 10;

/** The interval at which the time limits are checked. */
const CHECK_INTERVAL_MS = 1_000;

/** With this many unanswered requests on a connection, nothing more is read from it. */
const PIPELINED_PAUSE = 16;
/** One packet can hold more requests than that. A client that sends this many does not want replies, and is cut off. */
const PIPELINED_LIMIT = 100;

/** Time in which a gateway that stops still takes requests: those on their way, and those of a load balancer that does not know yet. */
const LAST_REQUESTS_MS = 500;

const STOPPING = 'The gateway is stopping; this request was not started, send it again';

/** A request and its reply, which has not been sent. */
interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Replies with the error; `null` until Fastify has the request. */
  refuse: ((error: Error) => void) | null;
  /** The reason why the request will never be complete. */
  broken: Error | null;
  /** The time at which the reply was handed over to be sent. */
  repliedAt: number | null;
}

interface Connection {
  readonly socket: Socket;
  /** In order of arrival. The first is being worked on. */
  readonly open: Exchange[];
  latest: Exchange | null;
  /** The bytes that had been received when the latest reply was sent. */
  receivedAtReply: number;
  /** Set when nothing more is read: the connection ends after the open replies and, if there is one, this raw reply. */
  ending: { readonly reply: string | null } | null;
  isClosing: boolean;
}

/**
 * The connections of an HTTP server. Each works on one request at a time and replies in order, and no bytes after a request change its
 * reply. Node by itself works on pipelined requests in parallel, and replies to bytes that it cannot parse before the replies that are due.
 */
export class Connections {
  private readonly connections = new Map<Socket, Connection>();
  private readonly exchanges = new WeakMap<IncomingMessage, Exchange>();
  private isFull = false;
  private server: Server | undefined;
  private stage: 'serving' | 'last requests' | 'ending' = 'serving';

  constructor(
    private readonly limits: ConnectionLimits,
    private readonly logger: FastifyBaseLogger,
  ) {}

  get isStopping(): boolean {
    return this.stage !== 'serving';
  }

  createServer(handler: RequestListener): Server {
    const { requestSeconds, keepAliveSeconds } = this.limits;
    const server = createServer({
      requestTimeout: requestSeconds * 1_000,
      headersTimeout: Math.min(HEADER_SECONDS, requestSeconds) * 1_000,
      keepAliveTimeout: keepAliveSeconds * 1_000,
      connectionsCheckingInterval: CHECK_INTERVAL_MS,
      maxHeaderSize: MAX_HEADER_BYTES,
      // `follow` checks the header, where the reply has the format of its door.
      requireHostHeader: false,
    });
    // Only the size is limited: Node silently drops headers beyond the 2,000th, and one may be the idempotency key.
    server.maxHeadersCount = 0;
    allowHalfOpen(server);
    const take = (request: IncomingMessage, response: ServerResponse) => this.take({ request, response }, handler);
    server.on('connection', (socket) => this.open(socket));
    server.on('request', take);
    // `readJsonBodies` asks for the body once it is certain that it will be read.
    server.on('checkContinue', take);
    // RFC 9110 allows a server to ignore an expectation that it does not know.
    server.on('checkExpectation', take);
    server.on('connect', (_request, socket) => {
      socket.on('error', () => undefined);
      this.fail(Object.assign(new Error('CONNECT is for proxies'), { code: 'HPE_INVALID_METHOD' }), socket as Socket);
    });
    const check = setInterval(() => this.cutSlowReaders(), CHECK_INTERVAL_MS).unref();
    server.once('close', () => clearInterval(check));
    this.server = server;
    return server;
  }

  /**
   * Registers how to refuse the request if it proves broken while its body is read.
   *
   * @returns the fault that is known already; `null` if there is none
   */
  follow(request: IncomingMessage, refuse: (error: Error) => void): Error | null {
    const exchange = this.exchanges.get(request);
    if (exchange !== undefined) exchange.refuse = refuse;
    if (request.headers.host === undefined && request.httpVersion === '1.1') {
      return new BrokenRequest(400, 'The Host header is missing');
    }
    return exchange?.broken ?? (this.stage === 'ending' ? new ServiceUnavailable(STOPPING) : null);
  }

  /**
   * Ends each connection after its next reply. A moment later, when requests on their way have arrived, accepts no more connections, ends
   * idle ones, and refuses requests that have not fully arrived. To end idle ones at once would reset requests that were just sent.
   */
  async stop(limitMs: number): Promise<void> {
    this.stage = 'last requests';
    for (const { open } of this.connections.values()) announceClose(open.at(-1)?.response);
    if (this.connections.size > 0) {
      await sleep(Math.min(LAST_REQUESTS_MS, limitMs));
      // What has arrived is read before the check phase of the event loop.
      await setImmediate();
    }
    this.stage = 'ending';
    this.server?.close();
    for (const connection of this.connections.values()) {
      for (const exchange of connection.open) if (!hasArrived(exchange)) this.refuse(exchange, new ServiceUnavailable(STOPPING));
      if (connection.open.length === 0) connection.socket.destroy();
    }
  }

  /** The server's `clientErrorHandler`: Node calls it for bytes that are no request, for a slow request and for each error of a socket. */
  readonly fail = (error: Pick<ConnectionError, 'code'>, socket: Socket): void => {
    const connection = this.connections.get(socket);
    const broken = brokenRequest(error.code);
    if (connection === undefined || broken === null) {
      socket.destroy();
      return;
    }
    if (connection.ending !== null) return;
    if (connection.latest === null && socket.bytesRead === 0) {
      socket.destroy();
      return;
    }
    discardInput(socket);
    const { open, latest } = connection;
    const isWithinBody = latest !== null && !latest.request.complete;
    // A reply may have been sent before the bytes behind its request were looked at.
    const isBehindRequest = open.length > 0 || (latest !== null && socket.bytesRead === connection.receivedAtReply);
    const isAnswered = isWithinBody || (isBehindRequest && NOT_A_REQUEST.has(error.code));
    connection.ending = { reply: isAnswered ? null : this.replyTo(broken) };
    if (isWithinBody && !latest.response.writableEnded) this.refuse(latest, broken);
    else if (open.length === 0) this.end(connection);
    else if (isAnswered) announceClose(open.at(-1)?.response);
  };

  private open(socket: Socket): void {
    if (!this.hasRoom()) {
      socket.destroy();
      return;
    }
    const connection: Connection = { socket, open: [], latest: null, receivedAtReply: 0, ending: null, isClosing: false };
    this.connections.set(socket, connection);
    // Node calls `destroySoon` after the last reply of a connection.
    socket.destroySoon = () => this.close(connection);
    socket.once('close', () => {
      this.connections.delete(socket);
      connection.open.length = 0;
      if (this.connections.size < this.limits.maxConnections) this.isFull = false;
    });
    // Node resumes the socket when it reads the body of a request.
    socket.on('resume', () => {
      if (connection.open.length >= PIPELINED_PAUSE && connection.ending === null) socket.pause();
    });
    socket.once('end', () => probeClient(socket, () => connection.open[0]));
  }

  /** Whether a new connection may stay. At the limit, the one that has been without a complete request for longest is closed for it. */
  private hasRoom(): boolean {
    if (this.connections.size < this.limits.maxConnections) return true;
    if (!this.isFull) this.logger.warn({ connections: this.connections.size }, 'too many connections; idle ones are closed');
    this.isFull = true;
    for (const [socket, { open }] of this.connections) {
      if (open.some(hasArrived)) continue;
      this.connections.delete(socket);
      socket.destroy();
      return true;
    }
    return false;
  }

  private take({ request, response }: Pick<Exchange, 'request' | 'response'>, handler: RequestListener): void {
    const { socket } = request;
    const connection = this.connections.get(socket);
    if (connection === undefined) {
      socket.destroy();
      return;
    }
    if (connection.ending !== null || socket.destroyed) return;
    const exchange: Exchange = { request, response, refuse: null, broken: null, repliedAt: null };
    this.exchanges.set(request, exchange);
    connection.latest = exchange;
    connection.open.push(exchange);
    response.once('close', () => this.next(connection, handler));
    if (connection.open.length === 1) handler(request, response);
    else if (connection.open.length > PIPELINED_LIMIT) socket.destroy();
    else if (connection.open.length >= PIPELINED_PAUSE) socket.pause();
  }

  /** Starts the next request: the reply to the first has been sent, or never will be. */
  private next(connection: Connection, handler: RequestListener): void {
    const { socket, open } = connection;
    open.shift();
    connection.receivedAtReply = socket.bytesRead;
    if (socket.destroyed || connection.isClosing) return;
    // Keeps the map in order: the connection that has been idle for longest is first.
    this.connections.delete(socket);
    this.connections.set(socket, connection);
    if (open.length === PIPELINED_PAUSE - 1) socket.resume();
    const [following] = open;
    if (following !== undefined) handler(following.request, following.response);
    else if (connection.ending !== null || this.isStopping) this.end(connection);
  }

  private refuse(exchange: Exchange, error: Error): void {
    if (exchange.response.writableEnded) return;
    exchange.broken = error;
    exchange.refuse?.(error);
  }

  private end(connection: Connection): void {
    const reply = connection.ending?.reply;
    if (reply && connection.socket.writable) connection.socket.write(reply);
    this.close(connection);
  }

  private close(connection: Connection): void {
    if (connection.isClosing) return;
    connection.isClosing = true;
    connection.ending ??= { reply: null };
    closeLingering(connection.socket);
  }

  private cutSlowReaders(): void {
    const now = Date.now();
    for (const { socket, open } of this.connections.values()) {
      const [exchange] = open;
      if (!exchange?.response.writableEnded) continue;
      exchange.repliedAt ??= now;
      if (now - exchange.repliedAt >= this.limits.replySeconds * 1_000) socket.destroy();
    }
  }

  private replyTo(broken: BrokenRequest): string {
    const requestId = randomUUID();
    this.logger.info({ requestId, path: 'unknown', status: broken.status, refused: broken.message }, 'request');
    return rawReply(broken, requestId);
  }
}

function hasArrived({ request, response }: Exchange): boolean {
  return request.complete || response.writableEnded;
}

/** Announces in the reply that the connection ends after it, unless its header has been sent. */
function announceClose(response: ServerResponse | undefined): void {
  if (response !== undefined && !response.headersSent) response.setHeader('connection', 'close');
}
