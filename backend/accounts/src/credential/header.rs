//! Secrets in headers.

use http::{HeaderName, HeaderValue, header};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// How a key is presented.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AuthHeader {
    /// `x-api-key: …`
    XApiKey,
    /// `Authorization: Bearer …`
    Bearer,
    /// `api-key: …`, as Azure wants it.
    ApiKey,
    /// `x-goog-api-key: …`, as Google wants it.
    XGoogApiKey,
}

/// The secret cannot be sent in a header.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("must have 1 to 8192 visible ASCII characters without spaces")]
pub struct BadKey;

impl AuthHeader {
    /// The header that presents a key, marked so that nothing prints it.
    pub fn present(self, key: &str) -> Result<(HeaderName, HeaderValue), BadKey> {
        let (name, before) = match self {
            Self::XApiKey => (HeaderName::from_static("x-api-key"), ""),
            Self::Bearer => (header::AUTHORIZATION, "Bearer "),
            Self::ApiKey => (HeaderName::from_static("api-key"), ""),
            Self::XGoogApiKey => (HeaderName::from_static("x-goog-api-key"), ""),
        };
        Ok((name, value(&Zeroizing::new(format!("{before}{key}")))?))
    }
}

/// A value that nothing prints.
pub(super) fn value(text: &str) -> Result<HeaderValue, BadKey> {
    let mut value = HeaderValue::from_str(text).map_err(|_| BadKey)?;
    value.set_sensitive(true);
    Ok(value)
}

/// A secret that can be sent.
pub(super) fn secret(text: &str) -> Result<String, BadKey> {
    let fits = (1..=8192).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
    if fits { Ok(text.to_owned()) } else { Err(BadKey) }
}
