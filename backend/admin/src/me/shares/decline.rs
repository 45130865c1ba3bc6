//! Saying no.

use super::open;
use crate::{docs, error::ApiError, extract::Place, guard::Person, state::AdminState};
use axum::extract::State;
use causeway_store::shares::{self, Outcome};
use http::StatusCode;
use uuid::Uuid;

/// Decline an invitation to share
///
/// It does not wait any more, and those who invite see that it was declined.
#[utoipa::path(
    post, path = "/me/shares/{id}/decline", tag = "me", operation_id = "declineShare", security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path, description = "Identifier of the invitation")),
    responses(
        (status = 204, description = "Declined"),
        docs::Guarded, docs::Missing, docs::Clash, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    Person { caller, .. }: Person,
    Place(id): Place<Uuid>,
) -> Result<StatusCode, ApiError> {
    caller.demand_membership()?;
    let mut tx = caller.begin(&state).await?;
    open(&mut tx, &caller, id).await?;
    shares::end(&mut tx, id, Outcome::Declined, None).await?;
    caller.record(&mut tx, "share.decline", ("share", Some(id)), None, None).await?;
    state.commit(tx).await?;
    Ok(StatusCode::NO_CONTENT)
}
