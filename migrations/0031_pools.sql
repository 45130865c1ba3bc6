-- Pools: several upstream accounts that serve the same keys, and how they are chosen among.

create table pools (
  id uuid primary key,
  org_id uuid not null references organisations on delete cascade,
  name text not null check (char_length(name) between 1 and 100),
  -- domain::pool::Strategy.
  strategy text not null,
  -- Seconds after its last request for which a conversation stays with its account; null = it does not.
  sticky_seconds integer check (sticky_seconds between 1 and 604800),
  -- Which account a pool with the strategy active_first uses.
  active_account_id uuid,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (org_id, id),
  unique (org_id, name),
  foreign key (org_id, active_account_id) references upstream_accounts (org_id, id)
);

create table pool_members (
  org_id uuid not null references organisations on delete cascade,
  pool_id uuid not null,
  account_id uuid not null,
  weight integer not null default 1 check (weight between 1 and 1000),
  priority integer not null default 0 check (priority between 0 and 1000),
  primary key (pool_id, account_id),
  foreign key (org_id, pool_id) references pools (org_id, id) on delete cascade,
  foreign key (org_id, account_id) references upstream_accounts (org_id, id)
);
create index pool_members_account on pool_members (org_id, account_id); -- the pools of an account

-- The pools that a key may use, in order. Empty is every account that is not dedicated.
alter table api_keys add column pool_ids uuid[] not null default '{}' check (cardinality(pool_ids) <= 10);

-- A dedicated account serves only keys that name it or a pool that it is in. A draining one takes nothing new: only
-- conversations that it has.
alter table upstream_accounts
  add column dedicated boolean not null default false,
  add column draining boolean not null default false;

alter table pools enable row level security;
alter table pools force row level security;
alter table pool_members enable row level security;
alter table pool_members force row level security;
create policy app_own on pools for all to causeway_app using (org_id = cw_org()) with check (org_id = cw_org());
create policy app_own on pool_members for all to causeway_app using (org_id = cw_org()) with check (org_id = cw_org());
-- The relay reads the pools of whichever organisation a key belongs to, as it does accounts.
create policy relay_read on pools for select to causeway_relay using (true);
create policy relay_read on pool_members for select to causeway_relay using (true);
grant select, insert, update, delete on pools, pool_members to causeway_app;
grant select on pools, pool_members to causeway_relay;
