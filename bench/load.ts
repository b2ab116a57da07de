// The load generator. It is a process of its own, so that its CPU time is separate from the gateway's. It is as cheap as
// possible, because it shares the machine with the gateway, and reports its CPU share with each load.
import { readFile } from 'node:fs/promises';
import pg from 'pg';
import { Client, type Dispatcher } from 'undici';

/**
 * An HTTP request. `<name>` in its path and body is replaced by a random number of that range, `<name:cursor>` by the cursor of
 * the refund with this id, which only this gateway can read.
 */
export interface HttpWork {
  readonly kind: 'http';
  readonly origin: string;
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly path: string;
  readonly body: string | null;
  /** A successful reply has this status, begins with this text, and contains no errors. */
  readonly status: number;
  readonly begins: string;
}

/** SQL statements on one connection, as named prepared statements. */
export interface SqlWork {
  readonly kind: 'sql';
  readonly url: string;
  readonly statements: readonly Statement[];
  /** Variables with the same value in each pass. */
  readonly constants: Readonly<Record<string, string>>;
}

export interface Statement {
  readonly name: string;
  readonly text: string;
  /** The names of the variables for $1, $2, …. */
  readonly variables: readonly string[];
  /** The prefix with which the columns of the single row become variables. */
  readonly into: string | null;
}

/** The first and the last number of each range. */
export type Ranges = Readonly<Record<string, readonly [first: number, last: number]>>;

/** Either a duration after a warm-up that does not count, or a number of requests. */
export type Limit = { readonly rampSeconds: number; readonly seconds: number } | { readonly requests: number };

export interface Job {
  readonly work: HttpWork | SqlWork;
  readonly ranges: Ranges;
  readonly clients: number;
  readonly limit: Limit;
}

export interface Outcome {
  /** The latencies of all successful requests within the measured time, in milliseconds. */
  readonly latencies: Float64Array;
  /** The measured time. */
  readonly seconds: number;
  /** All successful requests, including those outside the measured time. */
  readonly requests: number;
  readonly failures: number;
  readonly firstFailure: string | null;
  /** The generator's own CPU time, as a share of one core. */
  readonly cpuShare: number;
  readonly bytesPerReply: number;
}

/** One connection, which sends a request and calls back with the failure and the size of the reply. */
interface Connection {
  send(done: (failure: string | null, bytes: number) => void): void;
  close(): Promise<void>;
}

type Draw = (name: string) => number;

async function run({ work, ranges, clients, limit }: Job): Promise<Outcome> {
  const draw: Draw = (name) => {
    const [first, last] = ranges[name] ?? [Number.NaN, Number.NaN];
    return first + Math.floor(Math.random() * (last - first + 1));
  };
  const connect = work.kind === 'http' ? httpConnection(work, draw) : sqlConnection(work, ranges, draw);
  const connections = await Promise.all(Array.from({ length: clients }, connect));

  const latencies: number[] = [];
  let failures = 0;
  let firstFailure: string | null = null;
  let bytesReceived = 0;
  let sent = 0;
  let succeeded = 0;
  const cpu = process.cpuUsage();
  const start = performance.now();
  const countFrom = 'seconds' in limit ? start + limit.rampSeconds * 1000 : start;
  const deadline = 'seconds' in limit ? countFrom + limit.seconds * 1000 : Number.POSITIVE_INFINITY;
  const requests = 'requests' in limit ? limit.requests : Number.POSITIVE_INFINITY;
  await Promise.all(
    connections.map(
      (connection) =>
        new Promise<void>((resolve) => {
          const next = (): void => {
            const begun = performance.now();
            if (begun >= deadline || sent >= requests) {
              resolve();
              return;
            }
            sent += 1;
            connection.send((failure, bytes) => {
              if (failure === null) {
                const ended = performance.now();
                succeeded += 1;
                bytesReceived += bytes;
                if (ended >= countFrom && ended <= deadline) latencies.push(ended - begun);
              } else {
                failures += 1;
                firstFailure ??= failure;
              }
              next();
            });
          };
          next();
        }),
    ),
  );
  const end = performance.now();
  const { user, system } = process.cpuUsage(cpu);
  await Promise.all(connections.map((connection) => connection.close()));
  return {
    latencies: Float64Array.from(latencies),
    // The time of the last requests does not count, because fewer and fewer clients are active then.
    seconds: (Math.min(end, deadline) - countFrom) / 1000,
    requests: succeeded,
    failures,
    firstFailure,
    cpuShare: (user + system) / 1e3 / (end - start),
    bytesPerReply: Math.round(bytesReceived / Math.max(1, succeeded)),
  };
}

