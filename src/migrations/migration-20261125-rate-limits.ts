import { Migration } from '@mikro-orm/migrations';

/** Counts of requests per caller in the present window, for gateways that share their rate limits. */
export class Migration20261125RateLimits extends Migration {
  override up(): void {
    this.addSql(`
      -- The counts have no value after a crash, so the table is not in the write-ahead log. Half of each page stays free for HOT updates.
      create unlogged table rate_limits (
        key text primary key,
        count integer not null check (count > 0),
        ends_at timestamptz not null
      ) with (fillfactor = 50)`);
  }

  override down(): void {
    this.addSql('drop table rate_limits');
  }
}
