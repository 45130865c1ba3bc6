//! What the holder of a key may see of its own use: sums of its days, and its last requests. For the relay, which has
//! been shown the key itself.

use crate::{JobsDb, StoreResult};
use causeway_domain::{KeyId, Nanos, OrgId};
use chrono::{DateTime, Utc};

/// Sums of one day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Day {
    /// Requests.
    pub requests: i64,
    /// Tokens (all buckets).
    pub tokens: i64,
    /// Charged.
    pub charged: Nanos,
}

/// One request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// Model.
    pub model: String,
    /// Status told to the client; 0 = it left before.
    pub status: i16,
    /// How it ended.
    pub outcome: String,
    /// Tokens (all buckets).
    pub tokens: i64,
    /// Charged.
    pub charged: Nanos,
}

/// Sums for each span between neighbouring `edges`, which must ascend and lie on quarters of an hour.
pub async fn days(db: &JobsDb, org: OrgId, key: KeyId, edges: &[DateTime<Utc>]) -> StoreResult<Vec<Day>> {
    let (Some(first), Some(last)) = (edges.first(), edges.last()) else { return Ok(Vec::new()) };
    let rows = sqlx::query!(
        r#"select width_bucket(bucket, $3::timestamptz[]) as "span!", sum(requests)::bigint as "requests!",
             sum(input_tokens + output_tokens + cache_read_tokens + cache_write_5m_tokens
                 + cache_write_1h_tokens)::bigint as "tokens!", sum(charged_nanos)::bigint as "charged!"
           from usage_rollups where org_id = $1 and key_id = $2 and bucket >= $4 and bucket < $5 group by 1"#,
        org.0,
        key.0,
        edges,
        first,
        last
    )
    .fetch_all(&db.0)
    .await?;
    let mut days = vec![Day::default(); edges.len() - 1];
    for row in rows {
        // Spans are counted from 1.
        if let Some(day) = usize::try_from(row.span - 1).ok().and_then(|i| days.get_mut(i)) {
            *day = Day { requests: row.requests, tokens: row.tokens, charged: Nanos(row.charged) };
        }
    }
    Ok(days)
}

/// The newest requests, at most this many.
pub async fn requests(db: &JobsDb, org: OrgId, key: KeyId, limit: i64) -> StoreResult<Vec<Request>> {
    let rows = sqlx::query!(
        r#"select started_at, model, status, outcome, charged_nanos,
             input_tokens + output_tokens + cache_read_tokens + cache_write_5m_tokens
               + cache_write_1h_tokens as "tokens!"
           from usage where org_id = $1 and key_id = $2 order by request_id desc limit $3"#,
        org.0,
        key.0,
        limit
    )
    .fetch_all(&db.0)
    .await?;
    let requests = rows.into_iter().map(|r| Request {
        started_at: r.started_at,
        model: r.model,
        status: r.status,
        outcome: r.outcome,
        tokens: r.tokens,
        charged: Nanos(r.charged_nanos),
    });
    Ok(requests.collect())
}
