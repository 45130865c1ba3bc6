//! Bringing a database up to the schema of this binary.

use crate::{StoreError, StoreResult, roles};
use secrecy::{ExposeSecret, SecretString};
use sqlx::{Connection, PgConnection, migrate::Migrator};

static MIGRATOR: Migrator = sqlx::migrate!("../../migrations");

/// Makes roles, then runs what is missing under an advisory lock, so that instances starting together take turns.
/// Also makes the usage partitions of this month and the next.
pub async fn run(url: &SecretString) -> StoreResult<()> {
    let mut connection = PgConnection::connect(url.expose_secret()).await?;
    let version: i32 = sqlx::query_scalar("select current_setting('server_version_num')::int")
        .fetch_one(&mut connection)
        .await?;
    if version < 150_000 {
        return Err(StoreError::Unfit(format!(
            "Postgres 15 or newer is needed, this is {}",
            version / 10_000
        )));
    }
    roles::ensure(&mut connection).await?;
    MIGRATOR
        .run(&mut connection)
        .await
        .map_err(|e| StoreError::Unfit(format!("migrations did not run: {e}")))?;
    sqlx::query("select usage_make_partition(current_date), usage_make_partition((current_date + interval '1 month')::date)")
        .execute(&mut connection)
        .await?;
    connection.close().await?;
    Ok(())
}

/// What tells one set of migrations from another.
#[cfg(any(test, feature = "testing"))]
pub(crate) fn fingerprint() -> String {
    use sha2::{Digest, Sha256};
    let mut hash = Sha256::new();
    MIGRATOR.iter().for_each(|migration| hash.update(&migration.checksum));
    hex::encode(&hash.finalize()[..8])
}

/// Whether every migration of this binary has run; names the first that has not.
pub async fn check(db: &crate::JobsDb) -> StoreResult<()> {
    let applied: Vec<i64> =
        sqlx::query_scalar("select version from migrations_applied()").fetch_all(&db.0).await?;
    match MIGRATOR.iter().find(|m| !applied.contains(&m.version)) {
        None => Ok(()),
        Some(missing) => Err(StoreError::Unfit(format!(
            "migration {} ({}) has not run; run `causeway migrate`",
            missing.version, missing.description
        ))),
    }
}
