//! What every handler can reach.

use crate::{
    AdminArgs,
    accounts::authorizations::browser::BrowserKey,
    auth::{keys::SignInKeys, password::Passwords, token::AccessKeys},
    error::ApiError,
    mail::Mailer,
    playground::Playground,
    sso::flow::FlowKey,
};
use causeway_accounts::{AddressPolicy, Catalogue, MasterKey, Refresher, SealingKey};
use causeway_domain::{TrustedProxies, price::PriceBook};
use causeway_store::{Store, TenantTx, global_prices::GlobalTx, policy, tenant::PolicyChange};
use std::{ops::Deref, sync::Arc};
use url::Url;
use zeroize::Zeroizing;

/// What the server hands over to make an [`AdminState`].
pub struct Wiring<'a> {
    /// Postgres and Redis.
    pub store: Store,
    /// Settings.
    pub args: AdminArgs,
    /// The installation's secret, from which access tokens get a key of their own.
    pub master: &'a MasterKey,
    /// What seals.
    pub sealing: SealingKey,
    /// With what recovery codes are hashed; not of the secret, because they outlive it.
    pub recovery: Zeroizing<[u8; 32]>,
    /// Where upstream accounts may point to.
    pub addresses: AddressPolicy,
    /// What is known of providers.
    pub catalogue: Catalogue,
    /// What refreshes credentials: the relay's own, so that one instance asks an issuer once.
    pub refresher: Refresher,
    /// The price table.
    pub prices: Arc<PriceBook>,
    /// The address that people use; cookies are `Secure` when it is https.
    pub public_url: Url,
    /// Version of the server.
    pub version: &'static str,
    /// Whether this is a demo.
    pub demo: bool,
    /// Where mails are put; `None` when no mail server is set.
    pub mailer: Option<Mailer>,
    /// What sends the requests of the playground.
    pub playground: Arc<dyn Playground>,
}

/// What every handler can reach. Cheap to clone.
#[derive(Clone)]
pub struct AdminState(Arc<Shared>);

/// The contents of an [`AdminState`].
pub struct Shared {
    pub(crate) store: Store,
    pub(crate) proxies: TrustedProxies,
    pub(crate) cors_origins: Vec<String>,
    pub(crate) operators_need_totp: bool,
    pub(crate) sealing: SealingKey,
    pub(crate) access: AccessKeys,
    pub(crate) sign_in: SignInKeys,
    pub(crate) passwords: Passwords,
    pub(crate) sso: FlowKey,
    pub(crate) browsers: BrowserKey,
    pub(crate) addresses: AddressPolicy,
    pub(crate) catalogue: Catalogue,
    pub(crate) refresher: Refresher,
    pub(crate) prices: Arc<PriceBook>,
    pub(crate) public_url: Url,
    pub(crate) version: &'static str,
    pub(crate) demo: bool,
    pub(crate) mailer: Option<Mailer>,
    pub(crate) playground: Arc<dyn Playground>,
}

impl AdminState {
    /// Derives keys and prepares password checks, which takes a few dozen milliseconds.
    pub fn new(wiring: Wiring<'_>) -> Self {
        Self(Arc::new(Shared {
            sealing: wiring.sealing,
            access: AccessKeys::new(wiring.master),
            sign_in: SignInKeys::new(wiring.master, wiring.recovery),
            passwords: Passwords::new(),
            sso: FlowKey::new(wiring.master),
            browsers: BrowserKey::new(wiring.master),
            store: wiring.store,
            proxies: TrustedProxies::new(wiring.args.trusted_proxies),
            cors_origins: wiring.args.cors_origins,
            operators_need_totp: wiring.args.operators_need_totp,
            addresses: wiring.addresses,
            catalogue: wiring.catalogue,
            refresher: wiring.refresher,
            prices: wiring.prices,
            public_url: wiring.public_url,
            version: wiring.version,
            demo: wiring.demo,
            mailer: wiring.mailer,
            playground: wiring.playground,
        }))
    }

    /// Commits, and tells the relay at once where its policy has changed. A telling that fails is made up for by the
    /// outbox, so the change itself has succeeded either way.
    pub(crate) async fn commit(&self, tx: TenantTx) -> Result<(), ApiError> {
        if let Some(change) = tx.commit().await?
            && let Err(error) = policy::publish(&self.store.cache, change).await
        {
            tracing::warn!(org = %change.org, %error, "a change of policy reaches the relay by the outbox");
        }
        Ok(())
    }

    /// The same for a change that every organisation has to hear of.
    pub(crate) async fn commit_for_all(&self, tx: GlobalTx) -> Result<(), ApiError> {
        let changes = tx.commit().await?;
        self.tell(changes).await;
        Ok(())
    }

    /// Tells the relay of changes that are committed.
    pub(crate) async fn tell(&self, changes: Vec<PolicyChange>) {
        for change in changes {
            if let Err(error) = policy::publish(&self.store.cache, change).await {
                tracing::warn!(%error, "a change of several policies reaches the relay by the outbox");
                break;
            }
        }
    }

    /// Whether cookies may only travel over TLS.
    pub(crate) fn is_https(&self) -> bool {
        self.public_url.scheme() == "https"
    }
}

impl Deref for AdminState {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}
