-- Model routes: what models are called here, and where each name leads. They are replaced as a whole, so a route is its
-- place in the list.

create table model_routes (
  org_id uuid not null references organisations on delete cascade,
  position integer not null check (position between 0 and 199),
  -- domain::route::Kind.
  kind text not null,
  pattern text not null check (char_length(pattern) between 1 and 200),
  -- domain::route::Target, in the order in which they are asked.
  targets jsonb not null,
  keeps_original boolean not null,
  primary key (org_id, position)
);

alter table model_routes enable row level security;
alter table model_routes force row level security;
create policy app_own on model_routes for all to causeway_app using (org_id = cw_org()) with check (org_id = cw_org());
-- The relay reads the routes of whichever organisation a key belongs to, as it does pools.
create policy relay_read on model_routes for select to causeway_relay using (true);
grant select, insert, delete on model_routes to causeway_app;
grant select on model_routes to causeway_relay;
