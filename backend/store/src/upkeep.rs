//! What has to be done from time to time, by whichever instance holds the lease. All of it may be repeated.

use crate::{JobsDb, StoreResult};

/// Makes the usage partitions of this month and the next.
pub async fn make_partitions(db: &JobsDb) -> StoreResult<()> {
    sqlx::query!(
        "select usage_make_partition(current_date) as this,
                usage_make_partition((current_date + interval '1 month')::date) as next"
    )
    .fetch_one(&db.0)
    .await?;
    Ok(())
}

/// Removes sessions that nobody can use any more and failures that no longer delay anybody. Returns how many rows.
pub async fn remove_stale(db: &JobsDb) -> StoreResult<u64> {
    // A refresh token that was used is kept while its session lives: seeing it again ends the session.
    let sessions = sqlx::query!(
        "delete from sessions s
         where s.ended_at < now() - interval '30 days'
            or (s.last_seen_at < now() - interval '30 days'
                and not exists (select from refresh_tokens t where t.session_id = s.id and t.expires_at > now()))"
    )
    .execute(&db.0)
    .await?;
    let failures = sqlx::query!("delete from sign_in_failures where last_at < now() - interval '2 days'")
        .execute(&db.0)
        .await?;
    Ok(sessions.rows_affected() + failures.rows_affected())
}
