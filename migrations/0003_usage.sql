-- The ledger: one row for each request that reached a provider, its rollups, and the totals that budgets rest on.

-- Partitioned by its own primary key: a UUIDv7 sorts by time, so months are ranges of ids and a request id can be
-- unique over all of them (a unique key on a time-partitioned table would have to include the time, and would let
-- the same request in twice at a month's edge).
create table usage (
  request_id uuid primary key,
  org_id uuid not null,
  -- 0 = written by the sweeper for an instance that died, 1 = the instance's own figures. A newer one replaces.
  rev smallint not null,
  key_id uuid not null,
  user_id uuid,
  account_id uuid not null,
  dialect text not null,
  provider text not null,
  model text not null,
  stream boolean not null,
  -- Status told to the client; 0 when it left before there was one.
  status smallint not null,
  -- completed | client_left | upstream_cut | upstream_error | interrupted
  outcome text not null,
  -- True where the provider never said its final figures and ours are the conservative ones.
  estimated boolean not null,
  input_tokens bigint not null,
  output_tokens bigint not null,
  cache_read_tokens bigint not null,
  cache_write_5m_tokens bigint not null,
  cache_write_1h_tokens bigint not null,
  reasoning_tokens bigint not null,
  -- Searches that the provider made on its own and bills one by one; their fee is part of the cost.
  web_searches integer not null default 0,
  -- Nano-dollars at the provider's price, and as charged to the key. The same until multipliers exist.
  cost_nanos bigint not null,
  charged_nanos bigint not null,
  -- The price that was used, so that a later table changes no past row.
  price jsonb not null,
  started_at timestamptz not null,
  first_byte_ms integer,
  duration_ms integer not null,
  upstream_request_id text,
  client text not null default '',
  error text
) partition by range (request_id);

-- Rows outside every month that exists, so that no insert can fail for want of a partition.
create table usage_default partition of usage default;

create index usage_org on usage (org_id, request_id desc); -- the request log
create index usage_key on usage (key_id, request_id desc); -- the request log of one key, and window rebuilds

-- Per quarter of an hour in UTC: zones at :30 and :45 exist, and a day is made of these in the organisation's zone.
create table usage_rollups (
  org_id uuid not null,
  bucket timestamptz not null,
  key_id uuid not null,
  account_id uuid not null,
  model text not null,
  requests bigint not null,
  errors bigint not null,
  input_tokens bigint not null,
  output_tokens bigint not null,
  cache_read_tokens bigint not null,
  cache_write_5m_tokens bigint not null,
  cache_write_1h_tokens bigint not null,
  cost_nanos bigint not null,
  charged_nanos bigint not null,
  primary key (org_id, bucket, key_id, account_id, model)
);

-- What each budget rests on; outlives the retention of usage rows, and refills Redis.
create table budget_totals (
  org_id uuid not null,
  scope text not null check (scope in ('key', 'account')),
  scope_id uuid not null,
  nanos bigint not null,
  tokens bigint not null,
  primary key (org_id, scope, scope_id)
);

-- Events that could not be written as they are. Never emptied by itself: each is money that a person must look at.
create table usage_dead_letters (
  request_id uuid primary key,
  org_id uuid not null,
  event jsonb not null,
  error text not null,
  at timestamptz not null default now()
);

alter table usage enable row level security;
alter table usage force row level security;
alter table usage_default enable row level security;
alter table usage_default force row level security;
alter table usage_rollups enable row level security;
alter table usage_rollups force row level security;
alter table budget_totals enable row level security;
alter table budget_totals force row level security;
alter table usage_dead_letters enable row level security;
alter table usage_dead_letters force row level security;

create policy app_own on usage for select to causeway_app using (org_id = cw_org());
create policy app_own on usage_rollups for select to causeway_app using (org_id = cw_org());
create policy app_own on budget_totals for select to causeway_app using (org_id = cw_org());
create policy jobs_all on usage for all to causeway_jobs using (true) with check (true);
create policy jobs_all on usage_rollups for all to causeway_jobs using (true) with check (true);
create policy jobs_all on budget_totals for all to causeway_jobs using (true) with check (true);
create policy jobs_all on usage_dead_letters for all to causeway_jobs using (true) with check (true);

-- On the parents only: a partition is reached through its parent or not at all.
grant select on usage, usage_rollups, budget_totals to causeway_app;
grant select, insert, update on usage, usage_rollups, budget_totals to causeway_jobs;
grant select, insert on usage_dead_letters to causeway_jobs;

-- Makes the partition for the month that holds `day`, unless it exists. Runs as the owner, so that jobs need no
-- right to create tables.
create function usage_make_partition(day date) returns text
language plpgsql security definer set search_path = pg_catalog, public as $$
declare
  first date := date_trunc('month', day)::date;
  name text := format('usage_%s', to_char(first, 'YYYY_MM'));
  -- The smallest UUIDv7 of an instant: 48 bits of milliseconds, then zeroes.
  low uuid := rpad(lpad(to_hex((extract(epoch from first::timestamp at time zone 'UTC') * 1000)::bigint), 12, '0'), 32, '0')::uuid;
  high uuid := rpad(lpad(to_hex((extract(epoch from (first + interval '1 month')::timestamp at time zone 'UTC') * 1000)::bigint), 12, '0'), 32, '0')::uuid;
begin
  perform pg_advisory_xact_lock(hashtext('usage_make_partition'));
  if to_regclass('public.' || quote_ident(name)) is null then
    execute format('create table public.%I partition of public.usage for values from (%L) to (%L)', name, low, high);
    execute format('alter table public.%I enable row level security', name);
    execute format('alter table public.%I force row level security', name);
  end if;
  return name;
end $$;
revoke all on function usage_make_partition(date) from public;
grant execute on function usage_make_partition(date) to causeway_jobs;
