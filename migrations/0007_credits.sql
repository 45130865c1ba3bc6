-- Organisations that pay in advance: an append-only ledger of credits, codes to redeem, and a database role of the
-- operator's own, because a tenant's transaction must not be able to write what it is allowed or what it has paid.
--
-- The role is made before any migration runs, like the three of 0001:
--   causeway_operator   the operator of the installation: reads what belongs to every organisation but none of its
--                       secrets; changes its status, plan, multipliers and credits, one organisation at a time

grant usage on schema public to causeway_operator;

-- What a tenant's transaction may write of its own organisation: how it counts and what it limits itself. Status, plan,
-- multiplier and credits are the operator's.
revoke insert, update on organisations from causeway_app;
grant insert (id, name, slug, time_zone) on organisations to causeway_app;
grant update (name, slug, time_zone, week_start, day_start_minute, drain_ms, default_price, limits, hold_mode,
  on_redis_loss, policy_version) on organisations to causeway_app;
revoke insert, update, delete on provider_multipliers from causeway_app;
-- Nor may it make anybody an operator.
revoke insert, update on users from causeway_app;
grant insert (id, email, name, password_hash, locale) on users to causeway_app;
grant update (email, name, password_hash, locale, disabled_at) on users to causeway_app;

-- Makes the very first person the operator; nobody after that.
create function claim_operator(person uuid) returns boolean
language plpgsql security definer set search_path = pg_catalog, public as $$
begin
  update public.users set is_operator = true
    where id = person and not exists (select from public.users other where other.id <> person);
  return found;
end $$;
revoke all on function claim_operator(uuid) from public;
grant execute on function claim_operator(uuid) to causeway_app;

-- Within these bounds the script that enforces limits is exact.
alter table organisations add constraint organisations_credit_range
  check (credit_nanos between -9007199254740991 and 9007199254740991);

-- Codes are made in batches; all codes of one are alike.
create table redeem_batches (
  id uuid primary key,
  amount_nanos bigint not null check (amount_nanos between 1 and 9007199254740991),
  -- By how many organisations each code can be redeemed.
  uses integer not null check (uses between 1 and 1000000),
  expires_at timestamptz,
  note text not null default '' check (char_length(note) <= 500),
  created_by uuid references users on delete set null,
  created_at timestamptz not null default now()
);

create table redeem_codes (
  id uuid primary key,
  batch_id uuid not null references redeem_batches,
  -- SHA-256 of the code. It has 125 random bits, so a slow hash would protect nothing.
  hash bytea not null unique check (octet_length(hash) = 32),
  -- Its first characters, to recognise it by.
  hint text not null,
  used integer not null default 0 check (used >= 0),
  revoked_at timestamptz
);
create index redeem_codes_batch on redeem_codes (batch_id, id desc); -- the codes of a batch

-- What was ever credited to an organisation, and taken back. Nothing here is changed or removed.
create table credit_entries (
  id uuid primary key,
  org_id uuid not null references organisations,
  -- credit: paid in. redeem: by a code. refund: paid back. adjustment: anything else, with its reason in the note.
  kind text not null check (kind in ('credit', 'adjustment', 'redeem', 'refund')),
  amount_nanos bigint not null check (amount_nanos between -9007199254740991 and 9007199254740991),
  note text not null default '' check (char_length(note) <= 500),
  -- system: written by the trigger below.
  actor_kind text not null check (actor_kind in ('user', 'operator', 'cli', 'system')),
  actor_id uuid,
  code_id uuid references redeem_codes,
  -- Given by the caller, so that an entry sent twice is written once.
  idempotency_key text check (char_length(idempotency_key) between 1 and 100),
  at timestamptz not null default clock_timestamp(),
  unique (org_id, idempotency_key),
  -- An organisation can redeem a code once, however many others it is good for.
  unique (org_id, code_id),
  check ((kind = 'redeem') = (code_id is not null)),
  check (case kind when 'adjustment' then amount_nanos <> 0 when 'refund' then amount_nanos < 0
    else amount_nanos > 0 end)
);
create index credit_entries_org on credit_entries (org_id, id desc); -- the list, and sums up to a time

create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only', tg_table_name using errcode = 'insufficient_privilege';
end $$;
create trigger append_only before update or delete or truncate on credit_entries
  for each statement execute function refuse_change();

