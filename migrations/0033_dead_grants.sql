-- Telling the member who looks after an account that its provider wants it authorised anew: once for each time.

alter table upstream_accounts
  -- When somebody was told of the death of the credential that is dead; null = nobody was.
  add column death_told_at timestamptz;
create index upstream_accounts_untold on upstream_accounts (id) -- deaths that nobody was told of
  where credential_state = 'dead' and death_told_at is null and deleted_at is null;

grant select (created_by, death_told_at) on upstream_accounts to causeway_jobs;
grant update (death_told_at) on upstream_accounts to causeway_jobs;
