//! Signed-in browsers and their refresh tokens.
//!
//! A token is used once: using it makes its successor, which follows from it. One that is used again was copied, and ends
//! the session for both holders. Except within [`GRACE_SECONDS`]: two tabs that wake up together send the same cookie, and
//! both get the same successor, so that the family never forks.

use crate::{AppDb, PersonTx, StoreResult};
use causeway_domain::{OrgId, UserId};
use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// How long after its use a refresh token is taken for the other tab's and not for a thief's.
pub const GRACE_SECONDS: i32 = 20;

/// Days without use after which a session is over.
pub const IDLE_DAYS: i32 = 30;

/// Hours after which somebody who came by an issuer has to come by it again: only there is it known whether they still
/// may, and in which groups they are.
pub const ISSUER_HOURS: i32 = 12;

/// A session to be begun.
pub struct NewSession<'a> {
    /// Identifier.
    pub id: Uuid,
    /// Whose.
    pub user: UserId,
    /// The organisation entered.
    pub org: OrgId,
    /// The browser, as it calls itself.
    pub user_agent: &'a str,
    /// Network address.
    pub address: &'a str,
    /// SHA-256 of its first refresh token.
    pub token_hash: [u8; 32],
}

/// What presenting a refresh token led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rotation {
    /// The successor is in force.
    Renewed {
        /// The session.
        session: Uuid,
        /// Whose.
        user: UserId,
        /// The organisation it is in, unless that is gone.
        org: Option<OrgId>,
        /// The token to be sent from now on.
        token: String,
    },
    /// The token had been used long before. The session was ended.
    Reused {
        /// The session.
        session: Uuid,
        /// Whose.
        user: UserId,
    },
    /// No such token, or its time or its session is over.
    Refused,
}

/// A session as its owner sees it.
#[derive(Clone, Debug)]
pub struct SessionRow {
    /// Identifier.
    pub id: Uuid,
    /// The browser, as it calls itself.
    pub user_agent: String,
    /// Network address that it was last renewed from.
    pub address: String,
    /// When it was begun.
    pub created_at: DateTime<Utc>,
    /// When it was last renewed.
    pub last_seen_at: DateTime<Utc>,
}

/// How a refresh token is stored.
pub fn hash_of(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// Begins a session.
pub async fn begin(db: &AppDb, session: &NewSession<'_>) -> StoreResult<()> {
    let mut tx = db.0.begin().await?;
    sqlx::query!(
        "insert into sessions (id, user_id, org_id, user_agent, address) values ($1, $2, $3, $4, $5)",
        session.id,
        session.user.0,
        session.org.0,
        session.user_agent,
        session.address
    )
    .execute(&mut *tx)
    .await?;
    insert_token(&mut tx, session.id, &session.token_hash).await?;
    tx.commit().await?;
    Ok(())
}

/// The session that a refresh token belongs to, with its owner and organisation, while it goes on. Uses nothing up.
pub async fn of_token(db: &AppDb, token: &str) -> StoreResult<Option<(Uuid, UserId, Option<OrgId>)>> {
    let found = sqlx::query!(
        "select s.id, s.user_id, s.org_id from refresh_tokens t join sessions s on s.id = t.session_id
         where t.hash = $1 and t.expires_at > now() and s.ended_at is null",
        &hash_of(token)[..]
    )
    .fetch_optional(&db.0)
    .await?;
    Ok(found.map(|s| (s.id, UserId(s.user_id), s.org_id.map(OrgId))))
}

/// Exchanges a refresh token for its successor, which `successor` makes of it. `address` is where it is sent from.
pub async fn rotate(
    db: &AppDb,
    presented: &str,
    address: &str,
    successor: impl Fn(&str) -> String + Send,
) -> StoreResult<Rotation> {
    let mut tx = db.0.begin().await?;
    let mut token = presented.to_owned();
    loop {
        let hash = hash_of(&token);
        // The lock makes two uses of one token take turns, so that the second sees the first.
        let found = sqlx::query!(
            r#"select t.session_id, s.user_id, s.org_id, t.used_at is not null as "used!",
                      t.used_at < now() - $2 * interval '1 second' as "reused: bool"
               from refresh_tokens t join sessions s on s.id = t.session_id join users u on u.id = s.user_id
               where t.hash = $1 and t.expires_at > now() and s.ended_at is null and u.disabled_at is null
                 and (s.only_org is null or s.created_at > now() - make_interval(hours => $3))
               for update of t"#,
            &hash[..],
            f64::from(GRACE_SECONDS),
            ISSUER_HOURS,
        )
        .fetch_optional(&mut *tx)
        .await?;
        let Some(found) = found else { return Ok(Rotation::Refused) };
        let (session, user) = (found.session_id, UserId(found.user_id));
        if found.reused == Some(true) {
            end_in(&mut tx, session, "refresh token used twice").await?;
            tx.commit().await?;
            return Ok(Rotation::Reused { session, user });
        }
        if found.used {
            // Somebody was faster: what they got is the answer, or what came of that since.
            token = successor(&token);
            continue;
        }
        if token == presented {
            sqlx::query!("update refresh_tokens set used_at = now() where hash = $1", &hash[..])
                .execute(&mut *tx)
                .await?;
            token = successor(&token);
            insert_token(&mut tx, session, &hash_of(&token)).await?;
        }
        sqlx::query!(
            "update sessions set last_seen_at = now(), address = coalesce(nullif($2, ''), address) where id = $1",
            session,
            address
        )
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        return Ok(Rotation::Renewed { session, user, org: found.org_id.map(OrgId), token });
    }
}

/// Whether a session was begun this short a time ago: whoever has it has just signed in.
pub async fn is_fresh(db: &AppDb, session: Uuid, minutes: i32) -> StoreResult<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from sessions where id = $1 and ended_at is null
             and created_at > now() - make_interval(mins => $2)) as "fresh!""#,
        session,
        minutes
    )
    .fetch_one(&db.0)
    .await?)
}

