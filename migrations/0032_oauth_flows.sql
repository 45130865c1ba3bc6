-- Authorisations of accounts that are under way: somebody has been sent to a provider's issuer, or a device waits for a code
-- to be typed in. Each is one person's, in one session, for ten minutes, and comes to an account once.

create table oauth_flows (
  id uuid primary key,
  org_id uuid not null references organisations on delete cascade,
  user_id uuid not null references users on delete cascade,
  -- The session, or the API token, that began it. Nobody else goes on with it.
  session_id uuid not null,
  provider text not null,
  kind text not null check (kind in ('code', 'device')),
  -- Where the issuer sends the person back to: catalogue::oauth::Redirect, by its kind.
  redirect_kind text check (redirect_kind in ('hosted', 'loopback', 'page')),
  -- SHA-256 of the state; a device has none.
  state_hash bytea unique check (octet_length(state_hash) = 32),
  -- 'exchanging' = a code has come and is used up, whatever comes of it.
  status text not null default 'pending'
    check (status in ('pending', 'exchanging', 'authorized', 'failed', 'cancelled', 'used')),
  -- Sealed: what the tokens are had with. Gone once they are had, or cannot be any more.
  secret bytea,
  -- What the page shows of a device: {user_code, verification_uri, verification_uri_complete}
  shown jsonb not null default '{}',
  -- The pause between questions that the issuer wants, and when the next may be asked, by whichever instance.
  poll_seconds integer not null default 0 check (poll_seconds between 0 and 3600),
  poll_after timestamptz not null default now(),
  -- Sealed: the credential, until an account has it.
  outcome bytea,
  -- Whose it is: {subject, organization, email, plan}
  identity jsonb,
  -- The issuer's words: {code, message}
  failure jsonb,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  check ((kind = 'code') = (state_hash is not null)),
  check ((kind = 'code') = (redirect_kind is not null)),
  check ((status = 'authorized') = (outcome is not null))
);
create index oauth_flows_session on oauth_flows (org_id, session_id); -- how many are under way
create index oauth_flows_expiry on oauth_flows (expires_at); -- removal of old ones

alter table oauth_flows enable row level security;
alter table oauth_flows force row level security;
create policy app_own on oauth_flows for all to causeway_app
  using (org_id = cw_org()) with check (org_id = cw_org());
create policy jobs_remove on oauth_flows for all to causeway_jobs using (true);
grant select, insert, update on oauth_flows to causeway_app;
grant select, delete on oauth_flows to causeway_jobs;

-- A browser that an issuer sends back brings a state and no organisation. This function runs as the owner, upon whom
-- row-level security is forced too.
create policy owner_finds on oauth_flows for select to current_user using (true);
create function oauth_flow_org(state bytea) returns uuid
language sql stable security definer set search_path = pg_catalog, public as $$
  select f.org_id from public.oauth_flows f where f.state_hash = $1
$$;
revoke all on function oauth_flow_org(bytea) from public;
grant execute on function oauth_flow_org(bytea) to causeway_app;
