-- People who were members and are none any more. Whoever was removed must not come back by themselves, through an issuer
-- that makes people of a domain members or through a registration link: it takes an invitation, which ends the row.

create table former_members (
  org_id uuid not null references organisations on delete cascade,
  user_id uuid not null references users on delete cascade,
  removed_at timestamptz not null default now(),
  primary key (org_id, user_id)
);

-- Those who went before there was this table are known from the log. Row-level security binds the owner too, so it is
-- let go meanwhile.
alter table audit no force row level security;
alter table memberships no force row level security;
insert into former_members (org_id, user_id, removed_at)
  select a.org_id, u.id, max(a.at) from audit a join users u on u.id = a.target_id
  where a.org_id is not null and a.action in ('member.remove', 'member.leave')
    and not exists (select from memberships m where m.org_id = a.org_id and m.user_id = u.id)
  group by a.org_id, u.id;
alter table audit force row level security;
alter table memberships force row level security;

alter table former_members enable row level security;
alter table former_members force row level security;
create policy app_own on former_members for all to causeway_app
  using (org_id = cw_org()) with check (org_id = cw_org());
grant select, insert, delete on former_members to causeway_app;
