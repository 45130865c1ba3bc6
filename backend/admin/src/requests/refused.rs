//! Requests that were refused.

use super::steps;
use crate::{
    cursor::Window,
    docs,
    error::ApiError,
    extract::Params,
    guard::{May, right},
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_openapi::{Page, RefusedQuery, RefusedRequest};
use causeway_store::attempts;
use chrono::DateTime;

/// List refused requests
///
/// Requests that a limit, a budget or a rule has refused, that no account could take, or that none has answered, newest
/// first; a member's own ones only. Each with what its client was told, and with the accounts that were asked or passed
/// over, and why. Kept for 30 days. What refuses a key over and over for one reason is kept once a minute, and in a flood
/// some may be missing. One that has reached a provider is in the request log besides. A key that is not known, or may not be
/// used at all, is not among them.
#[utoipa::path(
    get, path = "/requests/refused", tag = "requests", operation_id = "listRefusedRequests", params(RefusedQuery),
    responses(
        (status = 200, description = "A page of requests", body = Page<RefusedRequest>),
        docs::Malformed, docs::BadValue, docs::Guarded, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::UsageRead>,
    Params(query): Params<RefusedQuery>,
) -> Result<Json<Page<RefusedRequest>>, ApiError> {
    let window = Window::new(query.limit, query.cursor.as_deref())?;
    let before = window.before.map(Into::into);
    let mut tx = caller.begin(&state).await?;
    let rows = attempts::refused(&mut tx, (caller.sees(), query.key_id), before, window.fetch()).await?;
    let page = window.page(rows, |refused| refused.way.request.0);
    let mut items = Vec::with_capacity(page.items.len());
    for mut refused in page.items {
        let steps = steps::read(refused.way.steps.take())?;
        items.push((refused, steps));
    }
    let names = steps::names(&mut tx, items.iter().flat_map(|(_, steps)| steps)).await?;
    let items = items.into_iter().map(|(refused, steps)| RefusedRequest {
        request_id: refused.way.request,
        at: DateTime::from_timestamp_millis(refused.way.request.started_ms()).unwrap_or_default(),
        key_id: refused.way.key,
        key_name: refused.key_name.unwrap_or_default(),
        member_id: refused.way.user,
        member_name: refused.user_name.unwrap_or_default(),
        model: refused.way.model,
        status: refused.way.status,
        code: refused.way.code,
        message: refused.way.message,
        steps: steps::view(steps, &names),
    });
    Ok(Json(Page { items: items.collect(), next_cursor: page.next_cursor }))
}
