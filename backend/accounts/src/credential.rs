//! What is inside a sealed envelope: one arm for each way to sign in to a provider.

mod header;
mod service_account;

pub use header::{AuthHeader, BadKey};
pub use service_account::{BadServiceAccount, ServiceAccountKey};

use crate::catalogue::Preset;
use chrono::{DateTime, Utc};
use header::value;
use http::{HeaderMap, HeaderName};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt};
use zeroize::Zeroize;

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
    /// A token that was made elsewhere and pasted. It is not refreshed.
    Token {
        /// The token, presented as a bearer's.
        token: String,
    },
    /// What an authorisation gave.
    Oauth {
        /// The token that requests carry.
        access: String,
        /// What the next one is had for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        refresh: Option<String>,
        /// When the access token ends.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expires_at: Option<DateTime<Utc>>,
        /// Whose it is, as the issuer says.
        #[serde(default)]
        subject: String,
        /// Headers that requests carry besides it, by name.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        headers: BTreeMap<String, String>,
        /// The token that `access` was exchanged for, where a provider has two of them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        exchanged: Option<String>,
    },
    /// A service account's key, and the token last had for it.
    ServiceAccount {
        /// The JSON as it was given.
        key: String,
        /// The token that requests carry, once there is one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        access: Option<String>,
        /// When it ends.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expires_at: Option<DateTime<Utc>>,
    },
    /// AWS access keys, to sign with.
    Aws {
        /// The public part.
        access_key_id: String,
        /// The secret part.
        secret_access_key: String,
        /// Where the keys are temporary.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        session_token: Option<String>,
        /// The region that is signed for.
        region: String,
    },
}

/// What a credential puts into requests.
pub struct Presented {
    /// Headers, all of them marked so that nothing prints them.
    pub headers: HeaderMap,
    /// What `anthropic-beta` must name besides what the client names.
    pub betas: Vec<String>,
}

impl Credential {
    /// An API key that can be sent.
    pub fn api_key(auth: AuthHeader, api_key: &str) -> Result<Self, BadKey> {
        Ok(Self::ApiKey { auth, api_key: header::secret(api_key)? })
    }

    /// A pasted token that can be sent.
    pub fn token(token: &str) -> Result<Self, BadKey> {
        Ok(Self::Token { token: header::secret(token)? })
    }

    /// The key of a service account, read once so that a wrong file is refused at once.
    pub fn service_account(json: &str) -> Result<Self, BadServiceAccount> {
        ServiceAccountKey::read(json)?;
        Ok(Self::ServiceAccount { key: json.to_owned(), access: None, expires_at: None })
    }

    /// AWS keys that can be signed with.
    pub fn aws(
        access_key_id: &str,
        secret_access_key: &str,
        session_token: Option<&str>,
        region: &str,
    ) -> Result<Self, BadKey> {
        let fits = (1..=50).contains(&region.len())
            && region.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        Ok(Self::Aws {
            access_key_id: header::secret(access_key_id)?,
            secret_access_key: header::secret(secret_access_key)?,
            session_token: session_token.map(header::secret).transpose()?,
            region: if fits { region.to_owned() } else { return Err(BadKey) },
        })
    }

    /// Its tag, as stored beside it.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::ApiKey { .. } => "api_key",
            Self::Token { .. } => "token",
            Self::Oauth { .. } => "oauth",
            Self::ServiceAccount { .. } => "service_account",
            Self::Aws { .. } => "aws",
        }
    }

    /// When what requests carry ends; `None` = never, or nobody knows.
    pub const fn expires_at(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::Oauth { expires_at, .. } | Self::ServiceAccount { expires_at, .. } => *expires_at,
            Self::ApiKey { .. } | Self::Token { .. } | Self::Aws { .. } => None,
        }
    }

    /// Whether a new token can be had without a person.
    pub const fn can_refresh(&self) -> bool {
        match self {
            Self::Oauth { refresh, exchanged, .. } => refresh.is_some() || exchanged.is_some(),
            Self::ServiceAccount { .. } => true,
            Self::ApiKey { .. } | Self::Token { .. } | Self::Aws { .. } => false,
        }
    }

    /// What goes into requests; empty for what is signed with, and for a service account that has no token yet.
    pub fn presented(&self, preset: &Preset) -> Result<Presented, BadKey> {
        let mut headers = HeaderMap::new();
        let mut betas = Vec::new();
        let authorised = match self {
            Self::ApiKey { auth, api_key } => {
                let (name, value) = auth.present(api_key)?;
                headers.insert(name, value);
                None
            }
            Self::Token { token } => Some(token),
            Self::Oauth { access, headers: more, .. } => {
                for (name, text) in more {
                    headers.insert(name.parse::<HeaderName>().map_err(|_| BadKey)?, value(text)?);
                }
                Some(access)
            }
            Self::ServiceAccount { access, .. } => access.as_ref(),
            Self::Aws { .. } => None,
        };
        if let Some(token) = authorised {
            let (name, value) = AuthHeader::Bearer.present(token)?;
            headers.insert(name, value);
            betas.extend(preset.oauth.iter().flat_map(|oauth| oauth.betas.iter().cloned()));
        }
        Ok(Presented { headers, betas })
    }

    /// Its last characters, to recognise it by; none of a secret that is short enough to be guessed from them. Of a service
    /// account its name, and of what is authorised whose it is: their secrets come and go.
    pub fn hint(&self) -> String {
        match self {
            Self::ApiKey { api_key: secret, .. } | Self::Token { token: secret } => tail(secret),
            Self::Aws { access_key_id, .. } => tail(access_key_id),
            Self::Oauth { subject, .. } => tail(subject),
            Self::ServiceAccount { key, .. } => {
                ServiceAccountKey::read(key).map(|key| key.client_email.clone()).unwrap_or_default()
            }
        }
    }
}

fn tail(text: &str) -> String {
    let from = text.len().saturating_sub(4);
    format!("…{}", if text.len() >= 16 { text.get(from..).unwrap_or("") } else { "" })
}

impl Drop for Credential {
    fn drop(&mut self) {
        match self {
            Self::ApiKey { api_key: secret, .. } | Self::Token { token: secret } => secret.zeroize(),
            Self::Oauth { access, refresh, headers, exchanged, .. } => {
                access.zeroize();
                refresh.zeroize();
                exchanged.zeroize();
                headers.values_mut().for_each(Zeroize::zeroize);
            }
            Self::ServiceAccount { key, access, .. } => {
                key.zeroize();
                access.zeroize();
            }
            Self::Aws { secret_access_key, session_token, .. } => {
                secret_access_key.zeroize();
                session_token.zeroize();
            }
        }
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credential(•••)")
    }
}

#[cfg(test)]
mod tests;
