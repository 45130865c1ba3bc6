//! Why a key was not exchanged, in words for whoever wanted to.

use crate::SealError;
use causeway_store::StoreError;

/// Why a rotation did not end.
#[derive(Debug, thiserror::Error)]
pub enum RotationError {
    /// There is nothing to exchange.
    #[error(
        "there is one key only: CAUSEWAY_SECRET_KEY must be the new one, and CAUSEWAY_PREVIOUS_SECRET_KEY another, the one before it"
    )]
    OneKey,
    /// Somebody else does it.
    #[error("another rotate-key is running on this database; one at a time is enough")]
    Busy,
    /// Something writes with the old key again and again.
    #[error(
        "envelopes of the key before keep appearing: an instance is still running without the new key. Restart every instance with both keys, then run rotate-key again"
    )]
    Unending,
    /// The keys do not fit the database.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The database could not be asked.
    #[error(transparent)]
    Store(#[from] StoreError),
}
