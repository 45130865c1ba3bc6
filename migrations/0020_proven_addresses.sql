-- Whether somebody has shown that a person's e-mail address is theirs: by a code, an invitation or a reset link that was
-- mailed there, or by an issuer who vouches for it. An account can come into being without that, when an invitation is
-- handed over as a link or an administrator lets somebody in, and then it may be anybody's. What proves an address later
-- must not lead into such an account as it is.
alter table users add column email_proven_at timestamptz;
-- Those that are there already were made by the operator, who knows them.
update users set email_proven_at = now();
grant insert (email_proven_at), update (email_proven_at) on users to causeway_app;
