//! Removing a proxy.

use super::audited;
use crate::{
    docs,
    error::ApiError,
    extract::Place,
    guard::{May, right},
    state::AdminState,
};
use axum::extract::State;
use causeway_domain::ProxyId;
use causeway_store::{
    cooldowns::{self, of_proxy},
    proxies::{self, Users},
};
use http::StatusCode;

/// Names that are told; there may be many more.
const TOLD: usize = 10;

/// Remove a proxy
///
/// Erases the password. Requests that are under way end normally. Refused while an account, a pool or the organisation's
/// default names it: they would go another way without anybody noticing.
#[utoipa::path(
    delete, path = "/proxies/{id}", tag = "proxies", operation_id = "deleteProxy",
    params(("id" = uuid::Uuid, Path, description = "Identifier of the proxy")),
    responses(
        (status = 204, description = "Removed"),
        docs::Guarded, docs::Missing, docs::Clash, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::AccountsWrite>,
    Place(id): Place<ProxyId>,
) -> Result<StatusCode, ApiError> {
    let mut tx = caller.begin(&state).await?;
    let proxy = proxies::get(&mut tx, id, true).await?;
    if let Some(users) = proxies::users(&mut tx).await?.remove(&id) {
        return Err(ApiError::Conflict(format!("{}; let them go another way first", named(&users))));
    }
    cooldowns::reset(&mut tx, of_proxy(id)).await?;
    proxies::delete(&mut tx, id).await?;
    caller.record(&mut tx, "proxy.delete", ("proxy", Some(id.0)), Some(audited(&proxy)), None).await?;
    state.commit(tx).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn named(users: &Users) -> String {
    let list = |what: &str, names: Vec<&str>| {
        let more = names.len().saturating_sub(TOLD);
        let told = names.into_iter().take(TOLD).collect::<Vec<_>>().join(", ");
        let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
        (!told.is_empty()).then(|| format!("{what} {told}{rest}"))
    };
    let parts = [
        list("the accounts", users.accounts.iter().map(|(_, name)| name.as_str()).collect()),
        list("the pools", users.pools.iter().map(|(_, name)| name.as_str()).collect()),
        users.default.then(|| "the organisation's default".to_owned()),
    ];
    format!("this proxy is named by {}", parts.into_iter().flatten().collect::<Vec<_>>().join(", by "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use causeway_domain::{AccountId, PoolId};
    use uuid::Uuid;

    #[test]
    fn whoever_names_a_proxy_is_told_by_name_and_not_all_of_a_great_many() {
        let mut users = Users { default: true, ..Users::default() };
        assert_eq!(named(&users), "this proxy is named by the organisation's default");
        users.pools.push((PoolId(Uuid::nil()), "Research".to_owned()));
        users.accounts = (0..12).map(|n| (AccountId(Uuid::nil()), n.to_string())).collect();
        let text = named(&users);
        assert!(
            text.contains("the accounts 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 2 more, by the pools Research"),
            "{text}"
        );
    }
}
