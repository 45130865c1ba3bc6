//! Whom to ask, and as which client.

use super::token::Asking;
use crate::{
    SealError, SealingKey,
    catalogue::{AuthKind, Entry, OAuth},
};
use std::sync::Arc;
use zeroize::Zeroizing;

/// A provider's issuer that may be asked by this installation.
pub struct Issuer {
    entry: Arc<Entry>,
    secret: Option<Zeroizing<String>>,
}

/// Why there is none.
#[derive(Debug, thiserror::Error)]
pub enum NoIssuer {
    /// It is not authorised like this.
    #[error("{0} cannot be authorised like this")]
    Otherwise(String),
    /// A consumer's subscription that nobody has switched on.
    #[error(
        "{0} is a consumer's subscription, and authorising it is switched off in this installation; ask its operator, who can switch it on"
    )]
    Subscription(String),
    /// Nobody has entered a client id.
    #[error("{0} has no client id in this installation; ask its operator, who can enter one")]
    NoClient(String),
    /// The client's secret does not open.
    #[error("the client secret of {0} cannot be opened ({1}); ask the operator to enter it again")]
    Secret(String, SealError),
}

impl Issuer {
    /// The issuer of a provider; `way` is how a person authorises, `None` where it is only about what is authorised already.
    pub fn of(entry: Arc<Entry>, way: Option<AuthKind>, sealing: &SealingKey) -> Result<Self, NoIssuer> {
        let preset = &entry.preset;
        let name = || preset.name.clone();
        let Some(oauth) = &preset.oauth else { return Err(NoIssuer::Otherwise(name())) };
        let flow = |way| matches!(way, AuthKind::OauthCode | AuthKind::DeviceCode);
        if way.is_some_and(|way| !flow(way) || !preset.auth.contains(&way)) {
            return Err(NoIssuer::Otherwise(name()));
        }
        if oauth.client_id.is_none() {
            let on = entry.enabled && entry.confirmation.is_some();
            return Err(if preset.subscription && (entry.client_id.is_some() || !on) {
                NoIssuer::Subscription(name())
            } else {
                NoIssuer::NoClient(name())
            });
        }
        let open = |envelope: &Vec<u8>| {
            let opened = sealing
                .open_client_secret(preset.id, &oauth.token, envelope)
                .map_err(|error| NoIssuer::Secret(name(), error))?;
            let text = std::str::from_utf8(&opened);
            let text = text.map_err(|_| NoIssuer::Secret(name(), SealError::Damaged))?;
            Ok(Zeroizing::new(text.to_owned()))
        };
        let secret = entry.client_secret.as_ref().map(open).transpose()?;
        Ok(Self { entry, secret })
    }

    /// What is known of its provider.
    pub fn entry(&self) -> &Entry {
        &self.entry
    }

    /// Where it is and how it is asked.
    pub fn oauth(&self) -> &OAuth {
        let Some(oauth) = &self.entry.preset.oauth else { unreachable!("looked at when it was made") };
        oauth
    }

    /// As which client.
    pub fn asking(&self) -> Asking<'_> {
        let id = self.oauth().client_id.as_deref().unwrap_or_default();
        Asking { id, secret: self.secret.as_ref().map(|secret| secret.as_str()) }
    }
}
