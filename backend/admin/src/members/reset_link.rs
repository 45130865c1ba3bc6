//! Making a link with which a member chooses a new password.

use super::takeover;
use crate::{
    auth::{cookie, reset},
    docs,
    error::ApiError,
    extract::Place,
    guard::Person,
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_domain::UserId;
use causeway_openapi::{Permission, ResetLink};
use causeway_store::{PersonTx, reset_links};
use http::StatusCode;

/// Make a link to choose a new password
///
/// For a member who has forgotten theirs; hand it to them and to nobody else. It works once and for an hour, and every
/// session of theirs ends when it is used. Only for members of a lower role than the caller's who belong to no other
/// organisation and do not run the installation, because a link is as good as the account.
#[utoipa::path(
    post, path = "/members/{id}/reset-link", tag = "members", operation_id = "makeResetLink", security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path, description = "Identifier of the person")),
    responses(
        (status = 201, description = "The link", body = ResetLink),
        docs::Guarded, docs::Missing, docs::Beyond, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    Person { caller, .. }: Person,
    Place(id): Place<UserId>,
) -> Result<(StatusCode, Json<ResetLink>), ApiError> {
    caller.demand(Permission::MembersWrite)?;
    let user = takeover::allowed(&state, &caller, id).await?;
    if user.password_hash.is_none() {
        return Err(ApiError::Conflict("this person signs in without a password".to_owned()));
    }
    let (token, hash) = cookie::new_token();
    let mut tx = PersonTx::begin(&state.store.app, id).await?;
    let expires_at = reset_links::insert(&mut tx, &hash, Some((caller.user.id, caller.org()))).await?;
    caller.record_about_person(&mut tx, "member.reset_link").await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(ResetLink { url: reset::url(&state, &token).into(), expires_at })))
}
