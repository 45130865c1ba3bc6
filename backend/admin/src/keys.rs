//! API keys. Members see and manage their own within what the organisation lets them, administrators everybody's,
//! viewers only look.

use crate::{check::Check, error::ApiError, guard::Caller};
use causeway_domain::{Ceilings, KeyId, Limits, Multiplier, PoolId, UserId};
use causeway_openapi::{Key, KeyOwner, KeyStatus, KeyUsage, Permission, PreviousSecret};
use causeway_store::{
    TenantTx, ceilings,
    keys::{self, Key as Stored, Used},
    organisations, pools,
};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use std::collections::HashSet;

pub(crate) mod batch;
mod ceiling;
pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod export;
mod fields;
pub(crate) mod first;
pub(crate) mod get;
pub(crate) mod limits;
pub(crate) mod list;
pub(crate) mod models;
pub(crate) mod restore;
pub(crate) mod rotate;
pub(crate) mod rules;
mod secret;
pub(crate) mod update;

/// Whose keys the caller may change: everybody's (`None`) or their own.
pub(crate) fn changes(caller: &Caller) -> Option<UserId> {
    if caller.may(Permission::KeysWrite) { None } else { Some(caller.user.id) }
}

/// The limits that hold for a key at its requests.
fn effective(ceilings: &Ceilings, key: &Stored) -> Limits {
    match &key.owner {
        Some(owner) if Ceilings::bound(owner.role) => key.limits.tightened_by(&ceilings.limits),
        _ => key.limits.clone(),
    }
}

/// Refuses a multiplier below one where the organisation is prepaid: the key would pay for a dollar of cost with less than
/// a dollar of credit. One that was set before counts as one while that lasts.
async fn check_prepaid(
    tx: &mut TenantTx,
    check: &mut Check,
    multiplier: Option<Multiplier>,
) -> Result<(), ApiError> {
    if multiplier.is_some_and(|m| m < Multiplier::ONE) && organisations::is_prepaid(tx).await? {
        check.refuse(
            "multiplier",
            "must be at least 1 while this organisation is prepaid: the operator sets its prices",
        );
    }
    Ok(())
}

/// As the API shows them, with what they have used.
async fn view(tx: &mut TenantTx, caller: &Caller, rows: Vec<Stored>) -> Result<Vec<Key>, ApiError> {
    let now = Utc::now();
    let ids: Vec<KeyId> = rows.iter().map(|k| k.id).collect();
    let today = caller.calendar.ends(causeway_domain::window::WindowKind::Day, now);
    let today = today.and_then(|day| DateTime::from_timestamp_millis(day.start)).unwrap_or(now);
    let mut used = keys::used(tx, &ids, today).await?;
    let ceilings = ceilings::get(tx, false).await?;
    let pools: HashSet<PoolId> = rows.iter().flat_map(|key| key.pools.iter().copied()).collect();
    let missing = pools::missing(tx, &pools.into_iter().collect::<Vec<_>>()).await?;
    Ok(rows
        .into_iter()
        .map(|key| {
            let used = used.remove(&key.id).unwrap_or_default();
            let effective = effective(&ceilings, &key);
            let gone = key.pools.iter().copied().filter(|id| missing.contains(id)).collect();
            Key { missing_pool_ids: gone, ..shown(key, &used, effective, now) }
        })
        .collect())
}

/// The same for one.
async fn view_one(tx: &mut TenantTx, caller: &Caller, key: Stored) -> Result<Key, ApiError> {
    view(tx, caller, vec![key]).await?.pop().ok_or(ApiError::NotFound)
}

fn shown(key: Stored, used: &Used, effective_limits: Limits, now: DateTime<Utc>) -> Key {
    let ends_at = key.expiry.end();
    let status = match (key.deleted_at, key.enabled, ends_at) {
        (Some(_), ..) => KeyStatus::Deleted,
        (None, false, _) => KeyStatus::Disabled,
        (None, true, Some(end)) if end <= now => KeyStatus::Expired,
        (None, true, _) => KeyStatus::Active,
    };
    let count = |n: i64| u64::try_from(n).unwrap_or(0);
    Key {
        id: key.id,
        name: key.name,
        description: key.description,
        device: key.device,
        tags: key.tags,
        prefix: key.prefix,
        previous: key.previous.map(|p| PreviousSecret {
            prefix: p.prefix,
            until: p.until,
            works: p.until > now,
        }),
        owner: key.owner.map(|owner| KeyOwner {
            id: owner.id,
            name: owner.name,
            member: owner.role.is_some(),
        }),
        status,
        enabled: key.enabled,
        expires_at: key.expiry.at,
        expires_after_first_use_days: key.expiry.days_after_first_use,
        first_used_at: key.expiry.first_used_at,
        ends_at,
        limits: key.limits,
        effective_limits,
        multiplier: key.multiplier,
        models: key.models,
        account_id: key.account_id,
        pool_ids: key.pools,
        missing_pool_ids: Vec::new(),
        addresses: key.addresses,
        services: key.services,
        usage: KeyUsage {
            requests_today: count(used.requests_today),
            tokens_today: count(used.tokens_today),
            cost_usd_today: used.charged_today,
            tokens_total: count(used.tokens_total),
            cost_usd_total: used.charged_total,
            last_used_at: used.last_used_at,
        },
        created_at: key.created_at,
        updated_at: key.updated_at,
        deleted_at: key.deleted_at,
    }
}

/// As the audit log keeps it.
fn audited(key: &Stored) -> Value {
    json!({
        "name": key.name,
        "description": key.description,
        "device": key.device,
        "tags": key.tags,
        "prefix": key.prefix,
        "owner_id": key.owner.as_ref().map(|owner| owner.id),
        "limits": key.limits,
        "multiplier": key.multiplier,
        "models": key.models,
        "account_id": key.account_id,
        "pool_ids": key.pools,
        "addresses": key.addresses,
        "services": key.services,
        "enabled": key.enabled,
        "expires_at": key.expiry.at,
        "expires_after_first_use_days": key.expiry.days_after_first_use,
    })
}
