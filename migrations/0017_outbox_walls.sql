-- The outbox of policy versions gets the walls that every other table with an organisation has: a tenant's transaction
-- could until now read, and even drop, the notices of others.

alter table policy_outbox enable row level security;
alter table policy_outbox force row level security;
create policy app_own on policy_outbox for all to causeway_app
  using (org_id = cw_org()) with check (org_id = cw_org());
create policy operator_own on policy_outbox for all to causeway_operator
  using (org_id = cw_org()) with check (org_id = cw_org());
-- The job that sends what is left over sends everybody's.
create policy jobs_send on policy_outbox for all to causeway_jobs using (true) with check (true);
-- Only the job removes a notice, after Redis has it.
revoke delete on policy_outbox from causeway_app;
