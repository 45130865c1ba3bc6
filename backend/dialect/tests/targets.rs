//! What a request is written for decides how it is written, and what came of the request decides how its answer is read.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use bytes::BytesMut;
use causeway_dialect::convert::{self, Converter, Wire};
use causeway_dialect::error::Failure;
use causeway_dialect::framing::Framing;
use causeway_dialect::neutral::opaque::SEAL;
use causeway_dialect::neutral::{Restore, Target, Unsupported, Written};
use causeway_dialect::{Dialect, request};
use serde_json::{Map, Value, json};

use Dialect::{Anthropic, Gemini, OpenaiChat, OpenaiResponses};

const TARGET: Target<'static> = Target {
    model: "up",
    max_output: 32_000,
    stream: None,
    compatible: false,
    cache: false,
    adaptive: false,
    without: &[],
    request_id: "req_1",
    now: 1,
};

fn carried(from: Dialect, body: &Value, to: Dialect, target: &Target<'_>) -> Result<Written, Unsupported> {
    let path = request::Path { model: Some("client"), stream: false };
    let body = body.to_string();
    convert::write(to, &convert::read(from, path, body.as_bytes())?, target)
}

fn body_of(written: &Written) -> Value {
    serde_json::from_slice(&written.body).unwrap()
}

fn written(from: Dialect, body: &Value, to: Dialect, target: &Target<'_>) -> Value {
    body_of(&carried(from, body, to, target).unwrap())
}

fn answered(from: Dialect, answer: &Value, to: Dialect, restore: Restore) -> Value {
    let wire = |dialect| Wire { dialect, framing: Framing::Body };
    let mut converter = Converter::new(wire(from), wire(to), restore);
    let mut out = BytesMut::new();
    converter.push(answer.to_string().as_bytes(), &mut out);
    converter.finish(&mut out).unwrap();
    serde_json::from_slice(&out).unwrap()
}

