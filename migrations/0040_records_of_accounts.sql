-- How each account has fared: its failures one by one and counted, the scheduled checks of it; and whether models may be
-- asked for with a level of thinking behind their name.

-- An attempt that failed at an account, whatever became of its request. The 200 newest of each account, for 30 days.
create table account_failures (
  -- A UUIDv7 of the moment.
  id uuid primary key,
  org_id uuid not null,
  account_id uuid not null,
  request_id uuid not null,
  failed_at timestamptz not null,
  -- As the account was asked for it.
  model text not null,
  -- A row of the failover table (accounts::rules::Row).
  cause text not null,
  -- The provider's; null = it did not answer.
  status smallint,
  message text not null,
  took_ms bigint not null,
  -- Until when the account, or a part of it, rests because of it.
  until timestamptz,
  -- What became of the request.
  became text not null check (became in ('moved_on', 'refreshed', 'grant_dead', 'given_up', 'broke_off')),
  -- The life of the instance that saw it.
  instance text not null
);
create index account_failures_account on account_failures (account_id, id desc); -- those of an account, newest first

-- The same counted, per quarter of an hour in UTC as in usage_rollups, so that a rate does not depend on how many are kept.
create table account_failure_counts (
  org_id uuid not null,
  account_id uuid not null,
  bucket timestamptz not null,
  cause text not null,
  failures bigint not null,
  primary key (org_id, account_id, bucket, cause)
);

-- When to check accounts: five fields of cron in the organisation's time zone; null = never. An account may differ from its
-- organisation: null = as that says, 'off' = never.
alter table organisations add column check_schedule text check (char_length(check_schedule) <= 100);
alter table upstream_accounts add column check_schedule text check (char_length(check_schedule) <= 100);

-- What scheduled checks have found. The 100 newest of each account, for 30 days. One for each time: whoever adds it runs it.
create table account_checks (
  org_id uuid not null,
  account_id uuid not null,
  -- The minute that it was due.
  due_at timestamptz not null,
  -- Null while it runs, or when its instance died meanwhile: {ok, status, latency_ms, message, at}.
  outcome jsonb,
  -- Rests that it has ended.
  ended_rest boolean not null default false,
  primary key (org_id, account_id, due_at)
);

-- Whether `model(high)` asks for a model with a level of thinking.
alter table organisations add column thinking_suffix boolean not null default false;

alter table account_failures enable row level security;
alter table account_failures force row level security;
alter table account_failure_counts enable row level security;
alter table account_failure_counts force row level security;
alter table account_checks enable row level security;
alter table account_checks force row level security;

create policy app_reads on account_failures for select to causeway_app using (org_id = cw_org());
create policy app_reads on account_failure_counts for select to causeway_app using (org_id = cw_org());
create policy app_reads on account_checks for select to causeway_app using (org_id = cw_org());
create policy jobs_keep on account_failures for all to causeway_jobs using (true) with check (true);
create policy jobs_keep on account_failure_counts for all to causeway_jobs using (true) with check (true);
create policy jobs_keep on account_checks for all to causeway_jobs using (true) with check (true);

grant select on account_failures, account_failure_counts, account_checks to causeway_app;
grant select, insert, update, delete on account_failures, account_failure_counts, account_checks to causeway_jobs;
grant update (check_schedule, thinking_suffix) on organisations to causeway_app;
-- When which account is due. The check itself is made as its organisation.
grant select (check_schedule, enabled, deleted_at) on upstream_accounts to causeway_jobs;
