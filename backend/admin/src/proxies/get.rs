//! One proxy.

use super::view;
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
use causeway_store::proxies;

/// Read a proxy
///
/// Where it is, how it stands and who names it.
#[utoipa::path(
    get, path = "/proxies/{id}", tag = "proxies", operation_id = "getProxy",
    params(("id" = uuid::Uuid, Path, description = "Identifier of the proxy")),
    responses((status = 200, description = "The proxy", body = Proxy), docs::Guarded, docs::Missing, docs::Failures)
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::AccountsRead>,
    Place(id): Place<ProxyId>,
) -> Result<Json<Proxy>, ApiError> {
    let mut tx = caller.begin(&state).await?;
    let proxy = proxies::get(&mut tx, id, false).await?;
    Ok(Json(view(&mut tx, proxy).await?))
}
