//! Making an organisation with its first owner.

use super::shown;
use crate::{check::Check, docs, error::ApiError, extract::Body, guard::Operator, state::AdminState};
use axum::{Json, extract::State};
use causeway_domain::{OrgId, Role};
use causeway_openapi::{CreateTenant, Tenant};
use causeway_store::{TenantTx, memberships, organisations, tenants, users};
use chrono_tz::Tz;
use http::StatusCode;
use serde_json::json;
use uuid::Uuid;

/// Make an organisation
///
/// With a person who can sign in here as its first owner, who finds it among their organisations at once. It has no plan
/// and is not prepaid until it is changed.
#[utoipa::path(
    post, path = "/operator/organizations", tag = "operator", operation_id = "createTenant",
    request_body = CreateTenant,
    responses(
        (status = 201, description = "The organisation", body = Tenant),
        docs::Input, docs::Operators, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    operator: Operator,
    Body(input): Body<CreateTenant>,
) -> Result<(StatusCode, Json<Tenant>), ApiError> {
    let mut check = Check::default();
    let name = check.text("name", &input.name, 1..=100);
    let email = check.email("owner_email", &input.owner_email);
    let time_zone = input.time_zone.as_deref().map_or(Ok(Tz::UTC), str::parse);
    check.require(time_zone.is_ok(), "time_zone", "must be an IANA time zone such as Europe/Berlin");
    check.done()?;
    let owner = users::find_by_email(&state.store.app, &email).await?.filter(|owner| !owner.disabled);
    let owner = owner.ok_or_else(|| {
        ApiError::field("owner_email", "must be of somebody who can sign in here; nobody has this address")
    })?;
    let org = OrgId(Uuid::now_v7());
    // As the tenant itself: making organisations is no right of the operator's database role.
    let mut tx = TenantTx::begin(&state.store.app, org, Some(operator.user.id)).await?;
    organisations::insert(&mut tx, &name, time_zone.unwrap_or(Tz::UTC)).await?;
    memberships::insert(&mut tx, owner.id, Role::Owner).await?;
    let after = json!({"name": name, "owner": owner.email});
    operator.record(&mut tx, "organization.create", ("organization", Some(org.0)), None, Some(after)).await?;
    state.commit(tx).await?;
    Ok((StatusCode::CREATED, Json(shown(tenants::get(&state.store.operator, org).await?))))
}
