//! The files that are compiled in, and what a person could write instead.

use super::*;
use causeway_domain::service::ApiDialect;
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
