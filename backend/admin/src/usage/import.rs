//! Importing usage.

use crate::{
    docs,
    error::ApiError,
    extract::Params,
    guard::{May, right},
    state::AdminState,
    transfer::{self, Bounds},
};
use axum::{Json, body::Body, extract::State};
use causeway_openapi::{ImportQuery, ImportReport, UsageRecord};
use serde_json::json;

/// What is read of one call. More is more calls.
const BOUNDS: Bounds = Bounds { bytes: 512 * 1024 * 1024, lines: 500_000 };

/// Import usage
///
/// Reads a file of requests as `exportRequests` writes it in `jsonl`: a JSON object (`UsageRecord`) on each line, lines of at
/// most 64 KiB, at most 500,000 of them in 512 MiB. Requests that the log lacks are added to it, to the sums and to the
/// totals that budgets rest on; requests that it has are left alone, so importing a file again changes nothing. They become
/// this organisation's, whatever the file says: their keys, accounts and members must be its own, deleted ones included. A
/// line that is not accepted is refused by itself and reported. For owners; look with `dry_run=true` first.
#[utoipa::path(
    post, path = "/usage/import", tag = "usage", operation_id = "importUsage", params(ImportQuery),
    request_body(content = UsageRecord, content_type = "application/x-ndjson", description = "A record on each line"),
    responses(
        (status = 200, description = "What was done, or would be", body = ImportReport),
        docs::Malformed, docs::Large, docs::Guarded, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::UsageImport>,
    Params(query): Params<ImportQuery>,
    file: Body,
) -> Result<Json<ImportReport>, ApiError> {
    let mut report = ImportReport { dry_run: query.dry_run, ..ImportReport::default() };
    let done =
        transfer::import(&state.store, caller.org(), file.into_data_stream(), BOUNDS, &mut report).await;
    if !report.dry_run && (report.added > 0 || done.is_ok()) {
        let mut tx = caller.begin(&state).await?;
        let counts = json!({
            "read": report.read, "added": report.added, "present": report.present, "refused": report.refused,
            "added_usd": report.added_usd, "complete": done.is_ok(),
        });
        let target = ("organization", Some(caller.org().0));
        caller.record(&mut tx, "usage.import", target, None, Some(counts)).await?;
        state.commit(tx).await?;
    }
    done.map(|()| Json(report))
}
