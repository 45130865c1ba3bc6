//! Service accounts of the cloud platform: their key files, made here, and the endpoint that takes an assertion signed
//! with one for an access token ([`token`]). What it issues opens [`crate::vertex`] and nothing else.

mod control;
mod token;

use std::{
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    rsa::KeySize,
    signature::{KeyPair, RsaKeyPair},
};
use axum::{Router, routing::post};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::json;

use crate::{
    Shared,
    bearer::{Bearers, Realm},
    issuer::random,
};

/// A service account and its key, which only whoever made it has.
#[derive(Clone, Debug)]
pub struct ServiceAccount {
    /// Its name; the ledger calls it the subject.
    pub email: String,
    /// The project that it belongs to, and the only one that it may use.
    pub project: String,
    /// Names the key.
    pub key_id: String,
    /// PKCS #8, PEM.
    pub private_key: String,
    /// Where its assertions go.
    pub token_url: String,
}

impl ServiceAccount {
    /// The key file, as the console hands it out.
    #[must_use]
    pub fn json(&self) -> String {
        let file = json!({
            "type": "service_account",
            "project_id": self.project,
            "private_key_id": self.key_id,
            "private_key": self.private_key,
            "client_email": self.email,
            "client_id": "100000000000000000001",
            "auth_uri": "https://accounts.google.com/o/oauth2/auth",
            "token_uri": self.token_url,
            "auth_provider_x509_cert_url": "https://www.googleapis.com/oauth2/v1/certs",
            "universe_domain": "googleapis.com",
        });
        format!("{file:#}\n")
    }
}

/// The service accounts that the platform knows.
pub struct ServiceAccounts {
    url: String,
    bearers: Arc<Bearers>,
    known: Mutex<State>,
}

struct State {
    accounts: Vec<Known>,
    seconds: u64,
}

/// What the platform keeps of one.
struct Known {
    email: String,
    project: String,
    key_id: String,
    /// DER, as in PKCS #1.
    public_key: Vec<u8>,
    tokens: u64,
}

impl ServiceAccounts {
    pub(crate) fn new(base: &str, bearers: Arc<Bearers>) -> Self {
        let state = State { accounts: Vec::new(), seconds: 3599 };
        Self { url: format!("{base}/google/token"), bearers, known: Mutex::new(state) }
    }

    /// A new service account of this project, with a key pair of its own.
    ///
    /// # Errors
    /// When no key can be made.
    pub fn make(&self, project: &str) -> io::Result<ServiceAccount> {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(io::Error::other)?;
        let private: Pkcs8V1Der<'_> = pair.as_der().map_err(io::Error::other)?;
        let name = &random()[..8];
        let account = ServiceAccount {
            email: format!("causeway-{name}@{project}.iam.gserviceaccount.com"),
            project: project.to_owned(),
            key_id: random()[..40].to_owned(),
            private_key: pem(private.as_ref()),
            token_url: self.url.clone(),
        };
        self.lock().accounts.push(Known {
            email: account.email.clone(),
            project: account.project.clone(),
            key_id: account.key_id.clone(),
            public_key: pair.public_key().as_ref().to_vec(),
            tokens: 0,
        });
        Ok(account)
    }

    /// It is deleted: its assertions are refused. Tokens that it has stay good until their time is over.
    pub fn delete(&self, email: &str) {
        self.lock().accounts.retain(|known| known.email != email);
    }

    /// How many access tokens it was given.
    #[must_use]
    pub fn tokens(&self, email: &str) -> u64 {
        self.lock().accounts.iter().find(|known| known.email == email).map_or(0, |known| known.tokens)
    }

    /// Life of the access tokens to come, in seconds.
    pub fn access_seconds(&self, seconds: u64) {
        self.lock().seconds = seconds;
    }

    /// The time of all access tokens is over, so that a test need not wait for it.
    pub fn expire_access(&self) {
        self.bearers.expire(Realm::Cloud);
    }

    /// The project that it may use.
    pub(crate) fn project(&self, email: &str) -> Option<String> {
        let state = self.lock();
        state.accounts.iter().find(|known| known.email == email).map(|known| known.project.clone())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) fn router(shared: &Arc<Shared>) -> Router {
    Router::new()
        .route("/google/token", post(token::exchange))
        .route("/_sim/service-accounts", post(control::make).get(control::show).delete(control::delete))
        .route("/_sim/service-accounts/expire", post(control::expire))
        .with_state(Arc::clone(shared))
}

fn pem(der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<_> = text.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
    format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n"))
}
