//! The e-mail domains of an organisation. A tenant names them; the operator of the installation, who can ask, confirms.

use super::view_domain;
use crate::{
    docs,
    error::ApiError,
    extract::{Body, Place},
    guard::{May, Operator, right},
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_domain::{OrgId, sso};
use causeway_openapi::{AddDomain, SsoDomain, SsoDomains};
use causeway_store::{StoreError, TenantTx, sso::domains, tenants};
use http::StatusCode;
use serde_json::{Value, json};

/// Add an e-mail domain
///
/// Counts for nothing until the operator of the installation confirms it; at once where the caller is the operator.
#[utoipa::path(
    post, path = "/sso/domains", tag = "sso", operation_id = "addSsoDomain", request_body = AddDomain,
    responses(
        (status = 201, description = "The domain", body = SsoDomain),
        docs::Input, docs::Guarded, docs::Clash, docs::Failures
    )
)]
pub(crate) async fn add(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::SsoWrite>,
    Body(input): Body<AddDomain>,
) -> Result<(StatusCode, Json<SsoDomain>), ApiError> {
    let domain = sso::domain(&input.domain)
        .ok_or_else(|| ApiError::field("domain", "must be a domain such as example.com"))?;
    let mut tx = caller.begin(&state).await?;
    if domains::list(&mut tx).await?.len() >= 50 {
        return Err(ApiError::Conflict("an organisation can have at most 50 domains".to_owned()));
    }
    domains::insert(&mut tx, &domain).await.map_err(|error| match error {
        StoreError::Conflict(_) => ApiError::Conflict("this domain is there already".to_owned()),
        other => other.into(),
    })?;
    caller.record(&mut tx, "sso_domain.create", ("sso_domain", None), None, Some(named(&domain))).await?;
    state.commit(tx).await?;
    if caller.is_operator {
        let mut tx =
            TenantTx::begin_as_operator(&state.store.operator, caller.org(), Some(caller.user.id)).await?;
        domains::confirm(&mut tx, &domain, true).await.map_err(taken)?;
        caller
            .record(&mut tx, "sso_domain.confirm", ("sso_domain", None), None, Some(named(&domain)))
            .await?;
        state.commit(tx).await?;
    }
    let mut tx = caller.begin(&state).await?;
    let added = domains::list(&mut tx).await?.into_iter().find(|d| d.domain == domain);
    Ok((StatusCode::CREATED, Json(view_domain(added.ok_or(ApiError::NotFound)?))))
}

/// Remove an e-mail domain
///
/// Nobody new is known by an address of it. Identities that are linked stay.
#[utoipa::path(
    delete, path = "/sso/domains/{domain}", tag = "sso", operation_id = "removeSsoDomain",
    params(("domain" = String, Path, description = "The domain")),
    responses((status = 204, description = "Removed"), docs::Guarded, docs::Missing, docs::Failures)
)]
pub(crate) async fn remove(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::SsoWrite>,
    Place(domain): Place<String>,
) -> Result<StatusCode, ApiError> {
    let domain = sso::domain(&domain).ok_or(ApiError::NotFound)?;
    let mut tx = caller.begin(&state).await?;
    domains::delete(&mut tx, &domain).await?;
    caller.record(&mut tx, "sso_domain.delete", ("sso_domain", None), Some(named(&domain)), None).await?;
    state.commit(tx).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// List an organisation's e-mail domains
///
/// Those that wait for a confirmation have no `confirmed_at`.
#[utoipa::path(
    get, path = "/operator/organizations/{org}/domains", tag = "operator", operation_id = "listTenantDomains",
    params(("org" = uuid::Uuid, Path, description = "The organisation")),
    responses((status = 200, description = "The domains", body = SsoDomains), docs::Operators, docs::Missing, docs::Failures)
)]
pub(crate) async fn list_of(
    State(state): State<AdminState>,
    operator: Operator,
    Place(org): Place<OrgId>,
) -> Result<Json<SsoDomains>, ApiError> {
    tenants::get(&state.store.operator, org).await?;
    let mut tx = operator.begin(&state, org).await?;
    let domains = domains::list(&mut tx).await?.into_iter().map(view_domain).collect();
    Ok(Json(SsoDomains { domains }))
}

/// Confirm an e-mail domain
///
/// From now on issuers of the organisation speak for the people of this domain: somebody whose address there they vouch
/// for is taken for the person who has that address. Make sure that the domain is theirs.
#[utoipa::path(
    put, path = "/operator/organizations/{org}/domains/{domain}", tag = "operator", operation_id = "confirmTenantDomain",
    params(
        ("org" = uuid::Uuid, Path, description = "The organisation"),
        ("domain" = String, Path, description = "A domain that the organisation has named")
    ),
    responses((status = 204, description = "Confirmed"), docs::Operators, docs::Missing, docs::Clash, docs::Failures)
)]
pub(crate) async fn confirm(
    State(state): State<AdminState>,
    operator: Operator,
    Place((org, domain)): Place<(OrgId, String)>,
) -> Result<StatusCode, ApiError> {
    decide(&state, &operator, org, &domain, true).await
}

/// Take a confirmation back
///
/// Nobody new is known by an address of the domain. Identities that are linked stay.
#[utoipa::path(
    delete, path = "/operator/organizations/{org}/domains/{domain}", tag = "operator", operation_id = "unconfirmTenantDomain",
    params(
        ("org" = uuid::Uuid, Path, description = "The organisation"),
        ("domain" = String, Path, description = "The domain")
    ),
    responses((status = 204, description = "Not confirmed any more"), docs::Operators, docs::Missing, docs::Failures)
)]
pub(crate) async fn unconfirm(
    State(state): State<AdminState>,
    operator: Operator,
    Place((org, domain)): Place<(OrgId, String)>,
) -> Result<StatusCode, ApiError> {
    decide(&state, &operator, org, &domain, false).await
}

async fn decide(
    state: &AdminState,
    operator: &Operator,
    org: OrgId,
    domain: &str,
    confirmed: bool,
) -> Result<StatusCode, ApiError> {
    let domain = sso::domain(domain).ok_or(ApiError::NotFound)?;
    let mut tx = operator.begin(state, org).await?;
    domains::confirm(&mut tx, &domain, confirmed).await.map_err(taken)?;
    let action = if confirmed { "sso_domain.confirm" } else { "sso_domain.unconfirm" };
    operator.record(&mut tx, action, ("sso_domain", None), None, Some(named(&domain))).await?;
    state.commit(tx).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn named(domain: &str) -> Value {
    json!({"domain": domain})
}

fn taken(error: StoreError) -> ApiError {
    match error {
        StoreError::Conflict(_) => ApiError::Conflict("this domain is another organisation's".to_owned()),
        other => other.into(),
    }
}
