-- Accounts that members lend to their organisation and keep in their own hands.

-- Who shares upstream accounts and does nothing else is a contributor.
alter table memberships drop constraint memberships_role_check,
  add constraint memberships_role_check check (role in ('contributor', 'viewer', 'member', 'admin', 'owner'));
alter table invitations drop constraint invitations_role_check,
  add constraint invitations_role_check check (role in ('contributor', 'viewer', 'member', 'admin', 'owner'));
alter table oidc_providers drop constraint oidc_providers_default_role_check,
  add constraint oidc_providers_default_role_check
    check (default_role in ('contributor', 'viewer', 'member', 'admin', 'owner'));

alter table upstream_accounts
  -- Whose it is, as long as its credential is the one that they gave; null = the organisation's own.
  add column contributed_by uuid references users on delete set null;
create index upstream_accounts_contributed on upstream_accounts (org_id, contributed_by)
  where contributed_by is not null and deleted_at is null; -- a person's own

-- Invitations to share one. Whoever has the address may follow it, once they are a member.
create table account_shares (
  id uuid primary key,
  org_id uuid not null references organisations on delete cascade,
  email text not null check (char_length(email) between 3 and 254),
  provider text not null,
  -- What the account will be called; null = as the person likes.
  name text check (char_length(name) between 1 and 100),
  -- Those that are still there when it is followed count.
  pool_ids uuid[] not null default '{}' check (cardinality(pool_ids) <= 10),
  -- Where its API is, where the provider has no address of its own.
  base_url text,
  message text not null default '' check (char_length(message) <= 500),
  invited_by uuid references users on delete set null,
  -- The invitation into the organisation that was made along with it.
  invitation_id uuid references invitations on delete set null,
  created_at timestamptz not null default now(),
  sent_at timestamptz not null default now(),
  mailed boolean not null,
  expires_at timestamptz not null,
  -- What became of it: accepted, declined or revoked.
  outcome text check (outcome in ('accepted', 'declined', 'revoked')),
  ended_at timestamptz,
  account_id uuid,
  unique (org_id, id),
  foreign key (org_id, account_id) references upstream_accounts (org_id, id),
  check ((outcome is null) = (ended_at is null)),
  check ((outcome is not distinct from 'accepted') = (account_id is not null))
);
create index account_shares_open on account_shares (org_id, lower(email)) where outcome is null; -- a person's own
create index account_shares_account on account_shares (org_id, account_id); -- who invited whoever withdraws

alter table account_shares enable row level security;
alter table account_shares force row level security;
create policy app_own on account_shares for all to causeway_app using (org_id = cw_org()) with check (org_id = cw_org());
-- Addresses of people who are nobody here are not kept for ever.
create policy jobs_tidy on account_shares for delete to causeway_jobs using (true);
create policy jobs_look on account_shares for select to causeway_jobs using (true);
grant select, insert, update on account_shares to causeway_app;
grant select (id, expires_at, outcome), delete on account_shares to causeway_jobs;
