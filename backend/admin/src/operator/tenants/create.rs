//! Making an organisation with its first owner.

use super::shown;
use crate::{
    check::Check,
    docs,
    error::ApiError,
    extract::Body,
    guard::Operator,
    invitations::{self, Sender, Terms},
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_domain::{OrgId, Role};
use causeway_openapi::{CreateTenant, CreatedTenant};
use causeway_store::{TenantTx, memberships, organisations, tenants, users};
use chrono_tz::Tz;
use http::StatusCode;
use serde_json::json;
use uuid::Uuid;

/// Make an organisation
///
/// With its first owner. Somebody who has an account finds it among their organisations at once. Anybody else is sent an
/// invitation: mailed, or the answer has its link, which is never shown again; an operator who has entered the
/// organisation can send another one while nobody owns it. It has no plan and is not prepaid until it is changed.
#[utoipa::path(
    post, path = "/operator/organizations", tag = "operator", operation_id = "createTenant",
    request_body = CreateTenant,
    responses(
        (status = 201, description = "The organisation", body = CreatedTenant),
        docs::Input, docs::Operators, docs::Throttle, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    operator: Operator,
    Body(input): Body<CreateTenant>,
) -> Result<(StatusCode, Json<CreatedTenant>), ApiError> {
    let mut check = Check::default();
    let name = check.text("name", &input.name, 1..=100);
    let email = check.email("owner_email", &input.owner_email);
    let time_zone = input.time_zone.as_deref().map_or(Ok(Tz::UTC), str::parse);
    check.require(time_zone.is_ok(), "time_zone", "must be an IANA time zone such as Europe/Berlin");
    let terms = Terms::check(&state, &mut check, None, None);
    check.done()?;
    let owner = users::find_by_email(&state.store.app, &email).await?;
    if owner.as_ref().is_some_and(|owner| owner.disabled) {
        return Err(ApiError::field("owner_email", "is of somebody who is locked out"));
    }
    let org = OrgId(Uuid::now_v7());
    // As the tenant itself: making organisations is no right of the operator's database role.
    let mut tx = TenantTx::begin(&state.store.app, org, Some(operator.user.id)).await?;
    organisations::insert(&mut tx, &name, time_zone.unwrap_or(Tz::UTC)).await?;
    let after = json!({"name": name, "owner": email, "invited": owner.is_none()});
    operator.record(&mut tx, "organization.create", ("organization", Some(org.0)), None, Some(after)).await?;
    let owner_invitation = match owner {
        Some(owner) => {
            memberships::insert(&mut tx, owner.id, Role::Owner).await?;
            None
        }
        None => {
            let person = &operator.user;
            let sender = Sender {
                org,
                organization: &name,
                id: person.id,
                name: &person.name,
                locale: &person.locale,
            };
            let whom = (email.as_str(), Role::Owner);
            let (made, link) = invitations::invite(&state, &mut tx, sender, whom, &terms).await?;
            let (target, after) = (("invitation", Some(made.id)), invitations::audited(&made));
            operator.record(&mut tx, "invitation.create", target, None, Some(after)).await?;
            Some(invitations::sent(made, link))
        }
    };
    state.commit(tx).await?;
    let tenant = shown(tenants::get(&state.store.operator, org).await?);
    Ok((StatusCode::CREATED, Json(CreatedTenant { tenant, owner_invitation })))
}
