//! Whose account was authorised, as far as the issuer says.

use crate::catalogue::OAuth;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The person, or what the issuer calls one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identified {
    /// The account, which never changes.
    pub subject: Option<String>,
    /// The organisation there.
    pub organization: Option<String>,
    /// To show.
    pub email: Option<String>,
    /// To show.
    pub plan: Option<String>,
}

impl Identified {
    /// Looks into what the token endpoint answered, then into the claims of its tokens, then into `userinfo`. The claims'
    /// signatures are not looked at: they come from the issuer itself, over TLS (OpenID Connect Core 1.0, 3.1.3.7).
    pub fn find(issuer: &OAuth, answer: &Value, userinfo: &Value) -> Self {
        let claims = |name: &str| answer.get(name).and_then(Value::as_str).and_then(claims);
        let (identity, access) = (claims("id_token"), claims("access_token"));
        let places = [Some(answer), identity.as_ref(), access.as_ref(), Some(userinfo)];
        let first = |pointers: &[String]| {
            pointers.iter().find_map(|at| places.into_iter().flatten().find_map(|v| plain(v.pointer(at)?)))
        };
        let where_ = &issuer.identity;
        Self {
            subject: first(&where_.subject),
            organization: first(&where_.organization),
            email: first(&where_.email),
            plan: first(&where_.plan),
        }
    }

    /// A header's value with its places filled; `None` when one of them is not known.
    pub fn filled(&self, template: &str) -> Option<String> {
        let mut text = template.to_owned();
        for (place, value) in [("{subject}", &self.subject), ("{organization}", &self.organization)] {
            if text.contains(place) {
                text = text.replace(place, value.as_deref()?);
            }
        }
        Some(text)
    }
}

/// A name, which some write as a number.
fn plain(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    ((1..=300).contains(&text.chars().count()) && !text.contains(char::is_control)).then_some(text)
}

/// What a JSON web token says.
pub(crate) fn claims(token: &str) -> Option<Value> {
    let mut parts = token.split('.');
    let (_, body, _) = (parts.next()?, parts.next()?, parts.next()?);
    let bytes = URL_SAFE_NO_PAD.decode(body.trim_end_matches('=')).ok()?;
    serde_json::from_slice::<Value>(&bytes).ok().filter(Value::is_object)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Catalogue;
    use causeway_domain::provider::Provider;
    use serde_json::json;

    #[test]
    fn an_identity_is_found_wherever_a_provider_says_it() {
        let catalogue = Catalogue::shipped().unwrap();
        let find = |provider, answer: &Value, userinfo: &Value| {
            let preset = catalogue.get(provider).unwrap();
            Identified::find(preset.oauth.as_ref().unwrap(), answer, userinfo)
        };
        let answer = json!({"account": {"uuid": "a", "email_address": "a@x"}, "organization": {"uuid": "o"}});
        let found = find(Provider::ANTHROPIC, &answer, &Value::Null);
        assert_eq!((found.subject.as_deref(), found.organization.as_deref()), (Some("a"), Some("o")));
        let claims = json!({"sub": "s", "email": "b@x",
            "https://api.openai.com/auth": {"chatgpt_account_id": "acc", "chatgpt_plan_type": "plus"}});
        let token = format!("e30.{}.sig", URL_SAFE_NO_PAD.encode(claims.to_string()));
        let found = find(Provider::CODEX, &json!({"access_token": "x", "id_token": token}), &Value::Null);
        assert_eq!((found.subject.as_deref(), found.plan.as_deref()), (Some("s"), Some("plus")));
        assert_eq!(found.filled("{organization}").as_deref(), Some("acc"));
        let found = find(Provider::GITHUB_COPILOT, &json!({"access_token": "x"}), &json!({"id": 42}));
        assert_eq!(found.subject.as_deref(), Some("42"));
        assert_eq!(found.filled("{organization}"), None);
    }
}
