//! Exchanging the installation's secret while everything runs: whatever is sealed with the key before is opened and sealed
//! with the new one.
//!
//! Nothing is locked. An envelope is replaced only where it still is the one that was read, so that an edit or a refreshed
//! token that came between stays; and whoever writes while this runs seals with the new key, because that was announced
//! before. What is left by somebody who had not heard yet is found by going through everything again, until nothing is.

mod error;

pub use error::RotationError;

use crate::{
    Catalogue, SealError, SealingKey,
    sealing::{FOLLOWED_WITHIN, KEPT},
};
use causeway_store::{
    JobsDb,
    sealed::{self, Kind, Place, Sealed},
};
use std::{collections::HashSet, time::Duration};

/// How often everything is gone through before whoever keeps writing with the old key is reported.
const PASSES: u32 = 20;

/// How a rotation is done.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// How many are read at once.
    pub batch: i64,
    /// How long instances may take to notice that another key seals.
    pub settle: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self { batch: 200, settle: FOLLOWED_WITHIN }
    }
}

/// What a rotation has done.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// How many of each kind were sealed anew, in the order of [`Kind::ALL`].
    pub resealed: [u64; Kind::ALL.len()],
    /// How many of the installation's own keys were.
    pub kept: u64,
    /// What neither key opens, and why; left as it is.
    pub unreadable: Vec<(Place, String)>,
    /// How many authorisations of accounts were under way, and have to be begun again.
    pub ended: u64,
    /// How many had been changed between reading and writing, and were read again.
    pub changed: u64,
}

/// A rotation under way.
struct Rotation<'a, T> {
    db: &'a JobsDb,
    sealing: &'a SealingKey,
    catalogue: &'a Catalogue,
    batch: i64,
    report: Report,
    tell: T,
}

/// Seals everything anew that is not sealed with `sealing`'s own key. Can be ended at any moment, and begun again. `tell`
/// hears of the report after each batch.
pub async fn run(
    db: &JobsDb,
    sealing: &SealingKey,
    catalogue: &Catalogue,
    pace: Pace,
    tell: impl FnMut(&Report),
) -> Result<Report, RotationError> {
    if sealing.previous_fingerprint().is_none() {
        return Err(RotationError::OneKey);
    }
    let turn = sealed::turn(db).await?.ok_or(RotationError::Busy)?;
    sealing.begin(db).await?;
    catalogue.refresh(db).await?;
    tokio::time::sleep(pace.settle).await;
    let mut rotation =
        Rotation { db, sealing, catalogue, batch: pace.batch, report: Report::default(), tell };
    rotation.until_clean(pace.settle).await?;
    sealing.complete(db).await?;
    turn.end().await?;
    Ok(rotation.report)
}

impl<T: FnMut(&Report)> Rotation<'_, T> {
    async fn until_clean(&mut self, settle: Duration) -> Result<(), RotationError> {
        let mut clean = false;
        for _ in 0..PASSES {
            let found = self.pass().await?;
            // Twice: a request that had read before the first look could write after it.
            if !found && clean {
                return Ok(());
            }
            clean = !found;
            tokio::time::sleep(settle).await;
        }
        Err(RotationError::Unending)
    }

    /// Goes through everything once. True when there was anything to do.
    async fn pass(&mut self) -> Result<bool, RotationError> {
        let mut found = false;
        for name in KEPT {
            if self.sealing.reseal_kept(self.db, name).await? {
                self.report.kept += 1;
                found = true;
            }
        }
        let ended = sealed::end_authorisations(self.db, &self.sealing.head()).await?;
        self.report.ended += ended;
        found |= ended > 0;
        let hopeless: HashSet<String> = self.report.unreadable.iter().map(|(place, _)| place.id()).collect();
        for (index, kind) in Kind::ALL.into_iter().enumerate() {
            let mut after = None;
            loop {
                let head = self.sealing.head();
                let page = sealed::page(self.db, kind, &head, after.as_ref(), self.batch).await?;
                let Some(last) = page.last() else { break };
                after = Some(last.place.clone());
                for row in page.iter().filter(|row| !hopeless.contains(&row.place.id())) {
                    found |= self.one(index, row).await?;
                }
                (self.tell)(&self.report);
            }
        }
        Ok(found)
    }

    /// True unless it cannot be opened.
    async fn one(&mut self, kind: usize, row: &Sealed) -> Result<bool, RotationError> {
        match self.sealing.reseal(&row.place, &self.token_endpoint(&row.place), &row.envelope) {
            Ok(fresh) => {
                let counted = match sealed::replace(self.db, row, &fresh).await? {
                    true => &mut self.report.resealed[kind],
                    false => &mut self.report.changed,
                };
                *counted += 1;
                Ok(true)
            }
            Err(why @ (SealError::OtherKey | SealError::Damaged)) => {
                self.report.unreadable.push((row.place.clone(), why.to_string()));
                Ok(false)
            }
            Err(other) => Err(other.into()),
        }
    }

    fn token_endpoint(&self, place: &Place) -> String {
        let Place::Provider(provider) = place else { return String::new() };
        let entry = self.catalogue.entry(*provider);
        entry
            .and_then(|entry| entry.preset.oauth.as_ref().map(|oauth| oauth.token.clone()))
            .unwrap_or_default()
    }
}
