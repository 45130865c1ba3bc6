//! What the wizard is for. An account of the organisation's is added or authorised again by whoever may do that; a person who
//! shares one of their own is asked for less, and what they give is sent elsewhere.

use causeway_domain::provider::Provider;
use causeway_openapi::{Account, Authorization, BeginAuthorization, ProviderPreset, Share, SignInWay};

use super::{Step, sign_in::is_authorised};
use crate::{core::routes, pages::accounts::credential::way_of};

/// The task.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Task {
    /// The organisation gets another account.
    Add,
    /// An account of the organisation's is authorised again.
    Again(Box<Account>),
    /// Somebody gives what is theirs.
    Own(Own),
}

/// What is done with an account that a person keeps in their own hands.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Own {
    /// An invitation to share is followed.
    Share(Box<Share>),
    /// The account gets a new credential.
    Renew(Box<Account>),
}

impl Task {
    /// Whether it is about an account that a person keeps in their own hands.
    pub(super) fn is_own(&self) -> bool {
        matches!(self, Self::Own(_))
    }

    /// The steps that it takes.
    pub(super) fn steps(&self) -> &'static [Step] {
        const ALL: &[Step] = &[Step::Provider, Step::SignIn, Step::Usage, Step::Outcome];
        // Which provider it is has been decided by somebody else.
        if self.is_own() { ALL.get(1..).unwrap_or_default() } else { ALL }
    }

    /// The provider, where it is not to be chosen.
    pub(super) fn provider(&self) -> Option<Provider> {
        match self {
            Self::Add => None,
            Self::Again(account) | Self::Own(Own::Renew(account)) => Some(account.provider),
            Self::Own(Own::Share(share)) => Some(share.provider),
        }
    }

    /// Where requests go, where nobody is asked.
    pub(super) fn address(&self) -> Option<String> {
        match self {
            Self::Add | Self::Again(_) => None,
            Self::Own(Own::Share(share)) => share.base_url.clone(),
            Self::Own(Own::Renew(account)) => Some(account.base_url.clone()),
        }
    }

    /// The ways to sign in that it leaves open.
    pub(super) fn ways(&self, preset: &ProviderPreset) -> Vec<SignInWay> {
        let fits = |way: SignInWay| match self {
            Self::Add | Self::Own(Own::Share(_)) => true,
            // What is authorised again is authorised.
            Self::Again(_) => is_authorised(way),
            Self::Own(Own::Renew(account)) => match way_of(account.credential_kind) {
                Some(typed) => way == typed,
                None => is_authorised(way),
            },
        };
        preset.sign_in.iter().copied().filter(|way| fits(*way)).collect()
    }

    /// What an authorisation belongs to. Whoever may not add accounts has to say.
    pub(super) fn concerns(&self, ask: BeginAuthorization) -> BeginAuthorization {
        match self {
            Self::Add | Self::Again(_) => ask,
            Self::Own(Own::Share(share)) => BeginAuthorization { share_id: Some(share.id), ..ask },
            Self::Own(Own::Renew(account)) => BeginAuthorization { account_id: Some(account.id), ..ask },
        }
    }

    /// Whether somebody else was authorised than the one whose account is renewed, who cannot take their place.
    pub(super) fn is_stranger(&self, authorization: &Authorization) -> bool {
        let Self::Own(Own::Renew(account)) = self else { return false };
        match (&account.identity, &authorization.identity) {
            (Some(theirs), Some(given)) => theirs.subject != given.subject,
            _ => false,
        }
    }

    /// Where a person goes who is through with it, or gives it up.
    pub(super) fn leads_to(&self) -> &'static str {
        if self.is_own() { routes::SHARE } else { routes::ACCOUNTS }
    }
}
