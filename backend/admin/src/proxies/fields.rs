//! From the fields of a request to a proxy: the same checks whether one is made or changed.

use crate::{check::Check, error::ApiError, state::AdminState};
use causeway_accounts::SecretPlace;
use causeway_domain::{OrgId, proxy::Scheme};
use causeway_openapi::UpdateProxy;
use causeway_store::proxies::Proxy as Stored;
use std::net::IpAddr;
use url::Host;

/// The most bytes of a user name and of a password: what SOCKS5 has room for.
const MOST: usize = 255;

/// Checks what is set and puts it into the proxy.
pub(super) fn apply(
    state: &AdminState,
    org: OrgId,
    proxy: &mut Stored,
    change: &UpdateProxy,
) -> Result<(), ApiError> {
    let mut check = Check::default();
    let before = proxy.origin();
    if let Some(name) = &change.name {
        proxy.name = check.text("name", name, 1..=100);
    }
    if let Some(scheme) = change.scheme {
        proxy.scheme = scheme;
    }
    if let Some(text) = &change.host {
        match host(state, text) {
            Ok(host) => proxy.host = host,
            Err(why) => check.refuse("host", why),
        }
    }
    if let Some(port) = change.port {
        check.require(port > 0, "port", "must be between 1 and 65535");
        proxy.port = port;
    }
    if let Some(user) = &change.username {
        proxy.username.clone_from(user);
        if user.is_none() {
            proxy.password = None;
        }
    }
    if let Some(user) = &proxy.username {
        username(&mut check, proxy.scheme, user);
    }
    if let Some(enabled) = change.enabled {
        proxy.enabled = enabled;
    }
    password(state, org, &mut check, proxy, change, &before)?;
    check.done()
}

/// A name or an address in its one spelling; addresses that may not be connected to are refused here already, and what a
/// name leads to at every connection.
fn host(state: &AdminState, text: &str) -> Result<String, &'static str> {
    const WHAT: &str = "must be a name such as proxy.example.com or an address, without scheme, port or path";
    let bare = text.trim().trim_start_matches('[').trim_end_matches(']');
    if bare.is_empty() || bare.len() > 253 {
        return Err(WHAT);
    }
    let literal = match bare.parse::<IpAddr>() {
        Ok(ip) => Some(ip),
        // What a URL would take for an address, such as 2130706433, is one.
        Err(_) => match Host::parse(bare).map_err(|_| WHAT)? {
            Host::Ipv4(ip) => Some(IpAddr::V4(ip)),
            Host::Ipv6(ip) => Some(IpAddr::V6(ip)),
            Host::Domain(name) => return Ok(name),
        },
    };
    match literal {
        Some(ip) if state.addresses.permits(ip) => Ok(ip.to_string()),
        _ => Err("points into a private network; UPSTREAM_ALLOW_PRIVATE can allow it"),
    }
}

fn username(check: &mut Check, scheme: Scheme, user: &str) {
    let plain = !user.chars().any(char::is_control);
    check.require(
        (1..=MOST).contains(&user.len()) && plain,
        "username",
        "must have 1 to 255 bytes, and no control characters",
    );
    // Where a user name ends is told by the first colon.
    let colon = scheme != Scheme::Socks5 && user.contains(':');
    check.require(!colon, "username", "must not contain a colon: HTTP has no way to say it");
}

fn password(
    state: &AdminState,
    org: OrgId,
    check: &mut Check,
    proxy: &mut Stored,
    change: &UpdateProxy,
    before: &str,
) -> Result<(), ApiError> {
    let origin = proxy.origin();
    match &change.password {
        Some(Some(secret)) => {
            let secret = secret.expose();
            check.require(proxy.username.is_some(), "username", "is needed beside a password");
            let plain = !secret.chars().any(char::is_control);
            let good = (1..=MOST).contains(&secret.len()) && plain;
            check.require(good, "password", "must have 1 to 255 bytes, and no control characters");
            if good {
                let place = SecretPlace::proxy(org, proxy.id, &origin);
                let sealed = state.sealing.seal_secret(&place, secret.as_bytes());
                proxy.password = Some(sealed.map_err(ApiError::internal)?);
            }
        }
        Some(None) => proxy.password = None,
        None => {
            let moved = proxy.password.is_some() && origin != before;
            let message = "must be entered again, because scheme, host or port are others";
            check.require(!moved, "password", message);
        }
    }
    let missing = proxy.scheme == Scheme::Socks5 && proxy.username.is_some() && proxy.password.is_none();
    check.require(!missing, "password", "is needed beside a user name for socks5");
    Ok(())
}
