import { EventEmitter } from 'node:events';
import { pipeline } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { createGunzip } from 'node:zlib';
import pLimit from 'p-limit';
import { type Dispatcher, Pool } from 'undici';
import { cut, MAX_QUOTED } from '../values/text.js';

/** Bigcapital cannot be read. The message is one line for a terminal, and names no key. */
export class BigcapitalUnreadable extends Error {}

/** Requests that are under way at the same time. Bigcapital serves a request by itself in some 10 ms, and lists of many notes in seconds. */
const MAX_PARALLEL_REQUESTS = 8;
/** The statuses below 500 of a failure that passes by itself. */
const TEMPORARY: ReadonlySet<number> = new Set([408, 425, 429]);
/** Attempts of one request that fails for a time: no connection, no reply, or such a status. */
const MAX_ATTEMPTS = 8;
/** The first pause between two attempts; it doubles with each attempt, up to the longest. */
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;
/** A longer Retry-After ends the import: it can be run again later. */
const MAX_RETRY_AFTER_MS = 300_000;
/** A page of 250 credit notes with their lines takes about 1 MB. */
const MAX_REPLY_BYTES = 64 * 1024 * 1024;
/** What is larger is read one at a time: as JSON, eight replies of the maximum size would fill the heap. */
const LARGE_REPLY_BYTES = 4 * 1024 * 1024;

export interface BigcapitalAccess {
  /** Such as `https://books.example.com`. */
  readonly url: string;
  /** An API key, which begins with `bc_`, or the token of a session. */
  readonly apiKey: string;
  /** Bigcapital's id of the organization, which the token of a session needs. An API key belongs to one organization. */
  readonly organizationId: string;
  readonly timeoutSeconds: number;
}

/**
 * Reads JSON from Bigcapital's REST API. A request that fails for a time is repeated, after a pause that all other requests keep, too.
 *
 * An import sends a request for each credit note. One of `node:http` takes twice as much of the processor as one of a pool, and one of `fetch` six times.
 */
export class BigcapitalClient {
  private readonly base: string;
  private readonly basePath: string;
  private readonly pool: Pool;
  private headers: Readonly<Record<string, string>>;
  private readonly limit = pLimit(MAX_PARALLEL_REQUESTS);
  private readonly largeReplies = pLimit(1);
  private readonly closing = new AbortController();
  private pausedUntil = 0;
  private hasAnswered = false;

