//! Devices without a browser, which is what this server is to an issuer (RFC 8628): a person types a short code in, and we
//! ask with a long one until they have, never more often than the issuer says.

use super::{
    call,
    reading::{error, number, refusal, tokens},
    token::{Asking, Code, GrantError, TokenClient, Tokens},
};
use crate::catalogue::{
    OAuth,
    oauth::{DeviceStyle, TokenBody},
};
use chrono::Utc;
use serde_json::Value;
use std::time::Duration;

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// What RFC 8628 takes for granted where the issuer does not say.
const INTERVAL: u64 = 5;
/// The longest that a person is given, whatever the issuer says.
const LONGEST: u64 = 1800;

/// What an issuer gives to begin with.
pub struct DeviceCodes {
    /// What is asked with. Nobody else may see it.
    pub device_code: String,
    /// What the person types in.
    pub user_code: String,
    /// Where.
    pub verification_uri: String,
    /// The same with the code in it.
    pub verification_uri_complete: Option<String>,
    /// How long the codes are good.
    pub lasts: Duration,
    /// The pause between questions.
    pub interval: Duration,
}

/// A device that asks.
#[derive(Clone, Copy)]
pub struct Device<'a> {
    /// The long code.
    pub device_code: &'a str,
    /// The short one.
    pub user_code: &'a str,
    /// What the challenge was made of, where device codes are asked for with PKCE.
    pub verifier: Option<&'a str>,
}

/// How a device stands.
#[derive(Debug)]
pub enum Polled {
    /// Nobody has typed the code in yet.
    Pending,
    /// The same, and it was asked too soon: the pause must grow by five seconds.
    SlowDown,
    /// Here they are.
    Done(Tokens),
}

impl TokenClient {
    /// Has the two codes.
    pub async fn device(
        &self,
        issuer: &OAuth,
        asking: Asking<'_>,
        challenge: Option<&str>,
    ) -> Result<DeviceCodes, GrantError> {
        let url = issuer.device.as_deref().unwrap_or_default();
        let answer = match issuer.device_style {
            DeviceStyle::Openai => {
                call::post(self, url, TokenBody::Json, &[("client_id", asking.id)]).await?
            }
            DeviceStyle::Rfc8628 => {
                let scopes = issuer.scopes.join(" ");
                let mut fields = vec![("client_id", asking.id)];
                fields.extend(asking.secret.map(|secret| ("client_secret", secret)));
                if !scopes.is_empty() {
                    fields.push(("scope", &scopes));
                }
                if let Some(challenge) = challenge {
                    fields.extend([("code_challenge", challenge), ("code_challenge_method", "S256")]);
                }
                call::post(self, url, issuer.body, &fields).await?
            }
        };
        match refusal(&answer) {
            Some(refused) => Err(refused),
            None => codes(issuer, &answer.body).ok_or_else(|| GrantError::Unavailable {
                reason: "the issuer answered without codes for a device".to_owned(),
                retry_after: None,
            }),
        }
    }

    /// Asks how a device stands.
    pub async fn poll(
        &self,
        issuer: &OAuth,
        asking: Asking<'_>,
        device: Device<'_>,
    ) -> Result<Polled, GrantError> {
        if issuer.device_style == DeviceStyle::Openai {
            return self.poll_openai(issuer, asking, device).await;
        }
        let mut fields = vec![("grant_type", GRANT), ("device_code", device.device_code)];
        fields.extend(device.verifier.map(|verifier| ("code_verifier", verifier)));
        let answer = self.post(issuer, asking, fields).await?;
        // RFC 8628 has both under 400; some send them with other statuses.
        match error(&answer.body).as_ref().map(|(code, _)| code.as_str()) {
            Some("authorization_pending") => Ok(Polled::Pending),
            Some("slow_down") => Ok(Polled::SlowDown),
            _ => tokens(answer, Utc::now()).map(Polled::Done),
        }
    }

    /// What is had in the end is a code as in the other flow, with a verifier that the issuer has made up itself.
    async fn poll_openai(
        &self,
        issuer: &OAuth,
        asking: Asking<'_>,
        device: Device<'_>,
    ) -> Result<Polled, GrantError> {
        let begun = issuer.device.as_deref().unwrap_or_default();
        let url = begun.rsplit_once('/').map_or_else(String::new, |(before, _)| format!("{before}/token"));
        let fields = [("device_auth_id", device.device_code), ("user_code", device.user_code)];
        let answer = call::post(self, &url, TokenBody::Json, &fields).await?;
        if matches!(answer.status, 403 | 404) {
            return Ok(Polled::Pending);
        }
        if let Some(refused) = refusal(&answer) {
            return Err(refused);
        }
        let text = |name: &str| answer.body.get(name).and_then(Value::as_str).unwrap_or_default();
        let code = Code {
            code: text("authorization_code"),
            verifier: text("code_verifier"),
            redirect: issuer.device_redirect.as_deref().unwrap_or_default(),
            state: "",
        };
        self.exchange(issuer, asking, code).await.map(Polled::Done)
    }
}

fn codes(issuer: &OAuth, body: &Value) -> Option<DeviceCodes> {
    let text = |names: &[&str]| {
        let found = names.iter().find_map(|name| body.get(*name)?.as_str())?;
        Some(found.to_owned()).filter(|text| (1..=2000).contains(&text.len()))
    };
    let seconds = |name: &str| body.get(name).and_then(number).and_then(|n| u64::try_from(n).ok());
    let page = |names: &[&str]| {
        text(names).filter(|url| url::Url::parse(url).is_ok_and(|u| matches!(u.scheme(), "https" | "http")))
    };
    Some(DeviceCodes {
        device_code: text(&["device_code", "device_auth_id"])?,
        user_code: text(&["user_code", "usercode"])?,
        verification_uri: page(&["verification_uri", "verification_url"])
            .or_else(|| issuer.device_page.clone())?,
        verification_uri_complete: page(&["verification_uri_complete"]),
        lasts: Duration::from_secs(seconds("expires_in").unwrap_or(900).clamp(1, LONGEST)),
        interval: Duration::from_secs(seconds("interval").unwrap_or(INTERVAL).clamp(1, 300)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Catalogue;
    use causeway_domain::provider::Provider;
    use serde_json::json;

    #[test]
    fn codes_are_read_as_the_standard_has_them_and_as_openai_does() {
        let preset = Catalogue::shipped().unwrap().get(Provider::CODEX).unwrap();
        let issuer = preset.oauth.as_ref().unwrap();
        let read = codes(issuer, &json!({"device_auth_id": "d", "user_code": "AB-CD", "interval": "7"}));
        let read = read.unwrap();
        assert_eq!((read.device_code.as_str(), read.user_code.as_str()), ("d", "AB-CD"));
        assert_eq!((read.interval.as_secs(), read.lasts.as_secs()), (7, 900));
        assert_eq!(read.verification_uri, "https://auth.openai.com/codex/device");
        let own = json!({"device_code": "d", "user_code": "u", "verification_uri": "https://a.example/go",
            "verification_uri_complete": "javascript:alert(1)", "expires_in": 99_999, "interval": 0});
        let read = codes(issuer, &own).unwrap();
        assert_eq!((read.interval.as_secs(), read.lasts.as_secs()), (1, LONGEST));
        assert_eq!(read.verification_uri, "https://a.example/go");
        assert_eq!(read.verification_uri_complete, None);
        assert!(codes(issuer, &json!({"user_code": "u"})).is_none());
    }
}
