//! Facts about this installation, such as the fingerprint of the sealing key.

use crate::{StoreResult, db::View};

/// Writes the fact unless it is known, and returns what is known.
pub async fn establish(db: &impl View, name: &str, value: &str) -> StoreResult<String> {
    sqlx::query!(
        "insert into instance_facts (name, value) values ($1, $2) on conflict (name) do nothing",
        name,
        value
    )
    .execute(db.pool())
    .await?;
    Ok(sqlx::query_scalar!("select value from instance_facts where name = $1", name)
        .fetch_one(db.pool())
        .await?)
}

/// What is known, if anything is.
pub async fn get(db: &impl View, name: &str) -> StoreResult<Option<String>> {
    Ok(sqlx::query_scalar!("select value from instance_facts where name = $1", name)
        .fetch_optional(db.pool())
        .await?)
}

/// Writes the fact, whatever was known.
pub async fn set(db: &impl View, name: &str, value: &str) -> StoreResult<()> {
    sqlx::query!(
        "insert into instance_facts (name, value) values ($1, $2) on conflict (name) do update set value = excluded.value",
        name,
        value
    )
    .execute(db.pool())
    .await?;
    Ok(())
}

/// Writes the fact where it still is what it was. False when it is not.
pub async fn replace(db: &impl View, name: &str, was: &str, value: &str) -> StoreResult<bool> {
    let done =
        sqlx::query!("update instance_facts set value = $3 where name = $1 and value = $2", name, was, value)
            .execute(db.pool())
            .await?;
    Ok(done.rows_affected() == 1)
}
