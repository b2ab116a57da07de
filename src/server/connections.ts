import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { ConnectionError, FastifyBaseLogger } from 'fastify';
import { ServiceUnavailable } from '../errors.js';
import { plainReply } from '../rest/errors.js';
import { SECURITY_HEADERS } from './web-security.js';

/** What a connection may ask for. Times are in seconds. */
export interface ConnectionLimits {
  readonly maxConnections: number;
  /** From the first byte of a request to its last. */
  readonly requestSeconds: number;
  /** How long a connection may stay open between two requests. */
  readonly keepAliveSeconds: number;
  /** How long a client may take to read a reply. */
  readonly replySeconds: number;
}

export const CONNECTION_LIMITS: ConnectionLimits = {
  maxConnections: 1_000,
  requestSeconds: 30,
  keepAliveSeconds: 72,
  replySeconds: 60,
};

/** The header of a request arrives within this time, or within the request's own limit if that is less. */
const HEADER_SECONDS = 10;
const MAX_HEADER_BYTES = 16 * 1024;

/** How often the limits of time are looked at. */
const CHECK_INTERVAL_MS = 1_000;

/** When so many requests of a connection wait for their replies, no more is read from it. */
const PIPELINED_PAUSE = 16;
/** More than this can come only within one packet of a client that wants no replies: it is cut off. */
const PIPELINED_LIMIT = 100;

/** After its last reply a connection is still read from, since closing it with unread bytes would destroy the reply on its way. */
const LINGER_MS = 2_000;

/** The reset of a client near by that is gone comes back within this time. */
const RESET_MS = 20;

/** How often a client that has ended its side is asked whether it is still there. */
const PROBE_INTERVAL_MS = 1_000;

/** What was received of a request is not one, or did not come in time. */
export class BrokenRequest extends Error {
  constructor(
    readonly status: 400 | 408 | 413 | 431,
    message: string,
  ) {
    super(message);
  }
}

/** A request whose reply has not been sent. */
interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Replies with the error; once the request has reached its door. */
  refuse: ((error: Error) => void) | null;
  /** Why the request will never be complete. */
  broken: Error | null;
  /** When the reply was handed over to be sent. */
  repliedAt: number | null;
}

interface Connection {
  readonly socket: Socket;
  /** In the order in which they came. The first one is being worked on. */
  readonly open: Exchange[];
  latest: Exchange | null;
  /** Nothing more is read; the connection ends after the replies that are open, and then this one. */
  ending: { readonly lastWords: string | null } | null;
  isLingering: boolean;
}

/**
 * The connections of an HTTP server: one request of each at a time, replies in order, and nothing that follows a request changes
 * its reply. Node alone works on pipelined requests at once, and answers bytes that it cannot read before the replies that are due.
 */
export class Connections {
  private readonly connections = new Map<Socket, Connection>();
  private readonly exchanges = new WeakMap<IncomingMessage, Exchange>();
  private isFull = false;
  private isStopping = false;

  constructor(
    private readonly limits: ConnectionLimits,
    private readonly logger: FastifyBaseLogger,
  ) {}

  createServer(handler: RequestListener): Server {
    const { requestSeconds, keepAliveSeconds } = this.limits;
    const server = createServer({
      requestTimeout: requestSeconds * 1_000,
      headersTimeout: Math.min(HEADER_SECONDS, requestSeconds) * 1_000,
      keepAliveTimeout: keepAliveSeconds * 1_000,
      connectionsCheckingInterval: CHECK_INTERVAL_MS,
      maxHeaderSize: MAX_HEADER_BYTES,
      // Looked at where the reply can be in the dialect of its door.
      requireHostHeader: false,
    });
    // All are kept, up to the size: Node would drop those beyond the 2,000th without a word, and one may be the idempotency key.
    server.maxHeadersCount = 0;
    allowHalfOpen(server);
    const take = (request: IncomingMessage, response: ServerResponse) => this.take({ request, response }, handler);
    server.on('connection', (socket) => this.open(socket));
    server.on('request', take);
    // An expectation that is not known may be ignored.
    server.on('checkExpectation', take);
    server.on('connect', (_request, socket) => {
      socket.on('error', () => undefined);
      this.fail(Object.assign(new Error('CONNECT is for proxies'), { code: 'HPE_INVALID_METHOD' }), socket as Socket);
    });
    const check = setInterval(() => this.cutSlowReaders(), CHECK_INTERVAL_MS).unref();
    server.once('close', () => clearInterval(check));
    return server;
  }

  /**
   * Takes note of how to refuse this request, should it turn out to be broken while its body is read.
   *
   * @returns what is wrong with it already
   */
  follow(request: IncomingMessage, refuse: (error: Error) => void): Error | null {
    const exchange = this.exchanges.get(request);
    if (exchange !== undefined) exchange.refuse = refuse;
    if (request.headers.host === undefined && request.httpVersion === '1.1') {
      return new BrokenRequest(400, 'The Host header is missing');
    }
    return exchange?.broken ?? null;
  }

  /** Ends what is idle, refuses what has not arrived, and ends each connection after its last reply. */
  stop(): void {
    this.isStopping = true;
    for (const connection of this.connections.values()) {
      for (const exchange of connection.open) if (!hasArrived(exchange)) this.refuse(exchange, new ServiceUnavailable());
      if (connection.open.length === 0) connection.socket.destroy();
    }
  }

