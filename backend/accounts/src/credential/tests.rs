//! What is sealed, and what goes out of it.

use super::*;
use crate::Catalogue;
use causeway_domain::provider::Provider;

fn preset(provider: Provider) -> std::sync::Arc<Preset> {
    Catalogue::shipped().unwrap().get(provider).unwrap()
}

fn shown(credential: &Credential, provider: Provider) -> Vec<(String, String)> {
    let presented = credential.presented(&preset(provider)).unwrap();
    assert!(presented.headers.values().all(http::HeaderValue::is_sensitive));
    let pairs = presented.headers.iter();
    pairs.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect()
}

#[test]
fn keys_that_would_break_a_header_are_refused() {
    for bad in ["", "a b", "a\r\nx: y", "ключ"] {
        assert_eq!(Credential::api_key(AuthHeader::XApiKey, bad), Err(BadKey), "{bad:?}");
        assert_eq!(Credential::token(bad), Err(BadKey), "{bad:?}");
    }
}

#[test]
fn a_key_is_presented_as_its_provider_wants_it_and_never_printed() {
    for (auth, name, before) in [
        (AuthHeader::Bearer, "authorization", "Bearer "),
        (AuthHeader::XApiKey, "x-api-key", ""),
        (AuthHeader::ApiKey, "api-key", ""),
        (AuthHeader::XGoogApiKey, "x-goog-api-key", ""),
    ] {
        let credential = Credential::api_key(auth, "sk-0123456789abcdef").unwrap();
        let expected = vec![(name.to_owned(), format!("{before}sk-0123456789abcdef"))];
        assert_eq!(shown(&credential, Provider::OPENAI), expected);
        assert!(!format!("{credential:?}").contains("0123"));
        assert_eq!(credential.hint(), "…cdef");
    }
}

#[test]
fn what_is_authorised_carries_its_token_its_headers_and_the_betas_of_its_provider() {
    let credential = Credential::Oauth {
        access: "token".to_owned(),
        refresh: Some("more".to_owned()),
        expires_at: None,
        subject: "9a7c2b1e-0000-4000-8000-000000000001".to_owned(),
        headers: BTreeMap::from([("chatgpt-account-id".to_owned(), "acct".to_owned())]),
        exchanged: None,
    };
    let pairs = shown(&credential, Provider::ANTHROPIC);
    assert!(pairs.contains(&("authorization".to_owned(), "Bearer token".to_owned())));
    assert!(pairs.contains(&("chatgpt-account-id".to_owned(), "acct".to_owned())));
    assert_eq!(credential.presented(&preset(Provider::ANTHROPIC)).unwrap().betas, ["oauth-2025-04-20"]);
    assert!(credential.can_refresh() && credential.hint() == "…0001");
    let key = Credential::api_key(AuthHeader::XApiKey, "sk-0123456789abcdef").unwrap();
    assert!(key.presented(&preset(Provider::ANTHROPIC)).unwrap().betas.is_empty());
}

#[test]
fn a_short_key_gives_nothing_of_itself_away() {
    assert_eq!(Credential::api_key(AuthHeader::XApiKey, "secret").unwrap().hint(), "…");
}

#[test]
fn what_was_sealed_by_an_earlier_version_is_still_read() {
    let old = r#"{"kind":"api_key","auth":"x-api-key","api_key":"sk-ant-x"}"#;
    let credential: Credential = serde_json::from_str(old).unwrap();
    assert_eq!(credential, Credential::api_key(AuthHeader::XApiKey, "sk-ant-x").unwrap());
    for (kind, json) in [
        ("token", r#"{"kind":"token","token":"t"}"#),
        ("oauth", r#"{"kind":"oauth","access":"a"}"#),
        ("service_account", r#"{"kind":"service_account","key":"{}"}"#),
        ("aws", r#"{"kind":"aws","access_key_id":"a","secret_access_key":"b","region":"c"}"#),
    ] {
        assert_eq!(serde_json::from_str::<Credential>(json).unwrap().kind(), kind);
    }
}

#[test]
fn a_file_that_is_no_service_accounts_is_refused_without_being_quoted() {
    let good = r#"{"type":"service_account","project_id":"p","private_key_id":"i","client_email":"a@p.iam.gserviceaccount.com",
        "private_key":"-----BEGIN PRIVATE KEY-----\nMII\n-----END PRIVATE KEY-----\n","token_uri":"https://oauth2.googleapis.com/token"}"#;
    let credential = Credential::service_account(good).unwrap();
    assert_eq!((credential.hint().as_str(), credential.can_refresh()), ("a@p.iam.gserviceaccount.com", true));
    for bad in [
        "",
        "{}",
        &good.replace("service_account", "authorized_user"),
        &good.replace("PRIVATE KEY", "SECRET"),
    ] {
        let refused = Credential::service_account(bad).unwrap_err();
        assert!(!refused.to_string().contains("MII"), "{refused}");
    }
}

#[test]
fn a_region_becomes_part_of_a_signature_and_is_checked() {
    assert!(Credential::aws("AKIAIOSFODNN7EXAMPLE", "secret", None, "eu-central-1").is_ok());
    for bad in ["", "EU", "eu/central", "eu central"] {
        assert_eq!(Credential::aws("AKIA", "secret", None, bad), Err(BadKey));
    }
}
