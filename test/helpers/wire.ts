import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';

export interface WireReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** An HTTP client on the level of bytes, which may violate the protocol. */
export class Wire {
  private received = '';
  private readonly end: Promise<unknown>;

  private constructor(readonly socket: Socket) {
    socket.setEncoding('utf8').on('data', (text) => {
      this.received += text;
    });
    socket.on('error', () => undefined);
    this.end = new Promise((resolve) => socket.once('close', resolve));
  }

  static async connect(port: number, host = '127.0.0.1'): Promise<Wire> {
    const socket = createConnection({ port, host, allowHalfOpen: true });
    await once(socket, 'connect');
    return new Wire(socket);
  }

  send(...bytes: string[]): this {
    this.socket.write(bytes.join(''));
    return this;
  }

  /** Sends the bytes and closes the sending side. */
  endWith(bytes = ''): this {
    this.socket.end(bytes);
    return this;
  }

  /** Waits until the server has sent so many final replies. */
  async replies(count: number): Promise<WireReply[]> {
    for (;;) {
      const replies = parseReplies(this.received);
      if (replies.length >= count) return replies;
      const ended = await Promise.race([this.next('data').then(() => false), this.end.then(() => true)]);
      if (ended) throw new Error(`The connection ended after ${replies.length} replies: ${this.received}`);
    }
  }

  /** Waits until the server has ended the connection, and returns all replies. */
  async allReplies(): Promise<WireReply[]> {
    if (!this.socket.readableEnded && !this.socket.closed) await Promise.race([this.next('end'), this.end]);
    return parseReplies(this.received);
  }

  /** Unlike `once` of Node.js, this does not reject when the connection is cut. */
  private next(event: 'data' | 'end'): Promise<unknown> {
    return new Promise((resolve) => this.socket.once(event, resolve));
  }

  get text(): string {
    return this.received;
  }
}

/** Parses the final replies; interim replies such as 100 Continue are skipped. */
function parseReplies(text: string): WireReply[] {
  const replies: WireReply[] = [];
  for (let rest = text; rest.includes('\r\n\r\n'); ) {
    const headLength = rest.indexOf('\r\n\r\n') + 4;
    const [first = '', ...lines] = rest.slice(0, headLength - 4).split('\r\n');
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(first)?.[1]);
    const headers = Object.fromEntries(lines.map((line) => [line.split(':')[0]?.toLowerCase(), line.replace(/^[^:]*:\s*/, '')]));
    const length = Number(headers['content-length'] ?? 0);
    // Bodies are ASCII in these tests, so that characters are bytes.
    if (rest.length < headLength + length) break;
    if (status !== 100) replies.push({ status, headers, body: rest.slice(headLength, headLength + length) });
    rest = rest.slice(headLength + length);
  }
  return replies;
}
