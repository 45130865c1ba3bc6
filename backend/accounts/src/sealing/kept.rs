//! Keys that must outlive the installation's secret: what was made with them cannot be made anew.

use super::{SealError, SealingKey};
use causeway_store::{View, facts};
use zeroize::Zeroizing;

/// The facts that are sealed.
pub(crate) const KEPT: [&str; 1] = [RECOVERY_CODES];
/// With what recovery codes are hashed: nobody can be asked for theirs when the secret is exchanged.
pub const RECOVERY_CODES: &str = "recovery code key";

impl SealingKey {
    /// The key of this name, which is `first` where there is none yet.
    pub async fn keep(
        &self,
        db: &impl View,
        name: &'static str,
        first: &[u8; 32],
    ) -> Result<Zeroizing<[u8; 32]>, SealError> {
        let sealed = hex::encode(self.close(&place(name), first)?);
        let stored = facts::establish(db, name, &sealed).await?;
        let envelope = hex::decode(stored).map_err(|_| SealError::Damaged)?;
        let plain = self.unclose(&place(name), &envelope)?;
        let key: &[u8; 32] = plain.as_slice().try_into().map_err(|_| SealError::Damaged)?;
        Ok(Zeroizing::new(*key))
    }

    /// Seals one with the key in force. True when that was to be done, and is.
    pub(crate) async fn reseal_kept(&self, db: &impl View, name: &'static str) -> Result<bool, SealError> {
        let Some(stored) = facts::get(db, name).await? else { return Ok(false) };
        let envelope = hex::decode(&stored).map_err(|_| SealError::Damaged)?;
        if envelope.starts_with(&self.head()) {
            return Ok(false);
        }
        let plain = self.unclose(&place(name), &envelope)?;
        let fresh = hex::encode(self.close(&place(name), &plain)?);
        Ok(facts::replace(db, name, &stored, &fresh).await?)
    }
}

fn place(name: &str) -> Vec<u8> {
    [b"causeway fact 1\0", name.as_bytes()].concat()
}
