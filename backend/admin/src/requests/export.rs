//! Exporting requests.

use crate::{
    docs,
    error::ApiError,
    extract::Params,
    guard::{May, right},
    state::AdminState,
    transfer::{self, Export},
};
use axum::{body::Body, extract::State, response::Response};
use causeway_openapi::{RequestExport, UsageRecord};
use futures_util::{StreamExt, TryStreamExt, stream};

/// Export requests
///
/// Every request that matches, oldest first, with everything that its row holds; a member's own ones only. `jsonl` has a
/// `UsageRecord` on each line and can be imported again; in `csv`, texts that a spreadsheet would take for a formula begin
/// with an apostrophe. The file is made while it is read: a request that is written meanwhile may be in it or not. When it
/// breaks off, the connection does.
#[utoipa::path(
    get, path = "/requests/export", tag = "requests", operation_id = "exportRequests", params(RequestExport),
    responses(
        (status = 200, description = "The file", content((String = "text/csv"), (UsageRecord = "application/x-ndjson"))),
        docs::Malformed, docs::Guarded, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::UsageRead>,
    Params(query): Params<RequestExport>,
) -> Result<Response, ApiError> {
    let format = query.format;
    let export = Export { org: caller.org(), sees: caller.sees(), query: query.into(), format };
    let mut file = Box::pin(transfer::export(state.store.app.clone(), export));
    // What is wrong from the start is told as an error; later there is only breaking off.
    let first = file.try_next().await?;
    let rest = file.inspect_err(|error| tracing::error!("an export of requests broke off: {error:?}"));
    let body = Body::from_stream(stream::iter(first.map(Ok)).chain(rest));
    Ok(transfer::file(format, &format!("requests-{}", caller.organization.slug), body))
}
