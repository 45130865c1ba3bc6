//! How an authorisation stands.

use super::{finish, view, who};
use crate::{
    docs,
    error::ApiError,
    extract::Place,
    guard::{Onboarding, right},
    origin::Origin,
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_openapi::Authorization;
use causeway_store::oauth_flows;
use uuid::Uuid;

/// Read an authorisation
///
/// How it stands. Of a device the issuer is asked, where it may be asked again, and the answer waits for what it says: up to
/// twenty seconds. However many pages and instances call this, the issuer sees one of them at a time.
#[utoipa::path(
    get, path = "/accounts/authorizations/{id}", tag = "accounts", operation_id = "getAuthorization",
    params(("id" = Uuid, Path, description = "Identifier of the authorisation")),
    responses(
        (status = 200, description = "The authorisation", body = Authorization),
        docs::Guarded, docs::Missing, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    Onboarding { caller, .. }: Onboarding<right::AccountsRead>,
    origin: Origin,
    Place(id): Place<Uuid>,
) -> Result<Json<Authorization>, ApiError> {
    // Before anything holds a connection: whoever holds one and waits for another may wait for themselves.
    state.catalogue.refresh(&state.store.app).await?;
    let who = who(&caller);
    let mut tx = caller.begin(&state).await?;
    let mut flow = oauth_flows::get(&mut tx, id, who, false).await?;
    if oauth_flows::may_poll(&mut tx, id).await? {
        state.commit(tx).await?;
        // Whoever asked may hang up. What the issuer answers is said once, and must not be lost.
        let poll = finish::poll(state.clone(), caller.org(), flow, origin);
        tokio::spawn(poll).await.map_err(ApiError::internal)??;
        tx = caller.begin(&state).await?;
        flow = oauth_flows::get(&mut tx, id, who, false).await?;
    }
    Ok(Json(view::view(&state, &caller, &mut tx, flow, None).await?))
}
