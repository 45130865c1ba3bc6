//! What is inside a sealed envelope: one arm for each way to sign in to a provider.

use http::{HeaderName, HeaderValue, header};
use serde::{Deserialize, Serialize};
use std::fmt;
use zeroize::{Zeroize, Zeroizing};

/// A credential. Its JSON is what is sealed, so arms and fields are stored data: add, never rename.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Credential {
    /// An API key.
    ApiKey {
        /// How it is presented.
        auth: AuthHeader,
        /// The key.
        api_key: String,
    },
}

/// How an API key is presented.
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

impl AuthHeader {
    /// Its name, and what stands before the key.
    fn parts(self) -> (HeaderName, &'static str) {
        match self {
            Self::XApiKey => (HeaderName::from_static("x-api-key"), ""),
            Self::Bearer => (header::AUTHORIZATION, "Bearer "),
            Self::ApiKey => (HeaderName::from_static("api-key"), ""),
            Self::XGoogApiKey => (HeaderName::from_static("x-goog-api-key"), ""),
        }
    }
}

/// The key cannot be sent in a header.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("must have 1 to 4096 visible ASCII characters without spaces")]
pub struct BadKey;

impl Credential {
    /// An API key that can be sent.
    pub fn api_key(auth: AuthHeader, api_key: &str) -> Result<Self, BadKey> {
        let fits = (1..=4096).contains(&api_key.len()) && api_key.bytes().all(|b| b.is_ascii_graphic());
        if fits { Ok(Self::ApiKey { auth, api_key: api_key.to_owned() }) } else { Err(BadKey) }
    }

    /// The header that presents it, marked so that nothing prints it.
    pub fn header(&self) -> Result<(HeaderName, HeaderValue), BadKey> {
        let Self::ApiKey { auth, api_key } = self;
        let (name, before) = auth.parts();
        let text = Zeroizing::new(format!("{before}{api_key}"));
        let mut value = HeaderValue::from_str(&text).map_err(|_| BadKey)?;
        value.set_sensitive(true);
        Ok((name, value))
    }

    /// Its last characters, to recognise it by; none of a key that is short enough to be guessed from them.
    pub fn hint(&self) -> String {
        let Self::ApiKey { api_key, .. } = self;
        // Made of ASCII only, so that bytes are characters.
        let tail = if api_key.len() >= 16 { api_key.get(api_key.len() - 4..).unwrap_or("") } else { "" };
        format!("…{tail}")
    }
}

impl Drop for Credential {
    fn drop(&mut self) {
        let Self::ApiKey { api_key, .. } = self;
        api_key.zeroize();
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credential(•••)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_would_break_a_header_are_refused() {
        for bad in ["", "a b", "a\r\nx: y", "ключ"] {
            assert_eq!(Credential::api_key(AuthHeader::XApiKey, bad), Err(BadKey), "{bad:?}");
        }
    }

    #[test]
    fn a_credential_is_presented_as_its_provider_wants_it_and_never_printed() {
        let credential = Credential::api_key(AuthHeader::Bearer, "sk-0123456789abcdef").unwrap();
        let (name, value) = credential.header().unwrap();
        assert_eq!((name.as_str(), value.as_bytes()), ("authorization", &b"Bearer sk-0123456789abcdef"[..]));
        assert!(!format!("{value:?}{credential:?}").contains("0123"));
        assert_eq!(credential.hint(), "…cdef");
    }

    #[test]
    fn a_short_key_gives_nothing_of_itself_away() {
        assert_eq!(Credential::api_key(AuthHeader::XApiKey, "secret").unwrap().hint(), "…");
    }
}
