//! Writing down what an issuer has handed out. From the moment it has answered, the old refresh token is worth nothing and
//! the new one is known here only: it must not get lost, whatever else happens to the account or to the database.

use super::{Shared, Wanted, lease::Lease};
use crate::{BaseUrl, Binding, Credential};
use causeway_store::{
    StoreError,
    credentials::{self, At, Held},
};
use std::time::Duration;
use tokio::time::Instant;

/// How long a database may be away. After that the grant is lost with this instance's patience.
const PATIENCE: Duration = Duration::from_secs(600);
const PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Whether it was written.
pub(super) enum Kept {
    /// As this version.
    As(i64),
    /// Somebody has entered another credential meanwhile, or deleted the account: theirs counts.
    Superseded,
}

impl Shared {
    /// Puts `fresh` in the place of `used`, which `held` says to be in force. `held` is what is in force afterwards.
    pub(super) async fn keep(
        &self,
        wanted: Wanted,
        held: &mut Held,
        (used, fresh): (&Credential, &Credential),
        lease: &Lease<'_>,
    ) -> Result<Kept, StoreError> {
        let until = Instant::now() + PATIENCE;
        let mut pause = PAUSE;
        loop {
            let problem = match self.replace(wanted, held, (used, fresh)).await {
                Ok(Some(kept)) => return Ok(kept),
                Ok(None) => continue,
                Err(problem) => problem,
            };
            if Instant::now() >= until {
                tracing::error!(org = %wanted.org, account = %wanted.account, %problem, "a new credential is lost");
                return Err(problem);
            }
            tracing::warn!(org = %wanted.org, account = %wanted.account, %problem, "a new credential is not written yet");
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
            // Nobody else should ask with the token that is used up. Without Redis nobody can.
            let _ = lease.prolong().await;
        }
    }

    /// One try; `None` when what is in force is another row of the same credential, such as one that was sealed anew.
    async fn replace(
        &self,
        wanted: Wanted,
        held: &mut Held,
        (used, fresh): (&Credential, &Credential),
    ) -> Result<Option<Kept>, StoreError> {
        let at = At { org: wanted.org, account: wanted.account, version: held.version };
        let sealed = self.sealed(wanted, held, fresh)?;
        let change = credentials::rotate(&self.store.jobs, at, &sealed, fresh.expires_at()).await?;
        if change.is_some() {
            self.tell(change).await;
            held.version += 1;
            held.credential = sealed;
            held.expires_at = fresh.expires_at();
            return Ok(Some(Kept::As(held.version)));
        }
        let Some(now) = self.held(wanted).await? else { return Ok(Some(Kept::Superseded)) };
        let same = self.opened(wanted, &now).is_ok_and(|opened| opened == *used);
        *held = now;
        Ok(if same { None } else { Some(Kept::Superseded) })
    }

    fn sealed(&self, wanted: Wanted, held: &Held, credential: &Credential) -> Result<Vec<u8>, StoreError> {
        let corrupt = |what: String| StoreError::corrupt("credential of an account", what);
        let base = BaseUrl::stored(&held.base_url).map_err(|e| corrupt(e.to_string()))?;
        let origin = base.origin();
        let place = place(wanted, held, &origin);
        self.sealing.seal(&place, credential).map_err(|e| corrupt(e.to_string()))
    }

    /// The credential that is in force; the error says why it cannot be opened.
    pub(super) fn opened(&self, wanted: Wanted, held: &Held) -> Result<Credential, String> {
        let base = BaseUrl::stored(&held.base_url).map_err(|e| e.to_string())?;
        let origin = base.origin();
        self.sealing.open(&place(wanted, held, &origin), &held.credential).map_err(|e| e.to_string())
    }
}

fn place<'a>(wanted: Wanted, held: &Held, origin: &'a str) -> Binding<'a> {
    Binding { org: wanted.org, account: wanted.account, provider: held.provider, origin }
}
