//! Why a request went where it did, or nowhere: written only for requests that did not simply go to the first account.

use crate::{JobsDb, StoreResult, TenantTx};
use causeway_domain::{KeyId, OrgId, RequestId, UserId};
use serde_json::Value;

/// The longest text that is kept of one, in characters.
const LONGEST: usize = 500;

/// A request with the accounts that were tried or passed over.
#[derive(Clone, Debug, PartialEq)]
pub struct Attempts {
    /// Which.
    pub request: RequestId,
    /// Whose.
    pub org: OrgId,
    /// The key it came with.
    pub key: KeyId,
    /// Whose key.
    pub user: Option<UserId>,
    /// Model.
    pub model: String,
    /// Told to the client instead of an answer; 0 when an account answered in the end, or when the client had left before.
    pub status: u16,
    /// Our code, or the row of the failover table that an account's refusal was; `ok` when one answered, and `client_left`.
    pub code: String,
    /// What the client was told in words, at most 500 characters of it; empty where those are an account's.
    pub message: String,
    /// What happened at each account; empty where none was chosen.
    pub steps: Value,
}

/// Writes them down; what is known of a request already stays.
pub async fn save(db: &JobsDb, all: &[Attempts]) -> StoreResult<()> {
    // Postgres has no place for the character NUL.
    let text = |text: &str| text.replace('\0', "").chars().take(LONGEST).collect::<String>();
    let mut tx = db.0.begin().await?;
    for one in all {
        sqlx::query!(
            "insert into request_attempts (request_id, org_id, key_id, user_id, model, status, code, message, steps)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (request_id) do nothing",
            one.request.0,
            one.org.0,
            one.key.0,
            one.user.map(|u| u.0),
            text(&one.model),
            i16::try_from(one.status).unwrap_or(0),
            one.code,
            text(&one.message),
            one.steps
        )
        .execute(&mut *tx)
        .await?;
    }
    Ok(tx.commit().await?)
}

/// Those of one request, if there are any; with `user`, only if it is theirs.
pub async fn get(tx: &mut TenantTx, id: RequestId, user: Option<UserId>) -> StoreResult<Option<Attempts>> {
    let org = tx.org();
    let row = sqlx::query!(
        "select key_id, user_id, model, status, code, message, steps from request_attempts
         where org_id = $1 and request_id = $2 and ($3::uuid is null or user_id = $3)",
        org.0,
        id.0,
        user.map(|u| u.0)
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|r| Attempts {
        request: id,
        org,
        key: KeyId(r.key_id),
        user: r.user_id.map(UserId),
        model: r.model,
        status: u16::try_from(r.status).unwrap_or(0),
        code: r.code,
        message: r.message,
        steps: r.steps,
    }))
}

/// A request that was refused, with the names of its key and its member where they are still there.
#[derive(Clone, Debug, PartialEq)]
pub struct Refused {
    /// Its way.
    pub way: Attempts,
    /// Name of the key.
    pub key_name: Option<String>,
    /// Name of the member.
    pub user_name: Option<String>,
}

/// Requests that were refused, newest first, older than `before`; with `user`, only theirs, and with `key`, only
/// those that came with it.
pub async fn refused(
    tx: &mut TenantTx,
    (user, key): (Option<UserId>, Option<KeyId>),
    before: Option<RequestId>,
    limit: i64,
) -> StoreResult<Vec<Refused>> {
    let org = tx.org();
    let rows = sqlx::query!(
        r#"select r.request_id, r.key_id, r.user_id, r.model, r.status, r.code, r.message, r.steps,
             k.name as "key_name?", u.name as "user_name?"
           from request_attempts r
           left join api_keys k on k.org_id = r.org_id and k.id = r.key_id
           left join users u on u.id = r.user_id
           where r.org_id = $1 and r.status > 0 and ($2::uuid is null or r.user_id = $2)
             and ($3::uuid is null or r.key_id = $3) and ($4::uuid is null or r.request_id < $4)
           order by r.request_id desc limit $5"#,
        org.0,
        user.map(|u| u.0),
        key.map(|k| k.0),
        before.map(|id| id.0),
        limit
    )
    .fetch_all(tx.conn())
    .await?;
    let refused = rows.into_iter().map(|r| Refused {
        way: Attempts {
            request: RequestId(r.request_id),
            org,
            key: KeyId(r.key_id),
            user: r.user_id.map(UserId),
            model: r.model,
            status: u16::try_from(r.status).unwrap_or(0),
            code: r.code,
            message: r.message,
            steps: r.steps,
        },
        key_name: r.key_name,
        user_name: r.user_name,
    });
    Ok(refused.collect())
}

/// Forgets those of requests that began more than 30 days ago.
pub async fn forget_old(db: &JobsDb) -> StoreResult<u64> {
    let gone = sqlx::query!(
        "delete from request_attempts where request_id < usage_first_id((now() - interval '30 days')::date)"
    );
    Ok(gone.execute(&db.0).await?.rows_affected())
}
