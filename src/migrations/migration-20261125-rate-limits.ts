import { Migration } from '@mikro-orm/migrations';

/** What callers have used of their rate limits in the present window, for gateways that share it. */
export class Migration20261125RateLimits extends Migration {
  override up(): void {
    this.addSql(`
      -- Of no worth after a crash, and so not worth a write to the log. Half of each page is kept for new versions of its rows.
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
