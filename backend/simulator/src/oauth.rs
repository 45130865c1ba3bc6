//! The issuer of access to upstream accounts: what a provider runs so that a tool may call it on behalf of somebody who
//! pays by the month. Codes with PKCE for public clients, device codes (RFC 8628), refresh tokens that rotate. It is not
//! the identity provider next door ([`crate::issuer`]): that one says who somebody is, this one opens the Messages
//! endpoints.
//!
//! A refresh token that is used twice kills its grant and is counted ([`GrantReport::reuses`]), so that whoever refreshes
//! one account from two places is found out. What goes wrong besides is said by rules that name the path
//! (`/oauth/token`, `/oauth/device`) and, as their tag, the grant type.

mod account;
mod activate;
mod authorize;
mod body;
mod control;
mod device;
mod flow;
mod grant;
mod page;
mod refresh;
mod terms;
mod token;

use std::{
    collections::HashMap,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    Router,
    routing::{get, post},
};
use chrono::{DateTime, Utc};
use serde::Serialize;

pub use self::{
    account::OAuthAccount,
    device::{DeviceReport, DeviceState},
    grant::{GrantReport, Means, OAuthTokens},
    terms::{OAuthTerms, Rotation, TokenBody},
};
use self::{device::Device, flow::Code, grant::Grant, refresh::Refresh};
use crate::{
    Shared,
    bearer::{Bearers, Realm},
    issuer::keys::{Keys, Signing},
};

/// The account issuer of a simulator.
pub struct AccountIssuer {
    url: String,
    bearers: Arc<Bearers>,
    keys: Keys,
    state: Mutex<State>,
}

/// What changes while it runs.
struct State {
    terms: OAuthTerms,
    accounts: Vec<OAuthAccount>,
    /// Who consents without being asked.
    auto: Option<String>,
    codes: HashMap<String, Code>,
    grants: Vec<Grant>,
    refreshes: HashMap<String, Refresh>,
    devices: Vec<Device>,
    exchanges: Vec<Exchange>,
}

/// One call to the token endpoint or the device endpoint.
#[derive(Clone, Debug, Serialize)]
pub struct Exchange {
    /// When it was answered.
    pub at: DateTime<Utc>,
    /// As sent; empty at the device endpoint.
    pub grant_type: String,
    /// As sent.
    pub client_id: String,
    /// Whether the body was JSON; a form otherwise.
    pub json: bool,
    /// The grant it made or was about.
    pub grant: Option<String>,
    /// The status decided upon, whether or not the answer arrived.
    pub status: u16,
    /// The error, where it was one.
    pub error: Option<String>,
}

impl AccountIssuer {
    /// An issuer below `base` that knows two accounts, so that its page is not empty.
    pub(crate) fn new(base: &str, bearers: Arc<Bearers>) -> io::Result<Self> {
        let accounts = vec![
            OAuthAccount::new("acct-ada", "ada@example.com"),
            OAuthAccount::new("acct-grace", "grace@example.com"),
        ];
        let state = State {
            terms: OAuthTerms::default(),
            accounts,
            auto: None,
            codes: HashMap::new(),
            grants: Vec::new(),
            refreshes: HashMap::new(),
            devices: Vec::new(),
            exchanges: Vec::new(),
        };
        Ok(Self {
            url: format!("{base}/oauth"),
            bearers,
            keys: Keys::new(Signing::Es256)?,
            state: Mutex::new(state),
        })
    }

    /// Where it is: `/authorize`, `/token`, `/device`, `/paste` (the hosted redirect) and `/jwks` are below.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Lets an account be chosen; one with the same id is replaced.
    pub fn add(&self, account: OAuthAccount) {
        let mut state = self.lock();
        state.accounts.retain(|known| known.id != account.id);
        state.accounts.push(account);
    }

    /// From now on the owner of this account consents without being asked; `None` shows the page again.
    pub fn consent_as(&self, account: Option<&str>) {
        self.lock().auto = account.map(str::to_owned);
    }

    /// The terms in force.
    #[must_use]
    pub fn terms(&self) -> OAuthTerms {
        self.lock().terms.clone()
    }

    /// Change the terms for what comes.
    pub fn change(&self, change: impl FnOnce(&mut OAuthTerms)) {
        change(&mut self.lock().terms);
    }

    /// Every grant, oldest first.
    #[must_use]
    pub fn grants(&self) -> Vec<GrantReport> {
        self.lock().grants.iter().map(|grant| grant.report.clone()).collect()
    }

    /// The newest grant of an account.
    #[must_use]
    pub fn grant_of(&self, account: &str) -> Option<GrantReport> {
        let state = self.lock();
        state.grants.iter().rfind(|grant| grant.report.account == account).map(|grant| grant.report.clone())
    }

    /// A grant without the ceremony: what its owner would have after it.
    pub fn issue(&self, account: &str, client_id: &str) -> OAuthTokens {
        let mut state = self.lock();
        let grant = state.begin(account, client_id, "", Means::Given);
        state.tokens(&self.bearers, grant)
    }

    /// The owner withdraws a grant: its tokens are worth nothing.
    pub fn kill(&self, grant: &str) {
        self.lock().kill(&self.bearers, grant, "withdrawn");
    }

    /// The time of all access tokens is over, so that a test need not wait for it.
    pub fn expire_access(&self) {
        self.bearers.expire(Realm::Account);
    }

    /// Every device that asked, oldest first.
    #[must_use]
    pub fn devices(&self) -> Vec<DeviceReport> {
        self.lock().devices.iter().map(Device::report).collect()
    }

    /// The owner of this account types the code in and agrees; false when there is no such code waiting.
    pub fn approve(&self, user_code: &str, account: &str) -> bool {
        self.lock().decide(user_code, DeviceState::Approved(account.to_owned()))
    }

    /// Somebody types the code in and does not agree.
    pub fn deny(&self, user_code: &str) -> bool {
        self.lock().decide(user_code, DeviceState::Denied)
    }

    /// Every call to the token and device endpoints, oldest first.
    #[must_use]
    pub fn exchanges(&self) -> Vec<Exchange> {
        self.lock().exchanges.clone()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn log(&mut self, exchange: Exchange) {
        // Enough for any test; a demo that runs for months forgets.
        if self.exchanges.len() >= 10_000 {
            self.exchanges.drain(..1_000);
        }
        self.exchanges.push(exchange);
    }
}

pub(crate) fn router(shared: &Arc<Shared>) -> Router {
    Router::new()
        .route("/oauth/authorize", get(authorize::ask).post(authorize::answer))
        .route("/oauth/paste", get(page::paste))
        .route("/oauth/token", post(token::exchange))
        .route("/oauth/device", post(device::begin))
        .route("/oauth/activate", get(activate::ask).post(activate::answer))
        .route("/oauth/jwks", get(token::keys))
        .route("/_sim/oauth", get(control::show).post(control::change))
        .route("/_sim/oauth/accounts", post(control::add))
        .route("/_sim/oauth/grants", post(control::issue))
        .route("/_sim/oauth/devices", post(control::decide))
        .with_state(Arc::clone(shared))
}
