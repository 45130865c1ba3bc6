//! The request log, read by the admin API.

use crate::{StoreError, StoreResult, TenantTx, billed::first_id};
use causeway_domain::{AccountId, KeyId, RequestId, UserId};
use chrono::{DateTime, Utc};
use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;

/// Which rows to list. All conditions must hold.
#[derive(Clone, Debug, Default)]
pub struct Filter<'a> {
    /// Of this person.
    pub user: Option<UserId>,
    /// Of this key.
    pub key: Option<KeyId>,
    /// Through this account.
    pub account: Option<AccountId>,
    /// For models that this pattern matches, with `*` for any run of characters.
    pub model: Option<&'a str>,
    /// With this status.
    pub status: Option<u16>,
    /// That ended this way.
    pub outcome: Option<&'a str>,
    /// Begun at this time or later.
    pub from: Option<DateTime<Utc>>,
    /// Begun before this time.
    pub to: Option<DateTime<Utc>>,
    /// Older than this request.
    pub before: Option<RequestId>,
}

/// A row of the log, with the names of its key and account.
#[derive(Clone, Debug, sqlx::FromRow)]
#[allow(missing_docs)] // The columns of `usage`, which the migration explains.
pub struct Request {
    pub request_id: Uuid,
    pub key_id: Uuid,
    pub key_name: Option<String>,
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
    pub charged_nanos: i64,
    pub started_at: DateTime<Utc>,
    pub first_byte_ms: Option<i32>,
    pub duration_ms: i32,
    pub upstream_request_id: Option<String>,
    pub client: String,
    pub error: Option<String>,
}

const SELECT: &str = "select r.request_id, r.key_id, k.name as key_name, r.account_id, a.name as account_name, \
     r.dialect, r.provider, r.model, r.stream, r.status, r.outcome, r.estimated, r.input_tokens, r.output_tokens, \
     r.cache_read_tokens, r.cache_write_5m_tokens, r.cache_write_1h_tokens, r.reasoning_tokens, r.charged_nanos, \
     r.started_at, r.first_byte_ms, r.duration_ms, r.upstream_request_id, r.client, r.error \
     from usage r left join api_keys k on k.org_id = r.org_id and k.id = r.key_id \
     left join upstream_accounts a on a.org_id = r.org_id and a.id = r.account_id where r.org_id = ";

/// The log, newest first.
pub async fn list(tx: &mut TenantTx, filter: &Filter<'_>, limit: i64) -> StoreResult<Vec<Request>> {
    let mut query: QueryBuilder<Postgres> = QueryBuilder::new(SELECT);
    query.push_bind(tx.org().0);
    if let Some(user) = filter.user {
        query.push(" and r.user_id = ").push_bind(user.0);
    }
    if let Some(key) = filter.key {
        query.push(" and r.key_id = ").push_bind(key.0);
    }
    if let Some(account) = filter.account {
        query.push(" and r.account_id = ").push_bind(account.0);
    }
    if let Some(model) = filter.model {
        query.push(" and r.model like ").push_bind(like(model));
    }
    if let Some(status) = filter.status {
        query.push(" and r.status = ").push_bind(i32::from(status));
    }
    if let Some(outcome) = filter.outcome {
        query.push(" and r.outcome = ").push_bind(outcome.to_owned());
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
    query.push(" order by r.request_id desc limit ").push_bind(limit);
    Ok(query.build_query_as().fetch_all(tx.conn()).await?)
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
fn like(pattern: &str) -> String {
    pattern.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_").replace('*', "%")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_becomes_the_smallest_id_of_its_millisecond() {
        let at = DateTime::from_timestamp_millis(0x019a_0000_0000).unwrap();
        let id = first_id(at);
        assert_eq!(id.to_string(), "019a0000-0000-0000-0000-000000000000");
        assert_eq!(RequestId(id).started_ms(), at.timestamp_millis());
    }

    #[test]
    fn only_stars_are_wild() {
        assert_eq!(like("claude_5%*"), "claude\\_5\\%%");
    }
}
