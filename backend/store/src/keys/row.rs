//! How a key stands in its table.

use super::{Key, Owner, Previous};
use crate::{StoreError, StoreResult};
use causeway_domain::{AccountId, AddressRules, Expiry, Multiplier, PoolId, Services, model::ModelPolicy};
use chrono::{DateTime, Utc};
use serde_json::Value;
use std::{fmt::Display, str::FromStr};
use uuid::Uuid;

/// Everything of the keys of an organisation, which is to be bound next.
pub(super) const SELECT: &str = "select k.id, k.owner_id, u.name as owner_name, m.role as owner_role, k.name, \
     k.description, k.device, k.tags, k.prefix, k.limits, k.multiplier, k.models_allow, k.models_deny, k.account_id, k.pool_ids, \
     k.enabled, k.expires_at, k.first_use_days, k.first_used_at, k.addresses_allow, k.addresses_deny, k.dialects, \
     k.providers, k.clients, k.previous_prefix, k.previous_until, k.created_at, k.updated_at, k.deleted_at \
     from api_keys k left join users u on u.id = k.owner_id \
     left join memberships m on m.org_id = k.org_id and m.user_id = k.owner_id where k.org_id = ";

#[derive(sqlx::FromRow)]
pub(super) struct Row {
    id: Uuid,
    owner_id: Option<Uuid>,
    owner_name: Option<String>,
    owner_role: Option<String>,
    name: String,
    description: String,
    device: String,
    tags: Vec<String>,
    prefix: String,
    limits: Value,
    multiplier: i32,
    models_allow: Vec<String>,
    models_deny: Vec<String>,
    account_id: Option<Uuid>,
    pool_ids: Vec<Uuid>,
    enabled: bool,
    expires_at: Option<DateTime<Utc>>,
    first_use_days: Option<i32>,
    first_used_at: Option<DateTime<Utc>>,
    addresses_allow: Vec<String>,
    addresses_deny: Vec<String>,
    dialects: Vec<String>,
    providers: Vec<String>,
    clients: Vec<String>,
    previous_prefix: Option<String>,
    previous_until: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    deleted_at: Option<DateTime<Utc>>,
}

impl TryFrom<Row> for Key {
    type Error = StoreError;

    fn try_from(r: Row) -> StoreResult<Self> {
        let role = r.owner_role.map(|role| role.parse().map_err(|e| StoreError::corrupt("role", e)));
        let role = role.transpose()?;
        Ok(Self {
            id: r.id.into(),
            owner: r.owner_id.zip(r.owner_name).map(|(id, name)| Owner { id: id.into(), name, role }),
            name: r.name,
            description: r.description,
            device: r.device,
            tags: r.tags,
            prefix: r.prefix,
            limits: serde_json::from_value(r.limits).map_err(|e| StoreError::corrupt("limits", e))?,
            multiplier: Multiplier::from_ten_thousandths(r.multiplier)
                .map_err(|e| StoreError::corrupt("multiplier", e))?,
            models: ModelPolicy { allow: r.models_allow, deny: r.models_deny },
            account_id: r.account_id.map(AccountId),
            pools: r.pool_ids.into_iter().map(PoolId).collect(),
            addresses: addresses(&r.addresses_allow, &r.addresses_deny)?,
            services: services(&r.dialects, &r.providers, r.clients)?,
            enabled: r.enabled,
            expiry: expiry(r.expires_at, r.first_use_days, r.first_used_at),
            previous: r
                .previous_until
                .map(|until| Previous { prefix: r.previous_prefix.unwrap_or_default(), until }),
            created_at: r.created_at,
            updated_at: r.updated_at,
            deleted_at: r.deleted_at,
        })
    }
}

pub(crate) fn expiry(
    at: Option<DateTime<Utc>>,
    days: Option<i32>,
    first_used_at: Option<DateTime<Utc>>,
) -> Expiry {
    Expiry { at, days_after_first_use: days.and_then(|d| u32::try_from(d).ok()), first_used_at }
}

pub(crate) fn addresses(allow: &[String], deny: &[String]) -> StoreResult<AddressRules> {
    Ok(AddressRules {
        allow: all("network of an API key", allow)?,
        deny: all("network of an API key", deny)?,
    })
}

pub(crate) fn services(
    dialects: &[String],
    providers: &[String],
    clients: Vec<String>,
) -> StoreResult<Services> {
    Ok(Services {
        dialects: all("dialect of an API key", dialects)?,
        providers: all("provider of an API key", providers)?,
        clients,
    })
}

fn all<T: FromStr<Err: Display>>(what: &'static str, texts: &[String]) -> StoreResult<Vec<T>> {
    texts.iter().map(|text| text.parse().map_err(|e| StoreError::corrupt(what, e))).collect()
}
