import { setTimeout as sleep } from 'node:timers/promises';
import type { EntityManager } from '@mikro-orm/postgresql';
import { Batcher } from '../concurrency/batcher.js';
import { WaitBudget, workFor } from '../concurrency/wait-budget.js';
import { query, run } from '../orm/query.js';

/** The count of a key in its present window, and the rest of that window in milliseconds. */
export interface Count {
  readonly count: number;
  readonly msLeft: number;
}

/** A request waits no longer than this for the database to count it. */
const TIMEOUT_MS = 500;

/** After a failure the database is not asked for this long. */
const PAUSE_MS = 2_000;

const SWEEP_INTERVAL_MS = 60_000;

/**
 * Counts keys in time windows, by the database's clock and for all processes of the database together. Keys that arrive during a
 * statement share the next one, so that counting takes one connection, regardless of the number of requests.
 */
export class SharedCounts {
  private readonly counting = new Batcher<'all', string, Count>((keys) => this.countAll(keys));
  private pausedUntil = 0;
  private nextSweep = 0;

  constructor(
    private readonly em: EntityManager,
    private readonly windowSeconds: number,
    private readonly onFailure: (error: unknown) => void,
  ) {}

  /** Counts the key, and returns its new count; `null` if the database does not count it in time. */
  async add(key: string): Promise<Count | null> {
    if (Date.now() < this.pausedUntil) return null;
    const timeout = new AbortController();
    try {
      const late = sleep(TIMEOUT_MS, null, { signal: timeout.signal, ref: false });
      late.catch(() => undefined);
      const count = await Promise.race([this.counting.add('all', key), late]);
      if (count === null) this.pause(new Error(`the database has not counted within ${TIMEOUT_MS} ms`));
      return count;
    } catch (error) {
      this.pause(error);
      return null;
    } finally {
      timeout.abort();
    }
  }

  /** Reports the failure once for all requests that were waiting. */
  private pause(error: unknown): void {
    const now = Date.now();
    if (now < this.pausedUntil) return;
    this.pausedUntil = now + PAUSE_MS;
    this.onFailure(error);
  }

  private async countAll(keys: readonly string[]): Promise<Count[]> {
    const added = new Map<string, number>();
    // A key can occur several times in one statement, and the database returns the count after its last occurrence.
    const occurrences = keys.map((key) => {
      const occurrence = (added.get(key) ?? 0) + 1;
      added.set(key, occurrence);
      return occurrence;
    });
    const count = query(
      COUNT,
      [[...added.keys()], [...added.values()], this.windowSeconds],
      (rows) => new Map(rows.map(({ key, count, ms_left }) => [String(key), { count: Number(count), msLeft: Number(ms_left) }])),
    );
    const isSweepDue = Date.now() >= this.nextSweep;
    if (isSweepDue) this.nextSweep = Date.now() + SWEEP_INTERVAL_MS;
    const sweeps = isSweepDue ? [query(SWEEP, [], () => undefined)] : [];
    // A silent connection is given up, so that the next statement does not hold a second one.
    const work = { organizationId: null, budget: new WaitBudget(TIMEOUT_MS), answerTimeoutMs: TIMEOUT_MS };
    const [counts] = await workFor(work, () => run(this.em.fork(), count, ...sweeps));
    return keys.map((key, index) => {
      const { count, msLeft } = counts.get(key) ?? { count: 0, msLeft: 0 };
      return { count: count - (added.get(key) ?? 0) + (occurrences[index] ?? 0), msLeft };
    });
  }
}

/**
 * Rows are written in the order of their keys, so that two processes never deadlock. A window that ends too far ahead was begun before the
 * clock was set back, and is replaced.
 */
const COUNT = `
  insert into rate_limits as kept (key, count, ends_at)
  select key, count, now() + make_interval(secs => $3) from unnest($1::text[], $2::integer[]) added (key, count) order by key
  on conflict (key) do update set
    count = case when kept.ends_at between now() and now() + make_interval(secs => 2 * $3) then kept.count + excluded.count else excluded.count end,
    ends_at = case when kept.ends_at between now() and now() + make_interval(secs => 2 * $3) then kept.ends_at else excluded.ends_at end
  returning key, count, ceil(extract(epoch from ends_at - now()) * 1000) as ms_left`;

const SWEEP = `
  delete from rate_limits where key in (
    select key from rate_limits where ends_at < now() - interval '1 minute' limit 10000 for update skip locked
  )`;
