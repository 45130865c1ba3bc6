//! Taking an API token back.

use super::{audited, reaches};
use crate::{docs, error::ApiError, extract::Place, guard::Person, state::AdminState};
use axum::extract::State;
use causeway_store::api_tokens;
use http::StatusCode;
use uuid::Uuid;

/// Revoke an API token
///
/// The token stops working with the next call, for good; it stays in the list. Everybody can revoke their own, who has
/// `tokens.manage` everybody's. Not for API tokens.
#[utoipa::path(
    delete, path = "/tokens/{id}", tag = "tokens", operation_id = "revokeToken",
    params(("id" = uuid::Uuid, Path, description = "Identifier of the token")),
    responses((status = 204, description = "Revoked"), docs::Guarded, docs::Missing, docs::Failures)
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    Person { caller, .. }: Person,
    Place(id): Place<Uuid>,
) -> Result<StatusCode, ApiError> {
    let mut tx = caller.begin(&state).await?;
    let token = api_tokens::get(&mut tx, id, reaches(&caller)).await?;
    if api_tokens::revoke(&mut tx, id, caller.user.id).await? {
        caller.record(&mut tx, "token.revoke", ("token", Some(id)), Some(audited(&token)), None).await?;
        state.commit(tx).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}
