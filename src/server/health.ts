import { setTimeout as sleep } from 'node:timers/promises';
import type { MikroORM } from '@mikro-orm/postgresql';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { WaitBudget, workFor } from '../concurrency/wait-budget.js';
import { ServiceUnavailable } from '../errors.js';
import { MIGRATIONS } from '../migrations/index.js';

/** A probe is answered within two seconds, even if the database is silent. */
const LIMIT_MS = 1_500;
/** A probe's connection is closed after this time without an answer: by then, no caller waits for the probe. */
const ANSWER_TIMEOUT_MS = 2_000;

const SILENT = 'the database does not answer in time';

/** SQLSTATEs and Node.js error codes whose cause an operator can act on. The texts are public, so they name no host, file or user. */
const REASONS: Readonly<Record<string, string>> = {
  '25006': 'the database is read only',
  '28000': 'the database refuses the credentials',
  '28P01': 'the database refuses the credentials',
  '3D000': 'the database does not exist',
  '42P01': 'the database lacks migrations',
  '42501': 'the database refuses the role its rights',
  '53100': 'the disk of the database is full',
  '53300': 'the database has no connection to spare',
  '57P03': 'the database is starting up',
  ENOTFOUND: 'the name of the database host cannot be resolved',
  EAI_AGAIN: 'the name of the database host cannot be resolved',
};

/**
 * The probe writes no row, and PostgreSQL refuses it wherever it would refuse a refund: on a standby, in a read-only database, without
 * the rights or without the tables.
 */
const PROBE = `
  with probe as (update credit_notes set refunded = refunded where false)
  select array(select name::text from schema_migrations) as applied`;

const PROBES: ReadonlySet<string | undefined> = new Set(['/healthz', '/readyz']);

/** Whether the request is a health probe. Probes are neither rate limited nor shed, and are logged at level debug. */
export function isProbe({ routeOptions }: FastifyRequest): boolean {
  return PROBES.has(routeOptions.url);
}

/**
 * Adds `/healthz`, which answers while the process lives, and `/readyz`: 200 while a refund could be written, else 503 and the reason.
 *
 * @param knownObstacle returns why the gateway or its embedded database takes no refund; `null` if no reason is known
 */
export function serveHealth(app: FastifyInstance, orm: MikroORM, knownObstacle: () => Promise<string | null>): void {
  const readiness = new Readiness(orm, knownObstacle);
  app.get('/healthz', async () => ({ status: 'ok' }));
  app.get('/readyz', async (_request, reply) => {
    const reason = await readiness.obstacle();
    return reason === null ? { status: 'ready' } : reply.code(503).send({ status: 'not ready', reason });
  });
}

/** Checks whether a refund could be written now. */
class Readiness {
  private probing: Promise<string | null> | undefined;

  constructor(
    private readonly orm: MikroORM,
    private readonly knownObstacle: () => Promise<string | null>,
  ) {}

  /** Returns why no refund could be written now, for the operator; `null` if one could. */
  async obstacle(): Promise<string | null> {
    // All callers share one probe, so that probes do not pile up on a silent database.
    this.probing ??= this.probe().finally(() => {
      this.probing = undefined;
    });
    const limit = new AbortController();
    const silent = sleep(LIMIT_MS, SILENT, { signal: limit.signal }).catch(() => SILENT);
    try {
      return await Promise.race([this.probing, silent]);
    } finally {
      limit.abort();
    }
  }

  private async probe(): Promise<string | null> {
    const obstacle = await this.knownObstacle();
    if (obstacle !== null) return obstacle;
    const work = { organizationId: null, budget: new WaitBudget(ANSWER_TIMEOUT_MS), answerTimeoutMs: ANSWER_TIMEOUT_MS };
    try {
      const [row] = await workFor(work, () => this.orm.em.fork().execute<{ applied: string[] }[]>(PROBE));
      const applied = new Set(row?.applied);
      return MIGRATIONS.every(({ name }) => applied.has(name)) ? null : 'the database lacks migrations';
    } catch (error) {
      if (error instanceof ServiceUnavailable) return SILENT;
      const { code } = error as { code?: unknown };
      return REASONS[String(code)] ?? 'the database does not answer';
    }
  }
}
