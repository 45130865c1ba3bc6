//! The facts about one kind of provider.

use super::{BadPreset, OAuth, QuotaHeaders, Shape};
use crate::{
    AuthHeader,
    rules::{Refusal, Row, Rule, RuleSet, find},
};
use causeway_domain::{model::glob_matches, provider::Provider, service::ApiDialect, timeouts::Timeouts};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{collections::BTreeMap, time::Duration};

/// The facts about one kind of provider, as in its file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Preset {
    /// Which.
    pub id: Provider,
    /// Name as shown.
    pub name: String,
    /// Dialects that it speaks, the preferred one first, and how a request in each is made.
    pub dialects: Vec<Shape>,
    /// Where its API is, without `/v1` at its end. `{…}` are places that each account fills (`{region}`); `None` where each
    /// account says all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_url: Option<String>,
    /// Ways to sign in to it, the usual one first.
    pub auth: Vec<AuthKind>,
    /// How an API key is usually presented.
    #[serde(default = "x_api_key")]
    pub key_header: AuthHeader,
    /// What its API keys begin with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_prefix: Option<String>,
    /// Where a person gets an API key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keys_page: Option<String>,
    /// Headers that every call carries where the client's own call does not.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// How its models are listed; `None` where that cannot be asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub models: Option<ModelList>,
    /// Its models are those in its section of the price table, and no other.
    #[serde(default, skip_serializing_if = "is_false")]
    pub models_are_priced: bool,
    /// It is known to keep to `service_tier: standard_only`.
    #[serde(default, skip_serializing_if = "is_false")]
    pub keeps_service_tier: bool,
    /// How long it may take, where that differs from the settings. An account may differ again.
    #[serde(default, skip_serializing_if = "Timeouts::is_empty")]
    pub timeouts: Timeouts,
    /// So long before its end a credential is refreshed.
    #[serde(default = "ten_minutes")]
    pub refresh_lead_seconds: u32,
    /// Headers of its answers that tell how an account's quota stands.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub quota: Vec<QuotaHeaders>,
    /// The longest window that it limits by: whatever it says, nothing cools for longer.
    #[serde(default = "a_week")]
    pub longest_window_seconds: u64,
    /// What its refusals mean, before what `rule_sets` say.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<Rule>,
    /// What its refusals mean, as with others of its kind.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rule_sets: Vec<RuleSet>,
    /// A consumer's subscription: off until the operator switches it on with a client id and a recorded confirmation.
    #[serde(default, skip_serializing_if = "is_false")]
    pub subscription: bool,
    /// Where and how a person authorises it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oauth: Option<OAuth>,
    /// What a person should know before adding an account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<Notice>,
}

/// A way to sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthKind {
    /// An API key.
    ApiKey,
    /// A token that was made elsewhere and is pasted.
    Token,
    /// OAuth authorization code with PKCE.
    OauthCode,
    /// OAuth device code.
    DeviceCode,
    /// The JSON of a service account.
    ServiceAccount,
    /// AWS access keys.
    AwsKeys,
}

/// How models are listed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelList {
    /// Below the base URL.
    pub path: String,
    /// Where another host lists them: the host's first part, and what stands there instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<(String, String)>,
    /// The field of the answer that holds the list.
    #[serde(default = "data")]
    pub list: String,
    /// The field of an entry that holds the name.
    #[serde(default = "id")]
    pub name: String,
    /// What names begin with that is no part of them.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub strip: String,
}

/// A text in every language of the pages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notice {
    /// English.
    pub en: String,
    /// Chinese.
    pub zh: String,
}

impl Preset {
    /// Reads a file.
    pub fn parse(name: &str, json: &str) -> Result<Self, BadPreset> {
        let bad = |problem: String| BadPreset { provider: name.to_owned(), problem };
        Self::of(name, serde_json::from_str(json).map_err(|e| bad(e.to_string()))?)
    }

    /// The same of what is read already.
    pub(super) fn of(name: &str, json: Value) -> Result<Self, BadPreset> {
        let bad = |problem: String| BadPreset { provider: name.to_owned(), problem };
        let preset: Self = serde_json::from_value(json).map_err(|e| bad(e.to_string()))?;
        preset.check().map_err(bad)?;
        Ok(preset)
    }

