//! Adding rows that are not there yet, as an import does: what is there stays as it is, whatever revision either has.

use super::{Sums, UsageEvent, rows, sums};
use crate::{JobsDb, StoreError, StoreResult};
use causeway_domain::OrgId;
use chrono::{DateTime, Datelike, NaiveDate};
use sqlx::{Postgres, Transaction};
use std::collections::{BTreeSet, HashMap};
use uuid::Uuid;

/// What became of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// It was missing, and is there now (or would be).
    Added,
    /// A row of this request is there already. It was left alone.
    Present,
    /// The id belongs to a request of another organisation.
    Taken,
}

/// Adds those of an organisation's events whose requests have no row, with their rollups and totals, all or none; says of
/// each what became of it. Of several events of one request the first counts. Without `write` it only looks.
///
/// The events must be of that organisation; which organisation their file names is for the caller to ignore.
pub async fn add_missing(
    db: &JobsDb,
    org: OrgId,
    events: &[UsageEvent],
    write: bool,
) -> StoreResult<Vec<Found>> {
    if write {
        make_partitions(db, events).await?;
    }
    // As in `write`: between looking and inserting, another may have inserted.
    for _ in 0..3 {
        let mut tx = db.0.begin().await?;
        let found = look(&mut tx, org, events).await?;
        if !write {
            return Ok(found);
        }
        let new: Vec<&UsageEvent> =
            events.iter().zip(&found).filter(|(_, f)| **f == Found::Added).map(|(e, _)| e).collect();
        if new.is_empty() {
            return Ok(found);
        }
        if rows::insert(&mut tx, &new).await? < new.len() as u64 {
            continue;
        }
        let mut sums = Sums::new();
        for event in new {
            event.add_to(&mut sums);
        }
        sums::add_rollups(&mut tx, &sums).await?;
        sums::add_totals(&mut tx, &sums, &sums::WindowEnds::new()).await?;
        tx.commit().await?;
        return Ok(found);
    }
    Err(StoreError::Conflict("another writer of the same requests".to_owned()))
}

async fn look(
    tx: &mut Transaction<'static, Postgres>,
    org: OrgId,
    events: &[UsageEvent],
) -> StoreResult<Vec<Found>> {
    let ids: Vec<Uuid> = events.iter().map(|e| e.request.0).collect();
    let rows = sqlx::query!("select request_id, org_id from usage where request_id = any($1)", &ids)
        .fetch_all(&mut **tx)
        .await?;
    let mut known: HashMap<Uuid, Uuid> = rows.into_iter().map(|r| (r.request_id, r.org_id)).collect();
    Ok(ids
        .into_iter()
        .map(|id| match known.insert(id, org.0) {
            None => Found::Added,
            Some(owner) if owner == org.0 => Found::Present,
            Some(owner) => {
                known.insert(id, owner);
                Found::Taken
            }
        })
        .collect())
}

/// A month of the past may have no partition: without one its rows would be in the way of it later. Each in a
/// transaction of its own, because it holds up every other writer while it lasts.
async fn make_partitions(db: &JobsDb, events: &[UsageEvent]) -> StoreResult<()> {
    let day =
        |e: &UsageEvent| DateTime::from_timestamp_millis(e.request.started_ms()).map(|at| at.date_naive());
    let months: BTreeSet<NaiveDate> =
        events.iter().filter_map(day).filter_map(|day| day.with_day(1)).collect();
    for month in months {
        sqlx::query!("select usage_make_partition($1)", month).fetch_one(&db.0).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
