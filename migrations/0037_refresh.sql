-- Keeping credentials alive: whose token is over gets a new one, by a job ahead of time or by the request that needs it.
-- The columns that tell how a credential stands are in 0030.

alter table upstream_accounts
  -- Failures in a row of asking the issuer; a success, and a new credential, begin anew.
  add column refresh_failures smallint not null default 0,
  -- Nobody asks the issuer before then, unless a person does.
  add column refresh_after timestamptz;

-- Refreshing is a job's business, also where a request asks for it: the relay's own role changes nothing. It may touch
-- what belongs to the credential, and raise the version by which every instance notices.
create policy jobs_read on upstream_accounts for select to causeway_jobs using (true);
create policy jobs_rotate on upstream_accounts for update to causeway_jobs using (true) with check (true);
grant select (id, org_id, provider, base_url, credential, credential_version, credential_kind, credential_expires_at,
  credential_state, credential_reason, refreshed_at, refresh_failures, refresh_after, enabled, deleted_at, owner_id, name)
  on upstream_accounts to causeway_jobs;
grant update (credential, credential_version, credential_expires_at, credential_state, credential_reason, refreshed_at,
  refresh_failures, refresh_after) on upstream_accounts to causeway_jobs;

create policy jobs_raise on organisations for update to causeway_jobs using (true) with check (true);
grant update (policy_version) on organisations to causeway_jobs;
