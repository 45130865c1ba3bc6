#!/bin/sh
# Runs once, when the database volume is empty: makes the login role and the database of Causeway. The role may make the
# roles that its migrations grant to, and is no superuser.
set -eu
psql -v ON_ERROR_STOP=1 -v password="$CAUSEWAY_PASSWORD" --username "$POSTGRES_USER" --dbname postgres <<'SQL'
create role causeway login nosuperuser nobypassrls createdb createrole password :'password';
-- Since Postgres 16 whoever creates a role may grant it but not take it, unless this says so.
alter role causeway set createrole_self_grant = 'set, inherit';
create database causeway owner causeway;
SQL
