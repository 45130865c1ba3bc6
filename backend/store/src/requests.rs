//! The request log, read by the admin API.

use crate::{StoreError, StoreResult, TenantTx, billed::first_id, ledger::Outcome};
use causeway_domain::{AccountId, KeyId, RequestId, UserId};
use chrono::{DateTime, Utc};
use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;

/// Which rows to list. All conditions must hold.
#[derive(Clone, Debug, Default)]
pub struct Filter<'a> {
    /// Of this person, as far as the caller may see.
    pub user: Option<UserId>,
    /// Of this person.
    pub member: Option<UserId>,
    /// Of this key.
    pub key: Option<KeyId>,
    /// Through this account.
    pub account: Option<AccountId>,
    /// For models that this pattern matches, with `*` for any run of characters.
    pub model: Option<&'a str>,
    /// From this client; the empty name stands for those that were not recognised.
    pub client: Option<&'a str>,
    /// With this status.
    pub status: Option<u16>,
    /// That ended this way.
    pub outcome: Option<Outcome>,
    /// Begun at this time or later.
    pub from: Option<DateTime<Utc>>,
    /// Begun before this time.
    pub to: Option<DateTime<Utc>>,
    /// Older than this request.
    pub before: Option<RequestId>,
    /// Newer than this request.
    pub after: Option<RequestId>,
}

/// A row of the log, with the names of its key, its member and its account.
#[derive(Clone, Debug, sqlx::FromRow)]
#[allow(missing_docs)] // The columns of `usage`, which the migration explains.
pub struct Request {
    pub request_id: Uuid,
    pub rev: i16,
    pub key_id: Uuid,
    pub key_name: Option<String>,
    pub user_id: Option<Uuid>,
    pub user_name: Option<String>,
    pub account_id: Uuid,
    pub account_name: Option<String>,
    pub dialect: String,
    pub provider: String,
    pub model: String,
    pub stream: bool,
    pub status: i16,
    pub outcome: String,
    pub estimated: bool,
    pub input_tokens: i64,
    pub output_tokens: i64,
    pub cache_read_tokens: i64,
    pub cache_write_5m_tokens: i64,
    pub cache_write_1h_tokens: i64,
    pub reasoning_tokens: i64,
    pub web_searches: i32,
    pub service_tier: String,
    pub cost_nanos: i64,
    pub multiplier: i64,
    pub charged_nanos: i64,
    /// JSON as stored.
    pub price: String,
    pub started_at: DateTime<Utc>,
    pub first_byte_ms: Option<i32>,
    pub duration_ms: i32,
    pub upstream_request_id: Option<String>,
    pub client: String,
    pub client_id: String,
    pub error: Option<String>,
}

const SELECT: &str = "select r.request_id, r.rev, r.key_id, k.name as key_name, r.user_id, u.name as user_name, \
     r.account_id, a.name as account_name, r.dialect, r.provider, r.model, r.stream, r.status, r.outcome, r.estimated, \
     r.input_tokens, r.output_tokens, r.cache_read_tokens, r.cache_write_5m_tokens, r.cache_write_1h_tokens, \
     r.reasoning_tokens, r.web_searches, r.service_tier, r.cost_nanos, r.multiplier, r.charged_nanos, r.price::text as price, \
     r.started_at, r.first_byte_ms, r.duration_ms, r.upstream_request_id, r.client, r.client_id, r.error \
     from usage r left join api_keys k on k.org_id = r.org_id and k.id = r.key_id \
     left join upstream_accounts a on a.org_id = r.org_id and a.id = r.account_id \
     left join users u on u.id = r.user_id where r.org_id = ";

/// The log, newest first.
pub async fn list(tx: &mut TenantTx, filter: &Filter<'_>, limit: i64) -> StoreResult<Vec<Request>> {
    page(tx, filter, "desc", limit).await
}

/// The log, oldest first: for reading all of it, page by page.
pub async fn list_oldest(tx: &mut TenantTx, filter: &Filter<'_>, limit: i64) -> StoreResult<Vec<Request>> {
    page(tx, filter, "asc", limit).await
}

async fn page(
    tx: &mut TenantTx,
    filter: &Filter<'_>,
    order: &'static str,
    limit: i64,
) -> StoreResult<Vec<Request>> {
    let mut query = narrowed(SELECT, tx, filter);
    query.push(" order by r.request_id ").push(order).push(" limit ").push_bind(limit);
    // Planned anew for its values: whether an index of rare values or the beginning of a pattern helps depends on them.
    Ok(query.build_query_as().persistent(false).fetch_all(tx.conn()).await?)
}

/// The conditions of a filter. Each of those that narrow by more than time has an index of its own (migration 8).
fn narrowed(select: &str, tx: &TenantTx, filter: &Filter<'_>) -> QueryBuilder<Postgres> {
    let mut query: QueryBuilder<Postgres> = QueryBuilder::new(select);
    query.push_bind(tx.org().0);
    for user in [filter.user, filter.member].into_iter().flatten() {
        query.push(" and r.user_id = ").push_bind(user.0);
    }
    if let Some(key) = filter.key {
        query.push(" and r.key_id = ").push_bind(key.0);
    }
    if let Some(account) = filter.account {
        query.push(" and r.account_id = ").push_bind(account.0);
    }
    if let Some(model) = filter.model {
        match model.split_once('*') {
            None => query.push(" and r.model = ").push_bind(model.to_owned()),
            Some((start, _)) => {
                // `like` might tell of rows that row-level security hides, as far as Postgres knows, and so may not
                // be looked up in an index. A comparison may.
                if !start.is_empty() {
                    query.push(" and r.model ~>=~ ").push_bind(start.to_owned());
                    query.push(" and r.model ~<~ ").push_bind(format!("{start}{}", char::MAX));
                }
                query.push(" and r.model like ").push_bind(like(model))
            }
        };
    }
    if let Some(client) = filter.client {
        query.push(" and r.client_id = ").push_bind(client.to_owned());
    }
    if let Some(status) = filter.status {
        query.push(" and r.status = ").push_bind(i16::try_from(status).unwrap_or(-1));
    }
    if let Some(outcome) = filter.outcome {
        query.push(" and r.outcome = ").push_bind(outcome.as_str());
    }
    // Times become ids, which sort by time: that is what the index and the partitions are cut by.
    if let Some(from) = filter.from {
        query.push(" and r.request_id >= ").push_bind(first_id(from));
    }
    if let Some(to) = filter.to {
        query.push(" and r.request_id < ").push_bind(first_id(to));
    }
    if let Some(before) = filter.before {
        query.push(" and r.request_id < ").push_bind(before.0);
    }
    if let Some(after) = filter.after {
        query.push(" and r.request_id > ").push_bind(after.0);
    }
    query
}

/// One row; with `user`, only if it is theirs.
pub async fn get(tx: &mut TenantTx, id: RequestId, user: Option<UserId>) -> StoreResult<Request> {
    let mut query: QueryBuilder<Postgres> = QueryBuilder::new(SELECT);
    query.push_bind(tx.org().0).push(" and r.request_id = ").push_bind(id.0);
    if let Some(user) = user {
        query.push(" and r.user_id = ").push_bind(user.0);
    }
    query.build_query_as().fetch_optional(tx.conn()).await?.ok_or(StoreError::NotFound)
}

/// A pattern with stars as SQL's `like` writes it.
pub(crate) fn like(pattern: &str) -> String {
    pattern.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_").replace('*', "%")
}

#[cfg(test)]
mod tests;
