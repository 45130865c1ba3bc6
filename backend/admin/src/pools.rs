//! Pools: several upstream accounts that serve the same keys, and how they are chosen among.

pub(crate) mod create;
pub(crate) mod delete;
mod fields;
pub(crate) mod get;
pub(crate) mod list;
pub(crate) mod update;

use crate::error::ApiError;
use causeway_openapi::{Pool, PoolMember};
use causeway_store::{StoreError, pools::Pool as Stored};
use serde_json::{Value, json};

/// As the API shows it.
fn plain(pool: Stored) -> Pool {
    Pool {
        id: pool.id,
        name: pool.name,
        strategy: pool.strategy,
        sticky_seconds: pool.sticky_seconds.unwrap_or(0),
        active_account_id: pool.active,
        proxy: pool.proxy,
        members: pool
            .members
            .into_iter()
            .map(|m| PoolMember { account_id: m.account, weight: m.weight, priority: m.priority })
            .collect(),
        keys: u64::try_from(pool.keys).unwrap_or(0),
        created_at: pool.created_at,
        updated_at: pool.updated_at,
    }
}

/// As the audit log keeps it: what a person can change.
fn audited(pool: &Stored) -> Value {
    let shown = plain(pool.clone());
    json!({
        "name": shown.name,
        "strategy": shown.strategy,
        "sticky_seconds": shown.sticky_seconds,
        "active_account_id": shown.active_account_id,
        "proxy": shown.proxy,
        "members": shown.members,
    })
}

/// The one conflict that writing a pool can meet.
fn taken(error: StoreError) -> ApiError {
    match error {
        StoreError::Conflict(_) => ApiError::field("name", "is the name of another pool"),
        other => other.into(),
    }
}
