//! Dead letters of all organisations, and the two ends that they can come to.

use crate::{
    check::Check,
    cursor::Window,
    docs,
    error::ApiError,
    extract::{Body, Params, Place},
    guard::Operator,
    ledger::view,
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_domain::RequestId;
use causeway_openapi::{CloseDeadLetter, ListQuery, OrganizationRef, Page, TenantDeadLetter};
use causeway_store::dead_letters::{self, OfTenant};
use http::StatusCode;
use serde_json::{Value, json};

fn shown(of: OfTenant) -> TenantDeadLetter {
    let organization = OrganizationRef { id: of.org, name: of.name, slug: of.slug };
    TenantDeadLetter { organization, letter: view(of.letter) }
}

/// What the audit log has of a request, beside its id.
fn audited(letter: &dead_letters::DeadLetter, because: Option<&str>) -> Value {
    json!({ "error": letter.error, "charged": letter.event["charged"], "because": because })
}

/// List the dead letters of all organisations
///
/// Requests that could not be written to the log and that nobody has dealt with, newest first, each with the reason and all
/// that is known of it.
#[utoipa::path(
    get, path = "/operator/dead-letters", tag = "operator", operation_id = "listTenantDeadLetters", params(ListQuery),
    responses(
        (status = 200, description = "A page of dead letters", body = Page<TenantDeadLetter>),
        docs::Malformed, docs::BadValue, docs::Operators, docs::Failures
    )
)]
pub(crate) async fn list(
    State(state): State<AdminState>,
    _: Operator,
    Params(query): Params<ListQuery>,
) -> Result<Json<Page<TenantDeadLetter>>, ApiError> {
    let window = Window::new(query.limit, query.cursor.as_deref())?;
    let before = window.before.map(Into::into);
    let letters = dead_letters::list_all(&state.store.operator, before, window.fetch()).await?;
    Ok(Json(window.page(letters.into_iter().map(shown).collect(), |of| of.letter.request_id.0)))
}

/// Write a dead letter
///
/// Once what stood in its way is gone: the request gets its row, and counts in sums and budgets from now on. A conflict when
/// the database still does not take it; the letter then has the new reason. Nothing is counted twice, however often this is
/// called.
#[utoipa::path(
    post, path = "/operator/dead-letters/{request}/write", tag = "operator", operation_id = "writeDeadLetter",
    params(("request" = uuid::Uuid, Path, description = "The request")),
    responses(
        (status = 204, description = "Written"),
        docs::Operators, docs::Missing, docs::StillRefused, docs::Failures
    )
)]
pub(crate) async fn write(
    State(state): State<AdminState>,
    operator: Operator,
    Place(request): Place<RequestId>,
) -> Result<StatusCode, ApiError> {
    let org = dead_letters::owner(&state.store.operator, request).await?;
    let mut tx = operator.begin(&state, org).await?;
    let letter = dead_letters::lock(&mut tx, request).await?;
    match dead_letters::write(&state.store, &letter).await {
        Ok(()) => {}
        Err(error) if error.is_bad_data() => {
            let error = error.to_string();
            dead_letters::refused(&mut tx, request, &error).await?;
            state.commit(tx).await?;
            return Err(still_refused(&error));
        }
        Err(error) => return Err(error.into()),
    }
    dead_letters::close(&mut tx, request, operator.user.id, None).await?;
    let target = ("request", Some(request.0));
    operator.record(&mut tx, "dead_letter.write", target, None, Some(audited(&letter, None))).await?;
    state.commit(tx).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Close a dead letter
///
/// It is not written, for a reason that its organisation finds in its audit log. All that is known of it is kept.
#[utoipa::path(
    post, path = "/operator/dead-letters/{request}/close", tag = "operator", operation_id = "closeDeadLetter",
    params(("request" = uuid::Uuid, Path, description = "The request")),
    request_body = CloseDeadLetter,
    responses(
        (status = 204, description = "Closed"),
        docs::Input, docs::Operators, docs::Missing, docs::Failures
    )
)]
pub(crate) async fn close(
    State(state): State<AdminState>,
    operator: Operator,
    Place(request): Place<RequestId>,
    Body(input): Body<CloseDeadLetter>,
) -> Result<StatusCode, ApiError> {
    let mut check = Check::default();
    let because = check.text("reason", &input.reason, 1..=500);
    check.done()?;
    let org = dead_letters::owner(&state.store.operator, request).await?;
    let mut tx = operator.begin(&state, org).await?;
    let letter = dead_letters::lock(&mut tx, request).await?;
    dead_letters::close(&mut tx, request, operator.user.id, Some(&because)).await?;
    let (target, after) = (("request", Some(request.0)), audited(&letter, Some(&because)));
    operator.record(&mut tx, "dead_letter.close", target, None, Some(after)).await?;
    state.commit(tx).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The database does not take it this time either.
pub(crate) fn still_refused(error: &str) -> ApiError {
    ApiError::Conflict(format!("the database still does not take it: {error}"))
}
