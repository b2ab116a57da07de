import { Migration } from '@mikro-orm/migrations';

/** The key or the membership that a refund or a reversal is attributed to must be valid and allow it at that time. */
export class Migration20261125Attribution extends Migration {
  override up(): void {
    this.addSql(`
      -- The gateway itself checks for keys and memberships that end during the transaction: its check runs after the locks are granted.
      create function made_by_who_may() returns trigger language plpgsql set search_path = public, pg_temp as $$
      begin
        if exists (
          select from inserted made
            left join api_keys key on key.organization_id = made.organization_id and key.id = made.api_key_id
            left join memberships member on member.organization_id = made.organization_id and member.user_id = made.user_id
          where coalesce(key.role, member.role, 'VIEWER') = 'VIEWER'
            or key.revoked_at <= now() or key.expires_at <= now() or member.ended_at <= now()
        ) then
          raise exception 'a row of % is attributed to a key or a member that may not make it', tg_table_name
            using errcode = 'check_violation', constraint = tg_table_name || '_made_by_who_may', table = tg_table_name;
        end if;
        return null;
      end
      $$;
      create trigger made_by_who_may after insert on refunds
        referencing new table as inserted for each statement execute function made_by_who_may();
      create trigger made_by_who_may after insert on refund_reversals
        referencing new table as inserted for each statement execute function made_by_who_may();
    `);
  }

  override down(): void {
    this.addSql('drop function made_by_who_may() cascade');
  }
}
