//! Failed sign-ins make the next attempt wait: twice as long each time, up to a bound, and never for good.
//!
//! An attempt is counted before the password is looked at and forgiven after it was right, so that a hundred parallel
//! guesses count as a hundred. An attempt that comes too early is not counted and does not prolong the wait.

use crate::{AppDb, StoreResult};

/// How fast the wait of a subject grows.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Attempts without a wait.
    pub free: i32,
    /// Longest wait in seconds.
    pub longest: i32,
}

/// Counts an attempt of `subject`. `Err` is the seconds that it has to wait before it may try.
pub async fn attempt(db: &AppDb, subject: &str, pace: Pace) -> StoreResult<Result<(), u64>> {
    // After a day of peace everything is forgotten.
    let counted = sqlx::query!(
        "insert into sign_in_failures as f (subject, failures, last_at) values ($1, 1, now())
         on conflict (subject) do update set
           failures = case when f.last_at < now() - interval '1 day' then 1 else least(f.failures + 1, 1000000) end,
           last_at = now()
         where f.failures < $2
            or f.last_at + least($3, 2 ^ least(f.failures - $2, 20)) * interval '1 second' <= now()",
        subject,
        pace.free,
        f64::from(pace.longest)
    )
    .execute(&db.0)
    .await?;
    if counted.rows_affected() > 0 {
        return Ok(Ok(()));
    }
    Ok(Err(wait(db, subject, pace).await?.unwrap_or(1)))
}

/// The seconds that `subject` has to wait before its next attempt, if it has to.
pub async fn wait(db: &AppDb, subject: &str, pace: Pace) -> StoreResult<Option<u64>> {
    let wait = sqlx::query_scalar!(
        r#"select ceil(extract(epoch from
             f.last_at + least($3, 2 ^ least(f.failures - $2, 20)) * interval '1 second' - now()))::int as "wait!"
           from sign_in_failures f where subject = $1 and f.failures >= $2"#,
        subject,
        pace.free,
        f64::from(pace.longest)
    )
    .fetch_optional(&db.0)
    .await?;
    Ok(wait.and_then(|seconds| u64::try_from(seconds).ok()).filter(|seconds| *seconds > 0))
}

/// Forgets every attempt of `subject`.
pub async fn forget(db: &AppDb, subject: &str) -> StoreResult<()> {
    sqlx::query!("delete from sign_in_failures where subject = $1", subject).execute(&db.0).await?;
    Ok(())
}

/// Takes one attempt back. Forgetting all of an address would let anybody with an account of their own guess on.
pub async fn forgive(db: &AppDb, subject: &str) -> StoreResult<()> {
    sqlx::query!(
        "update sign_in_failures set failures = greatest(failures - 1, 0) where subject = $1",
        subject
    )
    .execute(&db.0)
    .await?;
    Ok(())
}
