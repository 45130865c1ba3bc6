//! The step between a right password and a session: a token that says that a code is still to come.

use crate::{AppDb, StoreResult};
use causeway_domain::{OrgId, UserId};

/// Seconds in which the code has to come.
pub const LIFE_SECONDS: i32 = 300;

/// Codes that may be tried with one right password.
const TRIES: i16 = 5;

/// Whom a challenge is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// The person.
    pub user: UserId,
    /// The organisation that they want to enter, if they said.
    pub org: Option<OrgId>,
}

/// Begins one. `hash` is the SHA-256 of its token.
pub async fn begin(db: &AppDb, hash: &[u8; 32], challenge: Challenge) -> StoreResult<()> {
    sqlx::query!(
        "insert into sign_in_challenges (hash, user_id, org_id, expires_at)
         values ($1, $2, $3, now() + $4 * interval '1 second')",
        &hash[..],
        challenge.user.0,
        challenge.org.map(|org| org.0),
        f64::from(LIFE_SECONDS)
    )
    .execute(&db.0)
    .await?;
    Ok(())
}

/// Counts a try; before the code is looked at, so that parallel ones count too. `None` when it is over.
pub async fn attempt(db: &AppDb, hash: &[u8; 32]) -> StoreResult<Option<Challenge>> {
    let row = sqlx::query!(
        "update sign_in_challenges set attempts = attempts + 1
         where hash = $1 and used_at is null and expires_at > now() and attempts < $2 returning user_id, org_id",
        &hash[..],
        TRIES
    )
    .fetch_optional(&db.0)
    .await?;
    Ok(row.map(|r| Challenge { user: r.user_id.into(), org: r.org_id.map(OrgId) }))
}

/// Uses it up. False when somebody else was faster.
pub async fn finish(db: &AppDb, hash: &[u8; 32]) -> StoreResult<bool> {
    let used = sqlx::query!(
        "update sign_in_challenges set used_at = now() where hash = $1 and used_at is null and expires_at > now()",
        &hash[..]
    )
    .execute(&db.0)
    .await?;
    Ok(used.rows_affected() == 1)
}