/// The sessions of a person that can still be renewed, the last used first.
pub async fn list(db: &AppDb, user: UserId) -> StoreResult<Vec<SessionRow>> {
    Ok(sqlx::query_as!(
        SessionRow,
        "select id, user_agent, address, created_at, last_seen_at from sessions s
         where user_id = $1 and ended_at is null
           and exists (select from refresh_tokens t where t.session_id = s.id and t.expires_at > now())
         order by last_seen_at desc, id limit 200",
        user.0
    )
    .fetch_all(&db.0)
    .await?)
}

/// Ends one session of the person. False when there is no such session, or it is over.
pub async fn end(tx: &mut PersonTx, session: Uuid, reason: &str) -> StoreResult<bool> {
    let user = tx.user().0;
    let ended = sqlx::query!(
        "update sessions set ended_at = now(), end_reason = $3 where id = $1 and user_id = $2 and ended_at is null",
        session,
        user,
        reason
    )
    .execute(tx.conn())
    .await?;
    Ok(ended.rows_affected() == 1)
}

/// Ends the person's sessions except `keep`. Returns how many.
pub async fn end_all(tx: &mut PersonTx, keep: Option<Uuid>, reason: &str) -> StoreResult<u64> {
    let user = tx.user().0;
    let ended = sqlx::query!(
        "update sessions set ended_at = now(), end_reason = $3
         where user_id = $1 and ended_at is null and id is distinct from $2",
        user,
        keep,
        reason
    )
    .execute(tx.conn())
    .await?;
    Ok(ended.rows_affected())
}

/// Notes the organisation that a session is in now, which the next sign-in begins with.
pub async fn enter(db: &AppDb, session: Uuid, org: OrgId) -> StoreResult<()> {
    sqlx::query!("update sessions set org_id = $2 where id = $1", session, org.0).execute(&db.0).await?;
    Ok(())
}

/// Ends the session that a refresh token belongs to. Returns it with its owner and organisation, unless it was over.
pub async fn end_by_token(
    db: &AppDb,
    token_hash: &[u8; 32],
) -> StoreResult<Option<(Uuid, UserId, Option<OrgId>)>> {
    let ended = sqlx::query!(
        "update sessions set ended_at = now(), end_reason = 'signed out'
         where id = (select session_id from refresh_tokens where hash = $1) and ended_at is null
         returning id, user_id, org_id",
        &token_hash[..]
    )
    .fetch_optional(&db.0)
    .await?;
    Ok(ended.map(|s| (s.id, s.user_id.into(), s.org_id.map(OrgId))))
}

/// The organisation of the person's latest session.
pub async fn last_organisation(db: &AppDb, user: UserId) -> StoreResult<Option<OrgId>> {
    let last = sqlx::query_scalar!(
        r#"select org_id as "org_id!" from sessions where user_id = $1 and org_id is not null
           order by last_seen_at desc limit 1"#,
        user.0
    )
    .fetch_optional(&db.0)
    .await?;
    Ok(last.map(OrgId))
}

async fn insert_token(
    connection: &mut sqlx::PgConnection,
    session: Uuid,
    hash: &[u8; 32],
) -> StoreResult<()> {
    sqlx::query!(
        "insert into refresh_tokens (hash, session_id, expires_at) values ($1, $2, now() + make_interval(days => $3))",
        &hash[..],
        session,
        IDLE_DAYS
    )
    .execute(connection)
    .await?;
    Ok(())
}

async fn end_in(connection: &mut sqlx::PgConnection, session: Uuid, reason: &str) -> StoreResult<()> {
    sqlx::query!(
        "update sessions set ended_at = now(), end_reason = $2 where id = $1 and ended_at is null",
        session,
        reason
    )
    .execute(connection)
    .await?;
    Ok(())
}
