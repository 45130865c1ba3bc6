//! What ties a sign-in to one browser: the state, which travels with the person, and a cookie, which does not. Nonce and
//! PKCE verifier follow from both and a key of the installation, so that they need not be stored, and any instance that
//! the person comes back to has them.

use crate::state::AdminState;
use axum_extra::extract::cookie::CookieJar;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use causeway_accounts::MasterKey;
use hmac::{Hmac, KeyInit, Mac};
use http::HeaderValue;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

const NAME: &str = "causeway_sso";
const PATH: &str = "/admin/v1/auth/oidc";
/// Long enough to read of a failure.
const SECONDS: u32 = 3600;

/// Makes nonces and verifiers.
pub(crate) struct FlowKey(Zeroizing<[u8; 32]>);

/// A sign-in under way.
pub(crate) struct Ticket {
    /// 64 hexadecimal digits.
    pub(crate) state: String,
    /// 64 hexadecimal digits.
    pub(crate) browser: String,
}

impl FlowKey {
    /// Derives the key.
    pub(crate) fn new(master: &MasterKey) -> Self {
        Self(master.derive("single sign-on flow 1"))
    }

    /// What the ID token has to repeat.
    pub(crate) fn nonce(&self, ticket: &Ticket) -> String {
        self.derive(b"nonce", ticket)
    }

    /// What only whoever began can exchange the code with.
    pub(crate) fn verifier(&self, ticket: &Ticket) -> String {
        self.derive(b"verifier", ticket)
    }

    /// What the issuer gets of the verifier beforehand.
    pub(crate) fn challenge(&self, ticket: &Ticket) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(self.verifier(ticket).as_bytes()))
    }

    fn derive(&self, what: &[u8], ticket: &Ticket) -> String {
        // A key of any length will do for HMAC, and this one has 32 bytes.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&*self.0) else { return String::new() };
        for part in [what, ticket.state.as_bytes(), ticket.browser.as_bytes()] {
            mac.update(part);
            mac.update(&[0]);
        }
        URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
    }
}

impl Ticket {
    /// A new state, in a browser that may have begun before.
    pub(crate) fn new(browser: Option<String>) -> Self {
        Self { state: random(), browser: browser.unwrap_or_else(random) }
    }

    /// As stored.
    pub(crate) fn state_hash(&self) -> [u8; 32] {
        hash(&self.state)
    }

    /// As stored.
    pub(crate) fn browser_hash(&self) -> [u8; 32] {
        hash(&self.browser)
    }
}

/// The SHA-256 of a state or of a browser's cookie.
pub(crate) fn hash(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

/// Whether a text could be one of ours.
pub(crate) fn is_token(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit())
}

/// The cookie that the browser sent, if it sent one.
pub(crate) fn sent(jar: &CookieJar) -> Option<String> {
    jar.get(NAME).map(|cookie| cookie.value().to_owned()).filter(|value| is_token(value))
}

/// Puts it into the browser. `Lax`, because the issuer sends the person back from another site.
pub(crate) fn set(state: &AdminState, browser: &str) -> Option<HeaderValue> {
    let secure = if state.is_https() { "; Secure" } else { "" };
    let text = format!("{NAME}={browser}; Path={PATH}; Max-Age={SECONDS}; HttpOnly; SameSite=Lax{secure}");
    HeaderValue::from_str(&text).ok()
}

fn random() -> String {
    hex::encode(rand::random::<[u8; 32]>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nonce_and_verifier_follow_from_state_and_browser_together() {
        let master = MasterKey::new(b"0123456789abcdef0123456789abcdef".to_vec().into()).unwrap();
        let key = FlowKey::new(&master);
        let ticket = Ticket::new(None);
        assert_eq!((key.verifier(&ticket).len(), key.challenge(&ticket).len()), (43, 43));
        assert_eq!(key.nonce(&ticket), key.nonce(&ticket));
        assert_ne!(key.nonce(&ticket), key.verifier(&ticket));
        let elsewhere = Ticket { state: ticket.state.clone(), browser: random() };
        let later = Ticket::new(Some(ticket.browser.clone()));
        assert_eq!(later.browser, ticket.browser);
        for other in [elsewhere, later] {
            assert_ne!(key.verifier(&other), key.verifier(&ticket));
            assert_ne!(key.nonce(&other), key.nonce(&ticket));
        }
    }
}
