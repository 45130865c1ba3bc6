//! Ending a proxy's rest.

use super::{announce_reset, view};
use crate::{
    docs,
    error::ApiError,
    extract::Place,
    guard::{May, right},
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_domain::ProxyId;
use causeway_openapi::Proxy;
use causeway_store::{
    cooldowns::{self, Cooldown, of_proxy},
    proxies,
};
use serde_json::{Value, json};

/// Put a proxy back to use
///
/// Ends its rest after failures, and that at single providers, at every instance within a second. A proxy that is disabled
/// stays so. Rests of accounts, such as that of the way to a provider which the proxy does not lead to, are theirs
/// (`resetAccount`).
#[utoipa::path(
    post, path = "/proxies/{id}/reset", tag = "proxies", operation_id = "resetProxy",
    params(("id" = uuid::Uuid, Path, description = "Identifier of the proxy")),
    responses(
        (status = 200, description = "The proxy as it is now", body = Proxy),
        docs::Guarded, docs::Missing, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::AccountsWrite>,
    Place(id): Place<ProxyId>,
) -> Result<Json<Proxy>, ApiError> {
    let mut tx = caller.begin(&state).await?;
    let proxy = proxies::get(&mut tx, id, true).await?;
    let rests = cooldowns::of_account(&mut tx, of_proxy(id)).await?;
    cooldowns::reset(&mut tx, of_proxy(id)).await?;
    let one = |rest: &Cooldown| json!({"scope": rest.scope, "cause": rest.cause, "until": rest.until});
    let rests: Vec<Value> = rests.iter().map(one).collect();
    let before = json!({"name": proxy.name, "rests": rests});
    let after = json!({"name": proxy.name, "rests": []});
    caller.record(&mut tx, "proxy.reset", ("proxy", Some(id.0)), Some(before), Some(after)).await?;
    let now = view(&mut tx, proxy).await?;
    state.commit(tx).await?;
    announce_reset(&state, caller.org(), id).await;
    Ok(Json(now))
}
