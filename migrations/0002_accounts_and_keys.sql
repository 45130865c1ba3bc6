-- Upstream accounts, API keys, price overrides, and how a change of them reaches the relay.

create table upstream_accounts (
  id uuid primary key,
  org_id uuid not null references organisations on delete cascade,
  name text not null check (char_length(name) between 1 and 100),
  provider text not null,
  base_url text not null,
  -- Sealed: AES-256-GCM, with organisation, account, provider and origin of base_url as associated data, so a
  -- credential cannot be moved to another row nor sent to another address.
  credential bytea not null,
  credential_version bigint not null default 1,
  -- The last characters of the secret, to recognise it by.
  credential_hint text not null default '',
  enabled boolean not null default true,
  priority smallint not null default 100,
  max_concurrency integer check (max_concurrency > 0),
  -- Model ids that the provider listed when it was last asked; null = never asked.
  models jsonb,
  models_fetched_at timestamptz,
  -- The last test call: {ok, status, message, latency_ms, at}.
  last_test jsonb,
  created_by uuid references users on delete set null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  -- Lets children name both columns, so that no row can point into another tenant.
  unique (org_id, id)
);

create table api_keys (
  id uuid primary key,
  org_id uuid not null references organisations on delete cascade,
  owner_id uuid references users on delete set null,
  name text not null check (char_length(name) between 1 and 100),
  description text not null default '' check (char_length(description) <= 1000),
  -- SHA-256 of the key. The key has 256 random bits, so a slow hash would protect nothing.
  hash bytea not null unique check (octet_length(hash) = 32),
  prefix text not null,
  -- Shape: domain::Limits.
  limits jsonb not null default '{}',
  models_allow text[] not null default '{}',
  models_deny text[] not null default '{}',
  account_id uuid,
  enabled boolean not null default true,
  expires_at timestamptz,
  created_by uuid references users on delete set null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  unique (org_id, id),
  foreign key (org_id, account_id) references upstream_accounts (org_id, id)
);
create index api_keys_org on api_keys (org_id, id desc) where deleted_at is null; -- the list

-- A price of the organisation's own for one model, instead of the table's.
create table price_overrides (
  org_id uuid not null references organisations on delete cascade,
  model text not null check (char_length(model) between 1 and 200),
  -- Shape: domain::price::Price.
  price jsonb not null,
  updated_at timestamptz not null default now(),
  primary key (org_id, model)
);

-- Policy versions that are committed here but may not have reached Redis. Written in the transaction of the change,
-- removed when Redis has the version; a job retries what is left over.
create table policy_outbox (
  org_id uuid primary key references organisations on delete cascade,
  version bigint not null
);

alter table upstream_accounts enable row level security;
alter table upstream_accounts force row level security;
alter table api_keys enable row level security;
alter table api_keys force row level security;
alter table price_overrides enable row level security;
alter table price_overrides force row level security;

create policy app_own on upstream_accounts for all to causeway_app
  using (org_id = cw_org()) with check (org_id = cw_org());
create policy app_own on api_keys for all to causeway_app
  using (org_id = cw_org()) with check (org_id = cw_org());
create policy app_own on price_overrides for all to causeway_app
  using (org_id = cw_org()) with check (org_id = cw_org());
-- The relay finds the tenant by the key it is shown, so it must look across tenants; it can change nothing.
create policy relay_reads on upstream_accounts for select to causeway_relay using (true);
create policy relay_reads on api_keys for select to causeway_relay using (true);
create policy relay_reads on price_overrides for select to causeway_relay using (true);
-- Jobs read limits to rebuild counters.
create policy jobs_read on api_keys for select to causeway_jobs using (true);

grant select, insert, update on upstream_accounts, api_keys to causeway_app;
grant select, insert, update, delete on price_overrides to causeway_app;
grant select on upstream_accounts, api_keys, price_overrides to causeway_relay;
grant select on api_keys to causeway_jobs;
grant select, insert, update, delete on policy_outbox to causeway_app, causeway_jobs;
