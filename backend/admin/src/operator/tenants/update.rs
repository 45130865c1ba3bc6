//! Changing what an organisation is allowed and charged.

use super::{audited, shown};
use crate::{
    check::Check,
    docs,
    error::ApiError,
    extract::{Body, Place},
    guard::Operator,
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_accounts::Catalogue;
use causeway_domain::{OrgId, provider::Provider};
use causeway_openapi::{Tenant, TenantStatus, UpdateTenant};
use causeway_store::{
    credits,
    tenants::{self, Tenant as Stored},
};

/// Change an organisation
///
/// Sets what is present and leaves the rest: renames it, suspends it or serves it again, gives it a plan, says what it is charged, ends
/// prepaid. In force from its next request on; what runs when it is suspended is ended within two seconds, on every
/// instance. The organisation finds the change in its audit log.
#[utoipa::path(
    patch, path = "/operator/organizations/{org}", tag = "operator", operation_id = "updateTenant",
    params(("org" = uuid::Uuid, Path, description = "The organisation")),
    request_body = UpdateTenant,
    responses(
        (status = 200, description = "The organisation as it is now", body = Tenant),
        docs::Input, docs::Operators, docs::Missing, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    operator: Operator,
    Place(org): Place<OrgId>,
    Body(input): Body<UpdateTenant>,
) -> Result<Json<Tenant>, ApiError> {
    let mut tx = operator.begin(&state, org).await?;
    let mut tenant = tenants::lock(&mut tx).await?;
    let before = audited(&tenant);
    apply(&mut tenant, &input, &state.catalogue)?;
    tenants::update(&mut tx, &tenant).await?;
    if input.prepaid == Some(false) {
        credits::end_prepaid(&mut tx).await?;
    }
    let tenant = tenants::read(&mut tx).await?;
    let after = audited(&tenant);
    if before != after {
        let target = ("organization", Some(org.0));
        operator.record(&mut tx, "organization.decide", target, Some(before), Some(after)).await?;
    }
    state.commit(tx).await?;
    Ok(Json(shown(tenant)))
}

fn apply(tenant: &mut Stored, input: &UpdateTenant, catalogue: &Catalogue) -> Result<(), ApiError> {
    let mut check = Check::default();
    if let Some(name) = &input.name {
        tenant.name = check.text("name", name, 1..=100);
    }
    let was_suspended = tenant.suspended;
    if let Some(status) = input.status {
        tenant.suspended = status == TenantStatus::Suspended;
    }
    let reason = input.suspended_reason.as_deref();
    match reason.map(|reason| check.text("suspended_reason", reason, 1..=500)) {
        Some(reason) => {
            check.require(tenant.suspended, "suspended_reason", "must be absent unless it is suspended");
            tenant.suspended_reason = Some(reason);
        }
        None => {
            let told = !tenant.suspended || was_suspended;
            check.require(told, "suspended_reason", "must say why: the organisation's people are shown it");
        }
    }
    if !tenant.suspended {
        tenant.suspended_reason = None;
    }
    if let Some(plan) = &input.plan {
        check.plan("plan", plan);
        tenant.plan = plan.clone();
    }
    if let Some(multiplier) = input.multiplier {
        tenant.multiplier = multiplier;
    }
    if let Some(multipliers) = &input.provider_multipliers {
        for provider in multipliers.keys() {
            let field = format!("provider_multipliers.{provider}");
            match provider.parse::<Provider>() {
                Ok(provider) => check.provider(&field, provider, catalogue),
                Err(bad) => check.refuse(&field, bad.to_string()),
            }
        }
        tenant.provider_multipliers = multipliers.clone();
    }
    let begins = input.prepaid == Some(true) && !tenant.balance.prepaid;
    check.require(!begins, "prepaid", "begins with the first credit; it can only be ended here");
    check.done()
}
