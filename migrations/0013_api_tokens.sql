-- API tokens: how programs use the admin API. A token belongs to a person in one organisation, and can do what its scopes
-- name and that person's role allows at the moment of the call, whichever is less.

create table api_tokens (
  id uuid primary key,
  org_id uuid not null references organisations on delete cascade,
  user_id uuid not null,
  name text not null check (char_length(name) between 1 and 100),
  -- SHA-256 of the token. The token has 256 random bits, so a slow hash would protect nothing.
  hash bytea not null unique check (octet_length(hash) = 32),
  -- Its first characters, to recognise it by.
  prefix text not null,
  -- As openapi::tokens::Scope has them.
  scopes text[] not null check (cardinality(scopes) between 1 and 50),
  expires_at timestamptz not null,
  created_at timestamptz not null default now(),
  -- Written at most once a minute, unless the address is another one.
  last_used_at timestamptz,
  last_address text,
  revoked_at timestamptz,
  revoked_by uuid references users on delete set null,
  check (expires_at <= created_at + interval '367 days'),
  -- A token ends with the membership, and so with the person and with the organisation.
  foreign key (org_id, user_id) references memberships (org_id, user_id) on delete cascade
);
create index api_tokens_org on api_tokens (org_id, id desc); -- the list; leaving

alter table api_tokens enable row level security;
alter table api_tokens force row level security;
create policy app_own on api_tokens for all to causeway_app
  using (org_id = cw_org()) with check (org_id = cw_org());
-- Nobody reads the hash back: find_api_token() compares it.
grant select (id, org_id, user_id, name, prefix, scopes, expires_at, created_at, last_used_at, last_address,
  revoked_at, revoked_by) on api_tokens to causeway_app;
grant insert (id, org_id, user_id, name, hash, prefix, scopes, expires_at) on api_tokens to causeway_app;
grant update (last_used_at, last_address, revoked_at, revoked_by) on api_tokens to causeway_app;

-- Whose token this is. Looks across organisations, because a call says by its token which one it is about; whoever does
-- not have the token learns nothing.
create function find_api_token(token_hash bytea) returns table (id uuid, org_id uuid, user_id uuid, name text,
  scopes text[], expires_at timestamptz, last_used_at timestamptz, last_address text)
language sql stable security definer set search_path = pg_catalog, public as $$
  select t.id, t.org_id, t.user_id, t.name, t.scopes, t.expires_at, t.last_used_at, t.last_address
  from public.api_tokens t
  where t.hash = token_hash and t.revoked_at is null and t.expires_at > clock_timestamp()
$$;
revoke all on function find_api_token(bytea) from public;
grant execute on function find_api_token(bytea) to causeway_app;
create policy owner_finds on api_tokens for select to current_user using (true);

-- What a token did is told apart from what its owner did. No foreign key: the line outlives the token.
alter table audit add column token_id uuid, add column token_name text;
alter table audit drop constraint audit_actor_kind_check;
alter table audit add constraint audit_actor_kind_check
  check (actor_kind in ('user', 'token', 'operator', 'job', 'cli'));
alter table audit add constraint audit_token check ((actor_kind = 'token') = (token_id is not null));
