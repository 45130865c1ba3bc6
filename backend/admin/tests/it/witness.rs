//! Sees to it that what was refused changed nothing: a trigger on every table writes down what is written, in the same
//! transaction, whichever role writes it.

use crate::world::World;
use sqlx::PgConnection;

/// What may change although a call is refused: the log of who tried, the counts of how often, and that somebody set out for
/// an issuer who could not be reached.
const EXEMPT: &[&str] = &["audit", "sign_in_failures", "oidc_attempts", "witnessed", "_sqlx_migrations"];

/// Watches the database of a test from now on.
pub(crate) struct Witness(PgConnection);

impl Witness {
    pub(crate) async fn of(world: &World) -> Self {
        let mut owner = world.database().await;
        let exempt = EXEMPT.iter().map(|table| format!("'{table}'")).collect::<Vec<_>>().join(", ");
        // When a token was last used is told of every call that its token made, refused or not.
        let script = format!(
            "create table witnessed (what text not null);
             create function witness() returns trigger language plpgsql security definer set search_path = public as $$
             begin insert into witnessed values (lower(tg_op) || ' ' || tg_table_name); return null; end $$;
             do $$ declare t text; begin
               for t in select c.relname from pg_class c where c.relnamespace = 'public'::regnamespace
                 and c.relkind in ('r', 'p') and not c.relispartition and c.relname not in ({exempt})
               loop
                 execute format('create trigger witness after insert or delete or update %s on %I for each row
                   execute function witness()',
                   case t when 'api_tokens' then 'of name, scopes, hash, expires_at, revoked_at' else '' end, t);
               end loop;
             end $$;"
        );
        sqlx::raw_sql(sqlx::AssertSqlSafe(script)).execute(&mut owner).await.unwrap();
        Self(owner)
    }

    /// What has changed since it was last asked, such as `insert api_keys`.
    pub(crate) async fn changes(&mut self) -> Vec<String> {
        sqlx::query_scalar("delete from witnessed returning what").fetch_all(&mut self.0).await.unwrap()
    }

    /// Forgets failed attempts, so that the next ones need not wait.
    pub(crate) async fn forget_attempts(&mut self) {
        sqlx::query("delete from sign_in_failures").execute(&mut self.0).await.unwrap();
    }
}
