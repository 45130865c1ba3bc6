//! What ties a browser to the session that begins an authorisation in it, for the way back from the issuer, where there is no
//! access token. The value follows from the session and a key of the installation, so that nothing has to be stored.

use crate::state::AdminState;
use axum_extra::extract::cookie::CookieJar;
use causeway_accounts::MasterKey;
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderName, header};
use sha2::Sha256;
use uuid::Uuid;
use zeroize::Zeroizing;

const NAME: &str = "causeway_oauth";
/// As long as one authorisation may take.
const SECONDS: u32 = 1800;

/// Makes the values.
pub(crate) struct BrowserKey(Zeroizing<[u8; 32]>);

impl BrowserKey {
    /// Derives the key.
    pub(crate) fn new(master: &MasterKey) -> Self {
        Self(master.derive("account authorisation browser 1"))
    }

    fn mac(&self, session: Uuid) -> Hmac<Sha256> {
        // A key of any length will do for HMAC, and this one has 32 bytes.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&*self.0) else {
            unreachable!("HMAC takes keys of any length")
        };
        mac.update(session.as_bytes());
        mac
    }

    /// The header that marks the browser as the session's. `Lax`, because the issuer sends the person back from another site.
    pub(super) fn mark(&self, state: &AdminState, session: Uuid) -> (HeaderName, String) {
        let secure = if state.is_https() { "; Secure" } else { "" };
        let value = hex::encode(self.mac(session).finalize().into_bytes());
        let path = super::CALLBACK;
        let text = format!("{NAME}={value}; Path={path}; Max-Age={SECONDS}; HttpOnly; SameSite=Lax{secure}");
        (header::SET_COOKIE, text)
    }

    /// Whether the browser is marked as the session's.
    pub(super) fn is_marked(&self, jar: &CookieJar, session: Uuid) -> bool {
        let sent = jar.get(NAME).and_then(|cookie| hex::decode(cookie.value()).ok());
        sent.is_some_and(|sent| self.mac(session).verify_slice(&sent).is_ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum_extra::extract::cookie::Cookie;

    #[test]
    fn a_mark_is_good_for_its_session_only() {
        let key =
            BrowserKey::new(&MasterKey::new(b"0123456789abcdef0123456789abcdef".to_vec().into()).unwrap());
        let (one, two) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let value = hex::encode(key.mac(one).finalize().into_bytes());
        let jar = CookieJar::new().add(Cookie::new(NAME, value));
        assert!(key.is_marked(&jar, one));
        assert!(!key.is_marked(&jar, two));
        assert!(!key.is_marked(&CookieJar::new(), one));
        assert!(!key.is_marked(&CookieJar::new().add(Cookie::new(NAME, "00")), one));
    }
}
