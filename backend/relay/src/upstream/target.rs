//! Where an account's requests go and what they present there, prepared once.

use super::pool::Pool;
use causeway_accounts::{BaseUrl, Credential, Preset, Signer};
use http::{HeaderMap, HeaderName, HeaderValue, Uri, uri::PathAndQuery};
use std::sync::{Arc, OnceLock};

/// Address and credential of an account.
pub(crate) struct Target {
    /// Scheme, host and port.
    pub(crate) address: Uri,
    /// The `host` header.
    pub(crate) host: HeaderValue,
    /// The connections to that address, once one was needed.
    pub(crate) pool: OnceLock<Arc<Pool>>,
    /// Path of the base URL without a slash at its end.
    prefix: String,
    /// The base URL ends in a version of its own.
    versioned: bool,
    /// What its provider wants in requests that do not say it themselves.
    pub(super) usual: Vec<(HeaderName, HeaderValue)>,
    /// What the credential puts into requests, marked sensitive.
    pub(crate) headers: HeaderMap,
    /// What `anthropic-beta` must name besides what the client names.
    pub(crate) betas: Vec<String>,
    /// What signs requests, where the credential is one to sign with.
    pub(crate) signer: Option<Signer>,
}

impl Target {
    /// Prepares; the error says what cannot be used.
    pub(crate) fn new(base: &BaseUrl, credential: &Credential, preset: &Preset) -> Result<Self, String> {
        let parts = base.to_string().parse::<Uri>().map_err(|e| format!("base URL: {e}"))?.into_parts();
        let (Some(scheme), Some(authority)) = (parts.scheme, parts.authority) else {
            return Err("base URL: needs a scheme and a host".to_owned());
        };
        let prefix = parts.path_and_query.as_ref().map_or("", |p| p.path()).trim_end_matches('/').to_owned();
        let host = HeaderValue::from_str(authority.as_str())
            .map_err(|_| "base URL: no host header can be made of it")?;
        let address = Uri::builder().scheme(scheme).authority(authority).path_and_query("/").build();
        let address = address.map_err(|e| format!("base URL: {e}"))?;
        let presented = credential.presented(preset).map_err(|e| format!("credential: {e}"))?;
        Ok(Self {
            address,
            host,
            pool: OnceLock::new(),
            versioned: prefix.rsplit('/').next().is_some_and(is_version),
            prefix,
            usual: preset
                .headers
                .iter()
                .filter_map(|(n, v)| Some((n.parse().ok()?, v.parse().ok()?)))
                .collect(),
            headers: presented.headers,
            betas: presented.betas,
            signer: Signer::new(credential),
        })
    }

    /// The path of a call, which begins with a slash, below the base URL. A version at its beginning is left out where
    /// the base URL has one.
    pub(crate) fn uri(&self, path: &str, query: &str) -> Result<Uri, http::Error> {
        let version = path.strip_prefix('/').and_then(|path| path.split('/').next());
        let path = match version {
            Some(version) if self.versioned && is_version(version) => &path[version.len() + 1..],
            _ => path,
        };
        let mark = if query.is_empty() { "" } else { "?" };
        let path_and_query = format!("{}{path}{mark}{query}", self.prefix);
        Ok(Uri::from(PathAndQuery::try_from(path_and_query)?))
    }
}

/// `v1`, `v4`, `v1beta`, `v1beta2`.
fn is_version(segment: &str) -> bool {
    let Some(rest) = segment.strip_prefix('v') else { return false };
    let digits = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    let is_word = |word: &str| {
        ["alpha", "beta"].iter().any(|known| {
            word.strip_prefix(known).is_some_and(|after| after.bytes().all(|b| b.is_ascii_digit()))
        })
    };
    digits.len() < rest.len() && (digits.is_empty() || is_word(digits))
}

#[cfg(test)]
mod tests {
    use super::*;
    use causeway_accounts::{AddressPolicy, AuthHeader, Catalogue};
    use causeway_domain::provider::Provider;

    #[test]
    fn a_version_is_told_once() {
        let preset = Catalogue::shipped().unwrap().get(Provider::OPENAI_COMPATIBLE).unwrap();
        let credential = Credential::api_key(AuthHeader::Bearer, "x").unwrap();
        for (base, path, expected) in [
            ("https://a.example", "/v1/chat", "/v1/chat"),
            ("https://a.example/v1", "/v1/chat", "/v1/chat"),
            ("https://a.example/api/paas/v4/", "/v1/chat", "/api/paas/v4/chat"),
            ("https://a.example/v1beta", "/v1beta/models", "/v1beta/models"),
            ("https://a.example/voice", "/v1/chat", "/voice/v1/chat"),
            ("https://a.example/v1/projects/p", "/publishers/x", "/v1/projects/p/publishers/x"),
        ] {
            let base = AddressPolicy::default().base_url(base).unwrap();
            let target = Target::new(&base, &credential, &preset).unwrap();
            assert_eq!(target.uri(path, "").unwrap().to_string(), expected, "{base}");
            assert_eq!(target.uri(path, "a=b").unwrap().query(), Some("a=b"));
        }
    }
}
