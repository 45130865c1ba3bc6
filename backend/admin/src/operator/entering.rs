//! Going into an organisation that one does not belong to, and out again. Its people find both in their audit log, and
//! everything that is changed in between, marked as the operator's.

use crate::{
    check::Check,
    docs,
    entering::entered,
    error::ApiError,
    extract::{Body, Place},
    guard::Operator,
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_domain::{OrgId, Role};
use causeway_openapi::{Access, Enter, Entered};
use causeway_store::{entries, memberships, tenants};
use http::StatusCode;
use serde_json::json;

/// Enter an organisation
///
/// From now on this session may name the organisation as `x-organization`, in calls and when it is renewed, with the rights
/// of a viewer or of an admin, until the time is over or the operator leaves. The organisation finds who entered, why and
/// until when in its audit log. Members use their membership instead.
#[utoipa::path(
    post, path = "/operator/organizations/{org}/enter", tag = "operator", operation_id = "enterOrganization",
    params(("org" = uuid::Uuid, Path, description = "The organisation")),
    request_body = Enter,
    responses(
        (status = 200, description = "Entered", body = Entered),
        docs::Input, docs::Operators, docs::Missing, docs::EnterClash, docs::Failures
    )
)]
pub(crate) async fn enter(
    State(state): State<AdminState>,
    operator: Operator,
    Place(org): Place<OrgId>,
    Body(input): Body<Enter>,
) -> Result<Json<Entered>, ApiError> {
    let mut check = Check::default();
    let reason = check.text("reason", &input.reason, 1..=500);
    let minutes = input.minutes.unwrap_or(60);
    check.require((5..=480).contains(&minutes), "minutes", "must be between 5 and 480");
    check.done()?;
    let homes = memberships::of(&state.store.app, operator.user.id).await?;
    let mut tx = operator.begin(&state, org).await?;
    tenants::lock(&mut tx).await?;
    if homes.iter().any(|home| home.org == org) {
        return Err(ApiError::Conflict(
            "you are a member of this organisation; switch to it instead".to_owned(),
        ));
    }
    let (access, role) = match input.access {
        Some(Access::Admin) => (Access::Admin, Role::Admin),
        _ => (Access::Read, Role::Viewer),
    };
    let user = operator.user.id;
    let entry = entries::enter(&mut tx, user, operator.session, role, &reason, i32::from(minutes)).await?;
    let after = json!({"access": access, "reason": entry.reason, "until": entry.expires_at});
    operator.record(&mut tx, "operator.enter", ("organization", Some(org.0)), None, Some(after)).await?;
    state.commit(tx).await?;
    Ok(Json(entered(&entry)))
}

/// Leave an organisation
///
/// Ends what entering began, at once. Nothing happens when the session is not inside.
#[utoipa::path(
    post, path = "/operator/organizations/{org}/leave", tag = "operator", operation_id = "leaveOrganizationAsOperator",
    params(("org" = uuid::Uuid, Path, description = "The organisation")),
    responses((status = 204, description = "Left"), docs::Operators, docs::Missing, docs::Failures)
)]
pub(crate) async fn leave(
    State(state): State<AdminState>,
    operator: Operator,
    Place(org): Place<OrgId>,
) -> Result<StatusCode, ApiError> {
    let mut tx = operator.begin(&state, org).await?;
    tenants::lock(&mut tx).await?;
    if entries::leave(&mut tx, operator.session).await? {
        operator.record(&mut tx, "operator.leave", ("organization", Some(org.0)), None, None).await?;
        state.commit(tx).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}
