//! How an account's credential stands, as far as planning and sending have to know: which one it is, whether what requests
//! carry is over, and whether another can be had.

use causeway_accounts::Credential;
use causeway_store::principal::AccountRow;
use chrono::{DateTime, Utc};

/// Why an account is passed over whose credential could not be refreshed: its issuer is away, or refuses for now.
pub(crate) const EXPIRED: &str = "credential_expired";

/// Why an account is passed over that its provider wants authorised anew; what a caller is told where there is no other.
pub(crate) const DEAD: &str = "credential_dead";

/// How a credential stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Grant {
    /// Which it is; a newer one has a larger number.
    pub version: i64,
    /// Whether another can be had without a person.
    pub refreshable: bool,
    /// When what requests carry ends; there is nothing to carry yet where this is long past.
    expires_at: Option<DateTime<Utc>>,
    /// Until then it is of no use to ask for another.
    after: Option<DateTime<Utc>>,
}

impl Grant {
    pub(crate) fn new(row: &AccountRow, credential: &Credential) -> Self {
        let bare = matches!(credential, Credential::ServiceAccount { access: None, .. });
        Self {
            version: row.credential_version,
            refreshable: credential.can_refresh(),
            expires_at: if bare { Some(DateTime::UNIX_EPOCH) } else { row.credential_expires_at },
            after: row.refresh_after,
        }
    }

    /// Whether what requests carry is over, and another should be had first.
    pub(crate) fn is_over(&self) -> bool {
        self.refreshable && self.expires_at.is_some_and(|end| end <= Utc::now())
    }

    /// Until when nothing can be sent, because it is over and its issuer could not be asked.
    pub(crate) fn waits(&self) -> Option<DateTime<Utc>> {
        self.after.filter(|after| self.is_over() && *after > Utc::now())
    }
}
