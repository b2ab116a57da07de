import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { createApp } from './app.js';
import { type Config, readConfig } from './config.js';
import { type Database, openDatabase } from './database.js';
import { type Demo, openDemo, sandboxContent } from './demo.js';
import { listen } from './listen.js';
import { assertNodeVersion } from './node-version.js';
import { maintain } from './services/maintenance.js';
import { welcome } from './welcome.js';

/** Balances are snapshot, and idempotency keys past their retention forgotten, this often. */
const MAINTENANCE_INTERVAL_MS = 60 * 1000;

const SWEEP_REFUSED =
  'no idempotency keys are swept: more are past their retention than within it, so look at the clock of the database';

/** How long a stop waits for requests in flight before it ends anyway. */
const STOP_TIMEOUT_MS = 20_000;

async function main(): Promise<void> {
  assertNodeVersion(process.versions.node);
  const config = readConfig(process.env);
  const logger = pino({ level: config.logLevel });
  const signal = stopSignal();
  const database = await openDatabase(config, (message) => logger.info(message), ormLogging(logger));
  try {
    const { app, demo } = await serve(config, database, logger);
    const url = `http://localhost:${(app.server.address() as AddressInfo).port}`;
    logger.info({ url }, 'ready');
    if (demo !== null) process.stdout.write(welcome(url, demo));

    const maintenance = new AbortController();
    void maintainUntil(maintenance.signal, database, logger);

    logger.info({ signal: await signal }, 'stopping');
    maintenance.abort();
    // The last resort, should even the database not close.
    setTimeout(() => process.exit(1), 2 * STOP_TIMEOUT_MS).unref();
    await Promise.race([app.close(), sleep(STOP_TIMEOUT_MS, undefined, { ref: false })]);
  } finally {
    await database.close();
  }
  logger.info('stopped');
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
    databaseTrouble: database.trouble,
    ...(demo && { sandbox: sandboxContent(demo.demo) }),
  });
  await listen(app, config);
  return { app, demo: demo?.demo ?? null };
}

/** A round begins when the one before has ended, however long that takes. */
async function maintainUntil(stop: AbortSignal, { orm }: Database, logger: FastifyBaseLogger): Promise<void> {
  for (;;) {
    await sleep(MAINTENANCE_INTERVAL_MS, undefined, { signal: stop, ref: false }).catch(() => undefined);
    if (stop.aborted) return;
    await maintain(orm.em.fork(), (doubt) => logger.warn(doubt, SWEEP_REFUSED)).catch((error: unknown) => {
      logger.warn({ err: error }, 'maintenance is put off');
    });
  }
}

/** SQL statements are logged at level trace, without parameters. */
function ormLogging(logger: FastifyBaseLogger) {
  return logger.level === 'trace'
    ? { debug: ['query' as const], logger: (message: string) => logger.trace(message) }
    : { debug: false };
}

function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const name of ['SIGTERM', 'SIGINT'] as const) process.on(name, () => resolve(name));
  });
}

/** For the operator: what is wrong, in a line. Where it was noticed is for developers. */
function failure(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return /^(debug|trace)$/.test(process.env.LOG_LEVEL ?? '') ? String(error.stack) : error.message;
}

main().catch((error: unknown) => {
  process.stderr.write(`${failure(error)}\n`);
  process.exitCode = 1;
});
