//! An OpenID provider: discovery, signing keys, a page where a person says who they are, codes with PKCE, ID tokens,
//! userinfo; and what is wrong with any of them on demand ([`IssuerFault`]).
//!
//! The parts are those of an OAuth authorization server, with OpenID Connect on top: another grant is another arm in
//! [`token`], another kind of token another file. It keeps everything in memory and trusts whoever controls it, like
//! the rest of the simulator. It registers no clients: any client id is known, its secret is [`CLIENT_SECRET`], and a
//! redirect address is good when it is the one that the code was asked for with.

mod authorize;
mod control;
mod discovery;
mod fault;
pub(crate) mod keys;
mod people;
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

pub(crate) use self::authorize::escape;
use self::{authorize::Grant, keys::Keys};
pub use self::{fault::IssuerFault, keys::Signing, people::Person};

/// The secret of every client.
pub const CLIENT_SECRET: &str = "sim-client-secret";

/// The identity provider of a simulator.
pub struct Issuer {
    url: String,
    state: Mutex<State>,
}

/// What changes while it runs.
struct State {
    keys: Keys,
    people: Vec<Person>,
    /// Who consents without being asked.
    auto: Option<String>,
    fault: Option<IssuerFault>,
    /// Codes that were handed out; none once exchanged.
    codes: HashMap<String, Option<Grant>>,
    /// Access tokens, by the person they are for.
    access: HashMap<String, String>,
}

impl Issuer {
    /// An issuer below `base`, with a key of its own.
    pub(crate) fn new(base: &str) -> io::Result<Self> {
        Ok(Self {
            url: format!("{base}/issuer"),
            state: Mutex::new(State {
                keys: Keys::new(Signing::Es256)?,
                people: Vec::new(),
                auto: None,
                fault: None,
                codes: HashMap::new(),
                access: HashMap::new(),
            }),
        })
    }

    /// What it calls itself.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Lets a person sign in; one with the same subject is replaced.
    pub fn add(&self, person: Person) {
        let mut state = self.lock();
        state.people.retain(|known| known.sub != person.sub);
        state.people.push(person);
    }

    /// From now on this person consents without being asked; `None` shows the page again.
    pub fn consent_as(&self, sub: Option<&str>) {
        self.lock().auto = sub.map(str::to_owned);
    }

    /// What is wrong from now on.
    pub fn fault(&self, fault: Option<IssuerFault>) {
        self.lock().fault = fault;
    }

    /// Signs with a new key from now on. The old one is no longer published.
    ///
    /// # Errors
    /// When no key can be made.
    pub fn rotate(&self, signing: Signing) -> io::Result<()> {
        let keys = Keys::new(signing)?;
        self.lock().keys = keys;
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) fn router(issuer: &Arc<Issuer>) -> Router {
    Router::new()
        .route("/issuer/.well-known/openid-configuration", get(discovery::document))
        .route("/issuer/jwks", get(discovery::keys))
        .route("/issuer/authorize", get(authorize::ask).post(authorize::answer))
        .route("/issuer/token", post(token::exchange))
        .route("/issuer/userinfo", get(discovery::userinfo))
        .route("/_sim/issuer", post(control::change).get(control::show))
        .route("/_sim/issuer/people", post(control::add))
        .with_state(Arc::clone(issuer))
}

/// A text that nobody guesses.
pub(crate) fn random() -> String {
    hex::encode(rand::random::<[u8; 24]>())
}