    /// What serde cannot see.
    fn check(&self) -> Result<(), String> {
        if self.name.trim().is_empty() || self.name.chars().count() > 60 {
            return Err("name: must have 1 to 60 characters".to_owned());
        }
        if self.dialects.is_empty() || self.auth.is_empty() {
            return Err("dialects and auth: at least one each".to_owned());
        }
        for shape in &self.dialects {
            shape.check()?;
        }
        for name in self.headers.keys() {
            name.parse::<http::HeaderName>().map_err(|_| format!("headers: {name:?} is no header"))?;
        }
        let flows = [AuthKind::OauthCode, AuthKind::DeviceCode].iter().any(|kind| self.auth.contains(kind));
        if flows && self.oauth.is_none() {
            return Err("oauth: needed for the ways to sign in that are listed".to_owned());
        }
        if let Some(oauth) = &self.oauth {
            oauth.check(&self.auth)?;
        }
        Ok(())
    }

    /// How a request in a dialect is made; `None` when it does not speak it.
    pub fn shape(&self, dialect: ApiDialect) -> Option<&Shape> {
        self.dialects.iter().find(|shape| shape.dialect == dialect)
    }

    /// How a request for a model is made where the client speaks `dialect`: in that, if it can be, else in the first that
    /// can.
    pub fn shape_for(&self, dialect: ApiDialect, model: &str) -> Option<&Shape> {
        let serves =
            |shape: &&Shape| shape.models.is_empty() || shape.models.iter().any(|m| glob_matches(m, model));
        let own = self.shape(dialect).filter(serves);
        own.or_else(|| self.dialects.iter().find(serves))
    }

    /// Whether it speaks a dialect.
    pub fn speaks(&self, dialect: ApiDialect) -> bool {
        self.shape(dialect).is_some()
    }

    /// What a refusal is about, if a rule knows it.
    pub fn row(&self, refusal: &Refusal<'_>) -> Option<Row> {
        find(&self.rules, refusal)
            .or_else(|| self.rule_sets.iter().find_map(|set| find(set.rules(), refusal)))
    }

    /// The longest window that it limits by.
    pub fn longest_window(&self) -> Duration {
        Duration::from_secs(self.longest_window_seconds)
    }

    /// Whether a person may sign in like this: an authorisation needs somebody who asks for it, and a consumer's
    /// subscription an operator who has switched it on, which is what setting the client id is.
    pub fn is_open(&self, way: AuthKind) -> bool {
        match way {
            AuthKind::OauthCode | AuthKind::DeviceCode => {
                self.oauth.as_ref().is_some_and(|oauth| oauth.client_id.is_some())
            }
            AuthKind::ApiKey | AuthKind::Token | AuthKind::ServiceAccount | AuthKind::AwsKeys => true,
        }
    }

    /// The names of the places in the base URL that an account has to fill.
    pub fn places(&self) -> Vec<&str> {
        let mut names = Vec::new();
        let mut rest = self.base_url.as_deref().unwrap_or_default();
        while let Some((_, after)) = rest.split_once('{') {
            let Some((name, after)) = after.split_once('}') else { break };
            if !names.contains(&name) {
                names.push(name);
            }
            rest = after;
        }
        names
    }

    /// The base URL with its places filled; the error names one that is missing or does not fit.
    pub fn filled(&self, places: &BTreeMap<String, String>) -> Result<Option<String>, String> {
        let Some(template) = &self.base_url else { return Ok(None) };
        let mut url = template.clone();
        for name in self.places() {
            let value = places.get(name).map(|value| value.trim()).unwrap_or_default();
            // It becomes part of a host's name.
            let fits = (1..=100).contains(&value.len())
                && value.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b));
            if !fits {
                return Err(name.to_owned());
            }
            url = url.replace(&format!("{{{name}}}"), value);
        }
        Ok(Some(url))
    }
}

fn x_api_key() -> AuthHeader {
    AuthHeader::XApiKey
}

fn ten_minutes() -> u32 {
    600
}

fn a_week() -> u64 {
    7 * 24 * 60 * 60
}

fn data() -> String {
    "data".to_owned()
}

fn id() -> String {
    "id".to_owned()
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_false(value: &bool) -> bool {
    !value
}
