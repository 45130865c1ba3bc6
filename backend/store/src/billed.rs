//! Requests as they were billed, of every organisation or one, page by page: for reports that go over all of them.

use crate::{JobsDb, StoreError, StoreResult};
use causeway_domain::{
    Nanos, OrgId, RequestId, TokenCounts,
    price::{Price, ServiceTier},
};
use chrono::{DateTime, Utc};
use uuid::Uuid;

/// What a request used, and what it cost at the provider's price of that time.
#[derive(Clone, Debug)]
pub struct Billed {
    /// Which.
    pub request: RequestId,
    /// Whose.
    pub org: OrgId,
    /// Provider of the account that served it.
    pub provider: String,
    /// Model.
    pub model: String,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// Tokens.
    pub tokens: TokenCounts,
    /// Searches that the provider made on its own.
    pub web_searches: u64,
    /// The tier that served it.
    pub tier: ServiceTier,
    /// What it cost.
    pub cost: Nanos,
}

/// An organisation, as far as prices go.
#[derive(Clone, Debug)]
pub struct Payer {
    /// Which.
    pub id: OrgId,
    /// Its name in addresses.
    pub slug: String,
    /// Price of models that no table knows.
    pub default_price: Option<Price>,
}

/// Every organisation.
pub async fn payers(db: &JobsDb) -> StoreResult<Vec<Payer>> {
    let rows = sqlx::query!("select id, slug, default_price from organisations order by slug")
        .fetch_all(&db.0)
        .await?;
    rows.into_iter()
        .map(|r| {
            let price = r.default_price.map(serde_json::from_value).transpose();
            Ok(Payer {
                id: OrgId(r.id),
                slug: r.slug,
                default_price: price.map_err(|e| StoreError::corrupt("default price", e))?,
            })
        })
        .collect()
}

/// Requests begun in `[from, to)`, oldest first, of one organisation where it is given, after the request `after`. At
/// most `limit`; fewer means that there are no more.
pub async fn page(
    db: &JobsDb,
    org: Option<OrgId>,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
    after: Option<RequestId>,
    limit: i64,
) -> StoreResult<Vec<Billed>> {
    // Ids sort by time: that is what the partitions are cut by.
    let rows = sqlx::query!(
        "select request_id, org_id, provider, model, started_at, input_tokens, output_tokens, cache_read_tokens,
           cache_write_5m_tokens, cache_write_1h_tokens, reasoning_tokens, web_searches, service_tier, cost_nanos
         from usage where request_id >= $1 and request_id < $2 and ($3::uuid is null or request_id > $3)
           and ($4::uuid is null or org_id = $4)
         order by request_id limit $5",
        first_id(from),
        first_id(to),
        after.map(|r| r.0) as Option<Uuid>,
        org.map(|o| o.0) as Option<Uuid>,
        limit
    )
    .fetch_all(&db.0)
    .await?;
    let count = |n: i64| u64::try_from(n).unwrap_or(0);
    rows.into_iter()
        .map(|r| {
            Ok(Billed {
                request: RequestId(r.request_id),
                org: OrgId(r.org_id),
                provider: r.provider,
                model: r.model,
                started_at: r.started_at,
                tokens: TokenCounts {
                    input: count(r.input_tokens),
                    output: count(r.output_tokens),
                    cache_read: count(r.cache_read_tokens),
                    cache_write_5m: count(r.cache_write_5m_tokens),
                    cache_write_1h: count(r.cache_write_1h_tokens),
                    reasoning: count(r.reasoning_tokens),
                },
                web_searches: count(r.web_searches.into()),
                tier: r.service_tier.parse().map_err(|e| StoreError::corrupt("service tier", e))?,
                cost: Nanos(r.cost_nanos),
            })
        })
        .collect()
}

/// The smallest version 7 UUID of a millisecond.
pub(crate) fn first_id(at: DateTime<Utc>) -> Uuid {
    let ms = u128::try_from(at.timestamp_millis()).unwrap_or(0);
    Uuid::from_u128((ms & 0xffff_ffff_ffff) << 80)
}
