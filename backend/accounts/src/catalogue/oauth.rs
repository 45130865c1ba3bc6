//! Where and how a person authorises an account at a provider.

use super::AuthKind;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The issuer of a provider, and what it wants to be asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OAuth {
    /// Where a person authorises, for codes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorize: Option<String>,
    /// Where codes and refresh tokens become access tokens.
    pub token: String,
    /// Where a device code is had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// In what way device codes are had and asked for.
    #[serde(default)]
    pub device_style: DeviceStyle,
    /// Where a person types a device's code in, if the issuer does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_page: Option<String>,
    /// What the codes are exchanged with that [`DeviceStyle::Openai`] answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_redirect: Option<String>,
    /// Whether device codes are asked for with PKCE.
    #[serde(default)]
    pub device_pkce: bool,
    /// Where the issuer may send the person back to, the best first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub redirects: Vec<Redirect>,
    /// What is asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
    /// What else the authorisation's address holds.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, String>,
    /// How the token endpoint is spoken to.
    #[serde(default)]
    pub body: TokenBody,
    /// Whether `state` goes along when a code is exchanged.
    #[serde(default)]
    pub sends_state: bool,
    /// Where requests go with a token of this kind, if elsewhere than with a key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_url: Option<String>,
    /// Who asks: none in a stock install. Set by the operator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// Where it says who somebody is, if the token's answer and the identity token in it do not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub userinfo: Option<String>,
    /// What to know of the person who authorised.
    #[serde(default)]
    pub identity: Identity,
    /// Headers that requests carry besides the token: `{subject}` and `{organization}` are the identity's.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// What `anthropic-beta` must name besides what the client names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub betas: Vec<String>,
    /// An access token that has to be exchanged for another before it can be used: where that is had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange: Option<String>,
}

/// Where an issuer may send a person back to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Redirect {
    /// To this installation, at `PUBLIC_URL`.
    Hosted,
    /// To the person's own machine, where nothing listens: they paste the address that they end at.
    Loopback {
        /// Port.
        port: u16,
        /// Path.
        path: String,
    },
    /// To a page of the provider's that shows a code to paste.
    Page {
        /// Its address.
        url: String,
    },
}

/// How device codes are had.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeviceStyle {
    /// As RFC 8628 says.
    #[default]
    Rfc8628,
    /// As OpenAI does: JSON; `{device}` answers `device_auth_id` and `user_code`, its sibling `token` is polled with both (403
    /// and 404 while nobody has confirmed) and answers a code with its verifier, which is exchanged as in the code flow.
    Openai,
}

/// The form of a token request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenBody {
    /// As RFC 6749 says.
    #[default]
    Form,
    /// JSON.
    Json,
}

/// Where the facts about a person stand: JSON pointers into the token's answer, then into the claims of its identity token,
/// then into those of its access token where that is a JWT, then into what `userinfo` says; of several the first that is there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Identity {
    /// The account at the provider, which never changes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub subject: Vec<String>,
    /// The organisation there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub organization: Vec<String>,
    /// To show.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub email: Vec<String>,
    /// To show.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub plan: Vec<String>,
}

impl OAuth {
    pub(super) fn check(&self, auth: &[AuthKind]) -> Result<(), String> {
        let code = auth.contains(&AuthKind::OauthCode);
        if code && (self.authorize.is_none() || self.redirects.is_empty()) {
            return Err("oauth: oauth_code needs authorize and redirects".to_owned());
        }
        if auth.contains(&AuthKind::DeviceCode) && self.device.is_none() {
            return Err("oauth: device_code needs device".to_owned());
        }
        let told = self.device_page.is_some() && self.device_redirect.is_some();
        if self.device_style == DeviceStyle::Openai && !told {
            return Err("oauth: device_style openai needs device_page and device_redirect".to_owned());
        }
        let urls = [self.authorize.as_ref(), Some(&self.token), self.device.as_ref(), self.userinfo.as_ref()];
        for url in urls.into_iter().flatten() {
            let parsed = url::Url::parse(url).map_err(|_| format!("oauth: {url:?} is no address"))?;
            if !matches!(parsed.scheme(), "https" | "http") || parsed.host().is_none() {
                return Err(format!("oauth: {url:?} is no address"));
            }
        }
        for name in self.headers.keys() {
            name.parse::<http::HeaderName>().map_err(|_| format!("oauth.headers: {name:?} is no header"))?;
        }
        Ok(())
    }
}
