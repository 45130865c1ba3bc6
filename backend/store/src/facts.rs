//! Facts about this installation that are written once, such as the fingerprint of the sealing key.

use crate::{AppDb, StoreResult};

/// Writes the fact unless it is known, and returns what is known.
pub async fn establish(db: &AppDb, name: &str, value: &str) -> StoreResult<String> {
    sqlx::query!(
        "insert into instance_facts (name, value) values ($1, $2) on conflict (name) do nothing",
        name,
        value
    )
    .execute(&db.0)
    .await?;
    Ok(sqlx::query_scalar!("select value from instance_facts where name = $1", name).fetch_one(&db.0).await?)
}
