-- Second factors, reset links, and the step between password and session.

-- The shared secret of a person's authenticator app. It counts once a code has shown that the app has it.
create table totp (
  user_id uuid primary key references users on delete cascade,
  -- AES-256-GCM envelope, bound to the person; the key is not in the database.
  sealed bytea not null,
  -- Null while it is being set up.
  confirmed_at timestamptz,
  -- The time step of the last code that was accepted: that code and all before it are used up, on every instance.
  last_step bigint not null default 0,
  created_at timestamptz not null default now()
);

-- What gets a person in whose authenticator is lost. Each is good once.
create table recovery_codes (
  user_id uuid not null references users on delete cascade,
  -- HMAC with a key that is not in the database: the codes are short enough to be typed, and to be tried out.
  hash bytea not null check (octet_length(hash) = 32),
  used_at timestamptz,
  primary key (user_id, hash)
);

-- A password was right and a code is still to come.
create table sign_in_challenges (
  -- SHA-256 of the token that the browser holds.
  hash bytea primary key check (octet_length(hash) = 32),
  user_id uuid not null references users on delete cascade,
  -- The organisation to enter, where the person named one.
  org_id uuid references organisations on delete cascade,
  attempts smallint not null default 0,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  used_at timestamptz
);
create index sign_in_challenges_user on sign_in_challenges (user_id); -- ending them with the password they began with

-- Links that let a person choose a new password.
create table reset_links (
  -- SHA-256 of the token in the link.
  hash bytea primary key check (octet_length(hash) = 32),
  user_id uuid not null references users on delete cascade,
  -- Who made it, and in which organisation. Both null when the person asked for it by e-mail. One that was made in an
  -- organisation is good only while the person belongs to no other.
  made_by uuid references users on delete cascade,
  org_id uuid references organisations on delete cascade,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  used_at timestamptz
);
create index reset_links_user on reset_links (user_id); -- using one ends the others

-- None of these is of a tenant: they belong to a person, as sessions do, and are only ever read by one person's id or
-- by the hash of something that only they hold.
grant select, insert, update, delete on totp, recovery_codes, sign_in_challenges, reset_links to causeway_app;
grant select, delete on sign_in_challenges, reset_links to causeway_jobs;