function httpConnection({ origin, method, path, body, headers, status, begins }: HttpWork, draw: Draw): () => Promise<Connection> {
  const pathOf = template(path, draw);
  const bodyOf = body === null ? () => null : template(body, draw);
  const flatHeaders = Object.entries(headers).flat();
  const start = Buffer.from(begins);
  return async () => {
    const client = new Client(origin, { pipelining: 1, headersTimeout: 60_000, bodyTimeout: 60_000 });
    // The first request opens the connection, and is not measured.
    await (await client.request({ method: 'GET', path: '/healthz' })).body.dump();
    let done: (failure: string | null, bytes: number) => void = () => undefined;
    let replyStatus = 0;
    let chunks: Buffer[] = [];
    const handler: Dispatcher.DispatchHandler = {
      onRequestStart() {
        chunks = [];
      },
      onResponseStart(_controller, statusCode) {
        replyStatus = statusCode;
      },
      onResponseData(_controller, chunk) {
        chunks.push(chunk);
      },
      onResponseEnd() {
        const reply = chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
        const right = replyStatus === status && start.compare(reply, 0, start.length) === 0 && !reply.includes('"errors"');
        done(right ? null : `${replyStatus} ${reply.subarray(0, 500)}`, reply.length);
      },
      onResponseError(_controller, error) {
        done(String(error), 0);
      },
    };
    return {
      send(callback) {
        done = callback;
        client.dispatch({ method, path: pathOf(), headers: flatHeaders, body: bodyOf() }, handler);
      },
      close: () => client.close(),
    };
  };
}

function sqlConnection({ url, statements, constants }: SqlWork, ranges: Ranges, draw: Draw): () => Promise<Connection> {
  const names = Object.keys(ranges);
  return async () => {
    const client = new pg.Client(url);
    await client.connect();
    const pass = async (): Promise<void> => {
      const variables: Record<string, unknown> = { ...constants };
      for (const name of names) variables[name] = draw(name);
      for (const { name, text, variables: used, into } of statements) {
        const { rows } = await client.query({ name, text, values: used.map((variable) => variables[variable]) });
        if (into !== null) for (const [column, value] of Object.entries(rows[0] ?? {})) variables[into + column] = value;
      }
    };
    return {
      send(callback) {
        pass().then(
          () => callback(null, 0),
          (error: unknown) => {
            const failure = String(error);
            client.query('rollback').then(
              () => callback(failure, 0),
              () => callback(failure, 0),
            );
          },
        );
      },
      close: () => client.end(),
    };
  };
}

function drawn(piece: string, draw: Draw): string | number {
  const [range = '', form] = piece.split(':');
  const value = draw(range);
  return form === 'cursor' ? Buffer.from(JSON.stringify(['refunds', 'ID_ASC', String(value)])).toString('base64url') : value;
}

/** Splits the text at its `<name>`s once, so that each request only joins the pieces. */
function template(text: string, draw: Draw): () => string {
  const pieces = text.split(/<([a-z]+(?::cursor)?)>/);
  return () => {
    let joined = '';
    for (let index = 0; index < pieces.length; index += 1) {
      const piece = pieces[index] ?? '';
      joined += index % 2 === 0 ? piece : drawn(piece, draw);
    }
    return joined;
  };
}

/** The statements of a pgbench script. Its \set lines are skipped, because the ranges have the same names. */
export async function readScript(file: URL | string): Promise<Statement[]> {
  const lines = (await readFile(file, 'utf8')).split('\n').filter((line) => !line.startsWith('--') && !line.startsWith('\\set '));
  const statements: Statement[] = [];
  let text = '';
  for (const line of lines) {
    const [, into = null] = /^\\gset (\w+)$/.exec(line) ?? [];
    if (into === null) text += `${line}\n`;
    if (into === null && !line.endsWith(';')) continue;
    statements.push({ name: `floor-${statements.length}`, into, ...numbered(text.trim().replace(/;$/, '')) });
    text = '';
  }
  return statements;
}

/** Replaces `:name` by $1, as pgbench does, but not `::type`. */
export function numbered(text: string): Pick<Statement, 'text' | 'variables'> {
  const variables: string[] = [];
  const numberedText = text.replaceAll(/(?<!:):([a-z_]+)/g, (_, name: string) => {
    if (!variables.includes(name)) variables.push(name);
    return `$${variables.indexOf(name) + 1}`;
  });
  return { text: numberedText, variables };
}

// The parent sends one job at a time.
process.on('message', (job: Job) => {
  run(job).then(
    (outcome) => process.send?.({ outcome }),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
