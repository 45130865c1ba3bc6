//! Database roles: made before the migrations that grant to them, and checked before a request is served.

use crate::{StoreError, StoreResult};
use sqlx::{Executor, PgConnection, PgPool};
use std::time::Duration;

/// The roles that the migrations grant to.
pub const ROLES: [&str; 4] = ["causeway_app", "causeway_relay", "causeway_jobs", "causeway_operator"];

/// How often a statement about a role is tried: another instance may be changing the same row of the server's catalogue.
const TRIES: u32 = 5;

/// Makes the roles that are missing and lets the connected user take them. Roles are shared by all databases of a
/// server, so another instance may be making them at the same moment.
pub async fn ensure(connection: &mut PgConnection) -> StoreResult<()> {
    for role in ROLES {
        ensure_one(connection, role).await?;
    }
    Ok(())
}

async fn ensure_one(connection: &mut PgConnection, role: &str) -> StoreResult<()> {
    let made = format!(
        "do $$ begin
           if not exists (select from pg_roles where rolname = '{role}') then
             begin create role {role} nologin; exception when duplicate_object or unique_violation then null; end;
           end if;
         end $$"
    );
    // A statement of its own: the one that lost the race for making a role goes on believing that there is none.
    let granted = format!(
        "do $$ begin
           -- From 16 on, whoever makes a role may grant it but not yet take it.
           if not pg_has_role(current_user, '{role}', case
                    when current_setting('server_version_num')::int >= 160000 then 'set' else 'member' end) then
             begin grant {role} to current_user; exception when unique_violation then null; end;
           end if;
         end $$"
    );
    for statement in [made, granted] {
        patiently(connection, &statement).await.map_err(|error| {
            StoreError::Unfit(format!(
                "database role {role} is missing and DATABASE_URL's user may not make it ({error}). As a \
                 superuser, run: create role {role} nologin; grant {role} to <user>;"
            ))
        })?;
    }
    Ok(())
}

/// Executes a statement that changes nothing when it is repeated, again when another connection was in its way.
async fn patiently(connection: &mut PgConnection, statement: &str) -> Result<(), sqlx::Error> {
    for attempt in 1.. {
        match connection.execute(sqlx::AssertSqlSafe(statement.to_owned())).await {
            Ok(_) => break,
            Err(error) if attempt == TRIES => return Err(error),
            Err(_) => tokio::time::sleep(Duration::from_millis(20) * attempt).await,
        }
    }
    Ok(())
}

/// Tables with a column `org_id` that belong to a person, and to no tenant: migration 0019 says why.
const OF_PERSONS: [&str; 3] = ["sessions", "sign_in_challenges", "reset_links"];

/// What row-level security depends on.
#[derive(Debug)]
struct Walls {
    /// Whether the role that statements run as is bound by nothing.
    role_bypasses: bool,
    /// The same of the user that signed in, who may take its own role back at any time.
    user_bypasses: bool,
    /// The setting `row_security`: when it is off, queries that a policy would narrow fail instead.
    row_security: bool,
    /// Tables of tenants that have no policies in force, or none that bind their owner.
    open: Vec<String>,
}

impl Walls {
    /// Fails with what a person has to do.
    fn judge(&self) -> StoreResult<()> {
        let problem = if self.role_bypasses || self.user_bypasses {
            "the database user in DATABASE_URL can bypass row-level security; use one that is neither superuser nor \
             bypassrls"
                .to_owned()
        } else if !self.row_security {
            "the setting row_security is off for the database user in DATABASE_URL; turn it on".to_owned()
        } else if let [first, rest @ ..] = self.open.as_slice() {
            let more = if rest.is_empty() { String::new() } else { format!(" and {} more", rest.len()) };
            format!(
                "row-level security is not forced on the table {first}{more}; run: alter table {first} enable row level \
                 security, force row level security"
            )
        } else {
            return Ok(());
        };
        Err(StoreError::Unfit(problem))
    }
}

/// Fails where row-level security would be without effect: for superusers and roles with `bypassrls`, as whoever signed
/// in or as the role taken since; where it is switched off; and where a table of tenants is without it. Tables are
/// looked for by their column `org_id`, so that one that is added later is not forgotten here.
pub(crate) async fn check(pool: &PgPool) -> StoreResult<()> {
    let (role_bypasses, user_bypasses, row_security, open): (bool, bool, bool, Vec<String>) = sqlx::query_as(
        "select
           coalesce((select rolsuper or rolbypassrls from pg_roles where rolname = current_user), true),
           coalesce((select rolsuper or rolbypassrls from pg_roles where rolname = session_user), true),
           current_setting('row_security')::bool,
           array(select c.relname::text from pg_class c
             where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
               and not (c.relrowsecurity and c.relforcerowsecurity) and not (c.relname = any($1))
               and (c.relname = 'organisations' or exists (
                 select from pg_attribute a where a.attrelid = c.oid and a.attname = 'org_id' and not a.attisdropped))
             order by c.relname)",
    )
    .bind(&OF_PERSONS[..])
    .fetch_one(pool)
    .await?;
    Walls { role_bypasses, user_bypasses, row_security, open }.judge()
}

#[cfg(test)]
mod tests;
