//! What has to be done from time to time, by whichever instance holds the lease. All of it may be repeated.

use crate::{
    JobsDb, StoreResult, attempts, checks, cooldowns, failures, invitations, oauth_flows,
    registration::requests, shares,
};
use chrono::{Datelike, Months, NaiveDate, Utc};

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

/// Forgets the rows of whole months, so that this one and the `months` before it are kept; with 0 everything is. Names the
/// partitions that went. Sums, totals and dead letters stay.
pub async fn forget_months(db: &JobsDb, months: u32) -> StoreResult<Vec<String>> {
    let Some(first_kept) = first_kept(Utc::now().date_naive(), months) else { return Ok(Vec::new()) };
    let dropped = sqlx::query_scalar!(r#"select usage_drop_before($1) as "dropped!""#, first_kept)
        .fetch_one(&db.0)
        .await?;
    Ok(dropped)
}

/// The first day that is kept; `None` when nothing is to go.
fn first_kept(today: NaiveDate, months: u32) -> Option<NaiveDate> {
    if months == 0 {
        return None;
    }
    today.with_day(1)?.checked_sub_months(Months::new(months))
}

/// Removes sessions, challenges and links that nobody can use any more, failures that no longer delay anybody, cooldowns long
/// over, what old requests tried, how accounts fared long ago, invitations that nobody accepted, registrations that are over and authorisations that came to nothing. Returns how many rows.
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
    let cooled = cooldowns::forget_old(db).await?
        + attempts::forget_old(db).await?
        + failures::forget_old(db).await?
        + checks::forget_old(db).await?;
    let strangers = invitations::forget_old(db).await?
        + requests::forget_old(db).await?
        + oauth_flows::forget_old(db).await?
        + shares::forget_old(db).await?;
    let sign_ins = sqlx::query!("delete from oidc_attempts where expires_at < now() - interval '1 day'")
        .execute(&db.0)
        .await?
        .rows_affected();
    let challenges =
        sqlx::query!("delete from sign_in_challenges where expires_at < now() - interval '1 day'")
            .execute(&db.0)
            .await?;
    let links = sqlx::query!("delete from reset_links where expires_at < now() - interval '7 days'")
        .execute(&db.0)
        .await?;
    let rows = [&sessions, &failures, &challenges, &links].map(sqlx::postgres::PgQueryResult::rows_affected);
    Ok(rows.iter().sum::<u64>() + cooled + strangers + sign_ins)
}

#[cfg(test)]
mod tests;
