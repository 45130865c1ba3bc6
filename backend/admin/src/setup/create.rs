//! Using the set-up link.

use crate::{
    auth::{cookie::SetCookie, session},
    docs,
    error::ApiError,
    extract::Body,
    origin::Origin,
    people::{self, NewOwner},
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_domain::OrgId;
use causeway_openapi::{Session, Setup};
use causeway_store::{TenantTx, setup, users};
use http::StatusCode;
use uuid::Uuid;

/// Set up
///
/// Makes the first organisation and its owner, and signs them in. Needs the token of the link that the server printed
/// when it started; the token is dead afterwards. Needs no access token.
#[utoipa::path(
    post, path = "/setup", tag = "setup", operation_id = "setUp", security(()),
    request_body = Setup,
    responses(
        (status = 201, description = "Set up, and signed in", body = Session,
            headers(("set-cookie" = String, description = "The refresh token"))),
        docs::Input, docs::Forbidden, docs::Clash, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    origin: Origin,
    Body(input): Body<Setup>,
) -> Result<(StatusCode, SetCookie, Json<Session>), ApiError> {
    let owner = NewOwner {
        organization: &input.organization,
        name: &input.name,
        email: &input.email,
        password: input.password.expose(),
        time_zone: input.time_zone.as_deref(),
    };
    let owner = people::check(&owner)?;
    let mut tx = TenantTx::begin(&state.store.app, OrgId(Uuid::now_v7()), None).await?;
    // Before the password is hashed: without the token nobody makes us work.
    if !setup::claim(&mut tx, input.token.expose().trim()).await? {
        return Err(if users::any(&state.store.app).await? {
            ApiError::Conflict("set-up was done before; sign in instead".to_owned())
        } else {
            ApiError::Forbidden(
                "the set-up link is not valid; the server prints a new one when it starts".to_owned(),
            )
        });
    }
    let hash = state.passwords.hash(input.password.expose()).await?;
    let made = people::insert(&mut tx, &owner, &hash, true, Some(&origin)).await?;
    state.commit(tx).await?;
    let (cookie, session) = session::begin(&state, made.user, made.org, &origin).await?;
    Ok((StatusCode::CREATED, cookie, Json(session)))
}
