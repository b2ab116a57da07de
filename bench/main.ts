// npm run bench: measures the gateway's throughput, and the throughput of the same work in hand-written SQL on this machine.
import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Abuse, floodNames, measureAbuse } from './abuse.js';
import { SPREADS, type Spread } from './books.js';
import { findFloor } from './floor.js';
import { type Ledger, stopGateways } from './gateway.js';
import { Generator } from './generator.js';
import { goalsOf } from './goals.js';
import { measureImport } from './import.js';
import {
  type Case,
  type Door,
  type Figure,
  Measurement,
  MILLION_PLAN,
  measureInRounds,
  type Plan,
  type Reading,
  WARM_UP,
} from './measure.js';
import { pageOf } from './page.js';
import { latencyPlot, throughputPlot } from './plot.js';
import { READINGS, type Report, type Statements } from './report.js';
import { HTTP_DOORS } from './requests.js';
import { seedRefunds } from './seed.js';
import { median } from './statistics.js';
import { Subject } from './subject.js';

const CLIENTS = [1, 8, 32, 128];
const MILLION = 1_000_000;
/** A memory leak shows only after many refunds. */
const SOAK = { refunds: 100_000, step: 10_000, clients: 32 };

const FULL = { rounds: 3, seconds: 2, starts: 5 };
const QUICK = { rounds: 1, seconds: 1.5, starts: 1 };

/** The log lines of a request may follow its reply within this time. */
const LOG_DELAY_MS = 500;

interface Options extends Plan {
  readonly quick: boolean;
  /** The number of measured starts. */
  readonly starts: number;
  readonly wanted: (name: string) => boolean;
}

/** Releases the resources of the run in reverse order, also after a failure. */
const cleanUps: (() => Promise<unknown>)[] = [];

async function run(options: Options): Promise<Report> {
  const generator = Generator.start();
  cleanUps.push(async () => generator.stop(), stopGateways);
  const { floor, driver } = await findFloor(generator);
  const measurement = new Measurement(generator, floor);
  const remarks: string[] = [];
  const figures: Figure[] = [];

  const ledger = await newLedger('first');
  const { subject: opened, statements } = await countStatements(measurement, ledger, options);
  const { subject, readyMs } = await timedStarts(opened, options);
  const settings = await assertDurable(subject);
  await warmUp(measurement, subject);
  figures.push(...(await measureInRounds(measurement, casesOf(subject, '', CLIENTS, options), options, printProgress)));
  const ceiling = await ceilingOf(generator, subject, figures);
  if (!options.quick && options.wanted('soak')) {
    while (subject.refunded < SOAK.refunds) {
      await measurement.refunds(subject, SOAK.clients, SOAK.step);
      printProgress(`soak: ${subject.refunded} refunds, ${subject.memory.at(-1)?.mb?.toFixed(0)} MB`);
    }
    await subject.audit();
  }
  const { memory } = subject;
  await subject.stop();

  let abuse: readonly Abuse[] = [];
  const floods = floodNames().filter((name) => options.wanted(`abuse/${name}`));
  if (options.quick || floods.length === 0) remarks.push('Abuse was not measured, because of the options.');
  else if (process.env.DATABASE_URL)
    remarks.push('Abuse was not measured, because it needs the organizations of the demo, which do not exist with DATABASE_URL.');
  else {
    const abused = await Subject.open(await newLedger('abused'));
    await warmUp(measurement, abused);
    abuse = await measureAbuse(measurement, abused, floods, printProgress);
    await abused.stop();
  }

  let million: Report['million'] = null;
  const wantsMillion = [...casesOf(subject, 'million/', [1, 32], options), ...listCasesOf(subject, options)].length > 0;
  if (options.quick || !wantsMillion) remarks.push('The ledger with a million refunds was not measured, because of the options.');
  else if (process.env.DATABASE_URL)
    remarks.push(
      'The ledger with a million refunds was not measured, because seeding it needs a superuser, which DATABASE_URL does not provide.',
    );
  else {
    const small = await Subject.open(await newLedger('small'));
    const seeded = await openMillion();
    const { subject: large, readyMs: largeReadyMs } = await timedStarts(seeded, options);
    await warmUp(measurement, small);
    await warmUp(measurement, large);
    const pairs = casesOf(large, 'million/', [1, 32], options).flatMap((measured) => {
      const name = measured.name.replace('million/', 'small/');
      return [{ ...measured, name, subject: small }, measured];
    });
    figures.push(...(await measureInRounds(measurement, [...pairs, ...listCasesOf(large, options)], MILLION_PLAN, printProgress)));
    million = { refunds: MILLION, readyMs: largeReadyMs };
    await small.stop();
    await large.stop();
  }

  let imported: Report['imported'] = null;
  if (options.quick || !options.wanted('import')) remarks.push('The import was not measured, because of the options.');
  else if (process.env.DATABASE_URL)
    remarks.push('The import was not measured, because it needs the owner of the tables, which DATABASE_URL is not.');
  else {
    imported = await measureImport(await newLedger('imported'));
    printProgress(`imported ${imported.refunds} refunds in ${imported.seconds.toFixed(1)} s`);
  }

  return {
    date: new Date().toISOString(),
    machine: machine(),
    settings,
    floorDriver: driver,
    plan: { rounds: options.rounds, seconds: options.seconds },
    figures,
    statements,
    readyMs,
    memory,
    abuse,
    ceiling,
    million,
    imported,
    remarks,
  };
}

