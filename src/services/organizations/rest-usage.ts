import type { EntityManager } from '@mikro-orm/postgresql';
import type { Actor } from '../../auth/actor.js';
import { WaitBudget, workFor } from '../../concurrency/wait-budget.js';
import { query, run } from '../../orm/query.js';
import type { PostingDate } from '../../values/posting-date.js';

/** Days for which the counts are stored. */
export const USAGE_DAYS = 90;

/** The most lines of a report. */
export const MAX_USAGE_LINES = 500;

/** Counts of callers and routes in memory. Requests of others are not counted until the next write. */
const MAX_COUNTS = 10_000;

/** A write that takes longer is given up, and the next one tries again. */
const WRITE_TIMEOUT_MS = 5_000;

/** The requests of one caller to one route. */
interface Count {
  readonly organizationId: number;
  readonly apiKeyId: number | null;
  readonly userId: number | null;
  readonly route: string;
  requests: number;
}

/** How often a caller has used a route of REST. */
export interface RestUsage {
  /** Name of the API key or of the user. */
  readonly caller: string;
  /** `null` for a user. */
  readonly apiKeyId: string | null;
  readonly route: string;
  readonly requests: number;
  /** In the organization's time zone. */
  readonly lastUsedOn: PostingDate;
}

/**
 * Counts the requests to REST by caller, route and day. A request adds one in memory; {@link write} adds the counts to the database, so that counting
 * costs a refund nothing. A process that is killed loses the counts of up to a minute.
 */
export class RestUsageCounts {
  private counts = new Map<string, Count>();
  private writing: Promise<void> = Promise.resolve();

  constructor(private readonly em: EntityManager) {}

  add({ organization, apiKeyId, userId }: Actor, route: string): void {
    const key = `${organization.id} ${apiKeyId} ${userId} ${route}`;
    const count = this.counts.get(key);
    if (count !== undefined) count.requests += 1;
    else if (this.counts.size < MAX_COUNTS) {
      this.counts.set(key, { organizationId: organization.id, apiKeyId, userId, route, requests: 1 });
    }
  }

  /** Writes the counts, and deletes those that are too old. After a failure, the next call writes them. */
  write(): Promise<void> {
    this.writing = this.writing.catch(() => undefined).then(() => this.writeAll());
    return this.writing;
  }

  private async writeAll(): Promise<void> {
    const counts = this.counts;
    if (counts.size === 0) return;
    this.counts = new Map();
    try {
      const all = [...counts.values()];
      const columns = [
        all.map(({ organizationId }) => organizationId),
        all.map(({ apiKeyId }) => apiKeyId),
        all.map(({ userId }) => userId),
        all.map(({ route }) => route),
        all.map(({ requests }) => requests),
      ];
      const work = { organizationId: null, budget: new WaitBudget(WRITE_TIMEOUT_MS), answerTimeoutMs: WRITE_TIMEOUT_MS };
      await workFor(work, () =>
        run(
          this.em.fork(),
          query(WRITE, columns, () => undefined),
        ),
      );
    } catch (error) {
      this.restore(counts);
      throw error;
    }
  }

  private restore(counts: ReadonlyMap<string, Count>): void {
    for (const [key, count] of counts) {
      const newer = this.counts.get(key);
      if (newer !== undefined) newer.requests += count.requests;
      else if (this.counts.size < MAX_COUNTS) this.counts.set(key, count);
    }
  }
}

/**
 * Adds the counts and deletes old ones in one statement, so that counts are never added twice. Rows are written in the order of their keys, so that two
 * processes never deadlock.
 */
const WRITE = `
  with swept as (
    delete from rest_usage where organization_id = any ($1::bigint[]) and day < (now() at time zone 'UTC')::date - ${USAGE_DAYS})
  insert into rest_usage as kept (organization_id, day, api_key_id, user_id, route, requests)
  select added.organization_id, (now() at time zone organization.time_zone)::date, api_key_id, user_id, route, requests
  from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::bigint[]) added (organization_id, api_key_id, user_id, route, requests)
    join organizations organization on organization.id = added.organization_id
  order by organization_id, route, api_key_id, user_id
  on conflict (organization_id, day, route, caller) do update set requests = kept.requests + excluded.requests`;

/** Returns who has used which route of REST in the last days, the most frequent first; at most {@link MAX_USAGE_LINES}. */
export async function restUsage(em: EntityManager, organizationId: number, days: number): Promise<RestUsage[]> {
  const report = query(REPORT, [organizationId, Math.min(days, USAGE_DAYS)], (rows) =>
    rows.map((row) => ({
      caller: String(row.name),
      apiKeyId: row.api_key_id === null ? null : String(row.api_key_id),
      route: String(row.route),
      requests: Number(row.requests),
      lastUsedOn: String(row.last_used_on),
    })),
  );
  const [lines] = await run(em, report);
  return lines;
}

const REPORT = `
  select route, used.api_key_id, coalesce(key.name, member.name) as name, sum(requests) as requests, max(day)::text as last_used_on
  from rest_usage used
    join organizations organization on organization.id = used.organization_id
    left join api_keys key on key.organization_id = used.organization_id and key.id = used.api_key_id
    left join users member on member.id = used.user_id
  where used.organization_id = $1 and day > (now() at time zone organization.time_zone)::date - $2::integer
  group by route, used.api_key_id, used.user_id, key.name, member.name
  order by 4 desc, 1, 3, 2
  limit ${MAX_USAGE_LINES}`;
