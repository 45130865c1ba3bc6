//! Dead letters as a file.

use super::view;
use crate::{
    docs,
    error::ApiError,
    guard::{May, right},
    state::AdminState,
    transfer,
};
use axum::{extract::State, response::Response};
use causeway_openapi::{DeadLetter, ExportFormat};
use causeway_store::dead_letters;

/// Letters in one query.
const PAGE: i64 = 500;

/// Letters in one file: whoever has more has one problem many times.
const MOST: usize = 20_000;

/// Export dead letters
///
/// The organisation's dead letters, newest first, a `DeadLetter` on each line; at most 20,000.
#[utoipa::path(
    get, path = "/ledger/dead-letters/export", tag = "ledger", operation_id = "exportDeadLetters",
    responses(
        (status = 200, description = "The file", content((DeadLetter = "application/x-ndjson"))),
        docs::Guarded, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::LedgerRead>,
) -> Result<Response, ApiError> {
    let (mut text, mut count, mut before) = (String::new(), 0, None);
    let mut tx = caller.begin(&state).await?;
    while count < MOST {
        let letters = dead_letters::list(&mut tx, before, PAGE).await?;
        let Some(last) = letters.last() else { break };
        before = Some(last.request);
        count += letters.len();
        for letter in letters {
            transfer::write_line(&mut text, ExportFormat::Jsonl, &view(letter))
                .map_err(ApiError::internal)?;
        }
    }
    let name = format!("dead-letters-{}", caller.organization.slug);
    Ok(transfer::file(ExportFormat::Jsonl, &name, text.into()))
}