-- Keeps organisations.credit_nanos the sum of the entries, whoever writes one. Holds the organisation's row, so entries
-- of one organisation are written one after the other.
--
-- The first entry begins prepaid. What was used until then was not on credit, so an adjustment balances it and the
-- balance begins with the amount of that entry. The same when prepaid begins anew after it was ended, except that what
-- was left of the credits then is still there.
-- (No key update: a lock for update would wait for the foreign key's share of another entry, and that one for this.)
create function credit_entry_written() returns trigger
language plpgsql security definer set search_path = pg_catalog, public as $$
declare
  before bigint;
  used bigint;
begin
  select credit_nanos into before from public.organisations where id = new.org_id for no key update;
  if before is null then
    select coalesce(sum(amount_nanos), 0) into before from public.credit_entries
      where org_id = new.org_id and id <> new.id;
    select coalesce(max(nanos), 0) into used from public.budget_totals
      where org_id = new.org_id and scope = 'organisation' and scope_id = new.org_id;
    update public.organisations set credit_nanos = before where id = new.org_id;
    if used > before then
      -- An id of the same millisecond that sorts before the entry's own.
      insert into public.credit_entries (id, org_id, kind, amount_nanos, note, actor_kind) values (
        (substr(new.id::text, 1, 14) || '7000-8000-' || substr(md5(random()::text), 1, 12))::uuid,
        new.org_id, 'adjustment', used - before, 'Used before prepaid began', 'system');
    end if;
  end if;
  update public.organisations set credit_nanos = credit_nanos + new.amount_nanos where id = new.org_id;
  if not found then
    raise exception 'credit entry of an organisation that the transaction is not in';
  end if;
  return null;
end $$;
revoke all on function credit_entry_written() from public;
create trigger credit_entry_written after insert on credit_entries
  for each row execute function credit_entry_written();

-- Ends prepaid for the organisation of the transaction. Its entries stay.
create function end_prepaid() returns void
language plpgsql security definer set search_path = pg_catalog, public as $$
begin
  update public.organisations set credit_nanos = null where id = public.cw_org();
end $$;
revoke all on function end_prepaid() from public;
grant execute on function end_prepaid() to causeway_operator;

-- Redeems a code for the organisation of the transaction: 'redeemed', or why not. One statement takes a use of the code
-- and writes the entry, under the lock of the code's row: as many succeed as it has uses, however many try at once.
create function redeem_code(entry uuid, code_hash bytea) returns text
language plpgsql security definer set search_path = pg_catalog, public as $$
declare
  org uuid := public.cw_org();
begin
  with taken as (
    update public.redeem_codes c set used = c.used + 1 from public.redeem_batches b
    where b.id = c.batch_id and c.hash = code_hash and c.used < b.uses and c.revoked_at is null
      and (b.expires_at is null or b.expires_at > clock_timestamp())
      and not exists (select from public.credit_entries e where e.org_id = org and e.code_id = c.id)
    returning c.id, b.amount_nanos
  )
  insert into public.credit_entries (id, org_id, kind, amount_nanos, actor_kind, actor_id, code_id)
    select entry, org, 'redeem', t.amount_nanos, 'user', public.cw_user(), t.id from taken t;
  if found then
    return 'redeemed';
  end if;
  return coalesce((
    select case
      when exists (select from public.credit_entries e where e.org_id = org and e.code_id = c.id) then 'yours'
      when c.revoked_at is not null then 'revoked'
      when c.used >= b.uses then 'used'
      else 'expired' end
    from public.redeem_codes c join public.redeem_batches b on b.id = c.batch_id where c.hash = code_hash), 'unknown');
end $$;
revoke all on function redeem_code(uuid, bytea) from public;
grant execute on function redeem_code(uuid, bytea) to causeway_app;

-- The first characters of the codes that an organisation redeemed, for its list of entries.
create function redeemed_hint(code uuid) returns text
language sql stable security definer set search_path = pg_catalog, public as $$
  select c.hint from public.redeem_codes c where c.id = code
    and exists (select from public.credit_entries e where e.code_id = code and e.org_id = public.cw_org())
$$;
revoke all on function redeemed_hint(uuid) from public;
grant execute on function redeemed_hint(uuid) to causeway_app, causeway_operator;

alter table credit_entries enable row level security;
alter table credit_entries force row level security;

create policy app_own on credit_entries for select to causeway_app using (org_id = cw_org());
create policy operator_reads on credit_entries for select to causeway_operator using (true);
create policy operator_writes on credit_entries for insert to causeway_operator with check (org_id = cw_org());
grant select on credit_entries to causeway_app;
grant select, insert on credit_entries to causeway_operator;
-- Codes belong to no tenant, and no tenant's role can see them: redeem_code() is the only way.
grant select, insert on redeem_batches to causeway_operator;
grant select, insert, update (revoked_at) on redeem_codes to causeway_operator;

-- The functions above run as the owner, upon whom row-level security is forced too: they act in the organisation of the
-- transaction and in no other.
create policy owner_own on credit_entries for all to current_user
  using (org_id = cw_org()) with check (org_id = cw_org());
create policy owner_own on organisations for all to current_user using (id = cw_org()) with check (id = cw_org());
create policy owner_own on budget_totals for select to current_user using (org_id = cw_org());

-- What the operator sees of every organisation, and changes of the one entered.
create policy operator_reads on organisations for select to causeway_operator using (true);
create policy operator_writes on organisations for update to causeway_operator
  using (id = cw_org()) with check (id = cw_org());
create policy operator_reads on memberships for select to causeway_operator using (true);
create policy operator_reads on api_keys for select to causeway_operator using (true);
create policy operator_reads on upstream_accounts for select to causeway_operator using (true);
create policy operator_reads on budget_totals for select to causeway_operator using (true);
create policy operator_reads on usage_rollups for select to causeway_operator using (true);
create policy operator_reads on provider_multipliers for select to causeway_operator using (true);
create policy operator_writes on provider_multipliers for all to causeway_operator
  using (org_id = cw_org()) with check (org_id = cw_org());
create policy operator_writes on audit for insert to causeway_operator
  with check (org_id is not distinct from cw_org());

grant select, update (status, plan, multiplier, policy_version) on organisations to causeway_operator;
grant select on memberships, budget_totals, usage_rollups to causeway_operator;
-- Neither hashes of keys nor sealed credentials.
grant select (org_id, id, name, deleted_at) on api_keys to causeway_operator;
grant select (org_id, id, name, deleted_at) on upstream_accounts to causeway_operator;
grant select, insert, update, delete on provider_multipliers to causeway_operator;
grant select (id, email, name, locale, is_operator, disabled_at) on users to causeway_operator;
grant update (is_operator) on users to causeway_operator;
grant select (id, user_id, ended_at) on sessions to causeway_operator;
grant insert on audit to causeway_operator;
grant select, insert, update on policy_outbox to causeway_operator;
