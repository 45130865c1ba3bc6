//! Prices of the organisation's own: a history that is only added to. Which version counts is decided by
//! [`causeway_domain::price::overrides`]; here they are kept and read.

use crate::{JobsDb, RelayDb, StoreError, StoreResult, TenantTx};
use causeway_domain::{
    OrgId, UserId,
    price::{Price, Snapshot, overrides::Version},
    provider::Provider,
};
use chrono::{DateTime, Utc};
use std::{collections::HashMap, sync::Arc};
use uuid::Uuid;

/// A version with all that people want to know of it.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// What was said.
    pub version: Version,
    /// When.
    pub at: DateTime<Utc>,
    /// By whom; none for a person who is gone, and for those from before it was noted.
    pub by: Option<UserId>,
    /// That person's name.
    pub by_name: Option<String>,
}

/// What is to be said.
#[derive(Clone, Copy, Debug)]
pub struct NewVersion<'a> {
    /// Only for accounts of this provider.
    pub provider: Option<Provider>,
    /// Model or pattern.
    pub model: &'a str,
    /// From when on; none is from now on.
    pub from: Option<DateTime<Utc>>,
    /// The price; none removes.
    pub price: Option<&'a Price>,
    /// By whom.
    pub by: UserId,
}

pub(crate) struct Row {
    pub(crate) id: i64,
    pub(crate) provider: Option<String>,
    pub(crate) model: String,
    pub(crate) effective_from: DateTime<Utc>,
    pub(crate) price: Option<serde_json::Value>,
}

impl Row {
    pub(crate) fn version(self) -> StoreResult<Version> {
        let price = |json| {
            let price: Price = serde_json::from_value(json).map_err(|e| StoreError::corrupt("price", e))?;
            Snapshot::try_from(price).map(Arc::new).map_err(|e| StoreError::corrupt("price", e))
        };
        Ok(Version {
            id: self.id,
            provider: self
                .provider
                .map(|p| p.parse().map_err(|e| StoreError::corrupt("provider", e)))
                .transpose()?,
            model: self.model,
            from: self.effective_from,
            price: self.price.map(price).transpose()?,
        })
    }
}

/// The history, newest first; of one model or pattern where it is given.
pub async fn history(tx: &mut TenantTx, model: Option<&str>) -> StoreResult<Vec<Recorded>> {
    let rows = sqlx::query!(
        r#"select p.id, p.provider, p.model, p.effective_from, p.price, p.recorded_at, p.recorded_by,
                  u.name as "by_name?"
           from price_overrides p left join users u on u.id = p.recorded_by
           where p.org_id = $1 and ($2::text is null or p.model = $2) order by p.id desc"#,
        tx.org().0,
        model
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|r| {
            let row = Row {
                id: r.id,
                provider: r.provider,
                model: r.model,
                effective_from: r.effective_from,
                price: r.price,
            };
            Ok(Recorded {
                version: row.version()?,
                at: r.recorded_at,
                by: r.recorded_by.map(UserId),
                by_name: r.by_name,
            })
        })
        .collect()
}

/// Adds a version; returns it as it was recorded. The organisation's row is locked first, so that versions are
/// recorded one after the other and their ids tell the order.
pub async fn add(tx: &mut TenantTx, new: NewVersion<'_>) -> StoreResult<Version> {
    let json =
        new.price.map(serde_json::to_value).transpose().map_err(|e| StoreError::corrupt("price", e))?;
    tx.bump_policy().await?;
    let row = sqlx::query_as!(
        Row,
        "insert into price_overrides (org_id, provider, model, effective_from, price, recorded_at, recorded_by)
         values ($1, $2, $3, coalesce($4, clock_timestamp()), $5, clock_timestamp(), $6)
         returning id, provider, model, effective_from, price",
        tx.org().0,
        new.provider.as_ref().map(Provider::as_str),
        new.model,
        new.from,
        json,
        new.by.0
    )
    .fetch_one(tx.conn())
    .await?;
    row.version()
}

/// What counts now or will count later, without what can never count again.
pub(crate) async fn live(db: &RelayDb, org: OrgId) -> StoreResult<(DateTime<Utc>, Vec<Version>)> {
    let now = sqlx::query_scalar!(r#"select now() as "now!""#).fetch_one(&db.0).await?;
    let rows = sqlx::query_as!(
        Row,
        "select id, provider, model, effective_from, price from price_overrides p
         where org_id = $1 and price is not null and not exists (
           select from price_overrides later
           where later.org_id = $1 and later.model = p.model and later.provider is not distinct from p.provider
             and later.id > p.id and later.effective_from <= $2
             and (later.price is null or later.effective_from >= p.effective_from))",
        org.0,
        now
    )
    .fetch_all(&db.0)
    .await?;
    Ok((now, rows.into_iter().map(Row::version).collect::<StoreResult<_>>()?))
}

/// The whole history of every organisation, or of one. For a report over past requests.
pub async fn everything(db: &JobsDb, org: Option<OrgId>) -> StoreResult<HashMap<OrgId, Vec<Version>>> {
    let rows = sqlx::query!(
        "select org_id, id, provider, model, effective_from, price from price_overrides
         where $1::uuid is null or org_id = $1 order by id",
        org.map(|o| o.0) as Option<Uuid>
    )
    .fetch_all(&db.0)
    .await?;
    let mut all: HashMap<OrgId, Vec<Version>> = HashMap::new();
    for r in rows {
        let row = Row {
            id: r.id,
            provider: r.provider,
            model: r.model,
            effective_from: r.effective_from,
            price: r.price,
        };
        all.entry(OrgId(r.org_id)).or_default().push(row.version()?);
    }
    Ok(all)
}

/// How many names have ever had a price of their own.
pub async fn names(tx: &mut TenantTx) -> StoreResult<i64> {
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from (select distinct model, provider from price_overrides where org_id = $1) n"#,
        tx.org().0
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(count)
}
