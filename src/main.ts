import type { AddressInfo } from 'node:net';
import { constants } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import { type Config, readConfig } from './config.js';
import { type Database, openDatabase } from './database/database.js';
import { type Demo, demoContent, demoFile, openDemo } from './demo/demo.js';
import { welcome } from './demo/welcome.js';
import { isPermissionDenied } from './orm/errors.js';
import { createApp } from './server/app.js';
import { listen } from './server/listen.js';
import { openLog } from './server/log.js';
import { assertNodeVersion } from './server/node-version.js';
import { StopSignals } from './server/stop-signals.js';
import { maintain, snapshotBusyOrganizations } from './services/ledger/maintenance.js';

/** Interval of the maintenance, which takes snapshots of balances and deletes expired idempotency keys. */
const MAINTENANCE_INTERVAL_MS = 60 * 1000;

/** Interval of the snapshots of organizations with many new lines. */
const BUSY_INTERVAL_MS = 5 * 1000;

const SWEEP_REFUSED = 'no idempotency keys are swept: more have expired than not; check the clock of the database';

/** Time for the database to close after the gateway has closed. Then the process exits. */
const LAST_RESORT_MS = 35_000;

/** Time for the server to close, beyond the time for requests in flight. */
const CLOSE_TIMEOUT_MS = 5_000;

/** Time for the database to close after a second signal. */
const END_TIMEOUT_MS = 1_000;

const USAGE =
  'The gateway takes no options: environment variables such as PORT, DATABASE_URL and DATA_DIR configure it. docs/operations.md lists them ' +
  "under Configuration. The operator's commands: npm run organization -- --help";

async function main(): Promise<void> {
  assertNodeVersion(process.versions.node);
  const [word] = process.argv.slice(2);
  if (word !== undefined) {
    if (!['--help', '-h'].includes(word)) throw new Error(`npm start has no option ${word}. ${USAGE}`);
    process.stdout.write(`${USAGE}\n`);
    return;
  }
  const config = readConfig(process.env);
  const logger = openLog(config.logLevel);
  const signals = new StopSignals(process.env.npm_lifecycle_event !== undefined);
  let database: Database | undefined;
  void signals.first.then((signal) => logger.info({ signal }, 'stopping'));
  void signals.second.then(async (signal) => {
    logger.warn({ signal }, 'stopping at once');
    await Promise.race([database?.close(0), sleep(END_TIMEOUT_MS)]).catch(() => undefined);
    process.exit(128 + constants.signals[signal]);
  });
  database = await openDatabase(config, (message) => logger.info(message), {
    ...ormLogging(logger),
    pool: { max: config.poolSize },
  });
  let unanswered = 0;
  try {
    // If a signal arrived while the database started, the gateway is not started at all.
    if (!signals.hasCome) unanswered = await run(config, database, logger, signals);
  } finally {
    await database.close(unanswered === 0 ? undefined : 0);
  }
  logger.info('stopped');
  // Aborted requests may still wait for the database, which would keep the process running.
  if (unanswered > 0) process.exit(1);
}

/** Serves until the first signal; returns the number of requests that the stop has aborted. */
async function run(config: Config, database: Database, logger: FastifyBaseLogger, signals: StopSignals): Promise<number> {
  const { app, demo } = await serve(config, database, logger);
  const url = `http://localhost:${(app.server.address() as AddressInfo).port}`;
  logger.info({ url }, 'ready');
  if (demo !== null) {
    const hasPages = config.desk || config.introspection;
    const audience = { file: demoFile(config.dataDir), isTerminal: process.stdout.isTTY, hasPages };
    process.stdout.write(welcome(url, demo, audience));
  }
  const maintenance = new AbortController();
  const { em } = database.orm;
  const maintenanceJob = () => maintain(em.fork(), (skipped) => logger.warn(skipped, SWEEP_REFUSED));
  void repeatUntil(maintenance.signal, MAINTENANCE_INTERVAL_MS, maintenanceJob, logger);
  void repeatUntil(maintenance.signal, BUSY_INTERVAL_MS, () => snapshotBusyOrganizations(em.fork()), logger);

  await signals.first;
  maintenance.abort();
  const stopMs = config.stopSeconds * 1_000 + CLOSE_TIMEOUT_MS;
  // Exits even if the database does not close.
  setTimeout(() => process.exit(1), stopMs + LAST_RESORT_MS).unref();
  await Promise.race([app.close(), sleep(stopMs, undefined, { ref: false })]);
  if (app.unanswered > 0) logger.warn({ requests: app.unanswered }, 'requests in flight are cut off');
  return app.unanswered;
}

async function serve(
  config: Config,
  database: Database,
  logger: FastifyBaseLogger,
): Promise<{ app: FastifyInstance; demo: Demo | null }> {
  const demo = database.embedded ? await openDemo(database, config.dataDir) : null;
  const app = await createApp({
    orm: database.orm,
    config,
    jwt: config.jwt ?? demo?.jwt ?? null,
    logger,
    connections: config.connections,
    stopSeconds: config.stopSeconds,
    databaseObstacle: database.obstacle,
    ...(demo && { demo: demoContent(demo.demo, demoFile(config.dataDir)) }),
  });
  await listen(app, config);
  return { app, demo: demo?.demo ?? null };
}

/** Runs a job of the maintenance at intervals. A slow run delays the next one, so that they never overlap. */
async function repeatUntil(
  stop: AbortSignal,
  intervalMs: number,
  job: () => Promise<void>,
  logger: FastifyBaseLogger,
): Promise<void> {
  for (;;) {
    await sleep(intervalMs, undefined, { signal: stop, ref: false }).catch(() => undefined);
    if (stop.aborted) return;
    await job().catch((error: unknown) => {
      logger.warn({ err: error }, 'maintenance failed; the next run tries again');
    });
  }
}

/** SQL statements are logged at level trace, without parameters. */
function ormLogging(logger: FastifyBaseLogger) {
  return logger.level === 'trace'
    ? { debug: ['query' as const], colors: false, logger: (message: string) => logger.trace(message) }
    : { debug: false };
}

const GRANT_RIGHTS = 'As the owner, run: npm run migrate -- --application-role ROLE. See docs/operations.md, "Three roles".';

/** Returns one line for the operator. Developers get the stack at the log levels debug and trace. */
function failure(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (isPermissionDenied(error)) return `The role of DATABASE_URL may not serve requests: ${error.message}. ${GRANT_RIGHTS}`;
  return /^(debug|trace)$/.test(process.env.LOG_LEVEL ?? '') ? String(error.stack) : error.message;
}

main().catch((error: unknown) => {
  process.stderr.write(`${failure(error)}\n`);
  process.exitCode = 1;
});
