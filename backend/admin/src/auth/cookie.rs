//! The cookie with the refresh token.

use crate::{error::ApiError, state::AdminState};
use axum_extra::extract::cookie::CookieJar;
use causeway_store::sessions::IDLE_DAYS;
use http::{HeaderMap, HeaderName, header};
use sha2::{Digest, Sha256};

const NAME: &str = "causeway_refresh";
const PATH: &str = "/admin/v1/auth";

/// A `set-cookie` header, ready to be part of an answer.
pub(crate) type SetCookie = [(HeaderName, String); 1];

/// A new refresh token and its hash, of which only the hash is stored.
pub(crate) fn new_token() -> (String, [u8; 32]) {
    let token = hex::encode(rand::random::<[u8; 32]>());
    let hash = hash(&token);
    (token, hash)
}

/// The hash of the token that the browser sent, if it sent one.
pub(crate) fn sent(jar: &CookieJar) -> Option<[u8; 32]> {
    jar.get(NAME).map(|cookie| hash(cookie.value()))
}

/// Puts a token into the browser.
pub(crate) fn set(state: &AdminState, token: &str) -> SetCookie {
    cookie(state, token, i64::from(IDLE_DAYS) * 86_400)
}

/// Takes it out again.
pub(crate) fn clear(state: &AdminState) -> SetCookie {
    cookie(state, "", 0)
}

/// Refuses calls that a page of another origin made the browser send. `SameSite` already keeps other sites out; this
/// keeps out the neighbours on the same host, where the browser says so.
pub(crate) fn refuse_other_origins(headers: &HeaderMap) -> Result<(), ApiError> {
    match headers.get("sec-fetch-site").and_then(|v| v.to_str().ok()) {
        Some("cross-site" | "same-site") => {
            Err(ApiError::Forbidden("this cannot be called from pages of another origin".to_owned()))
        }
        _ => Ok(()),
    }
}

fn cookie(state: &AdminState, value: &str, seconds: i64) -> SetCookie {
    // Not over plain http: the browser would drop the cookie, and nobody could stay signed in on a LAN address.
    let secure = if state.is_https() { "; Secure" } else { "" };
    let text = format!("{NAME}={value}; Path={PATH}; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}");
    [(header::SET_COOKIE, text)]
}

fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}
