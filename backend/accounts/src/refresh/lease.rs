//! The right to ask an issuer about one account.

use super::Wanted;
use crate::oauth::DEADLINE;
use causeway_store::{Cache, StoreError, credentials::lease};
use std::time::Duration;

/// Longer than a call to an issuer may take, which begins when the lease has just been taken or prolonged.
pub(super) const LASTS: Duration = DEADLINE.saturating_add(Duration::from_secs(10));

/// The right to ask, until it is given up or its time is over.
pub(super) struct Lease<'a> {
    cache: &'a Cache,
    wanted: Wanted,
    holder: &'a str,
}

impl<'a> Lease<'a> {
    /// Takes it; `None` when another instance has it.
    pub(super) async fn take(
        cache: &'a Cache,
        wanted: Wanted,
        holder: &'a str,
    ) -> Result<Option<Self>, StoreError> {
        let taken = lease::take(cache, wanted.org, wanted.account, holder, LASTS).await?;
        Ok(taken.then_some(Self { cache, wanted, holder }))
    }

    /// Makes it last as long as from the start. False when it was lost: then nobody may be asked.
    pub(super) async fn prolong(&self) -> Result<bool, StoreError> {
        lease::take(self.cache, self.wanted.org, self.wanted.account, self.holder, LASTS).await
    }

    /// Lets others in. Where that fails, its time ends it.
    pub(super) async fn give_up(self) {
        let given = lease::give_up(self.cache, self.wanted.org, self.wanted.account, self.holder).await;
        if let Err(error) = given {
            tracing::debug!(account = %self.wanted.account, %error, "a lease ends by its time");
        }
    }
}
