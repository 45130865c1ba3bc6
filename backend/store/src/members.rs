//! Members of an organisation as the admin API sees them. Who may enter is asked in [`crate::memberships`].

use crate::{StoreError, StoreResult, TenantTx};
use causeway_domain::{Limits, Nanos, Role, UserId};
use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::QueryBuilder;
use std::collections::HashMap;
use uuid::Uuid;

/// A member.
#[derive(Clone, Debug)]
pub struct Member {
    /// The person.
    pub id: UserId,
    /// E-mail address.
    pub email: String,
    /// Name as shown.
    pub name: String,
    /// Role in the organisation.
    pub role: Role,
    /// Limits over all of their keys.
    pub limits: Limits,
    /// Keys they have, deleted ones left out.
    pub keys: i64,
    /// Since when.
    pub joined_at: DateTime<Utc>,
}

#[derive(sqlx::FromRow)]
struct Row {
    user_id: Uuid,
    email: String,
    name: String,
    role: String,
    limits: Value,
    keys: i64,
    created_at: DateTime<Utc>,
}

impl TryFrom<Row> for Member {
    type Error = StoreError;

    fn try_from(r: Row) -> StoreResult<Self> {
        Ok(Self {
            id: r.user_id.into(),
            email: r.email,
            name: r.name,
            role: r.role.parse().map_err(|e| StoreError::corrupt("role", e))?,
            limits: serde_json::from_value(r.limits)
                .map_err(|e| StoreError::corrupt("limits of a member", e))?,
            keys: r.keys,
            joined_at: r.created_at,
        })
    }
}

const SELECT: &str = "select m.user_id, u.email, u.name, m.role, m.limits, m.created_at, \
     (select count(*) from api_keys k where k.org_id = m.org_id and k.owner_id = m.user_id and k.deleted_at is null) \
     as keys from memberships m join users u on u.id = m.user_id where m.org_id = ";

/// Who can give rights: owners first, then by name; at most 50.
pub async fn administrators(tx: &mut TenantTx) -> StoreResult<Vec<(String, Role)>> {
    let rows = sqlx::query!(
        "select u.name, m.role from memberships m join users u on u.id = m.user_id
         where m.org_id = $1 and m.role in ('admin', 'owner') and u.disabled_at is null
         order by m.role desc, lower(u.name), u.id limit 50",
        tx.org().0
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|r| Ok((r.name, r.role.parse().map_err(|e| StoreError::corrupt("role", e))?)))
        .collect()
}

/// The members, newest person first, older than the person `before`; with `only`, that one.
pub async fn list(
    tx: &mut TenantTx,
    only: Option<UserId>,
    before: Option<UserId>,
    limit: i64,
) -> StoreResult<Vec<Member>> {
    let mut query = QueryBuilder::new(SELECT);
    query.push_bind(tx.org().0);
    if let Some(only) = only {
        query.push(" and m.user_id = ").push_bind(only.0);
    }
    if let Some(before) = before {
        query.push(" and m.user_id < ").push_bind(before.0);
    }
    query.push(" order by m.user_id desc limit ").push_bind(limit);
    let rows: Vec<Row> = query.build_query_as().fetch_all(tx.conn()).await?;
    rows.into_iter().map(Member::try_from).collect()
}

/// One member; with `only`, no other than that one. With `lock`, nobody else changes the membership meanwhile.
pub async fn get(tx: &mut TenantTx, id: UserId, only: Option<UserId>, lock: bool) -> StoreResult<Member> {
    if only.is_some_and(|only| only != id) {
        return Err(StoreError::NotFound);
    }
    let mut query = QueryBuilder::new(SELECT);
    query.push_bind(tx.org().0).push(" and m.user_id = ").push_bind(id.0);
    if lock {
        query.push(" for update of m");
    }
    let row: Row = query.build_query_as().fetch_one(tx.conn()).await?;
    row.try_into()
}

/// Whether somebody with this e-mail address, in any case, is a member.
pub async fn has_email(tx: &mut TenantTx, email: &str) -> StoreResult<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from memberships m join users u on u.id = m.user_id
           where m.org_id = $1 and lower(u.email) = lower($2)) as "has!""#,
        tx.org().0,
        email
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Writes the limits of a member.
pub async fn set_limits(tx: &mut TenantTx, id: UserId, limits: &Limits) -> StoreResult<()> {
    let limits = serde_json::to_value(limits).map_err(|e| StoreError::corrupt("limits", e))?;
    sqlx::query!(
        "update memberships set limits = $3 where org_id = $1 and user_id = $2",
        tx.org().0,
        id.0,
        limits
    )
    .execute(tx.conn())
    .await?;
    tx.bump_policy().await
}

/// What a member has used, as far as it is settled.
#[derive(Clone, Copy, Debug, Default)]
pub struct UsedToday {
    /// Requests.
    pub requests: i64,
    /// Tokens.
    pub tokens: i64,
    /// Charged.
    pub charged: Nanos,
}

/// What each of these members has used since `today`, when the organisation's day began.
pub async fn used(
    tx: &mut TenantTx,
    members: &[UserId],
    today: DateTime<Utc>,
) -> StoreResult<HashMap<UserId, UsedToday>> {
    let ids: Vec<Uuid> = members.iter().map(|m| m.0).collect();
    let rows = sqlx::query!(
        r#"select user_id, sum(requests)::bigint as "requests!", sum(charged_nanos)::bigint as "charged!",
             sum(input_tokens + output_tokens + cache_read_tokens + cache_write_5m_tokens
                 + cache_write_1h_tokens)::bigint as "tokens!"
           from usage_rollups where org_id = $1 and bucket >= $2 and user_id = any($3) group by user_id"#,
        tx.org().0,
        today,
        &ids
    )
    .fetch_all(tx.conn())
    .await?;
    let used = rows.into_iter().map(|r| {
        let used = UsedToday { requests: r.requests, tokens: r.tokens, charged: Nanos(r.charged) };
        (UserId(r.user_id), used)
    });
    Ok(used.collect())
}
