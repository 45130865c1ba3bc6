//! How accounts fare: from what the relay has written down, and from what is running.

use super::{plain, record};
use crate::{error::ApiError, state::AdminState};
use causeway_domain::{AccountId, ProxyId, provider::Provider};
use causeway_openapi::{
    Account, AccountHealth, AccountRest, AccountState, FailureCause, QuotaWindow, RestScope,
};
use causeway_store::{
    TenantTx,
    accounts::Account as Stored,
    cooldowns::{self, Cooldown, of_proxy},
    health, hold, proxies,
};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;
use std::collections::HashMap;

/// Accounts as the API shows them.
pub(crate) async fn views(
    state: &AdminState,
    tx: &mut TenantTx,
    stored: Vec<Stored>,
) -> Result<Vec<Account>, ApiError> {
    let ids: Vec<AccountId> = stored.iter().map(|account| account.id).collect();
    let ways = proxies::ways_within(tx).await?;
    let through: Vec<AccountId> = ids.iter().filter_map(|id| ways.get(id)).map(|id| of_proxy(*id)).collect();
    let rests = cooldowns::of_accounts(tx, &[&ids[..], &through].concat()).await?;
    let names = if through.is_empty() { HashMap::new() } else { proxies::names(tx).await? };
    let news = health::of_accounts(tx, &ids).await?;
    let rates = record::last_hour(tx, &ids).await?;
    // For people to look at: without Redis the page is still there.
    let running = hold::running_by_account(&state.store.cache, tx.org()).await.unwrap_or_default();
    let now = Utc::now();
    let views = stored.into_iter().map(|account| {
        let id = account.id;
        let way = ways.get(&id).copied();
        let own = rests.iter().filter(|rest| concerns(rest, id, account.provider, way));
        let own: Vec<&Cooldown> = own.collect();
        let name = way.and_then(|id| names.get(&id)).map(String::as_str);
        let known = news.iter().find(|(of, _)| *of == id).map(|(_, known)| known);
        let (quota, quota_at) = known.and_then(|k| k.quota.as_ref()).map(quota).unwrap_or_default();
        let health = AccountHealth {
            state: state_of(account.enabled, &own, now),
            rests: own.into_iter().filter_map(|stored| rest(stored, name)).collect(),
            last_error: known.and_then(|k| serde_json::from_value(k.last_error.clone()?).ok()),
            quota,
            quota_at,
            in_flight: running.get(&id).copied().unwrap_or(0),
            last_hour: rates.get(&id).copied().unwrap_or_default(),
        };
        plain(account, way, health)
    });
    Ok(views.collect())
}

/// One of them.
pub(crate) async fn view(state: &AdminState, tx: &mut TenantTx, stored: Stored) -> Result<Account, ApiError> {
    let one = views(state, tx, vec![stored]).await?.pop();
    one.ok_or_else(|| ApiError::internal("an account was lost on its way out"))
}

/// Whether something that rests keeps an account from being used on the way that it takes now.
fn concerns(rest: &Cooldown, account: AccountId, provider: Provider, way: Option<ProxyId>) -> bool {
    if rest.account == account {
        return !rest.scope.starts_with(cooldowns::WAY) || rest.scope == cooldowns::way(way);
    }
    way.is_some_and(|proxy| rest.account == of_proxy(proxy))
        && rest
            .scope
            .strip_prefix(cooldowns::PROXY)
            .is_some_and(|rest| rest.is_empty() || rest.strip_prefix(':') == Some(provider.as_str()))
}

fn state_of(enabled: bool, rests: &[&Cooldown], now: DateTime<Utc>) -> AccountState {
    let part = |scope: &str| scope.starts_with("model:") || scope.starts_with("family:");
    let whole = rests.iter().filter(|rest| !part(&rest.scope)).max_by_key(|rest| rest.until);
    match whole {
        _ if !enabled => AccountState::Disabled,
        Some(rest) if rest.until > now => AccountState::Cooling,
        Some(_) => AccountState::HalfOpen,
        None if rests.is_empty() => AccountState::Ready,
        None => AccountState::Partial,
    }
}

fn rest(stored: &Cooldown, proxy: Option<&str>) -> Option<AccountRest> {
    let own = |name: Option<&str>| name.map(str::to_owned);
    let (scope, name) = match stored.scope.split_once(':') {
        None if stored.scope == cooldowns::WAY => (RestScope::Way, None),
        None if stored.scope == cooldowns::PROXY => (RestScope::Proxy, own(proxy)),
        None => (RestScope::Account, None),
        Some((cooldowns::WAY, _)) => (RestScope::Way, own(proxy)),
        Some((cooldowns::PROXY, _)) => (RestScope::Proxy, own(proxy)),
        Some(("family", name)) => (RestScope::Family, Some(name.to_owned())),
        Some((_, name)) => (RestScope::Model, Some(name.to_owned())),
    };
    Some(AccountRest {
        scope,
        name,
        cause: cause(&stored.cause)?,
        message: stored.detail.clone(),
        failures: u16::try_from(stored.level).unwrap_or(0) + 1,
        since: stored.failed_at,
        until: stored.until,
    })
}

/// A cause that another version has written may not be known here.
pub(super) fn cause(stored: &str) -> Option<FailureCause> {
    serde_json::from_value(Value::from(stored)).ok()
}

fn quota(stored: &Value) -> (Vec<QuotaWindow>, Option<DateTime<Utc>>) {
    #[derive(Deserialize)]
    struct Quota {
        at: DateTime<Utc>,
        windows: Vec<QuotaWindow>,
    }
    let read: Option<Quota> = serde_json::from_value(stored.clone()).ok();
    read.map(|quota| (quota.windows, Some(quota.at))).unwrap_or_default()
}

/// As the audit log keeps what a person has ended.
pub(super) fn audited(rests: &[Cooldown]) -> Value {
    let one =
        |rest: &Cooldown| serde_json::json!({"scope": rest.scope, "cause": rest.cause, "until": rest.until});
    Value::Array(rests.iter().map(one).collect())
}

/// Lets the relay know that nothing of an account rests any more. What fails here is made up for by its own looking.
pub(crate) async fn announce_reset(state: &AdminState, org: causeway_domain::OrgId, account: AccountId) {
    if let Err(error) = cooldowns::announce(&state.store.cache, &[(org, account, None)]).await {
        tracing::warn!(%account, %error, "the end of an account's rest reaches the relay late");
    }
}

/// What was written by a relay can be read here.
#[cfg(test)]
mod tests {
    use super::*;
    use causeway_openapi::AccountError;
    use serde_json::json;

    #[test]
    fn what_the_relay_writes_is_understood() {
        let error =
            json!({"at": "2026-11-20T12:00:00Z", "cause": "overloaded", "status": 529, "message": "busy"});
        let error: AccountError = serde_json::from_value(error).unwrap();
        assert_eq!((error.cause, error.status), (FailureCause::Overloaded, Some(529)));
        let (windows, at) = quota(&json!({"at": "2026-11-20T12:00:00Z", "windows": [
            {"window": "5h", "utilization": 4203, "status": "allowed", "resets_at": null}]}));
        assert_eq!((windows[0].utilization, at.is_some()), (Some(4203), true));
        for row in causeway_accounts::rules::Row::ALL {
            assert!(cause(row.as_str()).is_some(), "{row:?}");
        }
        assert_eq!(FailureCause::ALL.len(), causeway_accounts::rules::Row::ALL.len());
    }
}