  /** @throws {BigcapitalUnreadable} if the URL cannot be one of Bigcapital */
  constructor(private readonly access: BigcapitalAccess) {
    const { url, apiKey, organizationId, timeoutSeconds } = access;
    if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
      throw new BigcapitalUnreadable('--url must be a URL such as https://books.example.com');
    }
    const { origin, pathname } = new URL(url);
    // The whole of a request has a time limit, so its parts need none.
    this.pool = new Pool(origin, {
      connections: MAX_PARALLEL_REQUESTS,
      connect: { timeout: timeoutSeconds * 1000 },
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    this.basePath = pathname.replace(/\/+$/, '').replace(/\/api$/, '');
    this.base = `${origin}${this.basePath}`;
    if (!/^[\x21-\x7e]+$/.test(apiKey)) throw new BigcapitalUnreadable('The API key has characters that no key has');
    this.headers = {
      accept: 'application/json',
      'accept-encoding': 'gzip',
      authorization: `Bearer ${apiKey}`,
      ...(apiKey.startsWith('bc_') ? { 'x-api-key': apiKey } : { 'organization-id': organizationId }),
    };
  }

  /** Gives up all requests and pauses, so that nothing of a failed import goes on. */
  close(): void {
    this.limit.clearQueue();
    this.closing.abort();
    // It ends the requests that are under way, too.
    void this.pool.destroy();
  }

  /** Names the organization in all requests that follow. */
  nameOrganization(organizationId: string): void {
    if (/^[\x21-\x7e]+$/.test(organizationId)) this.headers = { ...this.headers, 'organization-id': organizationId };
  }

  /**
   * Returns the JSON at the path; `null` if there is no such record.
   *
   * @param path such as `/api/accounts`
   * @param need whether an earlier version of Bigcapital may refuse the path's parameters, which then has no such records
   * @throws {BigcapitalUnreadable}
   */
  get(path: string, need: 'required' | 'optional' = 'required'): Promise<unknown> {
    return this.limit(() => this.attempt(path, need, 1));
  }

  private async attempt(path: string, need: 'required' | 'optional', attempt: number): Promise<unknown> {
    const pause = this.pausedUntil - Date.now();
    const { signal } = this.closing;
    if (pause > 0) await sleep(pause, undefined, { signal });
    signal.throwIfAborted();
    const reply = await this.request(path, need);
    if ('body' in reply) return reply.body;
    // A wrong URL shall not take minutes to be noticed: what has never answered is not tried again.
    if (attempt >= MAX_ATTEMPTS || (!this.hasAnswered && reply.retryAfterMs === undefined))
      throw this.unreadable(path, reply.problem);
    const wait = reply.retryAfterMs || Math.min(FIRST_PAUSE_MS * 2 ** (attempt - 1), LONGEST_PAUSE_MS) * (0.5 + Math.random() / 2);
    if (wait > MAX_RETRY_AFTER_MS)
      throw this.unreadable(path, `${reply.problem}, and asks to wait ${Math.ceil(wait / 1000)} seconds`);
    this.pausedUntil = Math.max(this.pausedUntil, Date.now() + wait);
    return this.attempt(path, need, attempt + 1);
  }

  private async request(path: string, need: 'required' | 'optional'): Promise<{ body: unknown } | Failure> {
    const { timeoutSeconds } = this.access;
    // A whole AbortController would take longer.
    const signal = new EventEmitter();
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      signal.emit('abort');
    }, timeoutSeconds * 1000);
    try {
      // A redirect could take the key to another server, so none is followed.
      const response = await this.pool.request({ method: 'GET', path: `${this.basePath}${path}`, headers: this.headers, signal });
      const { statusCode: status, headers, body: reply } = response;
      if (TEMPORARY.has(status) || status >= 500) {
        await reply.dump().catch(() => undefined);
        return { problem: `it answers ${status}`, retryAfterMs: retryAfterMs(headers['retry-after']) };
      }
      const body = await this.jsonOf(response, path);
      if (this.hasAnswered && (status === 404 || (status === 400 && need === 'optional'))) return { body: null };
      if (status === 401 || status === 403) throw this.unreadable(path, `it does not accept the API key (status ${status})`);
      if (status >= 300)
        throw this.unreadable(path, `it answers ${status}${this.location(headers)}; is this the URL of a Bigcapital?`);
      if (body === undefined) throw this.unreadable(path, 'it answers something else than JSON; is this the URL of a Bigcapital?');
      this.hasAnswered = true;
      return { body };
    } catch (error) {
      if (error instanceof BigcapitalUnreadable) throw error;
      return { problem: isLate ? `it has not answered within ${timeoutSeconds} seconds` : reasonOf(error) };
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * Returns the JSON of the reply; `undefined` if it is none.
   *
   * @throws {BigcapitalUnreadable} if the reply is too large
   */
  private async jsonOf({ headers, body: reply }: Dispatcher.ResponseData, path: string): Promise<unknown> {
    const isCompressed = /^(x-)?gzip$/i.test(String(headers['content-encoding'] ?? ''));
    // The error is thrown where the text is read.
    const body = isCompressed ? pipeline(reply, createGunzip(), () => undefined) : reply;
    const text = new TextReader(body);
    try {
      if (await text.readTo(LARGE_REPLY_BYTES)) return text.json();
      return await this.largeReplies(async () => {
        if (await text.readTo(MAX_REPLY_BYTES)) return text.json();
        throw this.unreadable(path, `its reply is larger than ${MAX_REPLY_BYTES} bytes`);
      });
    } finally {
      await text.close();
    }
  }

  /** Returns the server and the path that it sends to. A name of a user or a query string may hold secrets, such as the key itself. */
  private location({ location: target }: Dispatcher.ResponseData['headers']): string {
    const url = target === undefined ? null : URL.parse(String(target), this.base);
    return url === null ? '' : ` and sends to ${cut(url.origin + url.pathname, MAX_QUOTED)}`;
  }

  private unreadable(path: string, problem: string): BigcapitalUnreadable {
    return new BigcapitalUnreadable(`Bigcapital cannot be read at ${this.base}${path}: ${problem}`);
  }
}

/** Unlike a Buffer, it omits a byte order mark. */
const UTF_8 = new TextDecoder();

/** Reads a text that is sent in chunks, and no more of it than is asked for. */
class TextReader {
  private readonly unread: AsyncIterator<Buffer>;
  private readonly chunks: Buffer[] = [];
  private size = 0;

  constructor(body: AsyncIterable<Buffer>) {
    this.unread = body[Symbol.asyncIterator]();
  }

  /** Reads on until there are more bytes than this, or no more at all. Returns whether the text is complete. */
  async readTo(bytes: number): Promise<boolean> {
    while (this.size <= bytes) {
      const { done, value } = await this.unread.next();
      if (done) return true;
      this.size += value.length;
      this.chunks.push(value);
    }
    return false;
  }

  /** Returns the JSON in the text; `undefined` if it is none. */
  json(): unknown {
    return parsed(UTF_8.decode(Buffer.concat(this.chunks)));
  }

  /** Gives up what is unread. */
  async close(): Promise<void> {
    await this.unread.return?.();
  }
}

/** A failure that may be over at the next attempt. */
interface Failure {
  readonly problem: string;
  /** The pause that the server asks for, 0 if it names none; undefined if it has not answered. */
  readonly retryAfterMs?: number;
}

/** @param header seconds, or a date */
function retryAfterMs(header: string | string[] | undefined): number {
  const text = String(header ?? 0);
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  const date = Date.parse(text);
  return Number.isNaN(date) ? 0 : Math.max(0, date - Date.now());
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The error of a host with several addresses has one of `errors` for each. */
function reasonOf(error: unknown): string {
  const { errors = [error] } = error as { errors?: unknown[] };
  return errors
    .map((each) => (each instanceof Error ? each.message || String((each as { code?: string }).code) : String(each)))
    .join('; ');
}
