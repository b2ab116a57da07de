import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { access, chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from '@jest/globals';
import pg from 'pg';
import { connectionUrl, startEmbeddedPostgres } from '../../src/database/embedded-postgres/index.js';
import type { Demo } from '../../src/demo/demo.js';
import { readCluster, TEMPLATE } from './cluster.js';
import type { Gateway } from './gateway.js';

/** Makes the programs' migrations partition tables where the tests do. */
const PARTITIONS = new URL('./partitions.js', import.meta.url).href;

type Variables = Readonly<Record<string, string>>;

const cleanUps: (() => Promise<unknown>)[] = [];

/**
 * Ends the processes and removes the folders and databases that the functions of this file created, also after a failed test. It runs after the last test of
 * each file; a `describe` that wants its processes ended earlier names it in a hook of its own.
 */
export async function cleanUp(): Promise<void> {
  for (const undo of cleanUps.splice(0).reverse()) await undo();
}

// Each test file that imports this one cleans up after its last test, before what else it stops.
afterAll(cleanUp);

/** Creates a folder for DATA_DIR. */
export async function dataFolder(): Promise<string> {
  const dataDir = await mkdtemp(join(tmpdir(), 'credit-note-refunds-process-'));
  // As root, PostgreSQL runs as another user, and would move its data out of a folder which that user cannot enter.
  await chmod(dataDir, 0o755);
  cleanUps.push(async () => {
    // The server of a gateway that was killed and never restarted still runs.
    const orphaned = await exists(join(dataDir, 'postgres', 'postmaster.pid'));
    if (orphaned) await startEmbeddedPostgres({ dataDir }).then((server) => server.stop());
    await rm(dataDir, { recursive: true, force: true });
  });
  return dataDir;
}

export function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** Creates a database on the tests' server, as a copy of the migrated template, or empty with options of its own. */
export async function databaseByUrl(template: typeof TEMPLATE | `template0${string}` = TEMPLATE) {
  const { superuser, application } = readCluster();
  const database = `test_${randomBytes(6).toString('hex')}`;
  const admin = new pg.Client(superuser);
  await admin.connect();
  await admin.query(`create database ${database} template ${template}`);
  cleanUps.push(async () => {
    await admin.query(`drop database if exists ${database} with (force)`);
    await admin.end();
  });
  return {
    /** A superuser's connection to another database of the server. */
    admin,
    database,
    role: application.user,
    url: connectionUrl({ ...application, database }),
    superuserUrl: connectionUrl({ ...superuser, database }),
  };
}

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs an operator's command, and returns its exit code and output. */
export function cli(variables: Variables, ...words: string[]): Promise<Ended> {
  return ended(spawnNode('cli.js', words, variables));
}

/** Returns a function that runs an operator's command on the database of the gateway. */
export function operatorOf(gateway: Gateway): (...words: string[]) => Promise<Ended> {
  return (...words) => cli({ DATABASE_URL: connectionUrl(gateway.database.connection('operator')) }, ...words);
}

/** Starts an operator's command that may be killed before it ends. */
export function startCli(
  variables: Variables,
  ...words: string[]
): { kill(signal: NodeJS.Signals): void; readonly ended: Promise<Ended> } {
  const child = spawnNode('cli.js', words, variables);
  return { kill: (signal) => void child.kill(signal), ended: ended(child) };
}

/** Runs a gateway that must refuse to start, and returns its exit code and output. */
export function refusedStart(variables: Variables): Promise<Ended> {
  return ended(spawnNode('main.js', [], { PORT: '0', ...variables }));
}

/** A gateway in a process of its own, as users start it, reached over HTTP. */
export class GatewayProcess {
  private constructor(
    private readonly child: ChildProcess,
    private readonly end: Promise<Ended>,
    readonly output: () => string,
  ) {}

  static async start(variables: Variables): Promise<GatewayProcess> {
    const gateway = GatewayProcess.launch(variables);
    await gateway.printed('"msg":"ready"');
    return gateway;
  }

  /**
   * Starts the process without waiting for the gateway.
   *
   * @param stdout an open file for the log, instead of `output`
   */
  static launch(variables: Variables, stdout: 'pipe' | number = 'pipe'): GatewayProcess {
    const child = spawnNode('main.js', [], { PORT: '0', ...variables }, stdout);
    let output = '';
    child.stdout?.on('data', (text: string) => {
      output += text;
    });
    return new GatewayProcess(child, ended(child), () => output);
  }

  /** Waits until the process has printed the text. */
  async printed(text: string): Promise<void> {
    const died = this.end.then(({ code, stderr }) => {
      throw new Error(`The gateway ended with code ${code}: ${stderr}`);
    });
    while (!this.output().includes(text)) await Promise.race([died, once(this.child.stdout ?? this.child, 'data')]);
    died.catch(() => undefined);
  }

  get url(): string {
    return /"url":"([^"]+)"/.exec(this.output())?.[1] ?? '';
  }

  send(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Sends the signal, waits for the process to end, and returns its exit code. */
  async stop(signal: NodeJS.Signals): Promise<number | null> {
    return (await this.stopped(signal)).code;
  }

  /** Does the same, and returns the output, too. */
  stopped(signal: NodeJS.Signals): Promise<Ended> {
    this.child.kill(signal);
    return this.end;
  }

  /** Sends SIGINT to the gateway and all processes that it has started, as Ctrl-C in a terminal does. */
  interruptGroup(): void {
    process.kill(-(this.child.pid ?? Number.NaN), 'SIGINT');
  }

  get ended(): Promise<number | null> {
    return this.end.then(({ code }) => code);
  }

  get(path: string, headers: Variables = {}): Promise<Response> {
    return fetch(this.url + path, { headers, redirect: 'manual' });
  }

  post(path: string, body: unknown, headers: Variables): Promise<Response> {
    return fetch(this.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
  }

  /** The data of the reply to a GraphQL request; throws its error code if it failed. */
  async graphql<T>(query: string, variables: unknown, headers: Variables): Promise<T> {
    const reply = await this.post('/graphql', { query, variables }, headers);
    const { data, errors } = (await reply.json()) as { data: T | null; errors?: { extensions: { code: string } }[] };
    if (data === null || errors !== undefined) throw new Error(errors?.[0]?.extensions.code);
    return data;
  }
}

export async function readDemo(dataDir: string): Promise<Demo> {
  return JSON.parse(await readFile(join(dataDir, 'demo.json'), 'utf8'));
}

function spawnNode(
  program: 'main.js' | 'cli.js',
  words: readonly string[],
  variables: Variables,
  stdout: 'pipe' | number = 'pipe',
): ChildProcess {
  const file = fileURLToPath(new URL(`../../src/${program}`, import.meta.url));
  // The developer's own environment must not reach the program, except for the variables that every program needs.
  const { PATH = '', TMPDIR = tmpdir(), TEST_PARTITIONS = '0' } = process.env;
  const child = spawn(process.execPath, ['--import', PARTITIONS, file, ...words], {
    // Tests send many requests; the rate limit has tests of its own.
    env: { PATH, TMPDIR, TEST_PARTITIONS, RATE_LIMIT: 'off', ...variables },
    // The process has its own group, as in a terminal.
    detached: true,
    stdio: ['ignore', stdout, 'pipe'],
  });
  child.stdout?.setEncoding('utf8');
  child.stderr?.setEncoding('utf8');
  return child;
}

async function ended(child: ChildProcess): Promise<Ended> {
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (text: string) => {
    stdout += text;
  });
  child.stderr?.on('data', (text: string) => {
    stderr += text;
  });
  const end = once(child, 'close');
  cleanUps.push(async () => {
    child.kill('SIGTERM');
    await end;
  });
  const [code] = await end;
  return { code, stdout, stderr };
}
