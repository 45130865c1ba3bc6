//! Who is calling: from the headers of a request to the key's policy.

use crate::{call::Call, directory::Directory, error::RelayError, tenant::Tenant};
use causeway_dialect::Dialect;
use causeway_domain::{
    KeyId, OrgId, TrustedProxies,
    secret::{KEY_PREFIX, looks_like_key},
};
use causeway_store::principal::Principal;
use chrono::Utc;
use http::{HeaderMap, HeaderName, Uri, header};
use sha2::{Digest, Sha256};
use std::{net::IpAddr, sync::Arc};

/// The code of a refusal because the organisation is suspended.
pub(crate) const SUSPENDED: &str = "organization_suspended";

static X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");
static X_GOOG_API_KEY: HeaderName = HeaderName::from_static("x-goog-api-key");
static API_KEY: HeaderName = HeaderName::from_static("api-key");
static X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// A caller whose key is known.
#[derive(Clone)]
pub(crate) struct Caller {
    /// SHA-256 of the key, by which its policy is cached.
    pub hash: [u8; 32],
    /// Where the call comes from.
    pub address: IpAddr,
    /// The key's policy.
    pub principal: Arc<Principal>,
}

/// Finds the caller, whether or not the key may be used ([`usable`]). The answer may rest on a cached policy: whatever
/// it leads to, a refusal too, counts only once it has been compared with the version in force.
pub(crate) async fn caller(
    directory: &Directory,
    headers: &HeaderMap,
    uri: &Uri,
    address: IpAddr,
) -> Result<Caller, RelayError> {
    let key = find_key(headers, uri)?;
    known(directory, Sha256::digest(key.as_bytes()).into(), address).await
}

/// The caller whose key has this hash.
pub(crate) async fn known(
    directory: &Directory,
    hash: [u8; 32],
    address: IpAddr,
) -> Result<Caller, RelayError> {
    let principal = directory.principal(&hash).await?.ok_or_else(unknown)?;
    Ok(Caller { hash, address, principal })
}

/// The caller whose key is named from within, by whoever may use it without its secret.
pub(crate) async fn inside(
    directory: &Directory,
    (org, key): (OrgId, KeyId),
    address: IpAddr,
) -> Result<Caller, RelayError> {
    let hash = directory.hash(org, key).await?.ok_or_else(unknown)?;
    known(directory, hash, address).await
}

/// Who is calling through which proxies.
pub(crate) fn address(proxies: &TrustedProxies, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
    let values = |name| headers.get_all(name).into_iter().map(http::HeaderValue::as_bytes);
    proxies.client(peer, values(&X_FORWARDED_FOR), values(&header::FORWARDED))
}

fn unknown() -> RelayError {
    RelayError::KeyRefused {
        code: "unknown_key",
        message: "this API key does not exist, or has been deleted".to_owned(),
    }
}

/// What every key of a suspended organisation is told.
pub(crate) fn suspended() -> RelayError {
    RelayError::KeyRefused {
        code: SUSPENDED,
        message: "the organisation of this API key is suspended".to_owned(),
    }
}

/// Whether the key may be used at all, now and from where the caller is.
pub(crate) fn usable(caller: &Caller) -> Result<(), RelayError> {
    let principal = &*caller.principal;
    let refused = |code, message: String| Err(RelayError::KeyRefused { code, message });
    if principal.deleted {
        return Err(unknown());
    }
    if principal.suspended {
        return Err(suspended());
    }
    if !principal.enabled {
        return refused("key_disabled", format!("the API key {:?} is disabled", principal.name));
    }
    let end = principal.expiry.end();
    if end.is_some() || principal.secret_until.is_some() {
        let now = Utc::now();
        if let Some(at) = end.filter(|at| *at <= now) {
            let message = format!("the API key {:?} expired at {}", principal.name, at.to_rfc3339());
            return refused("key_expired", message);
        }
        if principal.secret_until.is_some_and(|until| until <= now) {
            let message =
                format!("this secret of the API key {:?} was replaced by a new one", principal.name);
            return refused("key_replaced", message);
        }
    }
    if principal.rules.as_ref().is_some_and(|rules| !rules.addresses.permits(caller.address)) {
        return Err(RelayError::Forbidden {
            code: "address_forbidden",
            message: "this API key may not be used from this address".to_owned(),
        });
    }
    Ok(())
}

