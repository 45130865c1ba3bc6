//! Accounts out of files. A file is unpacked, every credential in it recognised, and each becomes an account by the same
//! steps as one that is typed in: [`super::create`]. A dry run takes those steps too, and takes everything back.

mod making;
mod unpack;

use super::owner;
use crate::{
    docs,
    error::ApiError,
    extract::Params,
    guard::{May, right},
    proxies::chosen,
    state::AdminState,
};
use axum::{Json, body::Body, extract::State};
use causeway_openapi::{AccountImport, AccountImportOutcome, AccountImportQuery};
use causeway_store::{accounts, pools};
use futures_util::StreamExt;
use making::Importer;
use unpack::{Piece, Unpacked};

/// The largest file, in bytes.
const LARGEST: usize = 8 * 1024 * 1024;

/// So many pools are looked through for their names.
const POOLS: i64 = 1000;

/// Import accounts
///
/// Reads one JSON document or one ZIP archive of them, at most 8 MiB: credential files of Claude Code (`.credentials.json`),
/// Codex (`auth.json`), Gemini CLI and Qwen Code (`oauth_creds.json`), CLIProxyAPI (`type`, `access_token`, …), the key of a
/// Google service account, AWS keys as the AWS CLI prints them, or a plain list
/// `[{"name", "provider", "api_key", "base_url"?, "pool"?}]` with a pool's name or identifier. What a file is follows from
/// what is in it, never from its name; a list may hold any of them. An archive has at most 1000 files of at most 512 KiB and
/// 32 MiB together, with at most 500 credentials; archives inside it are not opened.
///
/// Each credential by itself becomes an account, or is refused and reported with the reason; importing a file again makes
/// nothing twice. Authorisations are taken where the operator has opened the provider with the client id that they were made
/// with; nothing is sent to a provider or an issuer. From its first refresh on, an authorisation that rotates its refresh
/// token belongs to this installation alone: the program that the file is from has to sign in again. Look with `dry_run=true`
/// first.
#[utoipa::path(
    post, path = "/accounts/import", tag = "accounts", operation_id = "importAccounts", params(AccountImportQuery),
    request_body(
        content = String, content_type = "application/octet-stream",
        description = "The file; what it is declared as does not matter"
    ),
    responses(
        (status = 200, description = "What was done, or would be", body = AccountImport),
        docs::Malformed, docs::Large, docs::BadValue, docs::Guarded, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::AccountsWrite>,
    Params(query): Params<AccountImportQuery>,
    file: Body,
) -> Result<Json<AccountImport>, ApiError> {
    let bytes = read(file).await?;
    let name = unpack::shown(query.file_name.as_deref().unwrap_or_default());
    // Inflating and parsing megabytes holds nobody up.
    let unpacked = tokio::task::spawn_blocking(move || unpack::unpack(&bytes, &name)).await;
    let Unpacked { files, pieces } = unpacked.map_err(ApiError::internal)??;
    let mut tx = caller.begin(&state).await?;
    owner(&mut tx, query.owner_id).await?;
    let known = pools::list(&mut tx, None, POOLS).await?;
    let known: Vec<_> = known.into_iter().map(|pool| (pool.id, pool.name)).collect();
    if query.pool_id.is_some_and(|id| known.iter().all(|(pool, _)| *pool != id)) {
        return Err(ApiError::field("pool_id", "must be a pool of this organisation"));
    }
    if let Some(choice) = query.proxy {
        chosen(&mut tx, "proxy", choice).await?;
    }
    drop(tx);
    state.catalogue.refresh(&state.store.app).await?;
    let mut report = AccountImport { dry_run: query.dry_run, files, ..AccountImport::default() };
    let mut importer = Importer::new(&state, &caller, &query, known);
    if query.dry_run {
        look(&mut importer, pieces, &mut report).await?;
    } else {
        make(&mut importer, pieces, &mut report).await?;
    }
    Ok(Json(report))
}

/// Everything in one transaction that is not committed, so that each sees what those before it would have made.
async fn look(
    importer: &mut Importer<'_>,
    pieces: Vec<Piece>,
    report: &mut AccountImport,
) -> Result<(), ApiError> {
    let mut tx = importer.begin().await?;
    accounts::take_turns(&mut tx).await?;
    for piece in pieces {
        tx.mark().await?;
        let mut item = Box::pin(importer.one(&mut tx, piece)).await?;
        match item.outcome {
            // What would be made has no identifier yet.
            AccountImportOutcome::Added => item.account_id = None,
            AccountImportOutcome::Refused => tx.back().await?,
            AccountImportOutcome::Present => {}
        }
        count(report, item.outcome);
        report.items.push(item);
    }
    Ok(())
}

/// Each by itself: one that is refused takes nothing else with it, and what is made stays made.
async fn make(
    importer: &mut Importer<'_>,
    pieces: Vec<Piece>,
    report: &mut AccountImport,
) -> Result<(), ApiError> {
    for piece in pieces {
        let mut tx = importer.begin().await?;
        accounts::take_turns(&mut tx).await?;
        let item = Box::pin(importer.one(&mut tx, piece)).await?;
        if item.outcome == AccountImportOutcome::Added {
            importer.commit(tx).await?;
        }
        count(report, item.outcome);
        report.items.push(item);
    }
    Ok(())
}

fn count(report: &mut AccountImport, outcome: AccountImportOutcome) {
    let which = match outcome {
        AccountImportOutcome::Added => &mut report.added,
        AccountImportOutcome::Present => &mut report.present,
        AccountImportOutcome::Refused => &mut report.refused,
    };
    *which += 1;
}

/// The file, as far as it may be large.
async fn read(file: Body) -> Result<Vec<u8>, ApiError> {
    let mut chunks = file.into_data_stream();
    let mut all = Vec::new();
    while let Some(chunk) = chunks.next().await {
        let chunk =
            chunk.map_err(|_| ApiError::Malformed("the file ended before it was complete".to_owned()))?;
        if all.len() + chunk.len() > LARGEST {
            return Err(ApiError::TooLarge);
        }
        all.extend_from_slice(&chunk);
    }
    if all.is_empty() {
        return Err(ApiError::field("file", "is empty: send a JSON document or a ZIP archive"));
    }
    Ok(all)
}
