//! Changing a proxy.

use super::{announce_reset, audited, fields, readers::Readers, taken, view};
use crate::{
    docs,
    error::ApiError,
    extract::{Body, Place},
    guard::{May, right},
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_domain::ProxyId;
use causeway_openapi::{Proxy, UpdateProxy};
use causeway_store::{
    cooldowns::{self, of_proxy},
    proxies,
};

/// Change a proxy
///
/// Changes what is present and leaves the rest. In force from the next connection on, on every instance; requests that are
/// under way end as they began. Where it is, its login, and switching it on end whatever rests of it. Another scheme, host or
/// port needs the password again. Refused where another server would read the credential of an account whose provider is
/// spoken to without TLS.
#[utoipa::path(
    patch, path = "/proxies/{id}", tag = "proxies", operation_id = "updateProxy",
    params(("id" = uuid::Uuid, Path, description = "Identifier of the proxy")),
    request_body = UpdateProxy,
    responses(
        (status = 200, description = "The proxy as it is now", body = Proxy),
        docs::Input, docs::Guarded, docs::Missing, docs::Clash, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::AccountsWrite>,
    Place(id): Place<ProxyId>,
    Body(input): Body<UpdateProxy>,
) -> Result<Json<Proxy>, ApiError> {
    let mut tx = caller.begin(&state).await?;
    let mut proxy = proxies::get(&mut tx, id, true).await?;
    let (before, readers) = (audited(&proxy), Readers::now(&mut tx).await?);
    fields::apply(&state, caller.org(), &mut proxy, &input)?;
    proxies::update(&mut tx, &proxy).await.map_err(taken)?;
    readers.unchanged(&mut tx, None).await?;
    // What it rests for may be what has just been mended.
    let mended = input.scheme.is_some()
        || input.host.is_some()
        || input.port.is_some()
        || input.username.is_some()
        || input.password.is_some()
        || input.enabled == Some(true);
    let rested = mended && cooldowns::reset(&mut tx, of_proxy(id)).await? > 0;
    let now = proxies::get(&mut tx, id, false).await?;
    let target = ("proxy", Some(id.0));
    caller.record(&mut tx, "proxy.update", target, Some(before), Some(audited(&now))).await?;
    let now = view(&mut tx, now).await?;
    state.commit(tx).await?;
    if rested {
        announce_reset(&state, caller.org(), id).await;
    }
    Ok(Json(now))
}
