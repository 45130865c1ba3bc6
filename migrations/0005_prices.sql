-- Prices: the tier a request was billed at, and overrides as a history that is only ever added to.

-- All rows so far were billed at standard rates.
alter table usage add column service_tier text not null default 'standard'
  check (service_tier in ('standard', 'priority', 'flex', 'batch'));

-- One row is one version: who said when that which price counts from when on. What was there becomes the first
-- version of each model. Nothing is changed or removed afterwards; see domain::price::overrides for which row counts.
alter table price_overrides drop constraint price_overrides_pkey;
alter table price_overrides
  add column id bigint generated always as identity primary key,
  -- Only for accounts of this provider; null is for all.
  add column provider text,
  add column effective_from timestamptz,
  add column recorded_by uuid references users on delete set null;
alter table price_overrides rename column updated_at to recorded_at;
-- The owner of the database obeys the walls too, and would change no row.
alter table price_overrides no force row level security;
update price_overrides set effective_from = recorded_at;
alter table price_overrides force row level security;
alter table price_overrides
  alter column effective_from set not null,
  -- Null is a removal: from then on the table's price counts again, and what was planned is off.
  alter column price drop not null;

-- Versions of one model, for the page, for the relay's reload, and for the history.
create index price_overrides_model on price_overrides (org_id, model, id desc);

revoke update, delete on price_overrides from causeway_app;
-- What a month would have cost under another table depends on which requests had a price of their own.
create policy jobs_read on price_overrides for select to causeway_jobs using (true);
grant select on price_overrides to causeway_jobs;
