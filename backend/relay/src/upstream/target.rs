//! Where an account's requests go, prepared once: address and credential header.

use super::pool::Pool;
use causeway_accounts::{BaseUrl, Credential};
use http::{HeaderName, HeaderValue, Uri, uri::PathAndQuery};
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
    /// Name of the credential's header.
    pub auth_name: HeaderName,
    /// The credential itself, marked sensitive.
    pub auth_value: HeaderValue,
}

impl Target {
    /// Prepares; the error says what cannot be used.
    pub(crate) fn new(base: &BaseUrl, credential: &Credential) -> Result<Self, String> {
        let parts = base.to_string().parse::<Uri>().map_err(|e| format!("base URL: {e}"))?.into_parts();
        let (Some(scheme), Some(authority)) = (parts.scheme, parts.authority) else {
            return Err("base URL: needs a scheme and a host".to_owned());
        };
        let prefix = parts.path_and_query.as_ref().map_or("", |p| p.path()).trim_end_matches('/').to_owned();
        let host = HeaderValue::from_str(authority.as_str())
            .map_err(|_| "base URL: no host header can be made of it")?;
        let address = Uri::builder().scheme(scheme).authority(authority).path_and_query("/").build();
        let address = address.map_err(|e| format!("base URL: {e}"))?;
        let (auth_name, auth_value) = credential.header().map_err(|e| format!("API key: {e}"))?;
        Ok(Self { address, host, pool: OnceLock::new(), prefix, auth_name, auth_value })
    }

    /// The path of a call, which begins with a slash, below the base URL.
    pub(crate) fn uri(&self, path: &str, query: Option<&str>) -> Result<Uri, http::Error> {
        let path_and_query = match query {
            Some(query) => format!("{}{path}?{query}", self.prefix),
            None => format!("{}{path}", self.prefix),
        };
        Ok(Uri::from(PathAndQuery::try_from(path_and_query)?))
    }
}
