//! Asking the issuer, under the lease, and what follows from its answer.

use super::{Outcome, Shared, Wanted, Why, keeping::Kept, later, lease::Lease};
use crate::{
    Credential, Proxy, ServiceAccountKey,
    oauth::{GrantError, Issuer, TokenClient, Tokens},
};
use causeway_domain::provider::Provider;
use causeway_store::{
    StoreError,
    credentials::{self, At, Held},
    proxies,
};
use chrono::{TimeDelta, Utc};
use std::{sync::Arc, time::Duration};
use zeroize::Zeroizing;

/// No new credential.
enum Not {
    /// The issuer has not given one.
    Given(GrantError),
    /// There is nothing to ask with.
    Fit(String),
    /// The lease was lost in a pause: another instance may be asking.
    Mine,
    /// The database or Redis is away.
    Stored(StoreError),
}

impl From<GrantError> for Not {
    fn from(error: GrantError) -> Self {
        Self::Given(error)
    }
}

impl From<StoreError> for Not {
    fn from(error: StoreError) -> Self {
        Self::Stored(error)
    }
}

impl Shared {
    /// Asks, and writes down what comes of it.
    pub(super) async fn ask(
        &self,
        wanted: Wanted,
        mut held: Held,
        lease: &Lease<'_>,
    ) -> Result<Outcome, StoreError> {
        let credential = match self.opened(wanted, &held) {
            Ok(credential) => credential,
            Err(reason) => return Ok(Outcome::Unfit { reason }),
        };
        let asked = match &credential {
            Credential::Oauth { .. } => self.authorised(wanted, &mut held, &credential, lease).await,
            Credential::ServiceAccount { key, .. } => {
                self.signed(wanted, &mut held, (&credential, key), lease).await
            }
            Credential::ApiKey { .. } | Credential::Token { .. } | Credential::Aws { .. } => {
                Err(Not::Fit("a credential of this kind is not refreshed: enter another one".to_owned()))
            }
        };
        match asked {
            Ok(Kept::As(version)) => Ok(Outcome::Ready { version }),
            Ok(Kept::Superseded) => {
                let entered = self.held(wanted).await?;
                Ok(match entered {
                    Some(now) if now.enabled => Outcome::Ready { version: now.version },
                    _ => Outcome::Off,
                })
            }
            Err(Not::Fit(reason)) => Ok(Outcome::Unfit { reason }),
            Err(Not::Mine) => Ok(later("another instance is refreshing the credential")),
            Err(Not::Stored(error)) => Err(error),
            Err(Not::Given(GrantError::Dead { reason })) => self.bury(wanted, &held, reason).await,
            Err(Not::Given(GrantError::Refused { reason, .. })) => {
                self.postpone(wanted, &held, reason, None).await
            }
            Err(Not::Given(GrantError::Unavailable { reason, retry_after })) => {
                self.postpone(wanted, &held, reason, retry_after).await
            }
        }
    }

    /// With a refresh token, or the token that another is exchanged for.
    async fn authorised(
        &self,
        wanted: Wanted,
        held: &mut Held,
        used: &Credential,
        lease: &Lease<'_>,
    ) -> Result<Kept, Not> {
        let Credential::Oauth { access, refresh, expires_at, subject, headers, exchanged } = used else {
            return Err(Not::Fit("no authorisation".to_owned()));
        };
        let issuer = self.issuer(held.provider).await?;
        let oauth = issuer.oauth();
        let issuers = self.on_its_way(wanted).await?;
        let renewed = |access: &str, refresh: Option<&String>, expires_at, exchanged| Credential::Oauth {
            access: access.to_owned(),
            refresh: refresh.cloned(),
            expires_at,
            subject: subject.clone(),
            headers: headers.clone(),
            exchanged,
        };
        let mut outer = exchanged.clone().map(Zeroizing::new);
        let mut current = used.clone();
        let mut kept = None;
        if let Some(token) = refresh {
            mine(lease).await?;
            let tokens = issuers.refresh(oauth, issuer.asking(), token).await?;
            // Where the answer has none the old one stays good.
            let next = tokens.refresh.as_ref().or(Some(token));
            // One that is to be exchanged is kept first: the exchange may fail, and the refresh token is used up.
            let fresh = match oauth.exchange {
                None => renewed(&tokens.access, next, tokens.expires_at, None),
                Some(_) => renewed(access, next, *expires_at, Some(tokens.access.clone())),
            };
            outer = Some(Zeroizing::new(tokens.access.clone()));
            kept = Some(self.keep(wanted, held, (&current, &fresh), lease).await?);
            current = fresh;
        }
        if oauth.exchange.is_none() || matches!(kept, Some(Kept::Superseded)) {
            return kept.ok_or_else(|| Not::Given(GrantError::Dead { reason: NO_REFRESH_TOKEN.to_owned() }));
        }
        let Some(outer) = outer else {
            return Err(Not::Given(GrantError::Dead { reason: NO_REFRESH_TOKEN.to_owned() }));
        };
        mine(lease).await?;
        let Some(inner) = issuers.trade(oauth, &outer).await? else {
            return Err(Not::Fit("nothing to exchange".to_owned()));
        };
        let Credential::Oauth { refresh, .. } = &current else {
            return Err(Not::Fit("no authorisation".to_owned()));
        };
        let exchanged = Some(outer.to_string());
        let fresh = renewed(&inner.access, refresh.as_ref(), inner.expires_at, exchanged);
        Ok(self.keep(wanted, held, (&current, &fresh), lease).await?)
    }

