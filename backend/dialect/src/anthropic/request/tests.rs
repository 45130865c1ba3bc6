use super::*;
use crate::Dialect;
use crate::request::{CacheWrite, Path};

fn read(endpoint: Endpoint, body: &str) -> Result<Request, RequestError> {
    Request::parse(Dialect::Anthropic, endpoint, Path::default(), body.as_bytes())
}

fn parse(body: &str) -> Result<Request, RequestError> {
    read(Endpoint::Generate, body)
}

fn with(members: &str) -> Request {
    parse(&format!(r#"{{"model":"m","max_tokens":1,{members}}}"#)).unwrap()
}

fn refusal(body: &str) -> String {
    parse(body).unwrap_err().to_string()
}

#[test]
fn a_plain_request_is_read() {
    let body = r#"{"model":"claude-x","max_tokens":64,"messages":[{"role":"user","content":"hi"}]}"#;
    let request = parse(body).unwrap();
    assert_eq!(request.model, "claude-x");
    assert_eq!(&body[request.model_ranges[0].clone()], "claude-x");
    assert_eq!(request.max_tokens, Some(64));
    assert!(!request.stream && !request.references_content && !request.fast);
    assert_eq!(request.cache_write, CacheWrite::None);
    assert_eq!(request.input_bound, Some(body.len() as u64 + 256));
}

#[test]
fn optional_fields_are_read_and_null_is_absent() {
    let request = with(r#""stream":true,"service_tier":"auto","speed":"fast","inference_geo":"us""#);
    assert!(request.stream && request.fast);
    assert_eq!(request.service_tier.as_deref(), Some("auto"));
    assert_eq!(request.inference_geo.as_deref(), Some("us"));
    let request = with(r#""stream":null,"service_tier":null,"metadata":null,"mcp_servers":[ ],"tools":null"#);
    assert!(!request.stream && !request.references_content);
    assert_eq!((request.service_tier, request.session), (None, None));
}

#[test]
fn counting_tokens_needs_no_max_tokens() {
    let request = read(Endpoint::CountTokens, r#"{"model":"m","messages":[]}"#).unwrap();
    assert_eq!(request.max_tokens, Some(0), "nothing is generated");
}

#[test]
fn refusals_name_the_field_and_what_is_accepted() {
    insta::assert_snapshot!(
        [
            r#"{"max_tokens":1}"#,
            r#"{"model":"","max_tokens":1}"#,
            r#"{"model":"a\nb","max_tokens":1}"#,
            r#"{"model":["a"],"max_tokens":1}"#,
            r#"{"model":"m"}"#,
            r#"{"model":"m","max_tokens":0}"#,
            r#"{"model":"m","max_tokens":-5}"#,
            r#"{"model":"m","max_tokens":1.5}"#,
            r#"{"model":"m","max_tokens":"100"}"#,
            r#"{"model":"m","max_tokens":99999999999999999999}"#,
            r#"{"model":"m","max_tokens":1,"max_tokens":2}"#,
            r#"{"model":"m","Max_Tokens":1}"#,
            r#"{"model":"m","max_tokens":1,"stream":"true"}"#,
            r#"{"model":"m","max_tokens":1,"service_tier":7}"#,
            r#"{"model":"m","max_tokens":1"#,
            "hello",
        ]
        .map(|body| format!("{body}\n  {}", refusal(body)))
        .join("\n")
    );
    let long = format!(r#"{{"model":"{}","max_tokens":1}}"#, "é".repeat(201));
    assert!(parse(&long).is_err());
    assert!(parse(&long.replacen('é', "", 1)).is_ok());
}

#[test]
fn errors_carry_field_and_code() {
    let error = parse(r#"{"model":"m","model":"n","max_tokens":1}"#).unwrap_err();
    assert_eq!((error.field(), error.code()), (Some("model"), "ambiguous_field"));
    let error = parse("{").unwrap_err();
    assert_eq!((error.field(), error.code()), (None, "invalid_json"));
    let error = parse(r#"{"model":"m"}"#).unwrap_err();
    assert_eq!((error.field(), error.code()), (Some("max_tokens"), "missing_field"));
}

#[test]
fn content_by_reference_is_noticed_wherever_it_stands() {
    for members in [
        r#""messages":[{"role":"user","content":[{"type":"document","source":{"type":"file","file_id":"f"}}]}]"#,
        r#""messages":[{"content":[{"type":"image","source":{"type" : "url","url":"https://x"}}]}]"#,
        r#""messages":[{"content":[{"ty\u0070e":"\u0075rl"}]}]"#,
        r#""messages":[{"content":[{"type":"document","source":{"type":"base64","media_type":"application\/pdf"}}]}]"#,
        r#""tools":[{"type":"web_search_20250305","name":"web_search"}]"#,
        r#""tools":[{"type":"code_execution_20260120","name":"x"}]"#,
        r#""context_management":{"edits":[{"type":"compact_20260112"}]}"#,
        r#""container":"c_1""#,
        r#""mcp_servers":[{"type":"url"}]"#,
    ] {
        let request = with(members);
        assert!(request.references_content, "{members}");
        assert_eq!(request.input_bound, None);
    }
}

#[test]
fn what_coding_clients_send_every_day_stays_bounded() {
    let request = with(
        r#""system":[{"type":"text","text":"x","cache_control":{"type":"ephemeral"}}],
        "thinking":{"type":"adaptive"},"context_management":{"edits":[{"type":"clear_thinking_20251015","keep":"all"}]},
        "tools":[{"name":"Read","input_schema":{"type":"object","properties":{"type":{"type":"string"}}}},
        {"type":"bash_20250124","name":"bash"},{"type":"custom","name":"url"}],
        "messages":[{"content":"\"type\":\"file\" {\"type\":\"url\"}"}]"#,
    );
    assert!(!request.references_content);
    assert_eq!(request.cache_write, CacheWrite::FiveMinutes);
    assert!(request.input_bound.unwrap() > 4096);
}

#[test]
fn the_longest_cache_write_wins() {
    let request = with(
        r#""a":{"cache_control":{"ttl":"1h","type":"ephemeral"}},"b":{"cache_control":{"type":"ephemeral","ttl":"5m"}}"#,
    );
    assert_eq!(request.cache_write, CacheWrite::OneHour);
    assert_eq!(with(r#""cache_control":{"type":"ephemeral"}"#).cache_write, CacheWrite::FiveMinutes);
}

#[test]
fn pictures_widen_the_bound_beyond_their_bytes() {
    let plain = with(r#""messages":[]"#).input_bound.unwrap();
    let picture = with(
        r#""messages":[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AA=="}}]"#,
    );
    assert!(picture.input_bound.unwrap() > plain + 4_800);
}

#[test]
fn content_that_only_its_account_knows_is_seen_and_what_anybody_can_fetch_is_not() {
    let owned = |extra: &str| {
        let body = format!(r#"{{"model":"m","max_tokens":5,"messages":[]{extra}}}"#);
        parse(&body).unwrap().owned
    };
    for own in [
        r#","container":"container_01""#,
        r#","container":{"id":"container_01"}"#,
        r#","x":[{"type":"document","source":{"type":"file","file_id":"file_01"}}]"#,
        r#","container":{"skills":[{"type":"custom","skill_id":"skill_01"}]}"#,
    ] {
        assert!(owned(own), "{own}");
    }
    for free in [
        "",
        r#","container":null"#,
        r#","container":{"skills":[{"skill_id":"pptx"}]}"#,
        r#","x":{"type":"url"}"#,
    ] {
        assert!(!owned(free), "{free}");
    }
}
