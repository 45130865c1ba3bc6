//! A code that a person pastes.

use super::{finish, hash, issuer, over, view, who};
use crate::{
    docs,
    error::ApiError,
    extract::{Body, Place},
    guard::{Onboarding, right},
    origin::Origin,
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_accounts::oauth::{BadReturn, Returned};
use causeway_openapi::{Authorization, AuthorizationFailure, SubmitCode};
use causeway_store::oauth_flows;
use uuid::Uuid;

/// Submit a code
///
/// Takes what the person came back with: the code, the code and the state with `#` between them, or the whole address. It is
/// exchanged at once, and used up whatever comes of it; what the issuer says is in `failure`. A state that is not this
/// authorisation's changes nothing.
#[utoipa::path(
    post, path = "/accounts/authorizations/{id}/code", tag = "accounts", operation_id = "submitAuthorizationCode",
    params(("id" = Uuid, Path, description = "Identifier of the authorisation")),
    request_body = SubmitCode,
    responses(
        (status = 200, description = "The authorisation", body = Authorization),
        docs::Input, docs::Guarded, docs::Missing, docs::Authorizing, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    Onboarding { caller, .. }: Onboarding<right::AccountsWrite>,
    origin: Origin,
    Place(id): Place<Uuid>,
    Body(input): Body<SubmitCode>,
) -> Result<Json<Authorization>, ApiError> {
    let who = who(&caller);
    let mut tx = caller.begin(&state).await?;
    let flow = oauth_flows::get(&mut tx, id, who, true).await?;
    let Some(known) = flow.state_hash.clone() else {
        return Err(ApiError::field("code", "is for oauth_code; a device's code is typed in at the issuer"));
    };
    let returned = Returned::pasted(input.code.expose());
    let returned = returned.map_err(|BadReturn| ApiError::field("code", BadReturn.to_string()))?;
    if let Some(why) = over(&flow) {
        return Err(ApiError::Conflict(why.to_owned()));
    }
    if returned.state().is_some_and(|state| hash(state)[..] != known[..]) {
        return Err(ApiError::field(
            "code",
            "belongs to another authorisation: the state in it is not this one's; use what the last page that you opened shows",
        ));
    }
    match returned {
        Returned::Refused { error, words, .. } => {
            drop(tx);
            let failure = AuthorizationFailure { code: error, message: words };
            finish::fail(&state, caller.org(), &flow, failure, &origin).await?;
        }
        Returned::Code { code, state: ticket } => {
            let sends_state = issuer(&state, flow.provider, None).await?.oauth().sends_state;
            if sends_state && ticket.is_none() {
                return Err(ApiError::field("code", "is not all of it: what follows # is needed too"));
            }
            oauth_flows::take(&mut tx, id).await?;
            state.commit(tx).await?;
            let ticket = ticket.unwrap_or_default();
            let exchange = finish::code(state.clone(), caller.org(), flow, code, ticket, origin);
            tokio::spawn(exchange).await.map_err(ApiError::internal)??;
        }
    }
    let mut tx = caller.begin(&state).await?;
    let flow = oauth_flows::get(&mut tx, id, who, false).await?;
    Ok(Json(view::view(&state, &caller, &mut tx, flow, None).await?))
}
