-- How people come in: invitations, registration, and the organisation's rules for signing in.
--
-- Whoever opens a link belongs to no organisation yet, so the row is found by what they show: the setting cw.token has
-- the SHA-256 of a token as hex, and the policies below let a transaction see the one row that has this hash. Nothing
-- can be listed that way.

create function cw_token() returns bytea language sql stable as
  $$ select decode(nullif(current_setting('cw.token', true), ''), 'hex') $$;

alter table organisations
  -- Who may come in by a registration link: nobody, people with an address of these domains, or whom an administrator
  -- lets in.
  add column registration text not null default 'closed' check (registration in ('closed', 'domain', 'approval')),
  add column registration_domains text[] not null default '{}' check (cardinality(registration_domains) <= 20),
  -- Whether members must have a second factor to enter.
  add column require_totp boolean not null default false;
grant update (registration, registration_domains, require_totp) on organisations to causeway_app;

create table invitations (
  id uuid primary key,
  org_id uuid not null references organisations on delete cascade,
  -- For whom: nobody with another address can use it.
  email text not null check (char_length(email) between 3 and 254),
  role text not null check (role in ('viewer', 'member', 'admin', 'owner')),
  -- SHA-256 of the token. It has 256 random bits, so a slow hash would protect nothing.
  hash bytea not null unique check (octet_length(hash) = 32),
  invited_by uuid references users on delete set null,
  created_at timestamptz not null default now(),
  -- When its present token was made; a new one makes the old one worthless.
  sent_at timestamptz not null default now(),
  -- Whether it was mailed; otherwise somebody was shown the link.
  mailed boolean not null,
  expires_at timestamptz not null,
  accepted_at timestamptz,
  accepted_by uuid references users on delete set null,
  revoked_at timestamptz
);
create unique index invitations_open on invitations (org_id, lower(email))
  where accepted_at is null and revoked_at is null; -- the list, and one at a time for each address

create table registration_links (
  id uuid primary key,
  org_id uuid not null references organisations on delete cascade,
  name text not null default '' check (char_length(name) <= 100),
  hash bytea not null unique check (octet_length(hash) = 32),
  -- Never more than a member: an administrator is somebody who was chosen.
  role text not null check (role in ('viewer', 'member')),
  max_uses integer not null check (max_uses between 1 and 10000),
  used integer not null default 0 check (used between 0 and max_uses),
  created_by uuid references users on delete set null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  closed_at timestamptz,
  unique (org_id, id)
);
create index registration_links_org on registration_links (org_id, id desc); -- the list

-- Somebody who has filled in the form. They are no user before their address is confirmed or an administrator lets
-- them in.
create table registrations (
  id uuid primary key,
  org_id uuid not null,
  link_id uuid not null,
  email text not null check (char_length(email) between 3 and 254),
  name text not null check (char_length(name) between 1 and 100),
  password_hash text not null,
  locale text not null default 'en',
  -- SHA-256 of what the browser that filled in the form has, with which it goes on.
  claim_hash bytea not null unique check (octet_length(claim_hash) = 32),
  state text not null check (state in ('confirming', 'waiting', 'approved', 'refused', 'done')),
  -- SHA-256 of the mailed code with the claim; the claim's random bits protect the few of the code.
  code_hash bytea check (octet_length(code_hash) = 32),
  -- Wrong codes that were entered.
  attempts smallint not null default 0,
  address text not null default '',
  created_at timestamptz not null default now(),
  -- Of the code, or of the request.
  expires_at timestamptz not null,
  decided_at timestamptz,
  decided_by uuid references users on delete set null,
  -- The person that came of it, and whether they were one before: then the form's password is not theirs.
  user_id uuid references users on delete set null,
  known boolean not null default false,
  foreign key (org_id, link_id) references registration_links (org_id, id) on delete cascade
);
create index registrations_waiting on registrations (org_id, id desc) where state = 'waiting'; -- whom to let in

alter table invitations enable row level security;
alter table invitations force row level security;
alter table registration_links enable row level security;
alter table registration_links force row level security;
alter table registrations enable row level security;
alter table registrations force row level security;

create policy app_own on invitations for all to causeway_app
  using (org_id = cw_org()) with check (org_id = cw_org());
create policy app_shown on invitations for select to causeway_app using (hash = cw_token());
create policy app_own on registration_links for all to causeway_app
  using (org_id = cw_org()) with check (org_id = cw_org());
create policy app_shown on registration_links for select to causeway_app using (hash = cw_token());
create policy app_own on registrations for all to causeway_app
  using (org_id = cw_org()) with check (org_id = cw_org());
create policy app_shown on registrations for select to causeway_app using (claim_hash = cw_token());
-- What came to nothing holds people's addresses and is not kept.
create policy jobs_tidy on invitations for delete to causeway_jobs using (true);
create policy jobs_look on invitations for select to causeway_jobs using (true);
create policy jobs_tidy on registrations for delete to causeway_jobs using (true);
create policy jobs_look on registrations for select to causeway_jobs using (true);

grant select, insert, update on invitations, registration_links, registrations to causeway_app;
grant select (id, expires_at, accepted_at), delete on invitations to causeway_jobs;
grant select (id, expires_at, state), delete on registrations to causeway_jobs;
