//! Where an account's requests go, prepared once: address and credential header.

use causeway_accounts::{BaseUrl, Credential};
use http::{HeaderName, HeaderValue, Uri, uri};

/// Address and credential of an account.
pub(crate) struct Target {
    scheme: uri::Scheme,
    authority: uri::Authority,
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
        let (auth_name, auth_value) = credential.header().map_err(|e| format!("API key: {e}"))?;
        Ok(Self { scheme, authority, prefix, auth_name, auth_value })
    }

    /// The address of a call: `path` begins with a slash.
    pub(crate) fn uri(&self, path: &str, query: Option<&str>) -> Result<Uri, http::Error> {
        let path_and_query = match query {
            Some(query) => format!("{}{path}?{query}", self.prefix),
            None => format!("{}{path}", self.prefix),
        };
        Uri::builder()
            .scheme(self.scheme.clone())
            .authority(self.authority.clone())
            .path_and_query(path_and_query)
            .build()
    }
}
