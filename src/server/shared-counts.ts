import { setTimeout as sleep } from 'node:timers/promises';
import type { EntityManager } from '@mikro-orm/postgresql';
import { Batcher } from '../concurrency/batcher.js';
import { WaitBudget, workFor } from '../concurrency/wait-budget.js';
import { query, run } from '../orm/query.js';

/** How often a key has been counted in its present window, and how long that lasts. */
export interface Count {
  readonly count: number;
  readonly msLeft: number;
}

/** A request waits no longer than this for the database to count it. */
const TIMEOUT_MS = 500;

/** After a failure nobody asks the database for so long. */
const PAUSE_MS = 2_000;

const SWEEP_INTERVAL_MS = 60_000;

/**
 * Counts keys in windows of time, for all processes on a database together and by its clock. What comes while the database counts is
 * counted together in one statement, so that it takes no more than one connection, however many requests there are.
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

  /** Counts the key once more; `null` while the database cannot, or not in time. */
  async add(key: string): Promise<Count | null> {
    if (Date.now() < this.pausedUntil) return null;
    const patience = new AbortController();
    try {
      const late = sleep(TIMEOUT_MS, null, { signal: patience.signal, ref: false });
      late.catch(() => undefined);
      const count = await Promise.race([this.counting.add('all', key), late]);
      if (count === null) this.pause(new Error(`the database has not counted within ${TIMEOUT_MS} ms`));
      return count;
    } catch (error) {
      this.pause(error);
      return null;
    } finally {
      patience.abort();
    }
  }

  /** Says so once, for all that were waiting. */
  private pause(error: unknown): void {
    const now = Date.now();
    if (now < this.pausedUntil) return;
    this.pausedUntil = now + PAUSE_MS;
    this.onFailure(error);
  }

  private async countAll(keys: readonly string[]): Promise<Count[]> {
    const added = new Map<string, number>();
    // How many of its kind each is in this statement: the database returns the count after the last.
    const places = keys.map((key) => {
      const place = (added.get(key) ?? 0) + 1;
      added.set(key, place);
      return place;
    });
    const count = query(
      COUNT,
      [[...added.keys()], [...added.values()], this.windowSeconds],
      (rows) => new Map(rows.map(({ key, count, ms_left }) => [String(key), { count: Number(count), msLeft: Number(ms_left) }])),
    );
    const isSweepDue = Date.now() >= this.nextSweep;
    if (isSweepDue) this.nextSweep = Date.now() + SWEEP_INTERVAL_MS;
    const sweeps = isSweepDue ? [query(SWEEP, [], () => undefined)] : [];
    // A connection that is silent for longer is given up, and not kept beside the next one.
    const work = { organizationId: null, budget: new WaitBudget(TIMEOUT_MS), silenceMs: TIMEOUT_MS };
    const [counts] = await workFor(work, () => run(this.em.fork(), count, ...sweeps));
    return keys.map((key, index) => {
      const { count, msLeft } = counts.get(key) ?? { count: 0, msLeft: 0 };
      return { count: count - (added.get(key) ?? 0) + (places[index] ?? 0), msLeft };
    });
  }
}

/** In the order of the keys, so that two processes do not wait for one another. A window that ends too far ahead is from before the clock was set back. */
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