fn chat(more: &Value) -> Value {
    let mut body = json!({"model": "client", "messages": [{"role": "user", "content": "x"}]});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

fn claude(content: &Value, stop: &str) -> Value {
    json!({"id": "msg_1", "content": content, "stop_reason": stop, "usage": {"input_tokens": 1, "output_tokens": 1}})
}

#[test]
fn a_compatible_server_gets_the_older_name_for_the_most_output() {
    let body = chat(&json!({"max_completion_tokens": 7}));
    let of = |compatible| {
        let target = Target { compatible, ..TARGET };
        let source = json!({"model": "m", "max_tokens": 7, "messages": [{"role": "user", "content": "x"}]});
        written(Anthropic, &source, OpenaiChat, &target)
    };
    assert_eq!((&of(true)["max_tokens"], &of(false)["max_completion_tokens"]), (&json!(7), &json!(7)));
    assert_eq!(written(OpenaiChat, &body, Anthropic, &TARGET)["max_tokens"], 7);
}

#[test]
fn pictures_in_the_alphabet_for_urls_are_sent_in_the_plain_one() {
    let of = |data: &str| {
        let part = json!({"inlineData": {"mimeType": "image/png", "data": data}});
        let body = json!({"contents": [{"role": "user", "parts": [part, {"text": "x"}]}]});
        let sent = written(Gemini, &body, OpenaiChat, &TARGET);
        sent["messages"][0]["content"][0]["image_url"]["url"].as_str().unwrap().to_owned()
    };
    assert_eq!(of("-_-_aA=="), "data:image/png;base64,+/+/aA==");
    assert_eq!(of("-_-_aA"), of("+/+/aA=="));
    assert_eq!(of("aGk="), "data:image/png;base64,aGk=");
}

#[test]
fn what_an_upstream_refuses_is_left_out_and_told() {
    let body = chat(&json!({"max_tokens": 7, "temperature": 0.5}));
    let target = Target { without: &["max_output_tokens", "temperature"], ..TARGET };
    let written = carried(OpenaiChat, &body, OpenaiResponses, &target).unwrap();
    let text = String::from_utf8(written.body.to_vec()).unwrap();
    assert!(!text.contains("max_output_tokens") && !text.contains("temperature"));
    assert_eq!(written.dropped.names(), ["max_output_tokens", "temperature"]);
}

#[test]
fn an_upstream_that_only_streams_is_asked_for_a_stream() {
    let target = Target { stream: Some(true), ..TARGET };
    assert_eq!(written(OpenaiChat, &chat(&json!({})), OpenaiResponses, &target)["stream"], true);
    assert_eq!(written(OpenaiChat, &chat(&json!({})), OpenaiResponses, &TARGET).get("stream"), None);
}

#[test]
fn a_prompt_is_marked_for_claudes_cache_where_it_is_wanted() {
    let mark = json!({"type": "ephemeral"});
    let messages = json!([
        {"role": "system", "content": "s"}, {"role": "user", "content": "a"},
        {"role": "assistant", "content": "b"}, {"role": "user", "content": "c"}
    ]);
    let body = json!({"model": "client", "messages": messages});
    let marked = written(OpenaiChat, &body, Anthropic, &Target { cache: true, ..TARGET });
    assert_eq!(marked["system"][0]["cache_control"], mark);
    assert_eq!(marked["messages"][2]["content"][0]["cache_control"], mark);
    assert_eq!(marked["messages"][0]["content"][0].get("cache_control"), None);
    let plain = carried(OpenaiChat, &body, Anthropic, &TARGET).unwrap();
    assert!(!String::from_utf8(plain.body.to_vec()).unwrap().contains("cache_control"));
}

#[test]
fn claude_is_asked_to_think_in_the_way_that_it_takes() {
    let body = chat(&json!({"reasoning_effort": "minimal"}));
    let budget = written(OpenaiChat, &body, Anthropic, &TARGET);
    assert_eq!(budget["thinking"], json!({"type": "enabled", "budget_tokens": 1024}));
    let adaptive = written(OpenaiChat, &body, Anthropic, &Target { adaptive: true, ..TARGET });
    assert_eq!(adaptive["thinking"], json!({"type": "adaptive", "display": "summarized"}));
    assert_eq!(adaptive["output_config"], json!({"effort": "low"}));
    let none = written(OpenaiChat, &chat(&json!({"reasoning_effort": "none"})), Anthropic, &TARGET);
    assert_eq!(none.get("thinking"), None);
}

#[test]
fn older_models_of_geminis_take_budgets_and_no_format_beside_tools() {
    let of = |model, effort| {
        let body = chat(&json!({"reasoning_effort": effort}));
        let body = written(OpenaiChat, &body, Gemini, &Target { model, ..TARGET });
        body["generationConfig"]["thinkingConfig"].clone()
    };
    let flash = of("gemini-2.5-flash", "high");
    assert_eq!(flash, json!({"includeThoughts": true, "thinkingBudget": 24576}));
    assert_eq!(of("gemini-2.5-flash", "none"), json!({"thinkingBudget": 0}));
    assert_eq!(of("gemini-2.5-pro", "none"), json!({"thinkingBudget": 128}));
    assert_eq!(of("gemini-3-flash", "medium"), json!({"includeThoughts": true, "thinkingLevel": "medium"}));
    let both = chat(&json!({
        "tools": [{"type": "function", "function": {"name": "f"}}], "response_format": {"type": "json_object"}
    }));
    let older = Target { model: "gemini-2.5-flash", ..TARGET };
    assert_eq!(carried(OpenaiChat, &both, Gemini, &older).unwrap_err().field, "response_format");
    assert!(carried(OpenaiChat, &both, Gemini, &TARGET).is_ok());
}

#[test]
fn names_that_had_to_change_come_back_in_the_answer() {
    let tools = json!({"tools": [{"type": "function", "function": {"name": "ns.tool/one"}}]});
    let sent = carried(OpenaiChat, &chat(&tools), Anthropic, &TARGET).unwrap();
    let name = body_of(&sent)["tools"][0]["name"].clone();
    assert_ne!(name, "ns.tool/one");
    let content = json!([{"type": "tool_use", "id": "toolu_1", "name": name, "input": {}}]);
    let answer = answered(Anthropic, &claude(&content, "tool_use"), OpenaiChat, sent.restore);
    let call = &answer["choices"][0]["message"]["tool_calls"][0];
    assert_eq!((&call["function"]["name"], &answer["model"]), (&json!("ns.tool/one"), &json!("client")));
}

#[test]
fn an_answer_by_a_schema_comes_back_as_text_and_a_call_as_a_call() {
    let schema = json!({"type": "object", "properties": {"a": {"type": "integer"}}});
    let body = chat(&json!({
        "tools": [{"type": "function", "function": {"name": "f"}}],
        "response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": schema}}
    }));
    let restore = || carried(OpenaiChat, &body, Anthropic, &TARGET).unwrap().restore;
    let of = |name, input: Value| {
        let content = json!([{"type": "tool_use", "id": "toolu_1", "name": name, "input": input}]);
        let answer = answered(Anthropic, &claude(&content, "tool_use"), OpenaiChat, restore());
        answer["choices"][0].clone()
    };
    let text = of("json_output", json!({"a": 1}));
    assert_eq!((&text["message"]["content"], &text["finish_reason"]), (&json!("{\"a\":1}"), &json!("stop")));
    let call = of("f", json!({}));
    assert_eq!(call["message"]["tool_calls"][0]["function"]["name"], "f");
    assert_eq!(call["finish_reason"], "tool_calls");
}

