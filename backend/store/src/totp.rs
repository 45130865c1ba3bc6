//! Second factors: the shared secret of an authenticator app, and codes for when it is lost. What a code must be is
//! decided elsewhere; that each is accepted once, on one of all instances, is decided here.

use crate::{AppDb, PersonTx, StoreResult};
use causeway_domain::UserId;
use chrono::{DateTime, Utc};

/// A person's authenticator.
#[derive(Clone, Debug)]
pub struct Authenticator {
    /// The sealed secret.
    pub sealed: Vec<u8>,
    /// Since when it counts; `None` while it is being set up.
    pub confirmed_at: Option<DateTime<Utc>>,
}

/// The person's authenticator, if there is one.
pub async fn find(db: &AppDb, user: UserId) -> StoreResult<Option<Authenticator>> {
    Ok(sqlx::query_as!(Authenticator, "select sealed, confirmed_at from totp where user_id = $1", user.0)
        .fetch_optional(&db.0)
        .await?)
}

/// Begins to set one up, in place of one that was never confirmed. False when one is in force.
pub async fn enrol(tx: &mut PersonTx, sealed: &[u8]) -> StoreResult<bool> {
    let user = tx.user().0;
    let made = sqlx::query!(
        "insert into totp (user_id, sealed) values ($1, $2)
         on conflict (user_id) do update set sealed = excluded.sealed, last_step = 0, created_at = now()
         where totp.confirmed_at is null",
        user,
        sealed
    )
    .execute(tx.conn())
    .await?;
    Ok(made.rows_affected() == 1)
}

/// Puts it in force with the step of its first code. False when it is in force already.
pub async fn confirm(tx: &mut PersonTx, step: i64) -> StoreResult<bool> {
    let user = tx.user().0;
    let confirmed = sqlx::query!(
        "update totp set confirmed_at = now(), last_step = $2 where user_id = $1 and confirmed_at is null",
        user,
        step
    )
    .execute(tx.conn())
    .await?;
    Ok(confirmed.rows_affected() == 1)
}

/// Uses up the code of a time step. False when it, or a later one, was used before.
pub async fn use_step(db: &AppDb, user: UserId, step: i64) -> StoreResult<bool> {
    let used = sqlx::query!(
        "update totp set last_step = $2 where user_id = $1 and confirmed_at is not null and last_step < $2",
        user.0,
        step
    )
    .execute(&db.0)
    .await?;
    Ok(used.rows_affected() == 1)
}

/// Removes authenticator and recovery codes. False when there was none in force.
pub async fn remove(tx: &mut PersonTx) -> StoreResult<bool> {
    let user = tx.user().0;
    sqlx::query!("delete from recovery_codes where user_id = $1", user).execute(tx.conn()).await?;
    let removed = sqlx::query_scalar!(
        r#"delete from totp where user_id = $1 returning confirmed_at is not null as "confirmed!""#,
        user
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(removed == Some(true))
}

/// Replaces the recovery codes.
pub async fn set_recovery_codes(tx: &mut PersonTx, hashes: &[[u8; 32]]) -> StoreResult<()> {
    let user = tx.user().0;
    let hashes: Vec<Vec<u8>> = hashes.iter().map(|hash| hash.to_vec()).collect();
    sqlx::query!("delete from recovery_codes where user_id = $1", user).execute(tx.conn()).await?;
    sqlx::query!("insert into recovery_codes (user_id, hash) select $1, unnest($2::bytea[])", user, &hashes)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Uses up a recovery code. False when there is none such, or it was used before.
pub async fn use_recovery_code(db: &AppDb, user: UserId, hash: &[u8; 32]) -> StoreResult<bool> {
    let used = sqlx::query!(
        "update recovery_codes set used_at = now() where user_id = $1 and hash = $2 and used_at is null",
        user.0,
        &hash[..]
    )
    .execute(&db.0)
    .await?;
    Ok(used.rows_affected() == 1)
}

/// How many recovery codes are left.
pub async fn recovery_codes_left(db: &AppDb, user: UserId) -> StoreResult<i64> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "left!" from recovery_codes where user_id = $1 and used_at is null"#,
        user.0
    )
    .fetch_one(&db.0)
    .await?)
}
