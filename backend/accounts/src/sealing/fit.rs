//! Which key the database was sealed with, and whether an instance has it.
//!
//! Two facts say so: the key that everything is sealed with, and, from the moment a rotation begins, the one that
//! everything will be sealed with. An instance needs both, and seals with the second.

use super::{SealError, SealingKey};
use causeway_store::{View, facts};

/// The key that everything is sealed with.
const NOW: &str = "sealing key";
/// The key that is sealed with from now on; the same as the other once a rotation has ended.
const NEXT: &str = "next sealing key";

impl SealingKey {
    /// Fails when the database was sealed with a key that is not given. To be called before anything is served.
    pub async fn confirm(&self, db: &impl View) -> Result<(), SealError> {
        facts::establish(db, NOW, &self.fingerprint()).await?;
        self.follow(db).await
    }

    /// Looks again which of two keys is to seal. To be called every few seconds where there are two, and by all instances
    /// within [`super::FOLLOWED_WITHIN`].
    pub async fn follow(&self, db: &impl View) -> Result<(), SealError> {
        let (own, previous) = (self.fingerprint(), self.previous_fingerprint());
        let stored = facts::get(db, NOW).await?.unwrap_or_else(|| own.clone());
        let next = facts::get(db, NEXT).await?.unwrap_or_else(|| stored.clone());
        let known = |name: &String| *name == own || Some(name) == previous.as_ref();
        if !known(&stored) {
            return Err(SealError::Misfit { stored, own });
        }
        if !known(&next) {
            return Err(SealError::Exchanged { next, own });
        }
        self.let_previous_seal(next != own);
        Ok(())
    }

    /// Says that this key seals from now on. Fails when that is not this key's turn.
    pub(crate) async fn begin(&self, db: &impl View) -> Result<(), SealError> {
        self.confirm(db).await?;
        facts::set(db, NEXT, &self.fingerprint()).await?;
        self.let_previous_seal(false);
        Ok(())
    }

    /// Says that nothing is sealed with another key any more.
    pub(crate) async fn complete(&self, db: &impl View) -> Result<(), SealError> {
        Ok(facts::set(db, NOW, &self.fingerprint()).await?)
    }
}
