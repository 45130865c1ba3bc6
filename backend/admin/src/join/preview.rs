//! What a link leads to: the organisation and the role, and nothing that is not for whoever finds it.

use super::{check_open, hash, invited_to};
use crate::{
    docs,
    error::{ApiError, BadLink},
    extract::Body,
    join::register,
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_openapi::{InvitationPreview, RegistrationPreview, RegistrationRule, ShownToken};
use causeway_store::{TenantTx, invitations, organisations, registration, sign_in_rules::Registration};

/// Look at an invitation
///
/// The organisation and the role that it leads to. Not for whom it is.
#[utoipa::path(
    post, path = "/join/invitation/preview", tag = "join", operation_id = "previewInvitation", security(()),
    request_body = ShownToken,
    responses((status = 200, description = "What it leads to", body = InvitationPreview), docs::Link, docs::Failures)
)]
pub(crate) async fn invitation(
    State(state): State<AdminState>,
    Body(input): Body<ShownToken>,
) -> Result<Json<InvitationPreview>, ApiError> {
    let (org, hash) = invited_to(&state, &input.token).await?;
    let mut tx = TenantTx::begin(&state.store.app, org, None).await?;
    let invitation =
        invitations::lock_shown(&mut tx, &hash).await?.ok_or(ApiError::Link(BadLink::Unknown))?;
    check_open(&invitation)?;
    let organization = organisations::get(&mut tx, false).await?.name;
    Ok(Json(InvitationPreview { organization, role: invitation.role }))
}

/// Look at a registration link
///
/// The organisation and the role that it leads to, and what it takes to be let in.
#[utoipa::path(
    post, path = "/join/registration/preview", tag = "join", operation_id = "previewRegistration", security(()),
    request_body = ShownToken,
    responses((status = 200, description = "What it leads to", body = RegistrationPreview), docs::Link, docs::Forbidden, docs::Failures)
)]
pub(crate) async fn registration(
    State(state): State<AdminState>,
    Body(input): Body<ShownToken>,
) -> Result<Json<RegistrationPreview>, ApiError> {
    let hash = hash(&input.token);
    let org = registration::organisation(&state.store.app, &hash).await?;
    let mut tx =
        TenantTx::begin(&state.store.app, org.ok_or(ApiError::Link(BadLink::Unknown))?, None).await?;
    let (link, rules) = register::open(&mut tx, &hash).await?;
    let organization = organisations::get(&mut tx, false).await?.name;
    let rule = register::rule(rules.registration);
    let domains = match rules.registration {
        Registration::Domain => register::confirmed_domains(&mut tx, &rules).await?,
        _ => Vec::new(),
    };
    debug_assert_ne!(rule, RegistrationRule::Closed, "a closed registration has no open link");
    Ok(Json(RegistrationPreview { organization, role: link.role, rule, domains }))
}
