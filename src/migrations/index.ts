import { Migration20261122Books } from './migration-20261122-books.js';
import { Migration20261123Reversals } from './migration-20261123-reversals.js';
import { Migration20261124Duplicates } from './migration-20261124-duplicates.js';
import { Migration20261125Access } from './migration-20261125-access.js';
import { Migration20261125Attribution } from './migration-20261125-attribution.js';
import { Migration20261125Clock } from './migration-20261125-clock.js';
import { Migration20261125Currencies } from './migration-20261125-currencies.js';
import { Migration20261125EarlierBooks } from './migration-20261125-earlier-books.js';
import { Migration20261125EarlierGains } from './migration-20261125-earlier-gains.js';
import { Migration20261125Entries } from './migration-20261125-entries.js';
import { Migration20261125Exchange } from './migration-20261125-exchange.js';
import { Migration20261125LockDateTrail } from './migration-20261125-lock-date-trail.js';
import { Migration20261125LockDatesAhead } from './migration-20261125-lock-dates-ahead.js';
import { Migration20261125Order } from './migration-20261125-order.js';
import { Migration20261125OutsideWriters } from './migration-20261125-outside-writers.js';
import { Migration20261125Periods } from './migration-20261125-periods.js';
import { Migration20261125RateLimits } from './migration-20261125-rate-limits.js';
import { Migration20261125TidyText } from './migration-20261125-tidy-text.js';
import { Migration20261125VisibleText } from './migration-20261125-visible-text.js';

/** All migrations, oldest first. The database stores their names, so a name never changes. */
export const MIGRATIONS = [
  Migration20261122Books,
  Migration20261123Reversals,
  Migration20261124Duplicates,
  Migration20261125EarlierBooks,
  Migration20261125Clock,
  Migration20261125Access,
  Migration20261125Exchange,
  Migration20261125Order,
  Migration20261125TidyText,
  Migration20261125Currencies,
  Migration20261125RateLimits,
  Migration20261125Periods,
  Migration20261125Entries,
  Migration20261125OutsideWriters,
  Migration20261125VisibleText,
  Migration20261125LockDateTrail,
  Migration20261125LockDatesAhead,
  Migration20261125Attribution,
  Migration20261125EarlierGains,
];
