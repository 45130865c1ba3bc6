//! How an account's requests leave: straight, through a proxy of the organisation's, or not at all while that proxy is
//! switched off. It belongs to the account's snapshot, so that sending looks nothing up.

use causeway_accounts::{Proxy, SealingKey};
use causeway_domain::{AccountId, OrgId, ProxyId, provider::Provider};
use causeway_store::proxies::Proxy as Stored;
use std::{collections::HashMap, sync::Arc};

/// Why an account is passed over whose proxy a person has switched off, or whose password there cannot be opened.
pub(crate) const PROXY_DISABLED: &str = "proxy_disabled";

/// A way.
#[derive(Clone)]
pub(crate) enum Way {
    /// Straight to the provider.
    Direct,
    /// Through this proxy.
    Through(Arc<Proxy>),
    /// Through one that cannot be used until a person does something, and never by another way instead.
    Closed(ProxyId, Arc<str>),
}

/// What the standing of an account depends on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reached {
    /// The account.
    pub account: AccountId,
    /// Its provider: a proxy may be refused by one and not by another.
    pub provider: Provider,
    /// The proxy that it is reached through.
    pub through: Option<ProxyId>,
}

impl Way {
    /// The proxy, if there is one.
    pub(crate) fn proxy(&self) -> Option<ProxyId> {
        match self {
            Self::Direct => None,
            Self::Through(proxy) => Some(proxy.id),
            Self::Closed(id, _) => Some(*id),
        }
    }

    /// Why it cannot be taken until a person does something.
    pub(crate) fn closed(&self) -> Option<&str> {
        match self {
            Self::Closed(_, why) => Some(why),
            Self::Direct | Self::Through(_) => None,
        }
    }
}

/// The ways of an organisation.
pub(crate) struct Ways(HashMap<ProxyId, Way>);

impl Ways {
    /// Opens the passwords.
    pub(crate) fn new(org: OrgId, proxies: &[Stored], sealing: &SealingKey) -> Self {
        let way = |stored: &Stored| {
            if !stored.enabled {
                return Way::Closed(stored.id, format!("the proxy {} is switched off", stored.name).into());
            }
            match Proxy::open(sealing, org, stored) {
                Ok(proxy) => Way::Through(Arc::new(proxy)),
                Err(error) => {
                    tracing::error!(%org, proxy = %stored.id, %error, "a proxy cannot be used");
                    let why = format!("the password of the proxy {} has to be entered again", stored.name);
                    Way::Closed(stored.id, why.into())
                }
            }
        };
        Self(proxies.iter().map(|stored| (stored.id, way(stored))).collect())
    }

    /// The way of an account with this proxy.
    pub(crate) fn of(&self, proxy: Option<ProxyId>) -> Way {
        let Some(id) = proxy else { return Way::Direct };
        self.0.get(&id).cloned().unwrap_or_else(|| Way::Closed(id, "its proxy is gone".into()))
    }
}
