-- Reading usage by more than time, and keeping the ledger: indexes, retention, partitions of the past, dead letters.

-- The request log, newest first. Each index is named with the condition that it serves; everything else goes by
-- usage_org and usage_key.
create index usage_account on usage (account_id, request_id desc); -- one account, and what its windows have used
create index usage_user on usage (user_id, request_id desc) where user_id is not null; -- a member's own log
create index usage_model on usage (org_id, model text_pattern_ops, request_id desc); -- a model, or those that begin alike
-- What is rare among millions: nobody finds it by reading past all that went well.
create index usage_outcome on usage (org_id, outcome, request_id desc) where outcome <> 'completed'; -- one bad outcome
create index usage_status on usage (org_id, status, request_id desc) where status <> 200; -- one bad status

-- The quarter of an hour in which a request began, as in usage_rollups: the first 48 bits of a UUIDv7 are milliseconds.
create function usage_bucket(id uuid) returns timestamptz language sql immutable parallel safe as $$
  select to_timestamp((('x' || left(replace(id::text, '-', ''), 12))::bit(48)::bigint / 900000 * 900)::double precision)
$$;

-- The smallest UUIDv7 of a day in UTC.
create function usage_first_id(day date) returns uuid language sql immutable parallel safe as $$
  select rpad(lpad(to_hex((extract(epoch from day::timestamp at time zone 'UTC') * 1000)::bigint), 12, '0'), 32, '0')::uuid
$$;

-- The owner of the tables moves rows out of the default partition and removes old ones there, and nothing else.
create policy owner_keeps on usage_default for all to current_role using (true) with check (true);

-- As before, and also for months that have rows already: those are moved out of the default partition, where they
-- were put while their month had none of its own.
create or replace function usage_make_partition(day date) returns text
language plpgsql security definer set search_path = pg_catalog, public as $$
declare
  first date := date_trunc('month', day)::date;
  name text := format('usage_%s', to_char(first, 'YYYY_MM'));
  low uuid := usage_first_id(first);
  high uuid := usage_first_id((first + interval '1 month')::date);
begin
  if to_regclass('public.' || quote_ident(name)) is not null then
    return name;
  end if;
  perform pg_advisory_xact_lock(hashtext('usage_make_partition'));
  if to_regclass('public.' || quote_ident(name)) is not null then
    return name;
  end if;
  if exists (select from public.usage_default where request_id >= low and request_id < high) then
    lock table public.usage_default in access exclusive mode;
    execute format('create table public.%I (like public.usage including defaults including constraints)', name);
    execute format('insert into public.%I select * from public.usage_default where request_id >= $1 and request_id < $2', name)
      using low, high;
    delete from public.usage_default where request_id >= low and request_id < high;
    execute format('alter table public.usage attach partition public.%I for values from (%L) to (%L)', name, low, high);
  else
    execute format('create table public.%I partition of public.usage for values from (%L) to (%L)', name, low, high);
  end if;
  execute format('alter table public.%I enable row level security', name);
  execute format('alter table public.%I force row level security', name);
  return name;
end $$;

-- Forgets the requests of whole months before the one that holds `first_kept`; the names of the partitions that went.
-- Sums and totals stay: budgets and the usage page do not depend on the rows. Gives up rather than make the ledger wait.
create function usage_drop_before(first_kept date) returns text[]
language plpgsql security definer set search_path = pg_catalog, public set lock_timeout = '3s' as $$
declare
  cut date := date_trunc('month', first_kept)::date;
  name text;
  dropped text[] := '{}';
begin
  if cut > date_trunc('month', now() at time zone 'UTC')::date then
    raise exception 'the current month is not dropped';
  end if;
  perform pg_advisory_xact_lock(hashtext('usage_make_partition'));
  for name in
    select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'public.usage'::regclass and c.relname ~ '^usage_[0-9]{4}_[0-9]{2}$'
      and to_date(right(c.relname, 7), 'YYYY_MM') < cut
    order by 1
  loop
    execute format('drop table public.%I', name);
    dropped := dropped || name;
  end loop;
  delete from public.usage_default where request_id < usage_first_id(cut);
  return dropped;
end $$;
revoke all on function usage_drop_before(date) from public;
grant execute on function usage_drop_before(date) to causeway_jobs;

-- An organisation sees what could not be written of its own; it holds no secret.
create policy app_own on usage_dead_letters for select to causeway_app using (org_id = cw_org());
grant select on usage_dead_letters to causeway_app;
create index usage_dead_letters_org on usage_dead_letters (org_id, request_id desc); -- the list, newest first
