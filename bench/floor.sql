-- The cost of one refund in PostgreSQL: it locks, reads and writes the same rows as the gateway, in one transaction on the same
-- tables with the same triggers. Change it together with src/services/refunds/refund-credit-note.ts.
--
-- pgbench runs this script, or floor.ts through a pg client; a statement ends with a semicolon or \gset at the end of a line.
\set note random(:first_note, :last_note)
\set account random(:first_account, :last_account)
\set units random(:first_units, :last_units)
\set reference random(:first_reference, :last_reference)
begin;
select pg_advisory_xact_lock_shared(hashtextextended('period', :organization));
select * from organizations where id = :organization;
select * from credit_notes where organization_id = :organization and id = :note order by id for update
\gset note_
select * from accounts where organization_id = :organization and (id = :account or system_role is not null);
select * from branches where organization_id = :organization and id = :branch;
select id from refunds refund
where organization_id = :organization and credit_note_id = :note and created_at > statement_timestamp() - make_interval(secs => 10)
  and amount = :units::numeric + 0.25 and from_account_id = :account and date = '2026-02-01' and coalesce(reference_no, '') = :reference
  and not exists (select from refund_reversals where organization_id = refund.organization_id and refund_id = refund.id)
order by created_at desc limit 1;
insert into journal_entries (organization_id, posting_date, source, memo, reversal_of_id)
values (:organization, '2026-02-01', 'REFUND', 'Refund of credit note ' || :note_number, null)
returning id, created_at
\gset entry_
insert into journal_lines (organization_id, journal_entry_id, posting_date, side, account_id, customer_id, branch_id, amount, foreign_amount, foreign_currency_code)
values
  (:organization, :entry_id, '2026-02-01', 'DEBIT', :receivable, :note_customer_id, :branch, :units::numeric + 0.25, null, null),
  (:organization, :entry_id, '2026-02-01', 'CREDIT', :account, null, :branch, :units::numeric + 0.25, null, null)
returning id, created_at;
insert into refunds (organization_id, credit_note_id, from_account_id, branch_id, amount, currency_code, exchange_rate, settled_amount, paid_amount,
  date, reference_no, description, journal_entry_id, created_by, user_id, api_key_id, request_id, trace_id, client_name, client_version,
  operation_name, protocol, ip)
values (:organization, :note, :account, :branch, :units::numeric + 0.25, 'USD', 1, :units::numeric + 0.25, :units::numeric + 0.25,
  '2026-02-01', :reference, 'Paid back', :entry_id, 'Benchmark', null, :api_key, gen_random_uuid()::text, null, null, null,
  'Refund', 'GRAPHQL', '127.0.0.1')
returning id, created_at;
commit;
