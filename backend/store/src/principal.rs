//! What the relay knows of a caller and of its organisation. Read across tenants, by the relay's role only.

use crate::{RelayDb, StoreError, StoreResult};
use causeway_domain::{
    AccountId, KeyId, Limits, OrgId, UserId, model::ModelPolicy, price::Price, provider::Provider,
    window::Calendar,
};
use chrono::{DateTime, Utc, Weekday};
use serde::de::DeserializeOwned;
use std::collections::HashMap;

/// An API key with its policy, as of a policy version.
#[derive(Clone, Debug)]
pub struct Principal {
    /// The key.
    pub key: KeyId,
    /// Its name.
    pub name: String,
    /// Whose it is.
    pub org: OrgId,
    /// The member it was issued to.
    pub owner: Option<UserId>,
    /// Limits.
    pub limits: Limits,
    /// Models.
    pub models: ModelPolicy,
    /// The account it is bound to, if it is.
    pub account: Option<AccountId>,
    /// Switched on.
    pub enabled: bool,
    /// When it ends.
    pub expires_at: Option<DateTime<Utc>>,
    /// Whether the organisation is suspended.
    pub suspended: bool,
    /// The version of the organisation's policy that this is part of, or an older one.
    pub policy_version: i64,
}

/// An organisation with all that the relay chooses from, as of a policy version.
#[derive(Clone, Debug)]
pub struct Tenancy {
    /// Which.
    pub org: OrgId,
    /// Name.
    pub name: String,
    /// How it counts days and weeks.
    pub calendar: Calendar,
    /// How long a stream is read on after its client has left.
    pub drain_ms: u32,
    /// Price of models that no table knows.
    pub default_price: Option<Price>,
    /// Prices of its own.
    pub price_overrides: HashMap<String, Price>,
    /// Accounts that are switched on, best first.
    pub accounts: Vec<AccountRow>,
    /// The version this is at least as new as.
    pub policy_version: i64,
}

/// An upstream account with its credential still sealed.
#[derive(Clone, Debug)]
pub struct AccountRow {
    /// Which.
    pub id: AccountId,
    /// Name.
    pub name: String,
    /// Provider.
    pub provider: Provider,
    /// Base URL.
    pub base_url: String,
    /// Sealed credential.
    pub credential: Vec<u8>,
    /// Requests that may be open at once.
    pub max_concurrency: Option<u32>,
    /// Models that the provider listed, if it was asked.
    pub models: Option<Vec<String>>,
}

fn shape<T: DeserializeOwned>(what: &'static str, value: serde_json::Value) -> StoreResult<T> {
    serde_json::from_value(value).map_err(|e| StoreError::corrupt(what, e))
}

/// The key whose SHA-256 this is; `None` if there is none that is not deleted.
pub async fn by_hash(db: &RelayDb, hash: &[u8; 32]) -> StoreResult<Option<Principal>> {
    let row = sqlx::query!(
        r#"select k.id, k.org_id, k.owner_id, k.name, k.limits, k.models_allow, k.models_deny, k.account_id, k.enabled,
                  k.expires_at, o.status, o.policy_version
           from api_keys k join organisations o on o.id = k.org_id
           where k.hash = $1 and k.deleted_at is null"#,
        &hash[..]
    )
    .fetch_optional(&db.0)
    .await?;
    row.map(|r| {
        Ok(Principal {
            key: KeyId(r.id),
            name: r.name,
            org: OrgId(r.org_id),
            owner: r.owner_id.map(UserId),
            limits: shape("limits of an API key", r.limits)?,
            models: ModelPolicy { allow: r.models_allow, deny: r.models_deny },
            account: r.account_id.map(AccountId),
            enabled: r.enabled,
            expires_at: r.expires_at,
            suspended: r.status != "active",
            policy_version: r.policy_version,
        })
    })
    .transpose()
}

/// Everything of one organisation. The version is read first: what follows may be newer than it, never older, so a
/// change in between costs one more reload and is never missed.
pub async fn tenancy(db: &RelayDb, org: OrgId) -> StoreResult<Option<Tenancy>> {
    let Some(o) = sqlx::query!(
        "select name, time_zone, week_start, day_start_minute, drain_ms, default_price, policy_version
         from organisations where id = $1",
        org.0
    )
    .fetch_optional(&db.0)
    .await?
    else {
        return Ok(None);
    };
    let accounts = sqlx::query!(
        "select id, name, provider, base_url, credential, max_concurrency, models from upstream_accounts
         where org_id = $1 and enabled and deleted_at is null order by priority, id",
        org.0
    )
    .fetch_all(&db.0)
    .await?;
    let overrides = sqlx::query!("select model, price from price_overrides where org_id = $1", org.0)
        .fetch_all(&db.0)
        .await?;
    Ok(Some(Tenancy {
        org,
        name: o.name,
        calendar: Calendar {
            time_zone: o.time_zone.parse().map_err(|e| StoreError::corrupt("time zone", e))?,
            week_start: Weekday::try_from(u8::try_from(o.week_start - 1).unwrap_or(0))
                .unwrap_or(Weekday::Mon),
            day_start_minute: u16::try_from(o.day_start_minute).unwrap_or(0),
        },
        drain_ms: u32::try_from(o.drain_ms).unwrap_or(0),
        default_price: o.default_price.map(|p| shape("default price", p)).transpose()?,
        price_overrides: overrides
            .into_iter()
            .map(|r| Ok((r.model, shape("price override", r.price)?)))
            .collect::<StoreResult<_>>()?,
        accounts: accounts
            .into_iter()
            .map(|r| {
                Ok(AccountRow {
                    id: AccountId(r.id),
                    name: r.name,
                    provider: r.provider.parse().map_err(|e| StoreError::corrupt("provider", e))?,
                    base_url: r.base_url,
                    credential: r.credential,
                    max_concurrency: r.max_concurrency.and_then(|n| u32::try_from(n).ok()),
                    models: r.models.map(|m| shape("models of an account", m)).transpose()?,
                })
            })
            .collect::<StoreResult<_>>()?,
        policy_version: o.policy_version,
    }))
}
