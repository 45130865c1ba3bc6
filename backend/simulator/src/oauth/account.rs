//! The accounts that can be chosen on the page.

use serde::{Deserialize, Serialize};

/// An account at the provider, as its issuer knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OAuthAccount {
    /// Which account it is for ever.
    pub id: String,
    /// The address of whoever owns it, which says nothing about which account it is.
    pub email: String,
    /// The organisation it belongs to. The same account in another one is another account.
    pub organisation: String,
    /// What they pay for.
    #[serde(default = "plan")]
    pub plan: String,
}

fn plan() -> String {
    "max".to_owned()
}

impl OAuthAccount {
    /// An account in an organisation of its own.
    #[must_use]
    pub fn new(id: &str, email: &str) -> Self {
        Self::within(id, email, &format!("org-{id}"))
    }

    /// An account in this organisation.
    #[must_use]
    pub fn within(id: &str, email: &str, organisation: &str) -> Self {
        let [id, email, organisation] = [id, email, organisation].map(str::to_owned);
        Self { id, email, organisation, plan: plan() }
    }
}
