import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { HttpWork, Job, Outcome } from './load.js';

/** The process of the load generator. It stays for all jobs, so that its code is compiled once. */
export class Generator {
  private constructor(private readonly child: ChildProcess) {}

  static start(): Generator {
    return new Generator(fork(fileURLToPath(new URL('./load.js', import.meta.url)), { serialization: 'advanced' }));
  }

  async run(job: Job): Promise<Outcome> {
    const settled = new AbortController();
    const { signal } = settled;
    try {
      const ended = once(this.child, 'exit', { signal }).then(() => [{ error: 'its process ended' }]);
      const answered = once(this.child, 'message', { signal });
      this.child.send(job);
      const [reply] = (await Promise.race([answered, ended])) as [{ outcome?: Outcome; error?: string }];
      if (reply.outcome === undefined) throw new Error(`the load generator failed: ${reply.error}`);
      return reply.outcome;
    } finally {
      settled.abort();
    }
  }

  /**
   * Measures the highest request rate of the load generator, against a server in this process that sends prepared replies
   * without any work.
   */
  async ceiling(like: HttpWork, bytesPerReply: number, clients: number, seconds: number): Promise<Outcome> {
    const body = 'x'.repeat(Math.max(1, bytesPerReply));
    const reply = Buffer.from(`HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
    const server = createServer({ noDelay: true }, (socket) => {
      socket.on('error', () => undefined);
      // Each request fits into one packet, because the client sends the next one only after the reply.
      socket.on('data', () => socket.write(reply));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    try {
      const work: HttpWork = { ...like, origin: `http://127.0.0.1:${port}`, status: 200, begins: 'x' };
      const ranges = { note: [1, 200], account: [1, 8], units: [1, 9], reference: [1, 1e12] } as const;
      return await this.run({ work, ranges, clients, limit: { rampSeconds: 1, seconds } });
    } finally {
      server.close();
    }
  }

  stop(): void {
    this.child.kill();
  }
}
