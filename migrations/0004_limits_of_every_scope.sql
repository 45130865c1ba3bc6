-- Limits of members, organisations and accounts beside those of keys; plans and multipliers; totals to match.

alter table organisations
  -- Shape: domain::Limits. What the organisation sets itself.
  add column limits jsonb not null default '{}',
  -- Shape: domain::Plan. What the operator of the installation allows it.
  add column plan jsonb not null default '{}',
  -- What is charged for a dollar of cost, in ten-thousandths.
  add column multiplier integer not null default 10000 check (multiplier between 0 and 1000000),
  -- strict: a request reserves what it could cost at most. expected: what requests like it have cost.
  add column hold_mode text not null default 'strict' check (hold_mode in ('strict', 'expected')),
  -- While Redis is away or being refilled: refuse requests, or let them through unreserved.
  add column on_redis_loss text not null default 'refuse' check (on_redis_loss in ('refuse', 'allow')),
  -- Prepaid: the sum of all credits ever given, in nano-dollars. Null: not prepaid.
  add column credit_nanos bigint;

alter table memberships add column limits jsonb not null default '{}';

alter table api_keys
  add column multiplier integer not null default 10000 check (multiplier between 0 and 1000000);

alter table upstream_accounts add column limits jsonb not null default '{}';
-- Row-level security is forced upon the owner too, so it is lifted where this file reads or changes rows.
alter table upstream_accounts no force row level security;
update upstream_accounts set limits = jsonb_build_object('concurrency', max_concurrency)
  where max_concurrency is not null;
alter table upstream_accounts drop column max_concurrency;
alter table upstream_accounts force row level security;

-- What an organisation is charged for a dollar of cost at one provider, where that is not a dollar.
create table provider_multipliers (
  org_id uuid not null references organisations on delete cascade,
  provider text not null check (char_length(provider) between 1 and 100),
  multiplier integer not null check (multiplier between 0 and 1000000),
  primary key (org_id, provider)
);
alter table provider_multipliers enable row level security;
alter table provider_multipliers force row level security;
create policy app_own on provider_multipliers for all to causeway_app
  using (org_id = cw_org()) with check (org_id = cw_org());
create policy relay_reads on provider_multipliers for select to causeway_relay using (true);
grant select, insert, update, delete on provider_multipliers to causeway_app;
grant select on provider_multipliers to causeway_relay;

-- The relay reads a member's limits with the key.
create policy relay_reads on memberships for select to causeway_relay using (true);
grant select on memberships to causeway_relay;

-- The product of the multipliers that applied, in 10⁻¹²: charged = cost × multiplier.
alter table usage add column multiplier bigint not null default 1000000000000;

-- Usage by member. The nil id stands for keys that belong to nobody.
alter table usage_rollups
  add column user_id uuid not null default '00000000-0000-0000-0000-000000000000',
  drop constraint usage_rollups_pkey,
  add primary key (org_id, bucket, key_id, account_id, model, user_id);

alter table budget_totals
  add column requests bigint not null default 0,
  drop constraint budget_totals_scope_check,
  add constraint budget_totals_scope_check check (scope in ('key', 'member', 'organisation', 'account'));

-- What was used before this file: totals of the new scopes from the rows, and requests of the old ones.
alter table api_keys no force row level security;
alter table usage no force row level security;
alter table usage_rollups no force row level security;
alter table budget_totals no force row level security;

update usage_rollups r set user_id = k.owner_id
  from api_keys k where k.id = r.key_id and k.owner_id is not null;

insert into budget_totals (org_id, scope, scope_id, nanos, tokens)
  select org_id, 'member', user_id, sum(charged_nanos), sum(input_tokens + output_tokens + cache_read_tokens
           + cache_write_5m_tokens + cache_write_1h_tokens)
  from usage where user_id is not null group by org_id, user_id
  union all
  select org_id, 'organisation', org_id, sum(nanos), sum(tokens) from budget_totals where scope = 'key' group by org_id;
update budget_totals b set requests = (
  select count(*) from usage u where u.org_id = b.org_id and case b.scope
    when 'key' then u.key_id when 'member' then u.user_id when 'account' then u.account_id else u.org_id end = b.scope_id);

alter table api_keys force row level security;
alter table usage force row level security;
alter table usage_rollups force row level security;
alter table budget_totals force row level security;