    /// With a service account's key.
    async fn signed(
        &self,
        wanted: Wanted,
        held: &mut Held,
        (used, key): (&Credential, &str),
        lease: &Lease<'_>,
    ) -> Result<Kept, Not> {
        let file = ServiceAccountKey::read(key).map_err(|bad| Not::Fit(bad.to_string()))?;
        let issuers = self.on_its_way(wanted).await?;
        mine(lease).await?;
        let tokens: Tokens = issuers.assertion(&file).await?;
        let fresh = Credential::ServiceAccount {
            key: key.to_owned(),
            access: Some(tokens.access.clone()),
            expires_at: tokens.expires_at,
        };
        Ok(self.keep(wanted, held, (used, &fresh), lease).await?)
    }

    /// Who asks, on the way that the account's requests take. Never on another: that the provider sees one address of an
    /// account, and not several, may be why it has a proxy.
    async fn on_its_way(&self, wanted: Wanted) -> Result<TokenClient, Not> {
        let Some(stored) = proxies::way(&self.store.jobs, wanted.org, wanted.account).await? else {
            return Ok(self.issuers.clone());
        };
        let off = |reason| Not::Given(GrantError::Refused { code: "proxy_disabled".to_owned(), reason });
        if !stored.enabled {
            return Err(off(format!("the account's proxy {} is switched off", stored.name)));
        }
        let proxy = Proxy::open(&self.sealing, wanted.org, &stored).map_err(|error| {
            off(format!("the password of the proxy {} does not open: {error}", stored.name))
        })?;
        Ok(self.issuers.on(Some(Arc::new(proxy))))
    }

    /// A provider's issuer, and as whom it is asked, as the operator has it at this moment.
    async fn issuer(&self, provider: Provider) -> Result<Issuer, Not> {
        self.catalogue.refresh(&self.store.jobs).await?;
        let closed = |reason| Not::Given(GrantError::Refused { code: "provider_closed".to_owned(), reason });
        let entry = self.catalogue.entry(provider).filter(|entry| entry.enabled);
        let entry = entry.ok_or_else(|| closed(format!("{provider} is not a provider that is open here")))?;
        Issuer::of(entry, None, &self.sealing).map_err(|none| closed(none.to_string()))
    }

    async fn bury(&self, wanted: Wanted, held: &Held, reason: String) -> Result<Outcome, StoreError> {
        // What was never going to be refreshed serves until its end.
        if reason == NO_REFRESH_TOKEN
            && wanted.why != Why::Refused
            && held.expires_at.is_none_or(|end| end > Utc::now())
        {
            return Ok(Outcome::Unfit { reason });
        }
        let change = credentials::bury(&self.store.jobs, at(wanted, held), &reason).await?;
        if change.is_some() {
            tracing::warn!(org = %wanted.org, account = %wanted.account, provider = %held.provider, reason,
                "the grant of an account is over: a person has to authorise it anew");
        }
        self.tell(change).await;
        Ok(Outcome::Dead { reason })
    }

    async fn postpone(
        &self,
        wanted: Wanted,
        held: &Held,
        reason: String,
        wish: Option<Duration>,
    ) -> Result<Outcome, StoreError> {
        let pause = self.pace.pause(held.failures, wish);
        let until = Utc::now() + TimeDelta::from_std(pause).unwrap_or(TimeDelta::hours(1));
        let over = wanted.why == Why::Refused;
        tracing::warn!(org = %wanted.org, account = %wanted.account, provider = %held.provider, reason, %until,
            "the issuer of an account could not be asked");
        let change = credentials::postpone(&self.store.jobs, at(wanted, held), &reason, until, over).await?;
        self.tell(change).await;
        Ok(Outcome::Later { until, reason })
    }
}

const NO_REFRESH_TOKEN: &str = "the token has ended, and the issuer gave none to refresh it with";

/// The lease from this moment on, for as long as a call may take.
async fn mine(lease: &Lease<'_>) -> Result<(), Not> {
    if lease.prolong().await? { Ok(()) } else { Err(Not::Mine) }
}

const fn at(wanted: Wanted, held: &Held) -> At {
    At { org: wanted.org, account: wanted.account, version: held.version }
}
