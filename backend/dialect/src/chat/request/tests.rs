use bytes::Bytes;

use super::*;
use crate::Dialect;
use crate::request::Path;

fn read(endpoint: Endpoint, body: &str) -> Result<Request, RequestError> {
    Request::parse(Dialect::OpenaiChat, endpoint, Path::default(), body.as_bytes())
}

fn parse(body: &str) -> Result<Request, RequestError> {
    read(Endpoint::Generate, body)
}

fn with(members: &str) -> Request {
    parse(&format!(r#"{{"model":"m",{members}}}"#)).unwrap()
}

#[test]
fn a_plain_request_is_read() {
    let body = r#"{"model":"gpt-x","messages":[{"role":"user","content":"hi"}],"service_tier":"flex"}"#;
    let request = parse(body).unwrap();
    assert_eq!((request.model.as_str(), &body[request.model_ranges[0].clone()]), ("gpt-x", "gpt-x"));
    assert_eq!((request.max_tokens, request.outputs), (None, 1), "the model's own maximum");
    assert_eq!((request.output_bound(900), request.service_tier.as_deref()), (900, Some("flex")));
    assert!(!request.stream && !request.references_content && !request.owned && !request.searches_web);
    assert_eq!((request.usage_edit, request.unaccountable), (None, None));
    assert_eq!(request.input_bound, Some(body.len() as u64 + 256));
}

#[test]
fn the_larger_of_two_limits_counts_for_every_answer() {
    assert_eq!(with(r#""max_tokens":64"#).max_tokens, Some(64));
    assert_eq!(with(r#""max_completion_tokens":80,"max_tokens":null"#).max_tokens, Some(80));
    let request = with(r#""max_completion_tokens":64,"max_tokens":80,"n":3"#);
    assert_eq!((request.max_tokens, request.outputs, request.output_bound(7)), (Some(80), 3, 240));
}

#[test]
fn legacy_completions_answer_every_prompt() {
    let outputs =
        |members: &str| read(Endpoint::Complete, &format!(r#"{{"model":"m",{members}}}"#)).unwrap().outputs;
    assert_eq!(outputs(r#""prompt":"a""#), 1);
    assert_eq!(outputs(r#""prompt":[1,2,3]"#), 1, "one prompt of three tokens");
    assert_eq!(outputs(r#""prompt":["a","b"],"n":2,"best_of":5"#), 10);
    assert_eq!(outputs(r#""prompt":[[1],[2],[3]],"n":2"#), 6);
}

#[test]
fn embeddings_have_no_output_and_pictures_no_usage_to_ask_for() {
    let request = read(Endpoint::Embed, r#"{"model":"m","input":["a","b"],"n":7}"#).unwrap();
    assert_eq!((request.max_tokens, request.output_bound(900)), (Some(0), 0));
    let request = read(Endpoint::Image, r#"{"model":"m","prompt":"p","n":2,"stream":true}"#).unwrap();
    assert_eq!((request.outputs, request.usage_edit), (2, None));
}

#[test]
fn refusals_name_the_field_and_what_is_accepted() {
    insta::assert_snapshot!(
        [
            r#"{"messages":[]}"#,
            r#"{"model":"m","model":"n"}"#,
            r#"{"model":"m","Max_Completion_Tokens":1}"#,
            r#"{"model":"m","max_completion_tokens":0}"#,
            r#"{"model":"m","n":0}"#,
            r#"{"model":"m","n":"2"}"#,
            r#"{"model":"m","stream":1}"#,
            r#"{"model":"m","stream":true,"stream_options":[]}"#,
            r#"{"model":"m","stream":true,"stream_options":{"include_usage":1}}"#,
            r#"{"model":"m","stream":true,"stream_options":{"include_usage":true,"include_usage":false}}"#,
            r#"{"model":"m","service_tier":{}}"#,
        ]
        .map(|body| format!("{body}\n  {}", parse(body).unwrap_err()))
        .join("\n")
    );
}

#[test]
fn a_stream_is_made_to_tell_its_usage() {
    for (options, wanted) in [
        ("", r#"{"model":"up","stream":true,"stream_options":{"include_usage":true}}"#),
        (
            r#","stream_options":null"#,
            r#"{"model":"up","stream":true,"stream_options":{"include_usage":true}}"#,
        ),
        (
            r#","stream_options":{ }"#,
            r#"{"model":"up","stream":true,"stream_options":{"include_usage":true}}"#,
        ),
        (
            r#","stream_options":{"include_obfuscation":false }"#,
            r#"{"model":"up","stream":true,"stream_options":{"include_obfuscation":false ,"include_usage":true}}"#,
        ),
        (
            r#","stream_options": {"include_usage" : false,"x":1}"#,
            r#"{"model":"up","stream":true,"stream_options": {"include_usage" : true,"x":1}}"#,
        ),
        (
            r#","stream_options":{"include_usage":null}"#,
            r#"{"model":"up","stream":true,"stream_options":{"include_usage":true}}"#,
        ),
    ] {
        let body = format!(r#"{{"model":"a\u0062","stream":true{options}}}"#);
        let request = parse(&body).unwrap();
        assert_eq!(request.model, "ab");
        assert!(request.usage_edit.is_some());
        assert_eq!(request.edits("up").apply(Bytes::from(body)).unwrap(), wanted);
    }
}

#[test]
fn a_client_that_asks_for_usage_gets_its_body_through_untouched() {
    for body in [
        r#"{"model":"m","stream":true,"stream_options":{"include_usage":true}}"#,
        r#"{"model":"m","stream":false}"#,
    ] {
        let request = parse(body).unwrap();
        assert!(request.usage_edit.is_none() && request.edits("m").is_empty(), "{body}");
    }
}

#[test]
fn content_by_reference_is_noticed_wherever_it_stands() {
    for members in [
        r#""messages":[{"content":[{"type":"image_url","image_url":{"url":"https://x/y.png"}}]}]"#,
        r#""messages":[{"content":[{"type":"image_url","image_url":{"\u0075rl":"HTTPS://x"}}]}]"#,
        r#""messages":[{"content":[{"type":"file","file":{"file_id":"file-1"}}]}]"#,
        r#""messages":[{"content":[{"type":"file","file":{"file_data":"data:application/pdf;base64,AA=="}}]}]"#,
        r#""web_search_options":{}"#,
        r#""plugins":[{"id":"web"}]"#,
        r#""tools":[{"type":"builtin_function","function":{"name":"$web_search"}}]"#,
        r#""tools":{}"#,
    ] {
        let request = with(members);
        assert!(request.references_content, "{members}");
        assert_eq!(request.input_bound, None);
    }
}

#[test]
fn what_clients_send_every_day_stays_bounded() {
    let request = with(
        r#""tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{"url":{"type":"string"}}}}},
        {"function":{"name":"g"}},{"type":"custom","custom":{"name":"h"}}],"tool_choice":"auto",
        "messages":[{"role":"user","content":"{\"url\":\"https://x\"}"},{"role":"assistant","tool_calls":[{"id":"c","type":"function",
        "function":{"name":"f","arguments":"{\"type\":\"web_search\"}"}}]}],"response_format":{"type":"json_schema"}"#,
    );
    assert!(!request.references_content && !request.searches_web && request.unaccountable.is_none());
    assert!(request.input_bound.unwrap() > 1_024);
}

#[test]
fn pictures_inside_the_body_widen_the_bound_beyond_their_bytes() {
    let url = format!("data:image/png;base64,{}", "A".repeat(8_000));
    let picture = with(&format!(
        r#""messages":[{{"content":[{{"type":"image_url","image_url":{{"url":"{url}","detail":"high"}}}}]}}]"#
    ));
    assert!(!picture.references_content);
    assert!(picture.input_bound.unwrap() > 48_169 + 8_000);
    assert!(picture.input_estimate < 1_200);
}

#[test]
fn what_costs_beyond_tokens_is_told() {
    assert!(parse(r#"{"model":"gpt-4o-search-preview"}"#).unwrap().searches_web);
    assert_eq!(with(r#""modalities":["text","audio"]"#).unaccountable, Some("modalities"));
    assert_eq!(with(r#""audio":{"voice":"x"}"#).unaccountable, Some("audio"));
    assert_eq!(with(r#""tools":[{"type":"code_interpreter"}]"#).unaccountable, Some("tools"));
    assert!(with(r#""messages":[{"file_id":"file-1"}]"#).owned);
}
