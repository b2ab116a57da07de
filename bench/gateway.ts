import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { cpuMs, familyCpuMs, residentMb } from './processes.js';

/** The flags of Node.js and the environment variables in a script of package.json. */
async function settingsOf(script: string): Promise<{ flags: string[]; variables: Record<string, string> }> {
  const { scripts } = JSON.parse(await readFile(fileURLToPath(new URL('../../package.json', import.meta.url)), 'utf8'));
  const words = String(scripts[script]).split(' ');
  const assignments = words.filter((word) => /^[A-Z_]+=/.test(word));
  return {
    flags: words.filter((word) => word.startsWith('--')),
    variables: Object.fromEntries(assignments.map((word) => word.split('=') as [string, string])),
  };
}

/** A database, and the configuration with which a gateway uses it. */
export interface Ledger {
  readonly name: string;
  /** DATA_DIR or DATABASE_URL. */
  readonly variables: Readonly<Record<string, string>>;
  /** The file of the gateway's log. */
  readonly logFile: string;
}

/** Gateways that must be stopped at the end, because each has a PostgreSQL server. */
const running = new Set<ChildProcess>();

export async function stopGateways(): Promise<void> {
  await Promise.all([...running].map(stop));
}

async function stop(child: ChildProcess): Promise<void> {
  running.delete(child);
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}

/** Another process may take the free port before the gateway listens; then the start fails after this time. */
const START_TIMEOUT_MS = 60_000;

/** A gateway as users start it: in a process of its own, over HTTP, with the default configuration but without a rate limit. */
export class Gateway {
  private constructor(
    readonly ledger: Ledger,
    private readonly child: ChildProcess,
    readonly url: string,
    /** The time from the start of the process until /readyz returns 200, in milliseconds. */
    readonly readyMs: number,
  ) {}

  static async start(ledger: Ledger, logLevel = 'info'): Promise<Gateway> {
    const port = await freePort();
    const log = await open(ledger.logFile, 'a');
    const { flags, variables } = await settingsOf('start');
    const begun = performance.now();
    const child = spawn(process.execPath, [...flags, program('main.js')], {
      env: environment(ledger, { ...variables, PORT: String(port), LOG_LEVEL: logLevel, RATE_LIMIT: 'off' }),
      // The process has its own group, so that Ctrl-C stops it through the benchmark, after the loads.
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
    });
    await log.close();
    running.add(child);
    const url = `http://localhost:${port}`;
    while (!(await isReady(url))) {
      if (child.exitCode !== null || performance.now() - begun > START_TIMEOUT_MS) {
        throw new Error(`the gateway did not start: ${(await readFile(ledger.logFile, 'utf8')).slice(-2000)}`);
      }
      await sleep(5);
    }
    return new Gateway(ledger, child, url, performance.now() - begun);
  }

  /** The data of the reply to a GraphQL request. */
  async graphql<T>(apiKey: string, query: string, variables: unknown = {}): Promise<T> {
    const reply = await fetch(`${this.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${apiKey}` },
      body: JSON.stringify({ query, variables }),
    });
    const { data, errors } = (await reply.json()) as { data?: T; errors?: unknown };
    if (data === undefined || data === null || errors !== undefined) throw new Error(`${query}: ${JSON.stringify(errors)}`);
    return data;
  }

  residentMb(): Promise<number | null> {
    return residentMb(this.pid);
  }

  /** CPU time of the gateway, and of its embedded PostgreSQL with all backends, in milliseconds since their start. */
  async cpuMs(): Promise<{ gateway: number | null; postgres: number | null }> {
    const [gateway, postmaster] = await Promise.all([cpuMs(this.pid), this.postmaster()]);
    return { gateway, postgres: postmaster === null ? null : await familyCpuMs(postmaster) };
  }

  /** The size of the gateway's log in bytes. */
  async logSize(): Promise<number> {
    return (await stat(this.ledger.logFile)).size;
  }

  stop(): Promise<void> {
    return stop(this.child);
  }

  private get pid(): number {
    return this.child.pid ?? 0;
  }

  private async postmaster(): Promise<number | null> {
    const { DATA_DIR } = this.ledger.variables;
    if (DATA_DIR === undefined) return null;
    const noted = await readFile(join(DATA_DIR, 'postgres', 'postmaster.pid'), 'utf8').catch(() => '');
    return Number.parseInt(noted, 10) || null;
  }
}

/** Runs an operator's command, and returns its output. Throws if the command fails. */
export async function operate(ledger: Ledger, ...words: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [program('cli.js'), ...words], { env: environment(ledger, {}) });
  return stdout;
}

/** How often the memory of a command is read. */
const MEMORY_INTERVAL_MS = 200;

/** Runs an operator's command as its script does. Throws with its output if it fails. */
export async function measuredOperation(
  ledger: Ledger,
  command: string,
  ...words: string[]
): Promise<{ seconds: number; residentMb: number | null }> {
  const begun = performance.now();
  const child = spawn(process.execPath, [...(await settingsOf(command)).flags, program('cli.js'), command, ...words], {
    env: environment(ledger, {}),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text));
  const samples: number[] = [];
  const timer = setInterval(async () => samples.push((await residentMb(child.pid ?? 0)) ?? 0), MEMORY_INTERVAL_MS);
  const [code] = await once(child, 'close').finally(() => clearInterval(timer));
  if (code !== 0) throw new Error(`${command} failed: ${output.slice(-2000)}`);
  return { seconds: (performance.now() - begun) / 1000, residentMb: Math.max(0, ...samples) || null };
}

/** Checks the books of all organizations. Throws with its output if it finds a fault. */
export async function audit(ledger: Ledger): Promise<void> {
  await operate(ledger, 'audit').catch((error: { stdout?: string; message: string }) => {
    throw new Error(`the audit of the ${ledger.name} ledger failed, so no figure counts:\n${error.stdout ?? ''}${error.message}`);
  });
}

/** The URL with which the gateway's role reaches the database. */
export async function databaseUrl({ variables: { DATA_DIR, DATABASE_URL } }: Ledger): Promise<string> {
  return DATABASE_URL ?? (await readFile(join(DATA_DIR ?? '', 'database-url'), 'utf8')).trim();
}

/** The developer's own environment must not reach the program, except for the variables that every program needs. */
function environment(ledger: Ledger, more: Readonly<Record<string, string>>): Record<string, string> {
  const { PATH = '', TMPDIR = tmpdir() } = process.env;
  return { PATH, TMPDIR, ...ledger.variables, ...more };
}

function program(name: 'main.js' | 'cli.js'): string {
  return fileURLToPath(new URL(`../src/${name}`, import.meta.url));
}

async function isReady(url: string): Promise<boolean> {
  return fetch(`${url}/readyz`).then(
    async (reply) => {
      await reply.arrayBuffer();
      return reply.status === 200;
    },
    () => false,
  );
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, 'localhost');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}
