//! Listing organisations.

use super::shown;
use crate::{cursor::Window, docs, error::ApiError, extract::Params, guard::Operator, state::AdminState};
use axum::{Json, extract::State};
use causeway_openapi::{Page, Tenant, TenantQuery};
use causeway_store::tenants;

/// List organisations
///
/// Every organisation of the installation, newest first, with its plan, what it uses of it, and its balance.
#[utoipa::path(
    get, path = "/operator/organizations", tag = "operator", operation_id = "listOrganizations", params(TenantQuery),
    responses(
        (status = 200, description = "A page of organisations", body = Page<Tenant>),
        docs::Malformed, docs::BadValue, docs::Operators, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    _: Operator,
    Params(query): Params<TenantQuery>,
) -> Result<Json<Page<Tenant>>, ApiError> {
    let window = Window::new(query.limit, query.cursor.as_deref())?;
    let part = query.query.unwrap_or_default();
    let rows = tenants::list(&state.store.operator, part.trim(), window.before, window.fetch()).await?;
    Ok(Json(window.page(rows.into_iter().map(shown).collect(), |tenant| tenant.id.0)))
}
