//! Every form of base URL that clients make reaches what they mean.

use super::*;

fn asked(path: &str) -> (Endpoint, Dialect) {
    assert!(is_ours(path), "{path}");
    match find(&Method::POST, path) {
        Some(Route::Ask(asking)) => (asking.endpoint, asking.dialect),
        other => panic!("{path}: {other:?}"),
    }
}

#[test]
fn every_form_of_base_url_reaches_messages() {
    for path in [
        "/v1/messages",
        "/api/v1/messages",
        "/claude/v1/messages",
        "/api//v1/messages",
        "//v1//messages",
        "/api/v1/v1/messages",
        "/api/v1/messages/",
    ] {
        assert_eq!(asked(path), (Endpoint::Generate, Dialect::Anthropic), "{path}");
    }
}

#[test]
fn every_form_of_base_url_reaches_openais_calls() {
    for base in ["", "/v1", "/openai", "/openai/v1", "/api", "/api/v1", "/openai/v1/v1"] {
        let at = |path: &str| asked(&format!("{base}{path}"));
        assert_eq!(at("/chat/completions"), (Endpoint::Generate, Dialect::OpenaiChat));
        assert_eq!(at("/completions"), (Endpoint::Complete, Dialect::OpenaiChat));
        assert_eq!(at("/embeddings"), (Endpoint::Embed, Dialect::OpenaiChat));
        assert_eq!(at("/images/generations"), (Endpoint::Image, Dialect::OpenaiChat));
        assert_eq!(at("/responses"), (Endpoint::Generate, Dialect::OpenaiResponses));
        assert_eq!(at("/responses/compact"), (Endpoint::Compact, Dialect::OpenaiResponses));
        assert_eq!(find(&Method::GET, &format!("{base}/responses")), Some(Route::Socket));
    }
}

#[test]
fn geminis_calls_have_the_model_in_their_path() {
    for base in ["/v1beta", "/gemini/v1beta", "/gemini/v1", "/gemini/v1beta/v1beta", "/v1"] {
        let path = format!("{base}/models/gemini-3-pro:streamGenerateContent");
        let Some(Route::Ask(asking)) = find(&Method::POST, &path) else { panic!("{path}") };
        assert_eq!((asking.dialect, asking.stream), (Dialect::Gemini, true));
        assert_eq!(asking.model.as_deref(), Some("gemini-3-pro"));
    }
    let escaped = find(&Method::POST, "/v1beta/models/a%20b%2Fc:countTokens");
    assert!(matches!(escaped, Some(Route::Ask(a)) if a.model.as_deref() == Some("a b/c")));
    assert_eq!(find(&Method::POST, "/v1beta/models/:generateContent"), None);
    assert_eq!(find(&Method::POST, "/v1beta/models/a:tuneModel"), None);
}

#[test]
fn who_calls_what_is_not_there_is_told_so_in_the_dialect_of_the_path() {
    for (path, openai, expected) in [
        ("/gemini/v1beta/nothing", false, Dialect::Gemini),
        ("/v1beta/models", false, Dialect::Gemini),
        ("/openai/v1/nothing", false, Dialect::OpenaiChat),
        ("/openai/v1/models", false, Dialect::OpenaiChat),
        ("/openai/responses", false, Dialect::OpenaiResponses),
        ("/v1/responses/resp_1", false, Dialect::OpenaiResponses),
        ("/v1/models", true, Dialect::OpenaiChat),
        ("/v1/models", false, Dialect::Anthropic),
        ("/api/v1/nothing", true, Dialect::Anthropic),
        ("/v1/models/gemini-3:generateContent", false, Dialect::Gemini),
    ] {
        assert_eq!(dialect(path, openai), expected, "{path}");
    }
}

#[test]
fn the_calls_that_claude_code_makes_at_its_start_are_known() {
    for (method, path) in [
        (Method::HEAD, "/api/api/hello"),
        (Method::HEAD, "/api/hello"),
        (Method::POST, "/api//api/event_logging/batch"),
        (Method::POST, "/api/event_logging/batch"),
        (Method::HEAD, "/api/"),
    ] {
        assert!(is_ours(path), "{path}");
        assert_eq!(find(&method, path), Some(Route::Greeting), "{path}");
    }
}

#[test]
fn wrong_methods_and_unknown_paths_are_nothing() {
    assert_eq!(find(&Method::GET, "/v1/messages"), None);
    assert_eq!(find(&Method::POST, "/api/v1/audio/speech"), None);
    assert_eq!(find(&Method::GET, "/v1/chat/completions"), None);
    assert!(!is_ours("/admin/v1/keys") && !is_ours("/") && !is_ours("/web/"));
}
