//! The first use of a key, from which its days are counted. Written once, however many requests come first at the same
//! moment and at however many instances.

use crate::{JobsDb, StoreResult};
use causeway_domain::KeyId;
use chrono::{DateTime, Utc};

/// Notes that a key is used, and says when that was for the first time; `None` when there is no such key.
pub async fn note(db: &JobsDb, key: KeyId) -> StoreResult<Option<DateTime<Utc>>> {
    sqlx::query!("update api_keys set first_used_at = now() where id = $1 and first_used_at is null", key.0)
        .execute(&db.0)
        .await?;
    // A statement of its own: it sees what another request wrote while this one waited for the row.
    let at = sqlx::query_scalar!("select first_used_at from api_keys where id = $1", key.0)
        .fetch_optional(&db.0)
        .await?;
    Ok(at.flatten())
}
