import { execFile } from 'node:child_process';
import { access, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Books } from './books.js';
import type { Generator } from './generator.js';
import { type Limit, type Outcome, type Ranges, readScript } from './load.js';

const SCRIPT = fileURLToPath(new URL('../../bench/floor.sql', import.meta.url));

/**
 * The server allows 100 connections, and the gateway, the superuser and the benchmark need some of them. More clients share
 * these 80.
 */
const MAX_CONNECTIONS = 80;

export interface FloorLoad {
  readonly books: Books;
  readonly ranges: Ranges;
  readonly clients: number;
  readonly limit: Extract<Limit, { seconds: number }>;
}

/** Runs a load of the floor's refunds. */
export type Floor = (load: FloorLoad) => Promise<Outcome>;

/** Uses pgbench if it is installed, and otherwise sends the same script through `pg` clients. */
export async function findFloor(generator: Generator): Promise<{ floor: Floor; driver: string }> {
  const pgbench = process.env.BENCH_FLOOR === 'pg' ? null : await findPgbench();
  if (pgbench !== null) {
    const { stdout } = await promisify(execFile)(pgbench, ['--version']);
    return { floor: (load) => runPgbench(pgbench, load), driver: stdout.trim() };
  }
  const statements = await readScript(SCRIPT);
  return {
    driver: 'bare pg clients with named prepared statements, in one Node process',
    floor: ({ books, ranges, clients, limit }) =>
      generator.run({
        work: { kind: 'sql', url: books.databaseUrl, statements, constants: books.constants },
        ranges,
        clients: Math.min(clients, MAX_CONNECTIONS),
        limit,
      }),
  };
}

async function runPgbench(program: string, { books, ranges, clients, limit }: FloorLoad): Promise<Outcome> {
  const folder = await mkdtemp(join(tmpdir(), 'credit-note-refunds-floor-'));
  try {
    const connections = Math.min(clients, MAX_CONNECTIONS);
    const variables = { ...books.constants };
    for (const [name, [first, last]] of Object.entries(ranges)) {
      variables[`first_${name}`] = String(first);
      variables[`last_${name}`] = String(last);
    }
    // The password goes into the environment, because other users can see the arguments of a process.
    const url = new URL(books.databaseUrl);
    const password = decodeURIComponent(url.password);
    url.password = '';
    const { stdout, stderr } = await promisify(execFile)(
      program,
      [
        ...['-n', '-M', 'prepared', '-f', SCRIPT, '-T', String(Math.ceil(limit.rampSeconds + limit.seconds))],
        ...['-c', String(connections), '-j', String(Math.min(connections, 2))],
        ...['-l', '--log-prefix', join(folder, 'log')],
        ...Object.entries(variables).flatMap(([name, value]) => ['-D', `${name}=${value}`]),
        url.href,
      ],
      { env: { PATH: process.env.PATH, PGPASSWORD: password }, cwd: folder },
    );
    const transactions = await readLog(folder);
    if (transactions.length === 0) throw new Error(`pgbench made no transaction: ${stdout}${stderr}`);
    // New connections have cold caches, unlike those of the gateway, so that the first transactions do not count.
    const countFrom =
      transactions.reduce((first, { end, ms }) => Math.min(first, end - ms), Number.POSITIVE_INFINITY) + limit.rampSeconds * 1000;
    const deadline = countFrom + limit.seconds * 1000;
    const counted = transactions.filter(({ end }) => end >= countFrom && end <= deadline);
    return {
      latencies: Float64Array.from(counted, ({ ms }) => ms),
      seconds: limit.seconds,
      requests: transactions.length,
      failures: /aborted/.test(stderr) ? 1 : 0,
      firstFailure: stderr.slice(0, 500),
      cpuShare: 0,
      bytesPerReply: 0,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The transactions in pgbench's log: latency in microseconds, and time of the end in seconds and microseconds. */
async function readLog(folder: string): Promise<{ ms: number; end: number }[]> {
  const transactions: { ms: number; end: number }[] = [];
  for (const file of await readdir(folder)) {
    for (const line of (await readFile(join(folder, file), 'utf8')).split('\n')) {
      const [, , took, , seconds, microseconds] = line.split(' ').map(Number);
      if (took === undefined || seconds === undefined || microseconds === undefined) continue;
      transactions.push({ ms: took / 1000, end: seconds * 1000 + microseconds / 1000 });
    }
  }
  return transactions;
}

/** Prefers the pgbench beside a server: Debian's wrapper on the PATH looks for a cluster of its own first. */
async function findPgbench(): Promise<string | null> {
  const debian = '/usr/lib/postgresql';
  const versions = (await readdir(debian).catch(() => [])).sort((a, b) => Number(b) - Number(a));
  const folders = [...versions.map((version) => join(debian, version, 'bin')), ...(process.env.PATH ?? '').split(delimiter)];
  for (const folder of folders) {
    const program = join(folder, 'pgbench');
    const exists = await access(program).then(
      () => true,
      () => false,
    );
    if (exists) return program;
  }
  return null;
}
