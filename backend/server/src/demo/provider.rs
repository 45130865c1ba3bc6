//! The provider whose accounts are authorised at the simulator's issuer, so that a person can see how that goes.

use anyhow::{Context, Result};
use causeway_accounts::Catalogue;
use serde_json::{Map, Value, json};

/// What it is called where programs name it.
const NAME: &str = "simulator";

/// The catalogue with it. Each start says anew where the simulator is.
pub(super) fn known(catalogue: &Catalogue, simulator: &str) -> Result<Catalogue> {
    let preset = preset(simulator);
    catalogue.with(Map::from_iter([(NAME.to_owned(), preset)])).context("the provider of the demo")
}

fn preset(simulator: &str) -> Value {
    let issuer = |path: &str| format!("{simulator}/oauth/{path}");
    json!({
        "name": "Simulator (OAuth demo)",
        "base_url": simulator,
        "auth": ["oauth_code", "device_code"],
        "key_header": "bearer",
        "headers": {"anthropic-version": "2023-06-01"},
        "dialects": [
            {"dialect": "anthropic", "path": "/v1/messages", "count_path": "/v1/messages/count_tokens"},
        ],
        "models": {"path": "/v1/models"},
        "rule_sets": ["common"],
        "notice": {
            "en": "Not a real provider: its page lets you be one of two made-up people.",
            "zh": "这不是真实的提供商：在它的页面上，您可以选择两位虚构人物之一。",
        },
        "oauth": {
            "authorize": issuer("authorize"),
            "token": issuer("token"),
            "device": issuer("device"),
            "device_pkce": true,
            "client_id": "causeway-demo",
            "scopes": ["openid", "inference"],
            "redirects": [
                {"kind": "hosted"},
                {"kind": "page", "url": issuer("paste")},
                {"kind": "loopback", "port": 54545, "path": "/callback"},
            ],
            "identity": {
                "subject": ["/account/uuid", "/sub"],
                "organization": ["/organization/uuid"],
                "email": ["/account/email_address", "/email"],
                "plan": ["/https:~1~1api.openai.com~1auth/chatgpt_plan_type"],
            },
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use causeway_accounts::catalogue::AuthKind;

    #[test]
    fn the_demos_provider_can_be_authorised_at_once() {
        let catalogue = known(&Catalogue::shipped().unwrap(), "http://127.0.0.1:9999").unwrap();
        let preset = catalogue.get(NAME.parse().unwrap()).unwrap();
        assert!(preset.is_open(AuthKind::OauthCode) && preset.is_open(AuthKind::DeviceCode));
        assert_eq!(preset.base_url.as_deref(), Some("http://127.0.0.1:9999"));
    }
}
