//! Listing requests.

use super::view;
use crate::{
    cursor::Window,
    docs,
    error::ApiError,
    extract::Params,
    guard::{May, right},
    state::AdminState,
    transfer,
};
use axum::{Json, extract::State};
use causeway_openapi::{Page, Request, RequestQuery};
use causeway_store::requests::{self, Filter};

/// List requests
///
/// Requests that reached a provider, newest first; a member's own ones only. A request appears once it has ended, a second
/// or two later.
#[utoipa::path(
    get, path = "/requests", tag = "requests", operation_id = "listRequests", params(RequestQuery),
    responses(
        (status = 200, description = "A page of requests", body = Page<Request>),
        docs::Malformed, docs::BadValue, docs::Guarded, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::UsageRead>,
    Params(query): Params<RequestQuery>,
) -> Result<Json<Page<Request>>, ApiError> {
    let window = Window::new(query.limit, query.cursor.as_deref())?;
    let before = window.before.map(Into::into);
    let filter = Filter { before, ..transfer::filter(&query, caller.sees()) };
    let mut tx = caller.begin(&state).await?;
    let rows = requests::list(&mut tx, &filter, window.fetch()).await?;
    let rows = rows.into_iter().map(view).collect::<Result<Vec<_>, _>>()?;
    Ok(Json(window.page(rows, |request| request.id.0)))
}
