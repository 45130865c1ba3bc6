-- Proxies: how requests of an organisation's accounts leave, where they do not go straight to the provider.

create table proxies (
  id uuid primary key,
  org_id uuid not null references organisations on delete cascade,
  name text not null check (char_length(name) between 1 and 100),
  -- domain::proxy::Scheme.
  scheme text not null,
  host text not null check (char_length(host) between 1 and 253),
  port integer not null check (port between 1 and 65535),
  username text check (octet_length(username) between 1 and 255),
  -- Sealed: AES-256-GCM, with organisation, proxy, scheme, host and port as associated data, so that a password is only
  -- ever shown to the proxy that it was entered for.
  password bytea,
  enabled boolean not null default true,
  -- The last test: {ok, latency_ms, message, target, at}.
  last_test jsonb,
  -- When it last came back: a test that went well, or the request that ended its rest.
  last_success_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  unique (org_id, id),
  check (password is null or username is not null)
);
create unique index proxies_name on proxies (org_id, name) where deleted_at is null;

-- The way that was chosen: neither = inherited (of an account from its pools, then from the organisation; of a pool from
-- the organisation), straight, or through a proxy.
alter table upstream_accounts
  add column proxy_id uuid,
  add column proxy_direct boolean not null default false,
  add check (not (proxy_direct and proxy_id is not null)),
  add foreign key (org_id, proxy_id) references proxies (org_id, id);
alter table pools
  add column proxy_id uuid,
  add column proxy_direct boolean not null default false,
  add check (not (proxy_direct and proxy_id is not null)),
  add foreign key (org_id, proxy_id) references proxies (org_id, id);
-- For accounts of which nobody has said anything else; null = straight.
alter table organisations
  add column default_proxy_id uuid,
  add foreign key (id, default_proxy_id) references proxies (org_id, id);

-- The way that counts for each account. Of several pools that say one, the oldest is heard. With the rights of whoever asks,
-- so that the walls of the tables below hold.
create view account_ways with (security_invoker = true) as
  select a.org_id, a.id as account_id,
    case
      when a.proxy_direct then null
      when a.proxy_id is not null then a.proxy_id
      when said.pool_id is not null then said.proxy_id
      else o.default_proxy_id
    end as proxy_id
  from upstream_accounts a
  join organisations o on o.id = a.org_id
  left join lateral (
    select p.id as pool_id, p.proxy_id
    from pool_members m join pools p on p.org_id = m.org_id and p.id = m.pool_id
    where m.org_id = a.org_id and m.account_id = a.id and (p.proxy_direct or p.proxy_id is not null)
    order by p.id limit 1
  ) said on true;

alter table proxies enable row level security;
alter table proxies force row level security;
create policy app_own on proxies for all to causeway_app using (org_id = cw_org()) with check (org_id = cw_org());
create policy relay_reads on proxies for select to causeway_relay using (true);
-- Refreshing goes the account's way, and so the jobs' role looks at ways; it seals passwords anew, and notes what came back.
create policy jobs_read on proxies for select to causeway_jobs using (true);
create policy jobs_reseal on proxies for update to causeway_jobs using (true) with check (true);
create policy jobs_read on pools for select to causeway_jobs using (true);
create policy jobs_read on pool_members for select to causeway_jobs using (true);

grant select, insert, update on proxies to causeway_app;
grant select on proxies to causeway_relay, causeway_jobs;
grant update (password, last_success_at) on proxies to causeway_jobs;
grant select (org_id, id, proxy_id, proxy_direct) on pools to causeway_jobs;
grant select (org_id, pool_id, account_id) on pool_members to causeway_jobs;
grant select (proxy_id, proxy_direct) on upstream_accounts to causeway_jobs;
grant update (default_proxy_id) on organisations to causeway_app;
grant select on account_ways to causeway_app, causeway_relay, causeway_jobs;
