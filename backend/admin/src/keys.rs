//! API keys. Members see and manage their own, administrators everybody's, viewers only look.

use crate::{check::Check, error::ApiError, guard::Caller};
use causeway_domain::{AccountId, KeyId, Multiplier, UserId};
use causeway_openapi::{Key, KeyOwner, KeyStatus, KeyUsage, Permission};
use causeway_store::{
    StoreError, TenantTx, accounts,
    keys::{self, Key as Stored, Used},
};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod first;
pub(crate) mod get;
pub(crate) mod limits;
pub(crate) mod list;
pub(crate) mod update;

/// Whose keys the caller may change: everybody's (`None`) or their own.
fn changes(caller: &Caller) -> Option<UserId> {
    if caller.may(Permission::KeysWrite) { None } else { Some(caller.user.id) }
}

/// Refuses a multiplier that comes from somebody who may only change their own keys: it decides what they are charged.
fn check_multiplier(caller: &Caller, multiplier: Option<Multiplier>) -> Result<(), ApiError> {
    if multiplier.is_some() && !caller.may(Permission::KeysWrite) {
        return Err(ApiError::Forbidden(format!(
            "multiplier: this needs {}, which a {} does not have",
            Permission::KeysWrite.as_str(),
            caller.role
        )));
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
    Ok(rows
        .into_iter()
        .map(|key| {
            let used = used.remove(&key.id).unwrap_or_default();
            shown(key, &used, now)
        })
        .collect())
}

/// The same for one.
async fn view_one(tx: &mut TenantTx, caller: &Caller, key: Stored) -> Result<Key, ApiError> {
    view(tx, caller, vec![key]).await?.pop().ok_or(ApiError::NotFound)
}

fn shown(key: Stored, used: &Used, now: DateTime<Utc>) -> Key {
    let status = match (key.enabled, key.expires_at) {
        (false, _) => KeyStatus::Disabled,
        (true, Some(end)) if end <= now => KeyStatus::Expired,
        (true, _) => KeyStatus::Active,
    };
    let count = |n: i64| u64::try_from(n).unwrap_or(0);
    Key {
        id: key.id,
        name: key.name,
        description: key.description,
        prefix: key.prefix,
        owner: key.owner.map(|(id, name)| KeyOwner { id, name, member: key.owner_belongs }),
        status,
        enabled: key.enabled,
        expires_at: key.expires_at,
        limits: key.limits,
        multiplier: key.multiplier,
        models: key.models,
        account_id: key.account_id,
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
    }
}

/// As the audit log keeps it.
fn audited(key: &Stored) -> Value {
    json!({
        "name": key.name,
        "description": key.description,
        "prefix": key.prefix,
        "owner_id": key.owner.as_ref().map(|(id, _)| id),
        "limits": key.limits,
        "multiplier": key.multiplier,
        "models": key.models,
        "account_id": key.account_id,
        "enabled": key.enabled,
        "expires_at": key.expires_at,
    })
}

/// Notes it when a key is bound to an account that is not there.
async fn check_account(
    tx: &mut TenantTx,
    check: &mut Check,
    account: Option<AccountId>,
) -> Result<(), ApiError> {
    if let Some(id) = account {
        match accounts::get(tx, id, false).await {
            Ok(_) => {}
            Err(StoreError::NotFound) => {
                check.refuse("account_id", "must be an account of this organisation");
            }
            Err(other) => return Err(other.into()),
        }
    }
    Ok(())
}
