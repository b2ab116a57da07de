import { Migration } from '@mikro-orm/migrations';

/** All tables with ids and organization_id. */
const TABLES = [
  'accounts',
  'api_keys',
  'audit_events',
  'branches',
  'credit_note_lines',
  'credit_notes',
  'customers',
  'journal_entries',
  'journal_lines',
  'refund_reversals',
  'refunds',
];

/** Rows of an organization become visible in the order of their ids: see docs/adr/018-order-of-ids.md. */
export class Migration20261125Order extends Migration {
  override up(): void {
    this.addSql(DRAW_ID);
    for (const table of TABLES) this.addSql(drawsIds(table));
  }

  /** Clients that poll by id rely on the order. */
  override down(): void {
    throw new Error('the order of ids cannot be undone');
  }
}

const DRAW_ID = `
  -- The lock is held until the commit, so that no higher id is drawn before the lower one is visible.
  -- The function runs as the owner, since no other role may use the sequences.
  create function draw_id() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
  begin
    -- Rows that are replicated from another server keep their ids.
    if new.id is not null and current_setting('session_replication_role') = 'replica' then return new; end if;
    perform pg_advisory_xact_lock(hashtextextended('order', new.organization_id));
    new.id := nextval(tg_argv[0]::regclass);
    return new;
  end
  $$;
`;

/** Replaces the column's default, which would draw the id before the trigger takes the lock. */
function drawsIds(table: string): string {
  const sequence = `${table}_id_seq`;
  return `
    do $$
    declare
      next bigint := nextval('${sequence}');
    begin
      alter table ${table} alter column id drop identity;
      execute format('create sequence ${sequence} start with %s owned by ${table}.id', next);
    end
    $$;
    create trigger draws_id before insert on ${table} for each row execute function draw_id('${sequence}');
    alter table ${table} enable always trigger draws_id;
  `;
}
