//! API keys as the admin API sees them: everything but the secret, of which only the hash is ever stored.

use crate::{StoreError, StoreResult, TenantTx};
use causeway_domain::{AccountId, KeyId, Limits, Multiplier, Nanos, UserId, model::ModelPolicy};
use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::QueryBuilder;
use std::collections::HashMap;
use uuid::Uuid;

/// An API key.
#[derive(Clone, Debug)]
pub struct Key {
    /// Identifier.
    pub id: KeyId,
    /// Whose it is, with their name; `None` when they are gone.
    pub owner: Option<(UserId, String)>,
    /// Whether they are a member still.
    pub owner_belongs: bool,
    /// Name as shown.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// The first characters of the secret.
    pub prefix: String,
    /// Limits.
    pub limits: Limits,
    /// What it is charged for a dollar of cost.
    pub multiplier: Multiplier,
    /// The models it may use.
    pub models: ModelPolicy,
    /// The account it is bound to.
    pub account_id: Option<AccountId>,
    /// Whether it is switched on.
    pub enabled: bool,
    /// When it stops working.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was issued.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    owner_id: Option<Uuid>,
    owner_name: Option<String>,
    owner_belongs: bool,
    name: String,
    description: String,
    prefix: String,
    limits: Value,
    multiplier: i32,
    models_allow: Vec<String>,
    models_deny: Vec<String>,
    account_id: Option<Uuid>,
    enabled: bool,
    expires_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl TryFrom<Row> for Key {
    type Error = StoreError;

    fn try_from(r: Row) -> StoreResult<Self> {
        Ok(Self {
            id: r.id.into(),
            owner: r.owner_id.zip(r.owner_name).map(|(id, name)| (id.into(), name)),
            owner_belongs: r.owner_belongs,
            name: r.name,
            description: r.description,
            prefix: r.prefix,
            limits: serde_json::from_value(r.limits).map_err(|e| StoreError::corrupt("limits", e))?,
            multiplier: Multiplier::from_ten_thousandths(r.multiplier)
                .map_err(|e| StoreError::corrupt("multiplier", e))?,
            models: ModelPolicy { allow: r.models_allow, deny: r.models_deny },
            account_id: r.account_id.map(AccountId),
            enabled: r.enabled,
            expires_at: r.expires_at,
            created_at: r.created_at,
            updated_at: r.updated_at,
        })
    }
}

const SELECT: &str = "select k.id, k.owner_id, u.name as owner_name, \
     exists (select from memberships m where m.org_id = k.org_id and m.user_id = k.owner_id) as owner_belongs, k.name, k.description, k.prefix, k.limits, \
     k.multiplier, k.models_allow, k.models_deny, k.account_id, k.enabled, k.expires_at, k.created_at, k.updated_at \
     from api_keys k left join users u on u.id = k.owner_id where k.deleted_at is null and k.org_id = ";

/// The keys of the organisation, newest first, older than the key `before`; with `owner`, only theirs.
pub async fn list(
    tx: &mut TenantTx,
    owner: Option<UserId>,
    before: Option<KeyId>,
    limit: i64,
) -> StoreResult<Vec<Key>> {
    let mut query = QueryBuilder::new(SELECT);
    query.push_bind(tx.org().0);
    if let Some(owner) = owner {
        query.push(" and k.owner_id = ").push_bind(owner.0);
    }
    if let Some(before) = before {
        query.push(" and k.id < ").push_bind(before.0);
    }
    query.push(" order by k.id desc limit ").push_bind(limit);
    let rows: Vec<Row> = query.build_query_as().fetch_all(tx.conn()).await?;
    rows.into_iter().map(Key::try_from).collect()
}

/// One key; with `owner`, only if it is theirs. With `lock`, nobody else changes it meanwhile.
pub async fn get(tx: &mut TenantTx, id: KeyId, owner: Option<UserId>, lock: bool) -> StoreResult<Key> {
    let mut query = QueryBuilder::new(SELECT);
    query.push_bind(tx.org().0).push(" and k.id = ").push_bind(id.0);
    if let Some(owner) = owner {
        query.push(" and k.owner_id = ").push_bind(owner.0);
    }
    if lock {
        query.push(" for update of k");
    }
    let row: Row = query.build_query_as().fetch_one(tx.conn()).await?;
    row.try_into()
}

/// A key to be issued.
pub struct NewKey<'a> {
    /// Identifier.
    pub id: KeyId,
    /// Whose it is; also who issues it.
    pub owner: UserId,
    /// Name as shown.
    pub name: &'a str,
    /// What it is for.
    pub description: &'a str,
    /// SHA-256 of the secret.
    pub hash: [u8; 32],
    /// The first characters of the secret.
    pub prefix: &'a str,
    /// Limits.
    pub limits: &'a Limits,
    /// What it is charged for a dollar of cost.
    pub multiplier: Multiplier,
    /// The models it may use.
    pub models: &'a ModelPolicy,
    /// The account it is bound to.
    pub account_id: Option<AccountId>,
    /// Whether it is switched on.
    pub enabled: bool,
    /// When it stops working.
    pub expires_at: Option<DateTime<Utc>>,
}

