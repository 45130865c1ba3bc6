//! Links that let a person choose a new password. Stored as hashes, good once and for an hour.

use crate::{AppDb, PersonTx, StoreResult};
use causeway_domain::{OrgId, UserId};
use chrono::{DateTime, Utc};

/// Seconds that a link is good for.
pub const LIFE_SECONDS: i32 = 3600;

/// A link that has not been used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// Whose password it changes.
    pub user: UserId,
    /// Who made it; `None` when the person asked for it by e-mail.
    pub made_by: Option<UserId>,
    /// The organisation in whose name it was made.
    pub org: Option<OrgId>,
}

/// Makes a link for the person of the transaction. `hash` is the SHA-256 of its token. Returns when it expires.
pub async fn insert(
    tx: &mut PersonTx,
    hash: &[u8; 32],
    made: Option<(UserId, OrgId)>,
) -> StoreResult<DateTime<Utc>> {
    let user = tx.user().0;
    Ok(sqlx::query_scalar!(
        "insert into reset_links (hash, user_id, made_by, org_id, expires_at)
         values ($1, $2, $3, $4, now() + $5 * interval '1 second') returning expires_at",
        &hash[..],
        user,
        made.map(|(by, _)| by.0),
        made.map(|(_, org)| org.0),
        f64::from(LIFE_SECONDS)
    )
    .fetch_one(tx.conn())
    .await?)
}

/// The link with this hash; `None` when it is unknown, used or expired.
pub async fn find(db: &AppDb, hash: &[u8; 32]) -> StoreResult<Option<Link>> {
    let row = sqlx::query!(
        "select user_id, made_by, org_id from reset_links where hash = $1 and used_at is null and expires_at > now()",
        &hash[..]
    )
    .fetch_optional(&db.0)
    .await?;
    Ok(row.map(|r| Link { user: r.user_id.into(), made_by: r.made_by.map(UserId), org: r.org_id.map(OrgId) }))
}

/// Whose a link was that is used or expired; `None` when there never was one, or it was forgotten since.
pub async fn whose(db: &AppDb, hash: &[u8; 32]) -> StoreResult<Option<UserId>> {
    let user = sqlx::query_scalar!("select user_id from reset_links where hash = $1", &hash[..])
        .fetch_optional(&db.0)
        .await?;
    Ok(user.map(UserId))
}

/// Uses a link up, and with it every other of the person. False when somebody else was faster.
pub async fn use_up(tx: &mut PersonTx, hash: &[u8; 32]) -> StoreResult<bool> {
    let used = sqlx::query!(
        "update reset_links set used_at = now() where hash = $1 and used_at is null and expires_at > now()",
        &hash[..]
    )
    .execute(tx.conn())
    .await?;
    if used.rows_affected() != 1 {
        return Ok(false);
    }
    end_all(tx).await?;
    Ok(true)
}

/// Ends every link of the person: a password that was just chosen is not changed by an older link.
pub async fn end_all(tx: &mut PersonTx) -> StoreResult<()> {
    let user = tx.user().0;
    sqlx::query!("update reset_links set used_at = now() where user_id = $1 and used_at is null", user)
        .execute(tx.conn())
        .await?;
    Ok(())
}
