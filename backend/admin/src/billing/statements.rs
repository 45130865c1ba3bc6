//! Statements by month, for the organisation itself.

use super::statement::{self, Month};
use crate::{
    docs,
    error::ApiError,
    extract::{Params, Place},
    guard::{May, right},
    state::AdminState,
};
use axum::{Json, extract::State, response::Response};
use causeway_domain::Role;
use causeway_openapi::{Statement, StatementMonths, StatementQuery};
use causeway_store::statements;
use chrono::Utc;

/// List the months
///
/// The months of which there are statements: from the one in which the organisation was made, or first used something, to
/// the current one.
#[utoipa::path(
    get, path = "/statements", tag = "billing", operation_id = "listStatements",
    responses(
        (status = 200, description = "The months", body = StatementMonths), docs::Guarded, docs::Failures
    )
)]
pub(crate) async fn months(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::BillingRead>,
) -> Result<Json<StatementMonths>, ApiError> {
    let mut tx = caller.begin(&state).await?;
    let first = statements::beginning(&mut tx).await?;
    Ok(Json(Month::between(&caller.calendar, first, Utc::now())))
}

/// Read a statement
///
/// A month of the organisation's time zone: opening balance + credits − usage = closing balance, exactly; the closing
/// balance of a month is the opening one of the next. Usage is what was charged, by key and model; what the providers asked
/// for it is shown to administrators too.
#[utoipa::path(
    get, path = "/statements/{month}", tag = "billing", operation_id = "getStatement",
    params(("month" = String, Path, description = "`YYYY-MM`", example = "2026-11"), StatementQuery),
    responses(
        (status = 200, description = "The statement", content((Statement = "application/json"), (String = "text/csv"))),
        docs::Malformed, docs::Guarded, docs::Missing, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::BillingRead>,
    Place(month): Place<String>,
    Params(query): Params<StatementQuery>,
) -> Result<Response, ApiError> {
    let month = Month::named(&month, &caller.calendar, Utc::now()).ok_or(ApiError::NotFound)?;
    let mut tx = caller.snapshot(&state).await?;
    let statement = statement::read(&mut tx, &month, caller.role >= Role::Admin).await?;
    Ok(statement::answer(&statement, &caller.organization.slug, query.format.unwrap_or_default()))
}
