//! The cookies of a browser: the refresh token, and the mark of a device that somebody has signed in from before.

use crate::state::AdminState;
use axum::response::AppendHeaders;
use axum_extra::extract::cookie::CookieJar;
use causeway_store::sessions::{IDLE_DAYS, hash_of};
use http::{HeaderName, header};

const REFRESH: &str = "causeway_refresh";
const DEVICE: &str = "causeway_device";
const PATH: &str = "/admin/v1/auth";
/// A year: whoever comes back after longer is a stranger to the throttle, and no more than that.
const DEVICE_SECONDS: i64 = 365 * 86_400;

/// `set-cookie` headers, ready to be part of an answer.
pub(crate) type SetCookie = AppendHeaders<Vec<(HeaderName, String)>>;

/// A new secret for a cookie, a link or a challenge, and its hash, of which only the hash is stored.
pub(crate) fn new_token() -> (String, [u8; 32]) {
    let token = hex::encode(rand::random::<[u8; 32]>());
    let hash = hash_of(&token);
    (token, hash)
}

/// The refresh token that the browser sent, if it sent one.
pub(crate) fn sent(jar: &CookieJar) -> Option<&str> {
    jar.get(REFRESH).map(|cookie| cookie.value())
}

/// The mark of the device that the browser sent, if it sent one.
pub(crate) fn device(jar: &CookieJar) -> Option<&str> {
    jar.get(DEVICE).map(|cookie| cookie.value())
}

/// Puts a refresh token into the browser.
pub(crate) fn set(state: &AdminState, token: &str) -> SetCookie {
    AppendHeaders(vec![refresh(state, token)])
}

/// The same, and marks the device as one that the person with this address has signed in from.
pub(crate) fn set_known(state: &AdminState, token: &str, email: &str) -> SetCookie {
    AppendHeaders(vec![refresh(state, token), mark(state, email)])
}

/// Marks the device alone.
pub(crate) fn set_device(state: &AdminState, email: &str) -> SetCookie {
    AppendHeaders(vec![mark(state, email)])
}

/// Takes the refresh token out again. The device stays known.
pub(crate) fn clear(state: &AdminState) -> SetCookie {
    AppendHeaders(vec![cookie(state, REFRESH, "", 0)])
}

/// The header that puts a refresh token into the browser.
pub(crate) fn refresh(state: &AdminState, token: &str) -> (HeaderName, String) {
    cookie(state, REFRESH, token, i64::from(IDLE_DAYS) * 86_400)
}

fn mark(state: &AdminState, email: &str) -> (HeaderName, String) {
    cookie(state, DEVICE, &state.sign_in.mark_device(email), DEVICE_SECONDS)
}

fn cookie(state: &AdminState, name: &str, value: &str, seconds: i64) -> (HeaderName, String) {
    // Not over plain http: the browser would drop the cookie, and nobody could stay signed in on a LAN address.
    let secure = if state.is_https() { "; Secure" } else { "" };
    let text = format!("{name}={value}; Path={PATH}; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}");
    (header::SET_COOKIE, text)
}
