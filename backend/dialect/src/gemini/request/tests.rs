use bytes::Bytes;

use super::*;
use crate::Dialect;

fn read(endpoint: Endpoint, body: &str) -> Result<Request, RequestError> {
    let path = Path { model: Some("gemini-x"), stream: true };
    Request::parse(Dialect::Gemini, endpoint, path, body.as_bytes())
}

fn with(members: &str) -> Request {
    read(Endpoint::Generate, &format!("{{{members}}}")).unwrap()
}

#[test]
fn model_and_stream_come_from_the_path() {
    let body = r#"{"contents":[{"role":"user","parts":[{"text":"hi"}]}]}"#;
    let request = read(Endpoint::Generate, body).unwrap();
    assert_eq!((request.model.as_str(), request.stream, request.outputs), ("gemini-x", true, 1));
    assert!(request.model_ranges.is_empty() && !request.references_content && !request.owned);
    assert_eq!((request.max_tokens, request.input_bound), (None, Some(body.len() as u64 + 256)));
    let nowhere = Request::parse(Dialect::Gemini, Endpoint::Generate, Path::default(), b"{}").unwrap_err();
    assert_eq!((nowhere.field(), nowhere.code()), (Some("model"), "missing_field"));
}

#[test]
fn both_spellings_are_read_and_both_at_once_refused() {
    for config in [
        r#""generationConfig":{"maxOutputTokens":64,"candidateCount":3,"serviceTier":"flex"}"#,
        r#""generation_config":{"max_output_tokens":64,"candidate_count":3},"service_tier":"flex""#,
    ] {
        let request = with(config);
        assert_eq!(
            (request.max_tokens, request.outputs, request.output_bound(1)),
            (Some(64), 3, 192),
            "{config}"
        );
        assert_eq!(request.service_tier.as_deref(), Some("flex"));
    }
    insta::assert_snapshot!(
        [
            r#"{"generationConfig":{},"generation_config":{}}"#,
            r#"{"generationConfig":{"maxOutputTokens":1,"max_output_tokens":2}}"#,
            r#"{"generationConfig":{"maxOutputTokens":1,"maxOutputTokens":2}}"#,
            r#"{"generationConfig":{"MaxOutputTokens":1}}"#,
            r#"{"generationconfig":{}}"#,
            r#"{"generationConfig":7}"#,
            r#"{"generationConfig":{"maxOutputTokens":"64"}}"#,
            r#"{"generationConfig":{"candidateCount":0}}"#,
            r#"{"cachedContent":"a","cached_content":"b"}"#,
            r#"{"model":"models/other"}"#,
            r#"{"requests":[{"model":"models/other"}]}"#,
            r#"{"requests":{}}"#,
        ]
        .map(|body| format!("{body}\n  {}", read(Endpoint::Generate, body).unwrap_err()))
        .join("\n")
    );
}

#[test]
fn a_model_named_in_the_body_is_renamed_with_the_paths() {
    for (endpoint, body, wanted) in [
        (
            Endpoint::Embed,
            r#"{ "requests": [ {"model" : "models/gemini-x","content":{}},{"content":{}}, {"model":"gemini-x"}] }"#,
            r#"{ "requests": [ {"model" : "models/up","content":{}},{"content":{}}, {"model":"up"}] }"#,
        ),
        (
            Endpoint::CountTokens,
            r#"{"generateContentRequest":{"model":"models/gemini-x","contents":[]}}"#,
            r#"{"generateContentRequest":{"model":"models/up","contents":[]}}"#,
        ),
        (Endpoint::Embed, r#"{"model":"models/gemini-x"}"#, r#"{"model":"models/up"}"#),
    ] {
        let request = read(endpoint, body).unwrap();
        assert_eq!(request.max_tokens, Some(0));
        assert_eq!(request.edits("up").apply(Bytes::from_static(body.as_bytes())).unwrap(), wanted);
        assert!(request.edits("gemini-x").is_empty());
    }
}

#[test]
fn content_by_reference_is_noticed_wherever_it_stands() {
    for (members, owned) in [
        (
            r#""contents":[{"parts":[{"fileData":{"fileUri":"https://generativelanguage.googleapis.com/v1beta/files/a"}}]}]"#,
            true,
        ),
        (r#""contents":[{"parts":[{"file_data":{"file_uri":"gs://b/c"}}]}]"#, true),
        (r#""contents":[{"parts":[{"fileData":{"fileUri":"https://www.youtube.com/watch?v=x"}}]}]"#, false),
        (r#""contents":[{"parts":[{"inlineData":{"mimeType":"application/pdf","data":"AA=="}}]}]"#, false),
        (r#""contents":[{"parts":[{"inline_data":{"m\u0069me_type":"audio/mp3","data":"AA=="}}]}]"#, false),
        (r#""cachedContent":"cachedContents/x""#, true),
        (r#""tools":[{"codeExecution":{}}]"#, false),
        (r#""tools":[{"fileSearch":{"fileSearchStoreNames":["fileSearchStores/x"]}}]"#, true),
    ] {
        let request = with(members);
        assert!(request.references_content && request.input_bound.is_none(), "{members}");
        assert_eq!(request.owned, owned, "{members}");
    }
}

#[test]
fn tools_are_judged_by_their_names() {
    let judged = |tools: &str| {
        let request = with(&format!(r#""tools":{tools}"#));
        (request.references_content, request.searches_web, request.unaccountable)
    };
    assert_eq!(
        judged(r#"[{"functionDeclarations":[{"name":"googleSearch","parameters":{"type":"OBJECT"}}]}]"#),
        (false, false, None)
    );
    assert_eq!(judged(r#"[{"functionDeclarations":[]},{"google_search":{}}]"#), (true, true, None));
    assert_eq!(judged(r#"[{"googleMaps":{}}]"#), (true, false, Some("tools")));
    assert_eq!(judged(r#"[{"newThing":{}}]"#), (true, true, Some("tools")));
    assert_eq!(judged(r#"{"googleSearch":{}}"#), (true, true, Some("tools")), "not a list");
}

#[test]
fn pictures_inside_the_body_widen_the_bound_beyond_their_bytes() {
    let data = "A".repeat(8_000);
    let picture = with(&format!(
        r#""contents":[{{"parts":[{{"inlineData":{{"mimeType":"image/png","data":"{data}"}}}}]}}]"#
    ));
    assert!(!picture.references_content && picture.input_bound.unwrap() > 8_000 + 6_192);
    assert!(picture.input_estimate < 1_200);
}
