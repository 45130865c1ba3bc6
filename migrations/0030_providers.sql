-- Providers as the operator has changed or added them, and what is known of an account's credential besides the secret.

-- What is not here is as the product ships it, or as PROVIDERS_FILE says. Belongs to no tenant.
create table providers (
  id text primary key check (id ~ '^[a-z0-9][a-z0-9-]{0,30}$'),
  -- Null: as it is by itself. A consumer's subscription is off by itself.
  enabled boolean,
  -- What differs from what is shipped, as a JSON merge patch; of a provider of the operator's own the whole of it.
  preset jsonb not null default '{}',
  -- With what this installation asks for authorisations.
  client_id text check (char_length(client_id) between 1 and 500),
  -- Sealed for this provider.
  client_secret bytea,
  -- Who has confirmed what, before a consumer's subscription was switched on.
  confirmation text check (char_length(confirmation) between 1 and 2000),
  confirmed_by uuid references users on delete set null,
  confirmed_at timestamptz,
  updated_by uuid references users on delete set null,
  updated_at timestamptz not null default now()
);

-- Raised with every change, so that an instance sees in one look whether what it has is current.
create table provider_version (one boolean primary key default true check (one), version bigint not null default 0);
insert into provider_version default values;
create function raise_provider_version() returns trigger language plpgsql as $$
begin
  update provider_version set version = version + 1;
  return null;
end $$;
create trigger raise_provider_version after insert or update or delete on providers
  for each statement execute function raise_provider_version();

grant select on providers, provider_version to causeway_app, causeway_relay, causeway_jobs, causeway_operator;
grant insert, update, delete on providers to causeway_operator;
grant update on provider_version to causeway_operator;
-- To tell whether anybody still uses one.
grant select (provider) on upstream_accounts to causeway_operator;

alter table upstream_accounts
  -- The member to remind when it needs a person.
  add column owner_id uuid references users on delete set null,
  -- accounts::Credential, by its tag.
  add column credential_kind text not null default 'api_key',
  -- When the credential ends by itself; null = never.
  add column credential_expires_at timestamptz,
  -- 'dead' = its provider does not accept it any more, and only a person can help.
  add column credential_state text not null default 'ok' check (credential_state in ('ok', 'dead')),
  -- Why it is dead, or why it could not be refreshed the last time.
  add column credential_reason text check (char_length(credential_reason) <= 500),
  add column refreshed_at timestamptz,
  -- Whose account it is at the provider, as the provider says: who, in which organisation, and what to show of them.
  add column subject text check (char_length(subject) between 1 and 300),
  add column subject_organization text check (char_length(subject_organization) between 1 and 300),
  -- {email, plan}
  add column identity jsonb;
-- The same account at a provider is one account here: adding it again updates it.
create unique index upstream_accounts_subject
  on upstream_accounts (org_id, provider, subject, coalesce(subject_organization, ''))
  where subject is not null and deleted_at is null;
-- What is due to be refreshed.
create index upstream_accounts_expiry on upstream_accounts (credential_expires_at)
  where credential_expires_at is not null and credential_state = 'ok' and enabled and deleted_at is null;
