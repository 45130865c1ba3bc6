-- A person sees where they belong, and changes nothing there: until now a transaction could also end or change the
-- person's memberships of organisations that it was not in.
drop policy app_own on memberships;
create policy app_sees on memberships for select to causeway_app using (org_id = cw_org() or user_id = cw_user());
create policy app_adds on memberships for insert to causeway_app with check (org_id = cw_org());
create policy app_changes on memberships for update to causeway_app
  using (org_id = cw_org()) with check (org_id = cw_org());
create policy app_removes on memberships for delete to causeway_app using (org_id = cw_org());

-- Tables of persons (users, sessions, refresh_tokens, totp, recovery_codes, sign_in_challenges, reset_links) stay without
-- row-level security. They belong to no tenant, and what they are asked by comes before anybody is known: an address, or
-- the hash of something that only one person holds. A policy could only repeat that question. The store reads them by one
-- person's id or by such a hash and in no other way.

-- Keys of somebody whom the operator has locked out rest as long: the relay looks at their owner.
grant select (id, disabled_at) on users to causeway_relay;
-- The operator's change is one of every organisation where the person has keys.
grant select (owner_id) on api_keys to causeway_operator;
