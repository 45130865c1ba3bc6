-- Single sign-on by OpenID Connect: the issuers that an organisation trusts, the e-mail domains that are its own, who
-- of them is which person, and sign-ins that are under way.
--
-- An organisation chooses its issuers itself, so what an issuer says holds in that organisation and nowhere else:
-- identities belong to an organisation, and a session that began at an issuer is confined to it.

create table oidc_providers (
  id uuid primary key,
  org_id uuid not null references organisations on delete cascade,
  name text not null check (char_length(name) between 1 and 100),
  -- As the issuer calls itself, to the letter: its tokens are compared with it.
  issuer text not null check (char_length(issuer) between 8 and 500),
  -- Empty until the issuer knows our callback address, which is only known once there is a row.
  client_id text not null default '' check (char_length(client_id) <= 300),
  -- Sealed for this provider at this issuer; null for a public client.
  client_secret bytea,
  scopes text[] not null,
  -- The claim that lists a person's groups.
  groups_claim text not null default 'groups' check (char_length(groups_claim) between 1 and 200),
  -- Which group has which role; shape: domain::sso::RoleMapping. The highest that fits counts.
  role_mapping jsonb not null default '[]',
  -- For whom no group fits; null lets only those in for whom one does.
  default_role text check (default_role in ('viewer', 'member', 'admin', 'owner')),
  -- Makes people of the organisation's domains members when they first sign in.
  auto_join boolean not null default false,
  enabled boolean not null default false,
  created_by uuid references users on delete set null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  check (not enabled or client_id <> '')
);
create index oidc_providers_org on oidc_providers (org_id, id); -- the settings page, and the buttons of the sign-in page

-- E-mail domains that are an organisation's own. Only a confirmed one counts: whoever may say who ada@example.com is
-- can become her. Confirmed by the operator of the installation, and for one organisation only.
create table organisation_domains (
  org_id uuid not null references organisations on delete cascade,
  domain text not null check (domain = lower(domain) and char_length(domain) between 3 and 253),
  confirmed_at timestamptz,
  created_at timestamptz not null default now(),
  primary key (org_id, domain)
);
create unique index organisation_domains_confirmed on organisation_domains (domain)
  where confirmed_at is not null; -- whose domain is it

-- A person as an issuer knows them. Unlinking keeps the row, so that somebody who was removed from the organisation
-- cannot come back as somebody new.
create table oidc_identities (
  id uuid primary key,
  org_id uuid not null references organisations on delete cascade,
  issuer text not null,
  subject text not null check (char_length(subject) between 1 and 255),
  user_id uuid not null references users on delete cascade,
  -- As the issuer last said; to recognise it by, and nothing is decided by it.
  email text not null default '',
  created_at timestamptz not null default now(),
  last_used_at timestamptz,
  unlinked_at timestamptz,
  unique (org_id, issuer, subject)
);
create index oidc_identities_user on oidc_identities (user_id); -- the list on a person's profile

-- A sign-in that has begun. Nonce and PKCE verifier are not here: they follow from the state, the browser's cookie and a
-- key of the installation, of which only hashes are stored.
create table oidc_attempts (
  state_hash bytea primary key check (octet_length(state_hash) = 32),
  browser_hash bytea not null check (octet_length(browser_hash) = 32),
  org_id uuid not null references organisations on delete cascade,
  provider_id uuid not null references oidc_providers on delete cascade,
  -- The signed-in person who wants to be known by this identity too.
  link_user uuid references users on delete cascade,
  return_to text not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  used_at timestamptz,
  -- What came of it, to be read by the same browser: {"code", "detail"}.
  failure jsonb
);
create index oidc_attempts_expiry on oidc_attempts (expires_at); -- removal of old ones

alter table oidc_providers enable row level security;
alter table oidc_providers force row level security;
alter table organisation_domains enable row level security;
alter table organisation_domains force row level security;
alter table oidc_identities enable row level security;
alter table oidc_identities force row level security;
alter table oidc_attempts enable row level security;
alter table oidc_attempts force row level security;

create policy app_own on oidc_providers for all to causeway_app
  using (org_id = cw_org()) with check (org_id = cw_org());
create policy app_own on organisation_domains for all to causeway_app
  using (org_id = cw_org()) with check (org_id = cw_org());
create policy app_own on oidc_identities for all to causeway_app
  using (org_id = cw_org()) with check (org_id = cw_org());
create policy app_own on oidc_attempts for all to causeway_app
  using (org_id = cw_org()) with check (org_id = cw_org());
create policy jobs_remove on oidc_attempts for all to causeway_jobs using (true);
create policy operator_reads on organisation_domains for select to causeway_operator using (true);
create policy operator_writes on organisation_domains for update to causeway_operator
  using (org_id = cw_org()) with check (org_id = cw_org());

grant select, insert, update, delete on oidc_providers to causeway_app;
-- Whether a domain is confirmed is not a tenant's to say.
grant select, insert (org_id, domain), delete on organisation_domains to causeway_app;
grant select, update (confirmed_at) on organisation_domains to causeway_operator;
grant select, insert, update on oidc_identities to causeway_app;
grant select, insert, update on oidc_attempts to causeway_app;
grant select, delete on oidc_attempts to causeway_jobs;

-- Whether members may also sign in by password. Owners always may, so that an issuer that is gone locks nobody out.
alter table organisations add column password_sign_in boolean not null default true;
grant update (password_sign_in) on organisations to causeway_app;

-- The only organisation that a session may enter, where an issuer of its choice vouches for the person.
alter table sessions add column only_org uuid references organisations on delete cascade;

-- Before somebody has signed in there is no organisation to be in. These functions run as the owner, upon whom
-- row-level security is forced too, and tell no more than the sign-in page shows.
create policy owner_finds on oidc_providers for select to current_user using (true);
create policy owner_finds on organisation_domains for select to current_user using (true);
create policy owner_finds on organisations for select to current_user using (true);

-- The organisation of a provider that people may sign in at.
create function oidc_provider_org(provider uuid) returns uuid
language sql stable security definer set search_path = pg_catalog, public as $$
  select p.org_id from public.oidc_providers p where p.id = provider and p.enabled
$$;
revoke all on function oidc_provider_org(uuid) from public;
grant execute on function oidc_provider_org(uuid) to causeway_app;

-- The buttons of the sign-in page, by an organisation's name in addresses or by the domain of an e-mail address.
create function oidc_discover(slug text, email_domain text) returns table (id uuid, name text)
language sql stable security definer set search_path = pg_catalog, public as $$
  select p.id, p.name from public.oidc_providers p join public.organisations o on o.id = p.org_id
  where p.enabled and (o.slug = $1 or exists (
    select from public.organisation_domains d
    where d.org_id = p.org_id and d.domain = $2 and d.confirmed_at is not null))
  order by lower(p.name), p.id
$$;
revoke all on function oidc_discover(text, text) from public;
grant execute on function oidc_discover(text, text) to causeway_app;
