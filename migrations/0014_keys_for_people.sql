-- Keys for people: what members may give their own keys, whom a key is for, where it may be used from and for what,
-- ends counted from the first use, secrets that are replaced while the old one works on, and keys that come back after
-- they were deleted.

-- What members may give their own keys. Shape: domain::Ceilings.
alter table organisations add column key_ceilings jsonb not null default '{}';
grant update (key_ceilings) on organisations to causeway_app;

alter table api_keys
  -- The machine or program that it is for, in the words of whoever issued it.
  add column device text not null default '' check (char_length(device) <= 100),
  add column tags text[] not null default '{}',
  -- Days that it works from its first use on; null is not counted. The first use is noted of such keys only.
  add column first_use_days integer check (first_use_days between 1 and 3650),
  add column first_used_at timestamptz,
  -- Networks in CIDR notation, in the form of domain::address::Network. An empty allow list allows all.
  add column addresses_allow text[] not null default '{}',
  add column addresses_deny text[] not null default '{}',
  -- Names of dialects and providers; an empty list allows all.
  add column dialects text[] not null default '{}',
  add column providers text[] not null default '{}',
  -- The secret before the last rotation, which works until then.
  add column previous_hash bytea check (octet_length(previous_hash) = 32),
  add column previous_prefix text,
  add column previous_until timestamptz,
  -- The batch it was issued in.
  add column batch_id uuid,
  -- When a deleted key was made unrestorable: hashes and everything that described it are gone, its name stays for usage.
  add column purged_at timestamptz,
  add check ((previous_hash is null) = (previous_until is null));
create unique index api_keys_previous_hash on api_keys (previous_hash) where previous_hash is not null; -- the relay's look-up
create index api_keys_deleted on api_keys (org_id, id desc) where deleted_at is not null and purged_at is null; -- the list of deleted keys

-- A batch of keys, written once for each idempotency key: a call sent twice issues nothing more.
create table key_batches (
  id uuid primary key,
  org_id uuid not null references organisations on delete cascade,
  keys integer not null check (keys between 1 and 1000),
  idempotency_key text check (char_length(idempotency_key) between 1 and 100),
  created_by uuid references users on delete set null,
  created_at timestamptz not null default now(),
  unique (org_id, idempotency_key)
);
alter table key_batches enable row level security;
alter table key_batches force row level security;
create policy app_own on key_batches for all to causeway_app
  using (org_id = cw_org()) with check (org_id = cw_org());
grant select, insert on key_batches to causeway_app;

-- The relay needs the owner's role, to know whether ceilings bound the key; 0004 lets it read memberships.

-- The first use is written by the ledger's role, since the relay's writes nothing; deleted keys are purged by a job. Both
-- may touch these columns only, and none that could make a key work.
create policy jobs_update on api_keys for update to causeway_jobs using (true) with check (true);
grant update (first_used_at, hash, prefix, previous_hash, previous_prefix, previous_until, description, device, tags,
  addresses_allow, addresses_deny, purged_at) on api_keys to causeway_jobs;
-- A job writes a hash only to make a deleted key's useless.
create function key_purge_only() returns trigger language plpgsql as $$
begin
  if current_user = 'causeway_jobs' and (new.hash, new.previous_hash) is distinct from (old.hash, old.previous_hash)
     and (old.deleted_at is null or new.purged_at is null or new.previous_hash is not null) then
    raise exception 'only deleted keys are purged' using errcode = 'insufficient_privilege';
  end if;
  return new;
end $$;
create trigger purge_only before update of hash, previous_hash on api_keys for each row execute function key_purge_only();
