-- Dead letters that somebody has dealt with: written as rows after all, or given up for a reason. They are kept.
alter table usage_dead_letters
  add column closed_at timestamptz,
  add column closed_by uuid,
  -- Why there will be no row; null = there is one.
  add column closed_because text check (char_length(closed_because) between 1 and 500),
  add check (closed_at is not null or (closed_by is null and closed_because is null));

drop index usage_dead_letters_org;
create index usage_dead_letters_open on usage_dead_letters (org_id, request_id desc) where closed_at is null; -- those of an organisation
create index usage_dead_letters_all on usage_dead_letters (request_id desc) where closed_at is null; -- the operator's list

-- They are money, so whoever owes it does not decide: the operator does.
create policy operator_reads on usage_dead_letters for select to causeway_operator using (true);
create policy operator_closes on usage_dead_letters for update to causeway_operator
  using (org_id = cw_org()) with check (org_id = cw_org());
grant select, update (error, closed_at, closed_by, closed_because) on usage_dead_letters to causeway_operator;
