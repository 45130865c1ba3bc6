//! Listing lines.

use super::{filter, view};
use crate::{
    cursor::Window,
    docs,
    error::ApiError,
    extract::Params,
    guard::{May, Operator, right},
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_openapi::{AuditEntry, AuditQuery, Page};
use causeway_store::audit;

/// Read the audit log
///
/// Who changed what, when and from where, newest first: people, API tokens, the operator, jobs, the command line. Lines are
/// only ever added.
#[utoipa::path(
    get, path = "/audit", tag = "audit", operation_id = "listAudit", params(AuditQuery),
    responses(
        (status = 200, description = "A page of lines", body = Page<AuditEntry>),
        docs::Malformed, docs::BadValue, docs::Guarded, docs::Failures
    )
)]
pub(crate) async fn own(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::AuditRead>,
    Params(query): Params<AuditQuery>,
) -> Result<Json<Page<AuditEntry>>, ApiError> {
    let window = Window::new(query.limit, query.cursor.as_deref())?;
    let mut tx = caller.begin(&state).await?;
    let rows = audit::list(&mut tx, &filter(&query, window.before, None), window.fetch()).await?;
    Ok(Json(window.page(rows.into_iter().map(view).collect(), |entry| entry.id)))
}

/// Read the installation's audit log
///
/// What belongs to no organisation, and what operators did in each of them, newest first. What an organisation's own people
/// do is theirs; an operator who must know enters it.
#[utoipa::path(
    get, path = "/operator/audit", tag = "operator", operation_id = "listInstallationAudit", params(AuditQuery),
    responses(
        (status = 200, description = "A page of lines", body = Page<AuditEntry>),
        docs::Malformed, docs::BadValue, docs::Operators, docs::Failures
    )
)]
pub(crate) async fn installation(
    State(state): State<AdminState>,
    _: Operator,
    Params(query): Params<AuditQuery>,
) -> Result<Json<Page<AuditEntry>>, ApiError> {
    let window = Window::new(query.limit, query.cursor.as_deref())?;
    let filter = filter(&query, window.before, None);
    let rows = audit::of_installation(&state.store.operator, &filter, window.fetch()).await?;
    Ok(Json(window.page(rows.into_iter().map(view).collect(), |entry| entry.id)))
}