#[test]
fn free_text_goes_into_a_function_and_comes_out_of_it() {
    let body = json!({"model": "client", "input": "x", "tools": [{"type": "custom", "name": "apply_patch"}]});
    let sent = carried(OpenaiResponses, &body, Anthropic, &TARGET).unwrap();
    let patch = "*** Begin \"Patch\"\n*** End";
    let content =
        json!([{"type": "tool_use", "id": "toolu_1", "name": "apply_patch", "input": {"input": patch}}]);
    let answer = answered(Anthropic, &claude(&content, "tool_use"), OpenaiResponses, sent.restore);
    let item = &answer["output"][0];
    assert_eq!((&item["type"], &item["input"]), (&json!("custom_tool_call"), &json!(patch)));
    assert_eq!(answer["tools"], body["tools"], "the answer repeats what was asked for");
}

#[test]
fn tools_of_a_namespace_have_one_name_on_the_way_and_two_at_their_client() {
    let tool = |name| json!({"type": "function", "name": name, "parameters": {"type": "object"}});
    let body = json!({"model": "client", "tools": [
        tool("close"),
        {"type": "namespace", "name": "agents", "description": "Sub-agents.", "tools": [
            tool("close"), {"type": "custom", "name": "note"}]}],
        "input": [
            {"role": "user", "content": "x"},
            {"type": "function_call", "call_id": "call_1", "name": "close", "namespace": "agents", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "call_1", "output": "done"}]});
    for to in [Anthropic, OpenaiChat, Gemini] {
        let sent = written(OpenaiResponses, &body, to, &TARGET).to_string();
        for name in ["\"close\"", "\"agents__close\"", "\"agents__note\""] {
            assert!(sent.contains(name), "{to}: {sent}");
        }
        assert!(!sent.contains("namespace"), "{to}: {sent}");
    }
    let restore = carried(OpenaiResponses, &body, Anthropic, &TARGET).unwrap().restore;
    let calls = json!([
        {"type": "tool_use", "id": "toolu_1", "name": "agents__close", "input": {}},
        {"type": "tool_use", "id": "toolu_2", "name": "close", "input": {}},
        {"type": "tool_use", "id": "toolu_3", "name": "agents__note", "input": {"input": "n"}}]);
    let answer = answered(Anthropic, &claude(&calls, "tool_use"), OpenaiResponses, restore.clone());
    let told: Vec<_> = answer["output"].as_array().unwrap().iter().map(named).collect();
    let expected = [
        (json!("function_call"), json!("close"), json!("agents")),
        (json!("function_call"), json!("close"), Value::Null),
        (json!("custom_tool_call"), json!("note"), json!("agents")),
    ];
    assert_eq!(told, expected);

    let stream = [
        json!({"type": "message_start", "message": {"id": "msg_1", "usage": {"input_tokens": 1, "output_tokens": 1}}}),
        json!({"type": "content_block_start", "index": 0,
               "content_block": {"type": "tool_use", "id": "toolu_1", "name": "agents__close", "input": {}}}),
        json!({"type": "content_block_stop", "index": 0}),
        json!({"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 2}}),
        json!({"type": "message_stop"}),
    ];
    let events = |dialect| Wire { dialect, framing: Framing::Events };
    let mut converter = Converter::new(events(Anthropic), events(OpenaiResponses), restore);
    let mut out = BytesMut::new();
    for event in stream {
        let text = format!("event: {}\ndata: {event}\n\n", event["type"].as_str().unwrap());
        converter.push(text.as_bytes(), &mut out);
    }
    converter.finish(&mut out).unwrap();
    let text = String::from_utf8(out.to_vec()).unwrap();
    let items = text.lines().filter_map(|line| line.strip_prefix("data: "));
    let items =
        items.map(|data| serde_json::from_str::<Value>(data).unwrap()).filter(|e| e["item"].is_object());
    let told: Vec<_> = items.map(|event| named(&event["item"])).collect();
    assert_eq!(told, [expected[0].clone(), expected[0].clone()], "announced, and whole");
}

/// Kind, name and namespace of an item.
fn named(item: &Value) -> (Value, Value, Value) {
    (item["type"].clone(), item["name"].clone(), item["namespace"].clone())
}

#[test]
fn what_a_namespace_may_not_have_is_refused_by_its_field() {
    let body = |tool: Value| json!({"model": "client", "input": "x", "tools": [{"type": "namespace", "name": "n", "tools": [tool]}]});
    let refused =
        carried(OpenaiResponses, &body(json!({"type": "computer"})), Anthropic, &TARGET).unwrap_err();
    assert_eq!(refused.field, "tools[].tools[].type: computer");
    let body = json!({"model": "client", "input": "x", "tools": [{"type": "namespace", "name": "n"}]});
    let refused = carried(OpenaiResponses, &body, Anthropic, &TARGET).unwrap_err();
    assert_eq!(refused.field, "tools[].tools");
}

#[test]
fn what_a_provider_signed_comes_back_to_it_through_every_client_that_has_a_place_for_it() {
    let content = json!([
        {"type": "thinking", "thinking": "hm “so”\n", "signature": "c2ln"},
        {"type": "redacted_thinking", "data": "b3BhcXVl"},
        {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {}}
    ]);
    let answer = claude(&content, "tool_use");
    let shown = |hide_thinking| Restore { hide_thinking, ..Restore::default() };
    for hide in [false, true] {
        let output = answered(Anthropic, &answer, OpenaiResponses, shown(hide))["output"].clone();
        assert_eq!(output.to_string().contains("hm"), !hide);
        let mut input = output.as_array().unwrap().clone();
        input.push(json!({"type": "function_call_output", "call_id": "toolu_1", "output": "y"}));
        let body = json!({"model": "client", "input": input, "reasoning": {"effort": "low"}});
        let back = written(OpenaiResponses, &body, Anthropic, &TARGET);
        assert_eq!(back["messages"][0]["content"], content);
        assert_eq!(back["thinking"]["type"], "enabled");
        let other = carried(OpenaiResponses, &body, Gemini, &TARGET).unwrap();
        assert!(!String::from_utf8(other.body.to_vec()).unwrap().contains(SEAL), "nobody else gets it");

        let candidate = answered(Anthropic, &answer, Gemini, shown(hide))["candidates"][0].clone();
        // Gemini's clients send thoughts back or leave them out.
        for keep in [true, false] {
            let mut parts = candidate["content"]["parts"].as_array().unwrap().clone();
            parts.retain(|part| keep || part.get("thought").is_none());
            let result = json!({"functionResponse": {"name": "f", "response": {"output": "y"}}});
            let contents = json!([{"role": "model", "parts": parts}, {"role": "user", "parts": [result]}]);
            let back = written(Gemini, &json!({"contents": contents}), Anthropic, &TARGET);
            assert_eq!(back["messages"][0]["content"], content);
        }
    }
    let gemini = json!({"candidates": [{"content": {"parts": [
        {"functionCall": {"name": "f", "args": {}}, "thoughtSignature": "Z2Vt"}]}, "finishReason": "STOP"}]});
    let blocks = answered(Gemini, &gemini, Anthropic, shown(true))["content"].clone();
    let messages = json!([{"role": "assistant", "content": blocks}]);
    let body = json!({"model": "client", "max_tokens": 1, "messages": messages});
    let back = written(Anthropic, &body, Gemini, &TARGET);
    assert_eq!(back["contents"][0]["parts"], gemini["candidates"][0]["content"]["parts"]);
}

#[test]
fn thinking_that_nobody_asked_for_is_not_shown() {
    let content =
        json!([{"type": "thinking", "thinking": "hm", "signature": ""}, {"type": "text", "text": "Hi"}]);
    let body = json!({"model": "client", "input": "x"});
    let restore = carried(OpenaiResponses, &body, Anthropic, &TARGET).unwrap().restore;
    let answer = answered(Anthropic, &claude(&content, "end_turn"), OpenaiResponses, restore);
    assert_eq!(answer["output"].as_array().unwrap().len(), 1);
}

#[test]
fn a_stream_that_breaks_is_ended_by_one_error_and_nothing_after_it() {
    let facts = Map::new();
    let failure = Failure {
        status: 504,
        code: "idle",
        message: "The upstream fell silent.",
        request_id: "r",
        facts: &facts,
    };
    let start =
        "data: {\"id\":\"chatcmpl-1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi\"}}]}\n\n";
    for client in [Anthropic, OpenaiResponses, Gemini] {
        let from = Wire { dialect: OpenaiChat, framing: Framing::Events };
        let to = Wire { dialect: client, framing: Framing::Events };
        let mut converter = Converter::new(from, to, Restore::default());
        let mut out = BytesMut::new();
        converter.push(start.as_bytes(), &mut out);
        assert!(!converter.ended() && !out.is_empty(), "the first event is out at once");
        out.clear();
        converter.broke(&failure, &mut out);
        let text = String::from_utf8(out.split().to_vec()).unwrap();
        assert!(text.contains("The upstream fell silent.") && text.ends_with("\n\n"), "{text}");
        converter.push(start.as_bytes(), &mut out);
        converter.broke(&failure, &mut out);
        let _ = converter.finish(&mut out);
        assert!(converter.ended() && out.is_empty());
    }
}

#[test]
fn a_client_that_waits_for_one_piece_gets_it_from_a_stream_and_nothing_of_one_that_breaks() {
    let text = "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"Hi\"}]}}]}\n\n";
    let end = "data: {\"candidates\":[{\"finishReason\":\"STOP\"}]}\n\n";
    let run = |stream: &str| {
        let from = Wire { dialect: Gemini, framing: Framing::Events };
        let to = Wire { dialect: OpenaiChat, framing: Framing::Body };
        let mut converter = Converter::new(from, to, Restore::default());
        let mut out = BytesMut::new();
        converter.push(stream.as_bytes(), &mut out);
        let outcome = converter.finish(&mut out);
        (outcome.map_err(|error| error.kind), out)
    };
    let (outcome, body) = run(&format!("{text}{end}"));
    let body: Value = serde_json::from_slice(&body).unwrap();
    assert!(outcome.is_ok() && body["choices"][0]["message"]["content"] == "Hi");
    let (outcome, body) = run(text);
    assert_eq!((outcome, body.len()), (Err("incomplete".to_owned()), 0));
}