/// Whether clients with this key may speak the dialect.
pub(crate) fn speaks(principal: &Principal, dialect: Dialect) -> Result<(), RelayError> {
    if principal.rules.as_ref().is_none_or(|rules| rules.services.speaks(dialect.name())) {
        return Ok(());
    }
    Err(RelayError::Forbidden {
        code: "dialect_forbidden",
        message: "this API key may not be used with this kind of API".to_owned(),
    })
}

/// Whether the key may be used with the client that calls, as the organisation's rules recognise it. Costs nothing where
/// the key says nothing of clients, as most do.
pub(crate) fn admits(tenant: &Tenant, principal: &Principal, call: &Call) -> Result<(), RelayError> {
    let Some(rules) = principal.rules.as_ref().filter(|rules| !rules.services.clients.is_empty()) else {
        return Ok(());
    };
    let recognised = tenant.clients.recognise(&call.facts()).map(|(_, rule)| rule.client.as_str());
    if rules.services.admits(recognised) {
        return Ok(());
    }
    Err(RelayError::Forbidden {
        code: "client_forbidden",
        message: "this API key may not be used with this client program".to_owned(),
    })
}

/// Whether who calls is none of Anthropic's clients: those say which version of the API they mean, and OpenAI's send their
/// key as a bearer token.
pub(crate) fn is_openais(headers: &HeaderMap) -> bool {
    headers.contains_key(header::AUTHORIZATION)
        && !headers.contains_key("anthropic-version")
        && !headers.contains_key(&X_API_KEY)
}

/// The credentials of a request, in whichever of the five places. Clients fill in several at once, some with a
/// placeholder: the one that has the form of a key of ours is the one that is meant.
fn find_key<'a>(headers: &'a HeaderMap, uri: &'a Uri) -> Result<&'a str, RelayError> {
    let named = [&X_API_KEY, &X_GOOG_API_KEY, &API_KEY];
    let plain = named.into_iter().flat_map(|name| headers.get_all(name)).filter_map(|v| v.to_str().ok());
    let bearer = headers
        .get_all(header::AUTHORIZATION)
        .iter()
        .filter_map(|v| v.to_str().ok())
        .filter_map(|v| v.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token);
    let query =
        uri.query().into_iter().flat_map(|q| q.split('&')).filter_map(|pair| pair.strip_prefix("key="));
    let mut seen = None;
    for candidate in plain.chain(bearer).chain(query).map(str::trim).filter(|c| !c.is_empty()) {
        if looks_like_key(candidate) {
            return Ok(candidate);
        }
        seen = seen.or(Some(candidate));
    }
    Err(RelayError::NoKey(match seen {
        None => "no API key: send a Causeway key (cw_…) as x-api-key or as Authorization: Bearer",
        Some(other) if other.starts_with(KEY_PREFIX) => "this is not a whole API key: it was cut or changed",
        Some(_) => "the credential sent is not a Causeway API key (those begin with cw_)",
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn key() -> String {
        causeway_domain::secret::key_from_random(&[9; 64]).unwrap()
    }

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(n, v)| (HeaderName::from_static(n), HeaderValue::from_str(v).unwrap())).collect()
    }

    #[test]
    fn a_key_is_found_in_all_five_places() {
        let (key, root) = (key(), Uri::from_static("/v1/messages"));
        for name in ["x-api-key", "x-goog-api-key", "api-key"] {
            assert_eq!(find_key(&headers(&[(name, &key)]), &root).unwrap(), key);
        }
        assert_eq!(find_key(&headers(&[("authorization", &format!("bearer {key}"))]), &root).unwrap(), key);
        let uri: Uri = format!("/v1/messages?beta=true&key={key}").parse().unwrap();
        assert_eq!(find_key(&HeaderMap::new(), &uri).unwrap(), key);
    }

    #[test]
    fn of_several_credentials_ours_wins_and_basic_is_ignored() {
        let (key, root) = (key(), Uri::from_static("/"));
        let several =
            headers(&[("x-api-key", "sk-ant-placeholder"), ("authorization", &format!("Bearer {key}"))]);
        assert_eq!(find_key(&several, &root).unwrap(), key);
        let basic = headers(&[("authorization", "Basic dXNlcjpwYXNz")]);
        assert!(find_key(&basic, &root).unwrap_err().to_string().starts_with("no API key"));
    }

    #[test]
    fn a_cut_key_is_told_from_a_foreign_one() {
        let root = Uri::from_static("/");
        let text = |v: &str| find_key(&headers(&[("x-api-key", v)]), &root).unwrap_err().to_string();
        assert!(text("cw_abc").contains("not a whole API key"));
        assert!(text("sk-ant-api03").contains("not a Causeway API key"));
    }
}
