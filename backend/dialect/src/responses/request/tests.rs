use super::*;
use crate::Dialect;
use crate::request::Path;

fn read(endpoint: Endpoint, body: &str) -> Result<Request, RequestError> {
    Request::parse(Dialect::OpenaiResponses, endpoint, Path::default(), body.as_bytes())
}

fn with(members: &str) -> Request {
    read(Endpoint::Generate, &format!(r#"{{"model":"m",{members}}}"#)).unwrap()
}

#[test]
fn what_codex_sends_is_read_and_stays_bounded() {
    let body = r#"{"model":"gpt-5.1-codex","instructions":"You are…","input":[{"type":"message","role":"user","content":[{"type":"input_text","text":"hi"}]},
        {"type":"reasoning","summary":[],"encrypted_content":"gAAA"},{"type":"function_call","name":"shell","arguments":"{\"type\":\"mcp\"}","call_id":"c"},
        {"type":"function_call_output","call_id":"c","output":"ok"},{"type":"web_search_call","status":"completed"}],
        "tools":[{"type":"function","name":"shell","parameters":{"type":"object"}},{"type":"custom","name":"apply_patch"},{"type":"local_shell"}],
        "stream":true,"store":false,"include":["reasoning.encrypted_content"],"prompt_cache_key":"0197-uuid","max_output_tokens":null}"#;
    let request = read(Endpoint::Generate, body).unwrap();
    assert!(request.stream && !request.references_content && !request.owned && !request.searches_web);
    assert_eq!(request.session.as_deref(), Some("0197-uuid"));
    assert_eq!((request.max_tokens, request.outputs, request.unaccountable), (None, 1, None));
    assert_eq!(request.input_bound, Some(body.len() as u64 + 256 + 1_024));
    assert!(request.edits("gpt-5.1-codex").is_empty() && request.usage_edit.is_none());
}

#[test]
fn refusals_name_the_field_and_what_is_accepted() {
    insta::assert_snapshot!(
        [
            r#"{"input":"hi"}"#,
            r#"{"model":null}"#,
            r#"{"model":"m","max_output_tokens":-1}"#,
            r#"{"model":"m","MAX_output_tokens":1}"#,
            r#"{"model":"m","previous_response_id":"a","previous_response_id":"b"}"#,
            r#"{"model":"m","background":"yes"}"#,
        ]
        .map(|body| format!("{body}\n  {}", read(Endpoint::Generate, body).unwrap_err()))
        .join("\n")
    );
}

#[test]
fn what_its_account_keeps_goes_to_no_other() {
    for own in [
        r#""previous_response_id":"resp_1""#,
        r#""conversation":{"id":"conv_1"}"#,
        r#""prompt":{"id":"pmpt_1"}"#,
        r#""input":[{"type":"item_reference","id":"msg_1"}]"#,
        r#""input":[{"content":[{"type":"input_image","file_id":"file-1"}]}]"#,
    ] {
        let request = with(own);
        assert!(request.owned && request.references_content, "{own}");
    }
    let compacted = with(r#""input":[{"type":"compaction","encrypted_content":"gAAA"}]"#);
    assert!(compacted.owned && !compacted.references_content, "it is all in the body");
    let free = with(r#""previous_response_id":null,"conversation":null,"prompt":null"#);
    assert!(!free.owned && !free.references_content);
}

#[test]
fn tools_of_the_providers_own_bring_content_and_some_cost_more_than_tokens() {
    let judged = |tools: &str| {
        let request = with(&format!(r#""tools":[{tools}]"#));
        assert_eq!(request.input_bound.is_none(), request.references_content);
        (request.references_content, request.searches_web, request.unaccountable)
    };
    assert_eq!(judged(r#"{"type":"web_search_preview_2025_03_11"}"#), (true, true, None));
    assert_eq!(judged(r#"{"type":"web_search"}"#), (true, true, None));
    assert_eq!(judged(r#"{"type":"mcp","server_url":"https://x"}"#), (true, false, None));
    assert_eq!(judged(r#"{"type":"file_search","vector_store_ids":["vs_1"]}"#), (true, false, Some("tools")));
    assert_eq!(
        judged(r#"{"type":"shell","environment":{"type":"container_auto"}}"#),
        (true, false, Some("tools"))
    );
    assert_eq!(judged(r#"{"type":"something_new"}"#), (true, true, Some("tools")));
    assert_eq!(judged(r#"{"type":"function","name":"web_search"}"#), (false, false, None));
    let later = with(r#""input":[{"type":"tool_search_output","tools":[{"type":"code_\u0069nterpreter"}]}]"#);
    assert_eq!(later.unaccountable, Some("tools"), "wherever it stands");
}

#[test]
fn work_in_the_background_cannot_be_accounted_for() {
    assert_eq!(with(r#""background":true"#).unaccountable, Some("background"));
    assert_eq!(with(r#""background":false"#).unaccountable, None);
}

#[test]
fn compacting_generates_and_counting_does_not() {
    let body = r#"{"model":"m","input":[],"max_output_tokens":9}"#;
    assert_eq!(read(Endpoint::Compact, body).unwrap().max_tokens, Some(9));
    assert_eq!(read(Endpoint::CountTokens, body).unwrap().max_tokens, Some(0));
}
