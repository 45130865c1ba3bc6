-- Which program a request comes from: rules, what they have read, what they have made of it, and which keys ask for it.

-- The rules of an organisation that has some of its own; the shipped ones are compiled in. domain::client::ClientRule.
create table client_rules (
  org_id uuid primary key references organisations on delete cascade,
  -- Raised with every change: who edits an old state is told so.
  version integer not null check (version > 0),
  rules jsonb not null check (jsonb_typeof(rules) = 'array' and jsonb_array_length(rules) <= 50),
  -- The shipped rules do not count.
  without_shipped boolean not null default false,
  updated_at timestamptz not null default now()
);
alter table client_rules enable row level security;
alter table client_rules force row level security;
create policy app_own on client_rules for all to causeway_app using (org_id = cw_org()) with check (org_id = cw_org());
-- The relay reads the rules of whichever organisation a key belongs to, as it does accounts.
create policy relay_read on client_rules for select to causeway_relay using (true);
grant select, insert, update on client_rules to causeway_app;
grant select on client_rules to causeway_relay;

-- The clients that a key may be used with. Empty is all.
alter table api_keys add column clients text[] not null default '{}' check (cardinality(clients) <= 50);

-- The client that a request was recognised as (empty = none), and the headers that rules can read, as a JSON object:
-- domain::client::Facts. Kept with the request so that other rules can be tried on it.
alter table usage
  add column client_id text not null default '',
  add column client_facts text not null default '';

-- Usage by client.
alter table usage_rollups
  add column client_id text not null default '',
  drop constraint usage_rollups_pkey,
  add primary key (org_id, bucket, key_id, account_id, model, user_id, client_id);
