-- What the operator of the installation does beside plans and credits: suspends with a reason, enters an organisation in
-- sight of its people, announces, sets prices for everybody, and looks after people. And the audit log, append-only by
-- more than grants, and quick to search.

-- Suspension, as the organisation's people are told of it.
alter table organisations
  add column suspended_at timestamptz,
  add column suspended_reason text check (char_length(suspended_reason) between 1 and 500);
alter table organisations no force row level security;
update organisations set suspended_at = now() where status = 'suspended';
alter table organisations force row level security;
grant update (name, suspended_at, suspended_reason) on organisations to causeway_operator;

-- An operator inside an organisation that they are no member of. Bound to one session, and over by the clock of the
-- database, which every call asks. Rows stay: they are the record of who was inside, when and why.
create table operator_entries (
  id uuid primary key,
  org_id uuid not null references organisations on delete cascade,
  user_id uuid not null references users on delete cascade,
  -- No foreign key: the record outlives the session, which ends it.
  session_id uuid not null,
  -- viewer reads, admin changes too.
  role text not null check (role in ('viewer', 'admin')),
  reason text not null check (char_length(reason) between 1 and 500),
  entered_at timestamptz not null default now(),
  expires_at timestamptz not null,
  left_at timestamptz,
  check (expires_at > entered_at and expires_at <= entered_at + interval '8 hours')
);
create index operator_entries_session on operator_entries (session_id, org_id) where left_at is null; -- asked at every call

alter table operator_entries enable row level security;
alter table operator_entries force row level security;
-- The guard looks for the caller's own.
create policy app_finds on operator_entries for select to causeway_app using (user_id = cw_user());
create policy operator_reads on operator_entries for select to causeway_operator using (true);
create policy operator_enters on operator_entries for insert to causeway_operator
  with check (org_id = cw_org() and user_id = cw_user());
create policy operator_leaves on operator_entries for update to causeway_operator
  using (org_id = cw_org() and user_id = cw_user()) with check (org_id = cw_org() and user_id = cw_user());
grant select on operator_entries to causeway_app;
grant select, insert, update (left_at) on operator_entries to causeway_operator;

-- What people are told by a banner. Of everybody, or of one organisation; by the operator, or by its own admins.
create table announcements (
  id uuid primary key,
  org_id uuid references organisations on delete cascade,
  by_operator boolean not null,
  level text not null check (level in ('info', 'warning', 'critical')),
  -- One of the two may be empty; it is then shown in the other language.
  text_en text not null check (char_length(text_en) <= 2000),
  text_zh text not null check (char_length(text_zh) <= 2000),
  starts_at timestamptz not null default now(),
  ends_at timestamptz,
  created_by uuid references users on delete set null,
  created_at timestamptz not null default now(),
  withdrawn_at timestamptz,
  check (text_en <> '' or text_zh <> ''),
  check (ends_at > starts_at),
  check (by_operator or org_id is not null)
);
create index announcements_live on announcements (org_id) where withdrawn_at is null; -- what a page shows

alter table announcements enable row level security;
alter table announcements force row level security;
create policy app_reads on announcements for select to causeway_app using (org_id is null or org_id = cw_org());
create policy app_writes on announcements for insert to causeway_app
  with check (org_id = cw_org() and not by_operator);
create policy app_withdraws on announcements for update to causeway_app
  using (org_id = cw_org() and not by_operator) with check (org_id = cw_org() and not by_operator);
create policy operator_own on announcements for all to causeway_operator using (by_operator) with check (by_operator);
grant select, insert, update (withdrawn_at) on announcements to causeway_app, causeway_operator;

-- Prices of the installation instead of the table's, for every organisation that has none of its own: a history like
-- price_overrides, which belongs to no tenant. See domain::price::overrides for which row counts.
create table global_prices (
  id bigint generated always as identity primary key,
  provider text,
  model text not null check (char_length(model) between 1 and 200),
  effective_from timestamptz not null,
  -- Null is a removal.
  price jsonb,
  recorded_at timestamptz not null,
  recorded_by uuid references users on delete set null
);
create index global_prices_model on global_prices (model, id desc); -- as price_overrides_model
grant select on global_prices to causeway_app, causeway_relay, causeway_jobs, causeway_operator;
grant insert on global_prices to causeway_operator;

-- The same for multipliers of providers, which count where the organisation has none for that provider. The latest row
-- of a provider counts; null is a removal.
create table global_multipliers (
  id bigint generated always as identity primary key,
  provider text not null check (char_length(provider) between 1 and 100),
  multiplier integer check (multiplier between 0 and 1000000),
  recorded_at timestamptz not null default now(),
  recorded_by uuid references users on delete set null
);
grant select on global_multipliers to causeway_app, causeway_relay, causeway_operator;
grant insert on global_multipliers to causeway_operator;

-- A change for everybody is a change of every organisation's policy. One after the other in the order of their ids, so
-- that two such changes cannot wait for each other; with the rights of the caller, who may change one at a time.
create function bump_every_policy() returns table (org uuid, version bigint) language plpgsql as $$
declare
  inside text := current_setting('cw.org', true);
begin
  for org in select o.id from organisations o order by o.id loop
    perform set_config('cw.org', org::text, true);
    update organisations o set policy_version = o.policy_version + 1 where o.id = org
      returning o.policy_version into version;
    insert into policy_outbox as p (org_id, version) values (org, bump_every_policy.version)
      on conflict (org_id) do update set version = greatest(p.version, excluded.version);
    return next;
  end loop;
  perform set_config('cw.org', coalesce(inside, ''), true);
end $$;
revoke all on function bump_every_policy() from public;
grant execute on function bump_every_policy() to causeway_operator;

-- People: the operator lists them, and locks one out, which ends what they have open.
grant select (created_at), update (disabled_at) on users to causeway_operator;
grant select (last_seen_at), update (ended_at, end_reason) on sessions to causeway_operator;

-- The audit log. Lines of the installation, and what operators did anywhere, are the operators' to read.
create policy operator_reads on audit for select to causeway_operator
  using (org_id is null or actor_kind = 'operator');
grant select on audit to causeway_operator;
-- Not even the owner of the database changes a line by mistake.
create trigger append_only before update or delete or truncate on audit
  for each statement execute function refuse_change();
create index audit_actor on audit (org_id, actor_id, id desc); -- what one person did
create index audit_target on audit (org_id, target_id, id desc); -- what was done to one thing
create index audit_installation on audit (id desc) where org_id is null or actor_kind = 'operator'; -- the operators' page
