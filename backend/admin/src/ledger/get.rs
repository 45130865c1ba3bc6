//! How the ledger stands.

use crate::{
    docs,
    error::ApiError,
    guard::{May, right},
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_openapi::{Ledger, LedgerInstallation, LedgerPartition};
use causeway_store::{boots, dead_letters, lag};
use chrono::Utc;

/// Read the ledger's state
///
/// How far usage is behind, and whether requests could not be written. For those who run the installation also what waits
/// in all of it, its instances, and the months that the log has.
#[utoipa::path(
    get, path = "/ledger", tag = "ledger", operation_id = "getLedger",
    responses((status = 200, description = "How it stands", body = Ledger), docs::Guarded, docs::Failures)
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::LedgerRead>,
) -> Result<Json<Ledger>, ApiError> {
    let waiting = lag::of_org(&state.store.cache, caller.org()).await?;
    let mut tx = caller.begin(&state).await?;
    let ledger = Ledger {
        behind_seconds: waiting.oldest_seconds(Utc::now()),
        dead_letters: count(dead_letters::count(&mut tx).await?),
        newest_request_at: lag::newest_of_org(&mut tx).await?,
        newest_sum_at: lag::newest_rollup(&mut tx).await?,
        installation: None,
    };
    drop(tx);
    let installation = if caller.is_operator { Some(installation(&state).await?) } else { None };
    Ok(Json(Ledger { installation, ..ledger }))
}

async fn installation(state: &AdminState) -> Result<LedgerInstallation, ApiError> {
    let store = &state.store;
    let waiting = lag::of_all(&store.cache).await?;
    let partitions = lag::partitions(&store.jobs).await?;
    Ok(LedgerInstallation {
        unwritten: waiting.count,
        behind_seconds: waiting.oldest_seconds(Utc::now()),
        dead_letters: count(dead_letters::count_all(&store.jobs).await?),
        instances: boots::alive(&store.cache).await?.len() as u64,
        newest_request_at: lag::newest(&store.jobs).await?,
        partitions: partitions
            .into_iter()
            .map(|p| LedgerPartition { name: p.name, requests: p.rows.map(count), bytes: count(p.bytes) })
            .collect(),
    })
}

fn count(n: i64) -> u64 {
    u64::try_from(n).unwrap_or(0)
}