async function warmUp(measurement: Measurement, subject: Subject): Promise<void> {
  await measurement.refunds(subject, WARM_UP.clients, WARM_UP.refunds);
  // A list has a hundred refunds of one note.
  await measurement.refunds(subject, WARM_UP.clients, 100, 'one-note');
  for (const work of ['page', 'list'] as const) await measurement.reads(subject, work, 100);
}

/** Refunds in each spread, with each number of clients, through each door in turn; and reads. */
function casesOf(subject: Subject, prefix: string, clientCounts: readonly number[], { wanted }: Options): Case[] {
  const cases: Case[] = [];
  for (const work of Object.keys(SPREADS) as Spread[]) {
    for (const clients of clientCounts) {
      for (const door of ['floor', 'graphql', 'rest'] as const) {
        cases.push({ name: `${prefix}refund/${work}/${clients}/${door}`, subject, work, clients, door });
      }
    }
  }
  for (const [work, gateway] of Object.entries(READINGS) as [keyof typeof READINGS, Door][]) {
    for (const door of ['sql', gateway] as const)
      cases.push({ name: `${prefix}reading/${work}/1/${door}`, subject, work, clients: 1, door });
  }
  return cases.filter(({ name }) => wanted(name));
}

/** Pages with a filter in an order that has no index together with it, and a count. */
function listCasesOf(subject: Subject, { wanted }: Options): Case[] {
  const cases: [Reading, Door][] = [
    ['filtered', 'sql'],
    ['filtered', 'graphql'],
    ['thousandth', 'graphql'],
    ['count', 'graphql'],
  ];
  return cases
    .map(([work, door]) => ({ name: `million/list/${work}/${door}`, subject, work, clients: 1, door }))
    .filter(({ name }) => wanted(name));
}

/** Opens the ledger with a gateway that logs each statement. This gateway is used for no other measurement. */
async function countStatements(
  measurement: Measurement,
  ledger: Ledger,
  { wanted }: Options,
): Promise<{ subject: Subject; statements: Statements | null }> {
  const subject = await Subject.open(ledger, 'trace');
  // Reads need some refunds, and each kind of request must be compiled before its statements are counted.
  await measurement.refunds(subject, 1, 200);
  if (!wanted('statements')) return { subject, statements: null };
  const counted = async (requests: number, work: () => Promise<void>): Promise<number> => {
    const from = await subject.gateway.logSize();
    await work();
    await sleep(LOG_DELAY_MS);
    return ((await logged(ledger, from)).split('[query]').length - 1) / requests;
  };
  const works = Object.keys(READINGS) as (keyof typeof READINGS)[];
  for (const work of works) await measurement.reads(subject, work, 1);
  await sleep(LOG_DELAY_MS);
  const statements = {
    refundAt1: await counted(50, () => measurement.refunds(subject, 1, 50)),
    refundAt32: await counted(960, () => measurement.refunds(subject, 32, 960)),
    page: Math.round(await counted(1, () => measurement.reads(subject, 'page', 1))),
    note: Math.round(await counted(1, () => measurement.reads(subject, 'note', 1))),
    list: Math.round(await counted(1, () => measurement.reads(subject, 'list', 1))),
  };
  return { subject, statements };
}

async function logged({ logFile }: Ledger, from: number): Promise<string> {
  const file = await open(logFile);
  try {
    const { size } = await file.stat();
    const { buffer } = await file.read(Buffer.alloc(size - from), 0, size - from, from);
    return buffer.toString();
  } finally {
    await file.close();
  }
}

/** Restarts the gateway on the existing ledger several times; returns the last one and the median time. */
async function timedStarts(opened: Subject, { starts }: Options): Promise<{ subject: Subject; readyMs: number }> {
  let subject = opened;
  const times: number[] = [];
  for (let index = 0; index < starts; index += 1) {
    subject = await subject.restarted();
    times.push(subject.gateway.readyMs);
  }
  return { subject, readyMs: median(times) };
}