  /** What Node calls for bytes that are no request, for a request that is too slow, and for each error of a socket. */
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
    const isAnswered = isWithinBody || (open.length > 0 && NO_REQUEST.has(error.code));
    connection.ending = { lastWords: isAnswered ? null : this.lastWords(broken) };
    if (isWithinBody && !latest.response.writableEnded) this.refuse(latest, broken);
    else if (open.length === 0) this.end(connection);
    else if (isAnswered) announceClose(open.at(-1)?.response);
  };

  private open(socket: Socket): void {
    if (!this.hasRoom()) {
      socket.destroy();
      return;
    }
    const connection: Connection = { socket, open: [], latest: null, ending: null, isLingering: false };
    this.connections.set(socket, connection);
    // Node calls this after the last reply of a connection.
    socket.destroySoon = () => this.linger(connection);
    socket.once('close', () => {
      this.connections.delete(socket);
      connection.open.length = 0;
      if (this.connections.size < this.limits.maxConnections) this.isFull = false;
    });
    // Reading the body of a request resumes its socket.
    socket.on('resume', () => {
      if (connection.open.length >= PIPELINED_PAUSE && connection.ending === null) socket.pause();
    });
    socket.once('end', () => this.probe(connection));
  }

  /** When there are too many connections, the one goes that has been without a complete request for the longest time. */
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

  /** The reply to the first request has been sent, or never will be. */
  private next(connection: Connection, handler: RequestListener): void {
    const { socket, open } = connection;
    open.shift();
    if (socket.destroyed || connection.isLingering) return;
    // The one that has been idle for the longest time is the first.
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
    const lastWords = connection.ending?.lastWords;
    if (lastWords && connection.socket.writable) connection.socket.write(lastWords);
    this.linger(connection);
  }

  private linger(connection: Connection): void {
    if (connection.isLingering) return;
    connection.isLingering = true;
    connection.ending ??= { lastWords: null };
    const { socket } = connection;
    discardInput(socket);
    // What the client has ended from its side is closed with this side. The empty write fails if it is gone and has sent a reset.
    const timer = socket.readableEnded
      ? setTimeout(() => socket.end(''), RESET_MS)
      : setTimeout(() => socket.destroy(), LINGER_MS).unref();
    if (!socket.readableEnded) socket.end();
    socket.once('close', () => clearTimeout(timer));
  }

  /**
   * A client that has ended its side may still wait for its reply (RFC 9112, 9.6), or be gone: that shows only when something is
   * sent. "100 Continue" may be sent before any reply and is ignored by all clients but those of HTTP/1.0.
   */
  private probe({ socket, open }: Connection): void {
    const timer = setInterval(() => {
      const [current] = open;
      if (current === undefined || current.response.headersSent || current.request.httpVersion === '1.0') return;
      current.response.writeContinue();
    }, PROBE_INTERVAL_MS).unref();
    socket.once('close', () => clearInterval(timer));
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

  /** The reply to something of which no door is known. */
  private lastWords({ status, message }: BrokenRequest): string {
    const requestId = randomUUID();
    this.logger.info({ requestId, path: 'unknown', status, refused: message }, 'request');
    const { body, contentType } = plainReply(status, message, { requestId, accept: undefined });
    const text = JSON.stringify(body);
    return [
      `HTTP/1.1 ${status} ${(body as { error: string }).error}`,
      `content-type: ${contentType}; charset=utf-8`,
      `content-length: ${Buffer.byteLength(text)}`,
      `x-request-id: ${requestId}`,
      `date: ${new Date().toUTCString()}`,
      ...Object.entries(SECURITY_HEADERS).map((header) => header.join(': ')),
      'connection: close',
      '',
      text,
    ].join('\r\n');
  }
}

/** Codes of Node for what does not even begin like a request. Behind one, it is no request that could have a reply. */
const NO_REQUEST: ReadonlySet<string> = new Set(['HPE_INVALID_METHOD', 'HPE_INVALID_CONSTANT', 'HPE_CLOSED_CONNECTION']);

/** `null` for what is no fault of a request's, but the end of its connection. */
function brokenRequest(code: string): BrokenRequest | null {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return new BrokenRequest(408, 'The request did not arrive in time');
  if (code === 'HPE_HEADER_OVERFLOW') return new BrokenRequest(431, `The header is larger than ${MAX_HEADER_BYTES} bytes`);
  if (code === 'HPE_CHUNK_EXTENSIONS_OVERFLOW') return new BrokenRequest(413, 'The chunk extensions are too large');
  if (code === 'HPE_INVALID_EOF_STATE') return new BrokenRequest(400, 'The request ended before it was complete');
  return code?.startsWith('HPE_') ? new BrokenRequest(400, 'That is not a valid HTTP request') : null;
}

function hasArrived({ request, response }: Exchange): boolean {
  return request.complete || response.writableEnded;
}

/** Whatever still comes is read, so that the client can finish, and nobody looks at it. */
function discardInput(socket: Socket): void {
  socket.removeAllListeners('data');
  socket.on('data', () => undefined);
}

/** Says in the reply that the connection ends with it, unless its header has been sent. */
function announceClose(response: ServerResponse | undefined): void {
  if (response !== undefined && !response.headersSent) response.setHeader('connection', 'close');
}

/**
 * A client that ends its side of the connection gets its replies. Node has the property since its beginning, and neither documents
 * nor declares it (read in 24.21: `lib/_http_server.js`, socketOnEnd; https://github.com/nodejs/node/pull/36819). Without it Node ends
 * the other side too. Delete when there is an option of `http.createServer`.
 */
function allowHalfOpen(server: Server): void {
  Object.assign(server, { httpAllowHalfOpen: true });
}
