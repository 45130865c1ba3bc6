//! Database roles: made before the migrations that grant to them, and checked before a request is served.

use crate::{StoreError, StoreResult};
use sqlx::{Executor, PgConnection, PgPool};

/// The roles that the migrations grant to.
pub const ROLES: [&str; 4] = ["causeway_app", "causeway_relay", "causeway_jobs", "causeway_operator"];

/// Makes the roles that are missing and lets the connected user take them. Roles are shared by all databases of a
/// server, so another instance may be making them at the same moment.
pub async fn ensure(connection: &mut PgConnection) -> StoreResult<()> {
    for role in ROLES {
        let statement = format!(
            "do $$ begin
               if not exists (select from pg_roles where rolname = '{role}') then
                 begin create role {role} nologin; exception when duplicate_object or unique_violation then null; end;
               end if;
               -- From 16 on, whoever makes a role may grant it but not yet take it.
               if not pg_has_role(current_user, '{role}', case
                        when current_setting('server_version_num')::int >= 160000 then 'set' else 'member' end) then
                 begin grant {role} to current_user; exception when unique_violation then null; end;
               end if;
             end $$"
        );
        connection.execute(sqlx::AssertSqlSafe(statement)).await.map_err(|error| {
            StoreError::Unfit(format!(
                "database role {role} is missing and DATABASE_URL's user may not make it ({error}). As a superuser, \
                 run: create role {role} nologin; grant {role} to <user>;"
            ))
        })?;
    }
    Ok(())
}

/// Fails where row-level security would be without effect: for superusers and roles with `bypassrls`.
pub(crate) async fn check(pool: &PgPool) -> StoreResult<()> {
    let bypasses: bool =
        sqlx::query_scalar("select rolsuper or rolbypassrls from pg_roles where rolname = current_user")
            .fetch_one(pool)
            .await?;
    if bypasses {
        return Err(StoreError::Unfit(
            "the database role in use can bypass row-level security; use one that is neither superuser nor bypassrls"
                .to_owned(),
        ));
    }
    Ok(())
}