async function openMillion(): Promise<Subject> {
  const subject = await Subject.open(await newLedger('million'));
  const begun = performance.now();
  await seedRefunds(subject.gateway.ledger, subject.books, MILLION);
  printProgress(`seeded ${MILLION} refunds in ${((performance.now() - begun) / 1000).toFixed(0)} s`);
  await subject.audit();
  return subject;
}

/** @throws if commits may be lost after they were acknowledged, because the figures would not be comparable */
async function assertDurable(subject: Subject): Promise<Report['settings']> {
  const fsync = await subject.show('fsync');
  const synchronousCommit = await subject.show('synchronous_commit');
  if (fsync !== 'on' || synchronousCommit !== 'on') throw new Error(`fsync is ${fsync}, synchronous_commit ${synchronousCommit}`);
  return { fsync, synchronousCommit, postgres: await subject.show('server_version') };
}

/** The highest request rate of the load generator, for replies with the size of a refund's. */
async function ceilingOf(
  generator: Generator,
  { gateway, books }: Subject,
  figures: readonly Figure[],
): Promise<Report['ceiling']> {
  const bytes = figures.find(({ door }) => door === 'graphql')?.bytesPerReply ?? 200;
  const { latencies, seconds, cpuShare } = await generator.ceiling(HTTP_DOORS.graphql(gateway.url, books), bytes, 32, 2);
  return { rate: latencies.length / seconds, cpuShare };
}

async function newLedger(name: string): Promise<Ledger> {
  const folder = await mkdtemp(join(tmpdir(), 'credit-note-refunds-bench-'));
  // As root, PostgreSQL runs as another user, and would move its data out of a folder which that user cannot enter.
  await chmod(folder, 0o755);
  cleanUps.push(() => rm(folder, { recursive: true, force: true }));
  const { DATABASE_URL } = process.env;
  const variables: Record<string, string> = DATABASE_URL ? { DATABASE_URL } : { DATA_DIR: join(folder, 'data') };
  return { name, variables, logFile: join(folder, 'gateway.log') };
}

function machine(): Report['machine'] {
  const git = (...words: string[]): string => {
    try {
      return execFileSync('git', words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
    } catch {
      return '';
    }
  };
  const changed = git('status', '--porcelain', '--', 'src', 'bench', 'package-lock.json') === '' ? '' : ' with changes';
  return {
    cores: cpus().length,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    memoryGb: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    commit: `${git('rev-parse', '--short', 'HEAD') || 'unknown'}${changed}`,
  };
}

/** Prints progress to stderr, because stdout is the report. */
function printProgress(line: string): void {
  process.stderr.write(`${line}\n`);
}

async function publish(report: Report): Promise<void> {
  const folder = fileURLToPath(new URL('../../docs/bench/', import.meta.url));
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'latest.json'), `${JSON.stringify({ ...report, goals: goalsOf(report) }, null, 2)}\n`);
  await writeFile(join(folder, 'README.md'), pageOf(report));
  await writeFile(join(folder, 'throughput.svg'), throughputPlot(report));
  await writeFile(join(folder, 'latency.svg'), latencyPlot(report));
}

const USAGE = `usage: npm run bench [-- OPTIONS]
  --quick          one round of each case, in about two minutes; writes no files
  --only PATTERN   only cases whose names match the regular expression, such as '^refund/one-note/32'; writes no files
  --help           print this help
Without options, the benchmark measures everything in about half an hour, and writes docs/bench. With DATABASE_URL it measures your
own PostgreSQL.
`;

async function main(): Promise<void> {
  const values = readOptions(process.argv.slice(2));
  if (values.help) {
    process.stdout.write(USAGE);
    return;
  }
  const only = new RegExp(values.only ?? '');
  const options: Options = { ...(values.quick ? QUICK : FULL), quick: values.quick, wanted: (name) => only.test(name) };
  const interrupted = new Promise<never>((_, reject) => {
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => reject(new Error(`stopped by ${name}`)));
  });
  try {
    const report = await Promise.race([run(options), interrupted]);
    process.stdout.write(pageOf(report));
    if (!values.quick && values.only === undefined) await publish(report);
  } finally {
    for (const undo of cleanUps.reverse()) await undo();
  }
}

/** @throws {Error} with the usage, if an option is wrong */
function readOptions(args: string[]): { quick: boolean; only: string | undefined; help: boolean } {
  const flag = { type: 'boolean' as const, default: false };
  const options = { quick: flag, help: { ...flag, short: 'h' }, only: { type: 'string' as const } };
  try {
    const { quick, only, help } = parseArgs({ args, options }).values;
    new RegExp(only ?? '');
    return { quick, only, help };
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
