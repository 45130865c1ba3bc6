-- Organisations, people, sign-in, audit; and the walls between tenants.
--
-- The three roles this file grants to are made before any migration runs (`causeway migrate` makes them, or says
-- what to run where it may not): roles belong to the database cluster and not to one database.
--   causeway_app    the admin API: sees one organisation at a time, through row-level security
--   causeway_relay  the relay: reads keys and accounts of every organisation, writes none of them
--   causeway_jobs   the ledger and background jobs: writes usage of every organisation
-- The setting cw.org names the organisation of a transaction, cw.user the person. After `set local` has ended a
-- setting is '' and not null, hence nullif everywhere.

grant usage on schema public to causeway_app, causeway_relay, causeway_jobs;

create function cw_org() returns uuid language sql stable as
  $$ select nullif(current_setting('cw.org', true), '')::uuid $$;
create function cw_user() returns uuid language sql stable as
  $$ select nullif(current_setting('cw.user', true), '')::uuid $$;

create table organisations (
  id uuid primary key,
  name text not null check (char_length(name) between 1 and 100),
  slug text not null unique check (slug ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  status text not null default 'active' check (status in ('active', 'suspended')),
  time_zone text not null default 'UTC',
  -- 1 = Monday … 7 = Sunday, as in ISO 8601.
  week_start smallint not null default 1 check (week_start between 1 and 7),
  day_start_minute smallint not null default 0 check (day_start_minute between 0 and 1439),
  -- How long a stream is read on after its client has left, so that the bill equals the provider's.
  drain_ms integer not null default 10000 check (drain_ms between 0 and 600000),
  -- Price of a model that no table knows: null refuses it. Shape: domain::price::Price.
  default_price jsonb,
  -- Raised by every change that the relay must know of; compared inside the reservation script.
  policy_version bigint not null default 1,
  created_at timestamptz not null default now()
);

create table users (
  id uuid primary key,
  email text not null check (char_length(email) between 3 and 254),
  name text not null check (char_length(name) between 1 and 100),
  -- argon2id in PHC form; null for a person who signs in elsewhere only.
  password_hash text,
  is_operator boolean not null default false,
  locale text not null default 'en',
  disabled_at timestamptz,
  created_at timestamptz not null default now()
);
create unique index users_email on users (lower(email)); -- sign-in

create table memberships (
  org_id uuid not null references organisations on delete cascade,
  user_id uuid not null references users on delete cascade,
  role text not null check (role in ('viewer', 'member', 'admin', 'owner')),
  created_at timestamptz not null default now(),
  primary key (org_id, user_id)
);
create index memberships_user on memberships (user_id); -- which organisations a person may enter

-- A signed-in browser. Its refresh tokens form one family: using a token twice ends the session.
create table sessions (
  id uuid primary key,
  user_id uuid not null references users on delete cascade,
  org_id uuid references organisations on delete set null,
  user_agent text not null default '',
  address text not null default '',
  created_at timestamptz not null default now(),
  last_seen_at timestamptz not null default now(),
  ended_at timestamptz,
  end_reason text
);
create index sessions_user on sessions (user_id) where ended_at is null; -- list and revoke

create table refresh_tokens (
  -- SHA-256 of the token; the token itself is only in the browser's cookie.
  hash bytea primary key check (octet_length(hash) = 32),
  session_id uuid not null references sessions on delete cascade,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  used_at timestamptz
);
create index refresh_tokens_session on refresh_tokens (session_id); -- ending a family

-- The one-time link of the first start.
create table setup_tokens (
  hash bytea primary key check (octet_length(hash) = 32),
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  used_at timestamptz
);

-- Failed sign-ins, by account and by address, for the growing delay.
create table sign_in_failures (
  subject text primary key,
  failures integer not null,
  last_at timestamptz not null
);

-- Facts about this installation, such as the fingerprint of the sealing key.
create table instance_facts (
  name text primary key,
  value text not null
);

create table audit (
  id uuid primary key,
  org_id uuid references organisations on delete cascade,
  at timestamptz not null default now(),
  actor_kind text not null check (actor_kind in ('user', 'operator', 'job', 'cli')),
  actor_id uuid,
  action text not null,
  target_kind text not null,
  target_id uuid,
  -- Never contains a secret; the code that writes it takes DTOs that have none.
  before jsonb,
  after jsonb,
  address text,
  request_id text
);
create index audit_org on audit (org_id, id desc); -- the audit page, newest first

alter table organisations enable row level security;
alter table organisations force row level security;
alter table memberships enable row level security;
alter table memberships force row level security;
alter table audit enable row level security;
alter table audit force row level security;

-- A person sees the organisation entered, and the names of those that could be entered instead.
create policy app_own on organisations for all to causeway_app
  using (id = cw_org() or exists (select from memberships m where m.org_id = id and m.user_id = cw_user()))
  with check (id = cw_org());
create policy relay_reads on organisations for select to causeway_relay using (true);
create policy jobs_read on organisations for select to causeway_jobs using (true);

create policy app_own on memberships for all to causeway_app
  using (org_id = cw_org() or user_id = cw_user())
  with check (org_id = cw_org());

create policy app_own on audit for select to causeway_app using (org_id = cw_org());
create policy app_writes on audit for insert to causeway_app
  with check (org_id is not distinct from cw_org());
create policy jobs_write on audit for insert to causeway_jobs with check (true);

grant select, insert, update on organisations to causeway_app;
grant select on organisations to causeway_relay, causeway_jobs;
grant select, insert, update, delete on memberships to causeway_app;
-- Append only: nobody but the owner of the database can change or remove a line.
grant select, insert on audit to causeway_app;
grant insert on audit to causeway_jobs;
grant select, insert, update on users to causeway_app;
grant select, insert, update, delete on sessions, refresh_tokens, sign_in_failures to causeway_app;
grant delete on sessions, refresh_tokens, sign_in_failures to causeway_jobs;
grant select on sessions, refresh_tokens, sign_in_failures to causeway_jobs;
grant select, insert, update on setup_tokens, instance_facts to causeway_app;

-- What `/ready` compares with the binary. A function, because the table belongs to the migration tool.
create function migrations_applied() returns table (version bigint)
language plpgsql stable security definer set search_path = pg_catalog, public as $$
begin
  return query select m.version from public._sqlx_migrations m where m.success;
end $$;
revoke all on function migrations_applied() from public;
grant execute on function migrations_applied() to causeway_jobs;