/// Issues a key.
pub async fn insert(tx: &mut TenantTx, key: &NewKey<'_>) -> StoreResult<()> {
    let limits = serde_json::to_value(key.limits).map_err(|e| StoreError::corrupt("limits", e))?;
    sqlx::query!(
        "insert into api_keys (id, org_id, owner_id, created_by, name, description, hash, prefix, limits, models_allow,
           models_deny, account_id, enabled, expires_at, multiplier)
         values ($1, $2, $3, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        key.id.0,
        tx.org().0,
        key.owner.0,
        key.name,
        key.description,
        &key.hash[..],
        key.prefix,
        limits,
        &key.models.allow,
        &key.models.deny,
        key.account_id.map(|a| a.0),
        key.enabled,
        key.expires_at,
        key.multiplier.ten_thousandths()
    )
    .execute(tx.conn())
    .await?;
    tx.bump_policy().await
}

/// Writes everything of a key that a person may change.
pub async fn update(tx: &mut TenantTx, key: &Key) -> StoreResult<()> {
    let limits = serde_json::to_value(&key.limits).map_err(|e| StoreError::corrupt("limits", e))?;
    sqlx::query!(
        "update api_keys set name = $3, description = $4, limits = $5, models_allow = $6, models_deny = $7,
           account_id = $8, enabled = $9, expires_at = $10, multiplier = $11, updated_at = now()
         where org_id = $1 and id = $2",
        tx.org().0,
        key.id.0,
        key.name,
        key.description,
        limits,
        &key.models.allow,
        &key.models.deny,
        key.account_id.map(|a| a.0),
        key.enabled,
        key.expires_at,
        key.multiplier.ten_thousandths()
    )
    .execute(tx.conn())
    .await?;
    tx.bump_policy().await
}

/// Deletes a key. The row stays, because usage names it; it can never work again.
pub async fn delete(tx: &mut TenantTx, id: KeyId) -> StoreResult<()> {
    sqlx::query!(
        "update api_keys set deleted_at = now(), enabled = false where org_id = $1 and id = $2 and deleted_at is null",
        tx.org().0,
        id.0
    )
    .execute(tx.conn())
    .await?;
    tx.bump_policy().await
}

/// What a key has used, as far as it is settled.
#[derive(Clone, Debug, Default)]
pub struct Used {
    /// Requests since `today` began.
    pub requests_today: i64,
    /// Tokens since `today` began.
    pub tokens_today: i64,
    /// Charged since `today` began.
    pub charged_today: Nanos,
    /// Tokens over its whole life.
    pub tokens_total: i64,
    /// Charged over its whole life.
    pub charged_total: Nanos,
    /// When its last request began.
    pub last_used_at: Option<DateTime<Utc>>,
}

/// What each of these keys has used. `today` is when the organisation's day began.
pub async fn used(
    tx: &mut TenantTx,
    keys: &[KeyId],
    today: DateTime<Utc>,
) -> StoreResult<HashMap<KeyId, Used>> {
    let ids: Vec<Uuid> = keys.iter().map(|k| k.0).collect();
    let rows = sqlx::query!(
        r#"select k.id as "id!", d.requests, d.tokens, d.charged, t.nanos as "total_nanos?", t.tokens as "total_tokens?",
                  l.started_at as "last_used_at?"
           from unnest($2::uuid[]) as k (id)
           cross join lateral (
             select coalesce(sum(r.requests), 0)::bigint as requests, coalesce(sum(r.charged_nanos), 0)::bigint as charged,
                    coalesce(sum(r.input_tokens + r.output_tokens + r.cache_read_tokens + r.cache_write_5m_tokens
                      + r.cache_write_1h_tokens), 0)::bigint as tokens
             from usage_rollups r where r.org_id = $1 and r.key_id = k.id and r.bucket >= $3) d
           left join budget_totals t on t.org_id = $1 and t.scope = 'key' and t.scope_id = k.id
           left join lateral (
             select g.started_at from usage g where g.org_id = $1 and g.key_id = k.id order by g.request_id desc limit 1
           ) l on true"#,
        tx.org().0,
        &ids,
        today
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| {
            let used = Used {
                requests_today: r.requests.unwrap_or(0),
                tokens_today: r.tokens.unwrap_or(0),
                charged_today: Nanos(r.charged.unwrap_or(0)),
                tokens_total: r.total_tokens.unwrap_or(0),
                charged_total: Nanos(r.total_nanos.unwrap_or(0)),
                last_used_at: r.last_used_at,
            };
            (KeyId(r.id), used)
        })
        .collect())
}
