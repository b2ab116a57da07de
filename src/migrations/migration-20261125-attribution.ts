import { Migration } from '@mikro-orm/migrations';

/** A refund and a reversal are made by somebody who may make them at that time. */
export class Migration20261125Attribution extends Migration {
  override up(): void {
    this.addSql(`
      -- What ends in the midst of the transaction is for the gateway to see: it counts the standing when the locks were granted.
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
