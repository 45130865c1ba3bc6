-- `causeway rotate-key`: whatever is sealed is opened with the previous key and sealed with the one in force, by the
-- role of the jobs, which may look at where a secret belongs and write the secret alone.

create policy jobs_reseal_read on upstream_accounts for select to causeway_jobs using (true);
create policy jobs_reseal on upstream_accounts for update to causeway_jobs using (true) with check (true);
create policy jobs_reseal_read on oidc_providers for select to causeway_jobs using (true);
create policy jobs_reseal on oidc_providers for update to causeway_jobs using (true) with check (true);
grant select (id, org_id, provider, base_url, credential), update (credential) on upstream_accounts to causeway_jobs;
grant select (id, org_id, issuer, client_secret), update (client_secret) on oidc_providers to causeway_jobs;
grant select (user_id, sealed), update (sealed) on totp to causeway_jobs;
grant update (client_secret) on providers to causeway_jobs;
-- Raised by the trigger on providers.
grant update on provider_version to causeway_jobs;
grant select, insert, update on instance_facts to causeway_jobs;
