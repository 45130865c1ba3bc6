//! The files that are compiled in, and what a person could write instead.

use super::*;
use causeway_domain::service::ApiDialect;
use causeway_store::providers::{Confirmation, StoredProvider};
use std::collections::BTreeMap;

#[test]
fn every_shipped_provider_has_its_own_file() {
    let catalogue = Catalogue::shipped().unwrap();
    let listed: Vec<Provider> = catalogue.all().iter().map(|preset| preset.id).collect();
    assert_eq!(listed, Provider::SHIPPED);
    for (name, _) in shipped::FILES {
        assert_eq!(catalogue.get(name.parse().unwrap()).unwrap().id.as_str(), name);
    }
}

#[test]
fn a_file_reads_back_as_it_is_written() {
    for preset in Catalogue::shipped().unwrap().all().iter() {
        let json = serde_json::to_string(preset).unwrap();
        assert_eq!(Preset::parse("x", &json).unwrap(), **preset);
    }
}

#[test]
fn subscriptions_are_marked_and_no_stock_install_has_a_client_id() {
    let catalogue = Catalogue::shipped().unwrap();
    for preset in catalogue.all().iter() {
        assert!(preset.oauth.as_ref().is_none_or(|oauth| oauth.client_id.is_none()), "{}", preset.id);
    }
    assert!(catalogue.get(Provider::CODEX).unwrap().subscription);
    assert!(!catalogue.get(Provider::BEDROCK).unwrap().subscription);
}

#[test]
fn the_places_of_a_base_url_are_filled_or_asked_for() {
    let catalogue = Catalogue::shipped().unwrap();
    let bedrock = catalogue.get(Provider::BEDROCK).unwrap();
    assert_eq!(bedrock.places(), ["region"]);
    let places = |region: &str| BTreeMap::from([("region".to_owned(), region.to_owned())]);
    let url = bedrock.filled(&places("eu-central-1")).unwrap().unwrap();
    assert_eq!(url, "https://bedrock-runtime.eu-central-1.amazonaws.com");
    for bad in ["", "evil.example/", "a@b", "a#"] {
        assert_eq!(bedrock.filled(&places(bad)), Err("region".to_owned()), "{bad:?}");
    }
}

#[test]
fn a_preset_that_cannot_work_is_refused_by_name() {
    let bad = |json: &str| Preset::parse("x", json).unwrap_err().problem;
    let base = r#""id":"x","name":"X","dialects":[{"dialect":"anthropic","path":"/v1/messages"}]"#;
    assert!(bad(&format!(r#"{{{base},"auth":["oauth_code"]}}"#)).contains("oauth"));
    assert!(bad(&format!(r#"{{{base},"auth":["api_key"],"colour":"red"}}"#)).contains("colour"));
    assert!(
        bad(r#"{"id":"x","name":"X","dialects":[{"dialect":"anthropic","path":"/{region}"}],"auth":["api_key"]}"#)
            .contains("path")
    );
    assert!(
        Preset::parse("x", &format!(r#"{{{base},"auth":["api_key"]}}"#))
            .unwrap()
            .speaks(ApiDialect::Anthropic)
    );
}

fn said(id: Provider, changes: serde_json::Value) -> StoredProvider {
    StoredProvider { changes, ..StoredProvider::new(id) }
}

#[test]
fn what_the_operator_says_is_merged_and_what_cannot_be_read_leaves_the_shipped_one() {
    let catalogue = Catalogue::shipped().unwrap();
    let changes =
        serde_json::json!({"name": "Our Anthropic", "timeouts": {"connect_seconds": 7}, "notice": null});
    let good = said(Provider::ANTHROPIC, changes);
    let bad = said(Provider::OPENAI, serde_json::json!({"dialects": 7}));
    let own = serde_json::json!({
        "name": "House", "auth": ["api_key"], "id": "anthropic", "base_url": "https://llm.example.com",
        "dialects": [{"dialect": "anthropic", "path": "/v1/messages"}],
    });
    let own = said("house".parse().unwrap(), own);
    let known = Known::new(1, entry::entries(&catalogue.base, &[good, bad.clone(), own]));
    let anthropic = &known.by_id[&Provider::ANTHROPIC];
    assert_eq!((anthropic.name.as_str(), anthropic.timeouts.connect_seconds), ("Our Anthropic", Some(7)));
    assert!(anthropic.notice.is_none() && anthropic.keeps_service_tier);
    assert_eq!(known.by_id[&Provider::OPENAI].name, "OpenAI");
    let house = known.entries.last().unwrap();
    assert_eq!((house.preset.id.as_str(), house.source), ("house", Source::Operator));
    assert!(catalogue.preview(&bad).unwrap_err().to_string().contains("openai"));
}

#[test]
fn a_subscription_is_open_only_when_it_was_confirmed_and_switched_on_and_has_a_client_id() {
    let catalogue = Catalogue::shipped().unwrap();
    let confirmation =
        Some(Confirmation { text: "we have asked".to_owned(), by: None, at: chrono::Utc::now() });
    let mut stored = said(Provider::CODEX, serde_json::json!({}));
    let open = |stored: &_| catalogue.preview(stored).unwrap().preset.is_open(AuthKind::OauthCode);
    for (client_id, confirmed, enabled, expected) in [
        (Some("app"), true, Some(true), true),
        (None, true, Some(true), false),
        (Some("app"), false, Some(true), false),
        (Some("app"), true, None, false),
        (Some("app"), true, Some(false), false),
    ] {
        stored.client_id = client_id.map(str::to_owned);
        stored.confirmation = confirmation.clone().filter(|_| confirmed);
        stored.enabled = enabled;
        assert_eq!(open(&stored), expected, "{stored:?}");
    }
    // One that is no consumer's subscription needs only the id, which may stand in a file too.
    let changes = serde_json::json!({"subscription": false, "oauth": {"client_id": "ours"}});
    assert!(open(&said(Provider::CODEX, changes)));
}

#[test]
fn a_file_adds_and_changes_and_is_refused_by_name() {
    let said = |json: serde_json::Value| {
        entry::with_file(shipped::bases().unwrap(), json.as_object().unwrap().clone())
    };
    let own = serde_json::json!({
        "name": "House", "auth": ["api_key"], "dialects": [{"dialect": "anthropic", "path": "/v1/messages"}],
    });
    let json = serde_json::json!({"house": own, "gemini": {"base_url": "https://gemini.example.com"}});
    let catalogue = Catalogue::of(said(json).unwrap()).unwrap();
    assert_eq!(
        catalogue.get(Provider::GEMINI).unwrap().base_url.as_deref(),
        Some("https://gemini.example.com")
    );
    assert_eq!(catalogue.entry("house".parse().unwrap()).unwrap().source, Source::File);
    let bad = Catalogue::of(said(serde_json::json!({"house": {"name": "House"}})).unwrap());
    assert!(bad.unwrap_err().to_string().starts_with("provider house: "));
    assert!(said(serde_json::json!({"No Name": {}})).is_err());
}
