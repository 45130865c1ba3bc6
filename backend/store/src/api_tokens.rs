//! API tokens of the admin API. The token itself is never here, only its hash, and that is never read back.

use crate::{AppDb, StoreResult, TenantTx};
use causeway_domain::{OrgId, UserId};
use chrono::{DateTime, Utc};
use uuid::Uuid;

/// A token to be written. It belongs to a member of the transaction's organisation.
pub struct NewToken<'a> {
    /// Identifier.
    pub id: Uuid,
    /// Whose.
    pub owner: UserId,
    /// Name as shown.
    pub name: &'a str,
    /// SHA-256 of the token.
    pub hash: [u8; 32],
    /// Its first characters.
    pub prefix: &'a str,
    /// What it may be used for, as the API writes scopes.
    pub scopes: &'a [String],
    /// When it stops working.
    pub expires_at: DateTime<Utc>,
}

/// A token as listed.
#[derive(Clone, Debug)]
pub struct Token {
    /// Identifier, which sorts by time.
    pub id: Uuid,
    /// Whose.
    pub owner_id: Uuid,
    /// The name of that person.
    pub owner_name: String,
    /// Name as shown.
    pub name: String,
    /// Its first characters.
    pub prefix: String,
    /// What it may be used for.
    pub scopes: Vec<String>,
    /// When it stops working.
    pub expires_at: DateTime<Utc>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<DateTime<Utc>>,
    /// From where.
    pub last_address: Option<String>,
    /// When it was taken back.
    pub revoked_at: Option<DateTime<Utc>>,
}

/// A token that was presented and works.
#[derive(Clone, Debug)]
pub struct Found {
    /// Identifier.
    pub id: Uuid,
    /// In which organisation.
    pub org: OrgId,
    /// Whose.
    pub owner: UserId,
    /// Name as shown.
    pub name: String,
    /// What it may be used for.
    pub scopes: Vec<String>,
    /// When it stops working.
    pub expires_at: DateTime<Utc>,
    last_used_at: Option<DateTime<Utc>>,
    last_address: Option<String>,
}

impl Found {
    /// Whether a use from this address is worth writing down: one a minute, or one from somewhere else.
    pub fn is_news(&self, address: &str, now: DateTime<Utc>) -> bool {
        let old = |seconds| self.last_used_at.is_none_or(|at| now - at >= chrono::Duration::seconds(seconds));
        old(60) || self.last_address.as_deref() != Some(address) && old(5)
    }
}

/// The token with this hash, whichever organisation it belongs to; `None` when there is none, or its time is over.
pub async fn find(db: &AppDb, hash: &[u8; 32]) -> StoreResult<Option<Found>> {
    let row = sqlx::query!(
        r#"select id as "id!", org_id as "org!", user_id as "owner!", name as "name!", scopes as "scopes!",
                  expires_at as "expires_at!", last_used_at, last_address from find_api_token($1)"#,
        &hash[..]
    )
    .fetch_optional(&db.0)
    .await?;
    Ok(row.map(|r| Found {
        id: r.id,
        org: OrgId(r.org),
        owner: UserId(r.owner),
        name: r.name,
        scopes: r.scopes,
        expires_at: r.expires_at,
        last_used_at: r.last_used_at,
        last_address: r.last_address,
    }))
}

/// Writes a use down.
pub async fn touch(tx: &mut TenantTx, id: Uuid, address: &str) -> StoreResult<()> {
    sqlx::query!("update api_tokens set last_used_at = now(), last_address = $2 where id = $1", id, address)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Writes a token.
pub async fn insert(tx: &mut TenantTx, new: &NewToken<'_>) -> StoreResult<()> {
    let org = tx.org();
    sqlx::query!(
        "insert into api_tokens (id, org_id, user_id, name, hash, prefix, scopes, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        new.id,
        org.0,
        new.owner.0,
        new.name,
        &new.hash[..],
        new.prefix,
        new.scopes,
        new.expires_at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// How many of a person's tokens work. Holds the person's membership, so that two tokens made at once are counted one
/// after the other.
pub async fn count_live(tx: &mut TenantTx, owner: UserId) -> StoreResult<i64> {
    let org = tx.org();
    sqlx::query_scalar!(
        "select user_id from memberships where org_id = $1 and user_id = $2 for no key update",
        org.0,
        owner.0
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "n!" from api_tokens
           where org_id = $1 and user_id = $2 and revoked_at is null and expires_at > now()"#,
        org.0,
        owner.0
    )
    .fetch_one(tx.conn())
    .await?)
}

/// The organisation's tokens, newest first, older than the token `before`; of one person where `owner` says so.
pub async fn list(
    tx: &mut TenantTx,
    owner: Option<UserId>,
    before: Option<Uuid>,
    limit: i64,
) -> StoreResult<Vec<Token>> {
    let org = tx.org();
    Ok(sqlx::query_as!(
        Token,
        r#"select t.id, t.user_id as owner_id, u.name as owner_name, t.name, t.prefix, t.scopes, t.expires_at,
                  t.created_at, t.last_used_at, t.last_address, t.revoked_at
           from api_tokens t join users u on u.id = t.user_id
           where t.org_id = $1 and ($2::uuid is null or t.user_id = $2) and ($3::uuid is null or t.id < $3)
           order by t.id desc limit $4"#,
        org.0,
        owner.map(|o| o.0),
        before,
        limit
    )
    .fetch_all(tx.conn())
    .await?)
}

/// One of them; [`crate::StoreError::NotFound`] when it is not there or, with an `owner`, somebody else's.
pub async fn get(tx: &mut TenantTx, id: Uuid, owner: Option<UserId>) -> StoreResult<Token> {
    let org = tx.org();
    sqlx::query_as!(
        Token,
        r#"select t.id, t.user_id as owner_id, u.name as owner_name, t.name, t.prefix, t.scopes, t.expires_at,
                  t.created_at, t.last_used_at, t.last_address, t.revoked_at
           from api_tokens t join users u on u.id = t.user_id
           where t.org_id = $1 and t.id = $2 and ($3::uuid is null or t.user_id = $3)"#,
        org.0,
        id,
        owner.map(|o| o.0)
    )
    .fetch_optional(tx.conn())
    .await?
    .ok_or(crate::StoreError::NotFound)
}

/// Takes a token back. False when it had been taken back before.
pub async fn revoke(tx: &mut TenantTx, id: Uuid, by: UserId) -> StoreResult<bool> {
    let org = tx.org();
    let done = sqlx::query!(
        "update api_tokens set revoked_at = now(), revoked_by = $3
         where org_id = $1 and id = $2 and revoked_at is null",
        org.0,
        id,
        by.0
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() > 0)
}
