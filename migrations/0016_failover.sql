-- Failover: what cools, how each account fares, and why a request went where it did.

-- What may not be used for a while. There is a row from a failure until the success, or the person, that ends it: one
-- whose time is over lets a single request try.
create table account_cooldowns (
  org_id uuid not null,
  account_id uuid not null,
  -- '' = the whole account, 'model:<name>' = one model there, 'family:<name>' = models with this word in their name.
  scope text not null check (char_length(scope) <= 220),
  -- A row of the failover table (accounts::rules::Row).
  cause text not null,
  -- What the provider said.
  detail text not null default '',
  -- How often in a row it failed before this time: what doubling lengths go by.
  level smallint not null,
  failed_at timestamptz not null,
  until timestamptz not null,
  primary key (org_id, account_id, scope)
);

-- What is last known of an account from the requests that went through it.
create table account_health (
  org_id uuid not null,
  account_id uuid not null,
  -- {at, cause, status, message}
  last_error jsonb,
  -- {at, windows: [{window, utilization, status, resets_at}]}
  quota jsonb,
  primary key (org_id, account_id)
);

-- Requests that did not simply go to the first account: each account in turn with what happened there or why it was
-- passed over. Also those that no account could take, which have no row in usage.
create table request_attempts (
  request_id uuid primary key,
  org_id uuid not null,
  key_id uuid not null,
  user_id uuid,
  model text not null,
  -- Told to the client; 0 = an answer of a provider in the end.
  status smallint not null,
  code text not null,
  -- Shape: relay::trail::Step.
  steps jsonb not null
);
create index request_attempts_org on request_attempts (org_id, request_id desc); -- those of an organisation, newest first

-- How long its provider may take, where that differs: {connect_seconds, first_event_seconds, answer_seconds, idle_seconds}.
alter table upstream_accounts add column timeouts jsonb not null default '{}';

alter table account_cooldowns enable row level security;
alter table account_cooldowns force row level security;
alter table account_health enable row level security;
alter table account_health force row level security;
alter table request_attempts enable row level security;
alter table request_attempts force row level security;

-- A person may see what cools, and end it.
create policy app_reads on account_cooldowns for select to causeway_app using (org_id = cw_org());
create policy app_ends on account_cooldowns for delete to causeway_app using (org_id = cw_org());
create policy app_reads on account_health for select to causeway_app using (org_id = cw_org());
create policy app_reads on request_attempts for select to causeway_app using (org_id = cw_org());
create policy jobs_keep on account_cooldowns for all to causeway_jobs using (true) with check (true);
create policy jobs_keep on account_health for all to causeway_jobs using (true) with check (true);
create policy jobs_keep on request_attempts for all to causeway_jobs using (true) with check (true);

grant select, delete on account_cooldowns to causeway_app;
grant select on account_health, request_attempts to causeway_app;
grant select, insert, update, delete on account_cooldowns, account_health, request_attempts to causeway_jobs;
