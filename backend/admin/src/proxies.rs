//! Proxies that upstream accounts are reached through. The password is sealed on its way in and never leaves again.

pub(crate) mod create;
pub(crate) mod delete;
mod fields;
pub(crate) mod get;
pub(crate) mod list;
pub(crate) mod readers;
pub(crate) mod reset;
pub(crate) mod test;
pub(crate) mod update;

use crate::{error::ApiError, state::AdminState};
use causeway_accounts::Proxy as Opened;
use causeway_domain::{OrgId, ProxyId, proxy::Choice};
use causeway_openapi::{Proxy, ProxyRest, ProxyState, ProxyUser, ProxyUsers};
use causeway_store::{
    StoreError, TenantTx,
    cooldowns::{self, Cooldown, of_proxy},
    proxies::{self, Proxy as Stored, Users},
};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use std::sync::Arc;

/// Proxies as the API shows them.
async fn views(tx: &mut TenantTx, stored: Vec<Stored>) -> Result<Vec<Proxy>, ApiError> {
    let ids: Vec<_> = stored.iter().map(|proxy| of_proxy(proxy.id)).collect();
    let rests = cooldowns::of_accounts(tx, &ids).await?;
    let mut users = proxies::users(tx).await?;
    let ways = proxies::ways_within(tx).await?;
    let now = Utc::now();
    let views = stored.into_iter().map(|proxy| {
        let own: Vec<&Cooldown> = rests.iter().filter(|rest| rest.account == of_proxy(proxy.id)).collect();
        let reaches = ways.values().filter(|through| **through == proxy.id).count();
        let used_by = used(users.remove(&proxy.id).unwrap_or_default(), reaches);
        plain(proxy, &own, used_by, now)
    });
    Ok(views.collect())
}

/// One of them.
async fn view(tx: &mut TenantTx, stored: Stored) -> Result<Proxy, ApiError> {
    let one = views(tx, vec![stored]).await?.pop();
    one.ok_or_else(|| ApiError::internal("a proxy was lost on its way out"))
}

fn used(users: Users, reaches: usize) -> ProxyUsers {
    ProxyUsers {
        accounts: users.accounts.into_iter().map(|(id, name)| ProxyUser { id: id.0, name }).collect(),
        pools: users.pools.into_iter().map(|(id, name)| ProxyUser { id: id.0, name }).collect(),
        default: users.default,
        reaches: u64::try_from(reaches).unwrap_or(0),
    }
}

fn plain(proxy: Stored, rests: &[&Cooldown], used_by: ProxyUsers, now: DateTime<Utc>) -> Proxy {
    Proxy {
        id: proxy.id,
        name: proxy.name,
        scheme: proxy.scheme,
        host: proxy.host,
        port: proxy.port,
        has_password: proxy.password.is_some(),
        username: proxy.username,
        enabled: proxy.enabled,
        state: state_of(proxy.enabled, rests, now),
        rests: rests.iter().copied().filter_map(rest).collect(),
        // What an older version wrote in another shape is as good as never tested.
        last_test: proxy.last_test.and_then(|test| serde_json::from_value(test).ok()),
        last_success_at: proxy.last_success_at,
        used_by,
        created_at: proxy.created_at,
        updated_at: proxy.updated_at,
    }
}

fn state_of(enabled: bool, rests: &[&Cooldown], now: DateTime<Utc>) -> ProxyState {
    match rests.iter().find(|rest| rest.scope == cooldowns::PROXY) {
        _ if !enabled => ProxyState::Disabled,
        Some(rest) if rest.until > now => ProxyState::SetAside,
        Some(_) => ProxyState::HalfOpen,
        None if rests.is_empty() => ProxyState::Ready,
        None => ProxyState::Partial,
    }
}

fn rest(stored: &Cooldown) -> Option<ProxyRest> {
    let provider = match stored.scope.strip_prefix(cooldowns::PROXY)? {
        "" => None,
        rest => Some(rest.strip_prefix(':')?.parse().ok()?),
    };
    Some(ProxyRest {
        provider,
        // A cause that another version has written may not be known here.
        cause: serde_json::from_value(Value::from(stored.cause.as_str())).ok()?,
        message: stored.detail.clone(),
        failures: u16::try_from(stored.level).unwrap_or(0) + 1,
        since: stored.failed_at,
        until: stored.until,
    })
}

/// As the audit log keeps it: what a person can change; of the password, whether there is one.
fn audited(proxy: &Stored) -> Value {
    json!({
        "name": proxy.name,
        "scheme": proxy.scheme,
        "host": proxy.host,
        "port": proxy.port,
        "username": proxy.username,
        "has_password": proxy.password.is_some(),
        "enabled": proxy.enabled,
    })
}

/// The one conflict that writing a proxy can meet.
fn taken(error: StoreError) -> ApiError {
    match error {
        StoreError::Conflict(_) => ApiError::field("name", "is the name of another proxy"),
        other => other.into(),
    }
}

/// Lets the relay know that nothing of a proxy rests any more. What fails here is made up for by its own looking.
async fn announce_reset(state: &AdminState, org: OrgId, proxy: ProxyId) {
    if let Err(error) = cooldowns::announce(&state.store.cache, &[(org, of_proxy(proxy), None)]).await {
        tracing::warn!(%proxy, %error, "the end of a proxy's rest reaches the relay late");
    }
}

/// Refuses a choice of a proxy that the organisation does not have.
pub(crate) async fn chosen(tx: &mut TenantTx, field: &str, choice: Choice) -> Result<Choice, ApiError> {
    match choice.proxy() {
        Some(id) if !proxies::exists(tx, id).await? => {
            Err(ApiError::field(field, "must be inherit, direct or a proxy of this organisation"))
        }
        _ => Ok(choice),
    }
}

/// A stored proxy, ready for a call that is made for an account.
pub(crate) fn opened(
    state: &AdminState,
    org: OrgId,
    stored: Option<Stored>,
) -> Result<causeway_accounts::proxy::Way, String> {
    let Some(stored) = stored else { return Ok(None) };
    if !stored.enabled {
        return Err(format!("The account's proxy {} is switched off.", stored.name));
    }
    match Opened::open(&state.sealing, org, &stored) {
        Ok(proxy) => Ok(Some(Arc::new(proxy))),
        Err(error) => {
            Err(format!("The password of the proxy {} has to be entered again: {error}.", stored.name))
        }
    }
}
