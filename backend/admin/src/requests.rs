//! The request log. Members see their own requests, all others everybody's.

use crate::error::ApiError;
use causeway_domain::{Nanos, RequestId, TokenCounts, UserId, price::ServiceTier};
use causeway_openapi::{Outcome, Request};
use causeway_store::requests::Request as Stored;

pub(crate) mod attempts;
pub(crate) mod export;
pub(crate) mod get;
pub(crate) mod list;
pub(crate) mod refused;
mod steps;

/// As the API shows it.
fn view(row: Stored) -> Result<Request, ApiError> {
    let count = |n: i64| u64::try_from(n).unwrap_or(0);
    let outcome = Outcome::ALL.into_iter().find(|o| o.as_str() == row.outcome);
    let outcome = outcome.ok_or_else(|| {
        ApiError::internal(format!("request {} has outcome {:?}", row.request_id, row.outcome))
    })?;
    Ok(Request {
        id: RequestId(row.request_id),
        request_id: RequestId(row.request_id),
        key_id: row.key_id.into(),
        key_name: row.key_name.unwrap_or_default(),
        member_id: row.user_id.map(UserId),
        member_name: row.user_name.unwrap_or_default(),
        account_id: row.account_id.into(),
        account_name: row.account_name.unwrap_or_default(),
        provider: row.provider,
        dialect: row.dialect,
        model: row.model,
        stream: row.stream,
        status: u16::try_from(row.status).unwrap_or(0),
        outcome,
        estimated: row.estimated,
        tokens: TokenCounts {
            input: count(row.input_tokens),
            output: count(row.output_tokens),
            cache_read: count(row.cache_read_tokens),
            cache_write_5m: count(row.cache_write_5m_tokens),
            cache_write_1h: count(row.cache_write_1h_tokens),
            reasoning: count(row.reasoning_tokens),
        },
        service_tier: ServiceTier::reported(Some(&row.service_tier)),
        cost_usd: Nanos(row.charged_nanos),
        provider_cost_usd: Nanos(row.cost_nanos),
        web_searches: u32::try_from(row.web_searches).unwrap_or(0),
        started_at: row.started_at,
        first_byte_ms: row.first_byte_ms.and_then(|ms| u32::try_from(ms).ok()),
        duration_ms: u32::try_from(row.duration_ms).unwrap_or(0),
        upstream_request_id: row.upstream_request_id,
        client: row.client,
        client_id: row.client_id,
        error: row.error,
    })
}
