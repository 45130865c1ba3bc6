//! Statements by month, for who sends the invoice.

use crate::{
    billing::statement::{self, Month},
    docs,
    error::ApiError,
    extract::{Params, Place},
    guard::Operator,
    state::AdminState,
};
use axum::{Json, extract::State, response::Response};
use causeway_domain::OrgId;
use causeway_openapi::{Statement, StatementMonths, StatementQuery};
use causeway_store::{organisations, statements, tenants};
use chrono::Utc;

/// List an organisation's months
///
/// The months of which there are statements, newest first.
#[utoipa::path(
    get, path = "/operator/organizations/{org}/statements", tag = "operator", operation_id = "listTenantStatements",
    params(("org" = uuid::Uuid, Path, description = "The organisation")),
    responses(
        (status = 200, description = "The months", body = StatementMonths),
        docs::Operators, docs::Missing, docs::Failures
    )
)]
pub(crate) async fn months(
    State(state): State<AdminState>,
    operator: Operator,
    Place(org): Place<OrgId>,
) -> Result<Json<StatementMonths>, ApiError> {
    let mut tx = operator.begin(&state, org).await?;
    let calendar = organisations::get(&mut tx, false).await?.calendar;
    let first = statements::beginning(&mut tx).await?;
    Ok(Json(Month::between(&calendar, first, Utc::now())))
}

/// Read an organisation's statement
///
/// The same that its own administrators read, in its time zone.
#[utoipa::path(
    get, path = "/operator/organizations/{org}/statements/{month}", tag = "operator",
    operation_id = "getTenantStatement",
    params(
        ("org" = uuid::Uuid, Path, description = "The organisation"),
        ("month" = String, Path, description = "`YYYY-MM`", example = "2026-11"),
        StatementQuery
    ),
    responses(
        (status = 200, description = "The statement", content((Statement = "application/json"), (String = "text/csv"))),
        docs::Malformed, docs::Operators, docs::Missing, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    operator: Operator,
    Place((org, month)): Place<(OrgId, String)>,
    Params(query): Params<StatementQuery>,
) -> Result<Response, ApiError> {
    let mut tx = operator.snapshot(&state, org).await?;
    let slug = tenants::read(&mut tx).await?.slug;
    let calendar = organisations::get(&mut tx, false).await?.calendar;
    let month = Month::named(&month, &calendar, Utc::now()).ok_or(ApiError::NotFound)?;
    let statement = statement::read(&mut tx, &month, true).await?;
    Ok(statement::answer(&statement, &slug, query.format.unwrap_or_default()))
}
