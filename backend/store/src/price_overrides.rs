//! Prices of the organisation's own, for models whose price in the table it does not want.

use crate::{StoreError, StoreResult, TenantTx};
use causeway_domain::price::Price;
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

/// All overrides by model, each with the time it was set.
pub async fn list(tx: &mut TenantTx) -> StoreResult<BTreeMap<String, (Price, DateTime<Utc>)>> {
    let rows =
        sqlx::query!("select model, price, updated_at from price_overrides where org_id = $1", tx.org().0)
            .fetch_all(tx.conn())
            .await?;
    rows.into_iter()
        .map(|r| {
            let price = serde_json::from_value(r.price).map_err(|e| StoreError::corrupt("price", e))?;
            Ok((r.model, (price, r.updated_at)))
        })
        .collect()
}

/// Sets a price; returns the one that it replaces.
pub async fn put(tx: &mut TenantTx, model: &str, price: &Price) -> StoreResult<Option<Price>> {
    let before = list(tx).await?.remove(model).map(|(price, _)| price);
    let price = serde_json::to_value(price).map_err(|e| StoreError::corrupt("price", e))?;
    sqlx::query!(
        "insert into price_overrides (org_id, model, price) values ($1, $2, $3)
         on conflict (org_id, model) do update set price = excluded.price, updated_at = now()",
        tx.org().0,
        model,
        price
    )
    .execute(tx.conn())
    .await?;
    tx.bump_policy().await?;
    Ok(before)
}

/// Removes an override; returns what it was.
pub async fn delete(tx: &mut TenantTx, model: &str) -> StoreResult<Price> {
    let price = sqlx::query_scalar!(
        "delete from price_overrides where org_id = $1 and model = $2 returning price",
        tx.org().0,
        model
    )
    .fetch_one(tx.conn())
    .await?;
    tx.bump_policy().await?;
    serde_json::from_value(price).map_err(|e| StoreError::corrupt("price", e))
}
