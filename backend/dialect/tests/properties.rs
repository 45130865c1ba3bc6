//! What holds of conversions whatever is converted: nothing is lost there and back, chunks do not matter, nothing panics.

#![allow(clippy::unwrap_used, reason = "a test that cannot read its own files fails")]

use std::fs;
use std::path::Path;

use bytes::BytesMut;
use causeway_dialect::convert::{self, Converter, Wire};
use causeway_dialect::framing::Framing;
use causeway_dialect::neutral::{Conversation, Part, Restore, Role, Target};
use causeway_dialect::usage::TokenCounts;
use causeway_dialect::{Dialect, request};
use proptest::prelude::*;
use serde_json::{Value, json};

const FRAMINGS: [Framing; 3] = [Framing::Events, Framing::Array, Framing::Body];

fn target(request_id: &str) -> Target<'_> {
    Target {
        model: "model",
        max_output: 32_000,
        stream: None,
        compatible: false,
        cache: false,
        adaptive: false,
        without: &[],
        request_id,
        now: 1,
    }
}

fn path() -> request::Path<'static> {
    request::Path { model: Some("model"), stream: false }
}

/// A conversation as Claude Code has it: questions, and answers that may call tools whose results come next.
fn conversations() -> impl Strategy<Value = Value> {
    let text = prop_oneof!["[a-zA-Z ]{1,20}x", "\\PC{1,12}", Just("line\nquote\" \\ tab\t".to_owned())]
        .prop_filter("no text is empty", |text| !text.trim().is_empty());
    let arguments = prop_oneof![
        Just(json!({})),
        Just(json!({"a": [1, {"b": null}], "c": "é\"\n"})),
        ("\\PC{0,8}", any::<i32>()).prop_map(|(text, number)| json!({"text": text, "number": number})),
    ];
    let name = prop_oneof!["[a-z_]{1,12}", Just("mcp__server__tool".to_owned()), "[a-z./ ]{1,12}z"];
    let id = prop_oneof!["toolu_[a-zA-Z0-9]{8}", "functions\\.[a-z]{1,6}:[0-9]", "[a-z]{70}"];
    let call = (id, name, arguments, text.clone(), any::<bool>());
    let step = (text.clone(), prop::option::of(text.clone()), prop::collection::vec(call, 0..4), text);
    prop::collection::vec(step, 1..4).prop_map(|steps| {
        let mut messages = Vec::new();
        for (number, (question, said, calls, then)) in steps.into_iter().enumerate() {
            messages.push(json!({"role": "user", "content": question}));
            let mut blocks: Vec<Value> =
                said.iter().map(|text| json!({"type": "text", "text": text})).collect();
            let mut results = Vec::new();
            for (at, (id, name, input, result, error)) in calls.into_iter().enumerate() {
                let id = format!("{id}{number}{at}");
                blocks.push(json!({"type": "tool_use", "id": id, "name": name, "input": input}));
                let content = json!([{"type": "text", "text": result}]);
                results.push(
                    json!({"type": "tool_result", "tool_use_id": id, "content": content, "is_error": error}),
                );
            }
            if !blocks.is_empty() {
                messages.push(json!({"role": "assistant", "content": blocks}));
            }
            if !results.is_empty() {
                messages.push(json!({"role": "user", "content": results}));
                messages.push(json!({"role": "assistant", "content": then}));
            }
        }
        // What comes last is not the beginning of an answer, whose end would be trimmed.
        messages.push(json!({"role": "user", "content": "And?"}));
        json!({"model": "m", "max_tokens": 9, "messages": messages})
    })
}

/// What Claude says: some words, and calls.
fn answers() -> impl Strategy<Value = (String, Vec<(String, String, Value)>)> {
    let text = prop_oneof!["[a-zA-Z ]{1,20}x", "\\PC{1,12}x", Just("line\nquote\" \\ tab\t".to_owned())];
    let input = prop_oneof![
        Just(json!({})),
        ("\\PC{0,8}", any::<i32>()).prop_map(|(text, number)| json!({"text": text, "list": [number, null]})),
    ];
    let call = ("toolu_[a-zA-Z0-9]{8}", "[a-z_]{1,12}", input);
    let calls = prop::collection::vec(call, 0..4).prop_map(|mut calls| {
        for (number, (id, ..)) in calls.iter_mut().enumerate() {
            id.push_str(&number.to_string());
        }
        calls
    });
    (text, calls)
}

/// What was said, in order: text, calls and results. Without ids where a dialect on the way has none: a call is then known
/// by its number.
fn essence(conversation: &Conversation<'_>, with_ids: bool) -> Vec<String> {
    let mut said = Vec::new();
    let mut calls: Vec<String> = Vec::new();
    for turn in &conversation.turns {
        let who = if turn.role == Role::Assistant { "assistant" } else { "user" };
        for part in &turn.parts {
            match part {
                Part::Text { text, .. } => said.push(format!("{who}: {}", text.unescaped())),
                Part::ToolUse(call) => {
                    calls.push(call.id.clone().into_owned());
                    let id = if with_ids { call.id.clone().into_owned() } else { calls.len().to_string() };
                    let input: Value = serde_json::from_str(&call.input.object()).unwrap();
                    said.push(format!("call {id} {input}"));
                }
                Part::ToolResult(result) => {
                    let number = calls.iter().rposition(|id| *id == result.id).unwrap() + 1;
                    let id = if with_ids { result.id.clone().into_owned() } else { number.to_string() };
                    let Part::Text { text, .. } = &result.parts[0] else { panic!("{result:?}") };
                    said.push(format!("result {id} {}", text.unescaped()));
                }
                other => panic!("{other:?}"),
            }
        }
    }
    said
}

/// An id that can be written for every dialect so that it can be read again.
fn readable(said: &[String]) -> bool {
    let id =
        |line: &String| line.split(' ').nth(1).is_none_or(|id| id.len() <= 27 || id.starts_with("toolu_"));
    said.iter().filter(|line| line.starts_with("call ")).all(id)
}

proptest! {
    #[test]
    fn there_and_back_keeps_text_calls_and_ids(body in conversations()) {
        let body = body.to_string();
        let first = convert::read(Dialect::Anthropic, path(), body.as_bytes()).unwrap();
        for there in Dialect::ALL {
            let written = convert::write(there, &first, &target("r")).unwrap();
            let second = convert::read(there, path(), &written.body).unwrap();
            for back in Dialect::ALL {
                let written = convert::write(back, &second, &target("r")).unwrap();
                let third = convert::read(back, path(), &written.body).unwrap();
                let with_ids = ![there, back].contains(&Dialect::Gemini) && readable(&essence(&first, true));
                prop_assert_eq!(essence(&third, with_ids), essence(&first, with_ids), "{} {}", there, back);
            }
        }
    }

    #[test]
    fn answers_keep_text_calls_and_ids_there_and_back((said, calls) in answers()) {
        let mut content = vec![json!({"type": "text", "text": said})];
        content.extend(calls.iter().map(|(id, name, input)| {
            json!({"type": "tool_use", "id": id, "name": name, "input": input})
        }));
        let stop = if calls.is_empty() { "end_turn" } else { "tool_use" };
        let usage = json!({"input_tokens": 7, "output_tokens": 9});
        let answer = json!({"id": "msg_1", "content": content, "stop_reason": stop, "usage": usage}).to_string();
        for there in Dialect::ALL {
            for form in [Framing::Body, Framing::Events] {
                let first = convert_all(Dialect::Anthropic, Framing::Body, there, form, &[answer.as_bytes()]);
                for (back, last) in Dialect::ALL.into_iter().flat_map(|back| [(back, Framing::Body), (back, Framing::Events)]) {
                    let second = convert_all(there, form, back, last, &[&first]);
                    let third = convert_all(back, last, Dialect::Anthropic, Framing::Body, &[&second]);
                    let third: Value = serde_json::from_slice(&third).unwrap();
                    // Gemini's streams have an empty text at their ends, which stands for nothing.
                    let kept: Vec<&Value> =
                        third["content"].as_array().unwrap().iter().filter(|block| block["text"] != "").collect();
                    prop_assert_eq!(kept, content.iter().collect::<Vec<_>>(), "{} {}", there, back);
                    prop_assert_eq!((&third["stop_reason"], &third["id"]), (&json!(stop), &json!("msg_1")));
                    prop_assert_eq!(&third["usage"]["output_tokens"], 9);
                }
            }
        }
    }

    #[test]
    fn usage_is_the_same_in_every_dialect(
        (input, cache_read, write_5m, write_1h) in (0u64..1 << 30, 0u64..1 << 30, 0u64..1 << 20, 0u64..1 << 20),
        (output, reasoning) in (0u64..1 << 30).prop_flat_map(|output| (Just(output), 0..=output)),
    ) {
        let usage = json!({
            "input_tokens": input, "cache_read_input_tokens": cache_read,
            "cache_creation_input_tokens": write_5m + write_1h,
            "cache_creation": {"ephemeral_5m_input_tokens": write_5m, "ephemeral_1h_input_tokens": write_1h},
            "output_tokens": output, "output_tokens_details": {"thinking_tokens": reasoning}
        });
        let answer = json!({"id": "msg_1", "content": [{"type": "text", "text": "x"}], "stop_reason": "end_turn", "usage": usage});
        for there in Dialect::ALL {
            let body = convert_all(Dialect::Anthropic, Framing::Body, there, Framing::Body, &[answer.to_string().as_bytes()]);
            let counts = metered(there, Framing::Body, &body);
            prop_assert_eq!((counts.all_input(), counts.output, counts.cache_read), (input + cache_read + write_5m + write_1h, output, cache_read));
            prop_assert_eq!(counts.reasoning, reasoning, "{}", there);
            if there != Dialect::Gemini {
                prop_assert_eq!(counts.input, input, "{}", there);
            }
            for back in Dialect::ALL {
                let stream = convert_all(there, Framing::Body, back, Framing::Events, &[&body]);
                let again = metered(back, Framing::Events, &stream);
                prop_assert_eq!((again.all_input(), again.output, again.reasoning), (counts.all_input(), output, reasoning));
            }
        }
    }

    #[test]
    fn any_chunking_gives_the_client_the_same_bytes(
        which in any::<prop::sample::Index>(),
        client in prop::sample::select(&Dialect::ALL[..]),
        cuts in prop::collection::vec(prop_oneof![1usize..5, 1usize..300], 1..40),
        crlf in any::<bool>(),
    ) {
        let (upstream, framing, text) = which.get(&streams()).clone();
        let text = if crlf && framing == Framing::Events { text.replace('\n', "\r\n") } else { text };
        for to in FRAMINGS {
            let whole = convert_all(upstream, framing, client, to, &[text.as_bytes()]);
            let pieces = convert_all(upstream, framing, client, to, &pieces(text.as_bytes(), &cuts));
            prop_assert_eq!(&whole, &pieces, "{} to {}", upstream, client);
        }
    }

    #[test]
    fn nothing_that_comes_makes_a_conversion_panic(
        which in any::<prop::sample::Index>(),
        client in prop::sample::select(&Dialect::ALL[..]),
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        at in any::<prop::sample::Index>(),
    ) {
        let (upstream, framing, text) = which.get(&streams()).clone();
        let at = at.index(text.len());
        let mixed = [&text.as_bytes()[..at], &bytes[..], &text.as_bytes()[at..]].concat();
        for from in [framing, Framing::Body] {
            for to in FRAMINGS {
                convert_all(upstream, from, client, to, &[&mixed]);
            }
        }
    }

    #[test]
    fn no_value_in_a_stream_makes_a_conversion_panic(
        which in any::<prop::sample::Index>(),
        word in prop::sample::select(&WORDS[..]),
        at in any::<prop::sample::Index>(),
    ) {
        let (dialect, text) = which.get(&files("streams")).clone();
        let lines: Vec<Value> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        let changed = changed(&Value::from(lines), &at, word);
        let events: String =
            changed.as_array().into_iter().flatten().map(|line| format!("data: {line}\n\n")).collect();
        for client in Dialect::ALL {
            convert_all(dialect, Framing::Events, client, Framing::Events, &[events.as_bytes()]);
        }
    }

    #[test]
    fn nothing_that_is_sent_makes_a_reader_panic(
        which in any::<prop::sample::Index>(),
        bytes in prop::collection::vec(any::<u8>(), 0..60),
        word in prop::sample::select(&WORDS[..]),
        at in any::<prop::sample::Index>(),
    ) {
        let (client, text) = which.get(&files("requests")).clone();
        let _ = convert::read(client, path(), &bytes);
        let changed = changed(&serde_json::from_str(&text).unwrap(), &at, word).to_string();
        if let Ok(conversation) = convert::read(client, path(), changed.as_bytes()) {
            for upstream in Dialect::ALL {
                if let Ok(written) = convert::write(upstream, &conversation, &target("r")) {
                    prop_assert!(serde_json::from_slice::<Value>(&written.body).is_ok());
                }
            }
        }
    }
}

#[test]
fn every_stream_in_pieces_of_every_size_gives_every_client_the_same_bytes() {
    for (upstream, framing, text) in streams() {
        for client in Dialect::ALL {
            for to in FRAMINGS {
                let whole = convert_all(upstream, framing, client, to, &[text.as_bytes()]);
                for size in [1, 2, 3, 5, 64] {
                    let pieces: Vec<&[u8]> = text.as_bytes().chunks(size).collect();
                    let pieces = convert_all(upstream, framing, client, to, &pieces);
                    assert!(whole == pieces, "{upstream} to {client} in pieces of {size}: {text}");
                }
            }
        }
    }
}

/// What may stand where something else should.
const WORDS: [&str; 8] = ["null", "7", "-1.5e300", "\"x\"", "[]", "{}", "[[{}]]", "{\"type\":\"text\"}"];

/// Some value of a document becomes another one.
fn changed(value: &Value, at: &prop::sample::Index, word: &str) -> Value {
    let mut count = 0;
    count_values(value, &mut count);
    let mut changed = value.clone();
    change(&mut changed, &mut at.index(count), &serde_json::from_str(word).unwrap());
    changed
}

fn count_values(value: &Value, count: &mut usize) {
    *count += 1;
    match value {
        Value::Array(list) => list.iter().for_each(|one| count_values(one, count)),
        Value::Object(map) => map.values().for_each(|one| count_values(one, count)),
        _ => {}
    }
}

fn change(value: &mut Value, left: &mut usize, to: &Value) -> bool {
    if *left == 0 {
        *value = to.clone();
        return true;
    }
    *left -= 1;
    match value {
        Value::Array(list) => list.iter_mut().any(|one| change(one, left, to)),
        Value::Object(map) => map.values_mut().any(|one| change(one, left, to)),
        _ => false,
    }
}

fn convert_all(from: Dialect, framing: Framing, to: Dialect, form: Framing, chunks: &[&[u8]]) -> Vec<u8> {
    let restore = Restore { model: "m".to_owned(), include_usage: true, ..Restore::default() };
    let from = Wire { dialect: from, framing };
    let mut converter = Converter::new(from, Wire { dialect: to, framing: form }, restore);
    let mut out = BytesMut::new();
    for chunk in chunks {
        converter.push(chunk, &mut out);
    }
    let end = converter.finish(&mut out);
    assert!(converter.ended());
    if let Err(error) = end {
        out.extend_from_slice(error.kind.as_bytes());
    }
    out.to_vec()
}

fn metered(dialect: Dialect, framing: Framing, bytes: &[u8]) -> TokenCounts {
    let kind = if framing == Framing::Body { "application/json" } else { "text/event-stream" };
    let mut meter = dialect.meter(framing != Framing::Body, Some(kind), None);
    meter.push(bytes);
    let reading = meter.finish();
    assert!(reading.complete && reading.output_final, "{dialect}: {reading:?}");
    reading.counts
}

fn pieces<'a>(mut bytes: &'a [u8], cuts: &[usize]) -> Vec<&'a [u8]> {
    let mut pieces = Vec::new();
    for cut in cuts.iter().cycle() {
        if bytes.is_empty() {
            break;
        }
        let (piece, rest) = bytes.split_at((*cut).min(bytes.len()));
        pieces.push(piece);
        bytes = rest;
    }
    pieces
}

/// The golden streams as their upstream sends them; Gemini's in both framings.
fn streams() -> Vec<(Dialect, Framing, String)> {
    let mut streams = Vec::new();
    for (dialect, lines) in files("streams") {
        let events = lines.lines().map(|line| format!("data: {line}\n\n")).collect();
        streams.push((dialect, Framing::Events, events));
        if dialect == Dialect::Gemini {
            let array = format!("[{}]", lines.lines().collect::<Vec<_>>().join(",\n"));
            streams.push((dialect, Framing::Array, array));
        }
    }
    streams
}

fn files(folder: &str) -> Vec<(Dialect, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(folder);
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let file = |path: &std::path::PathBuf| {
        let (_, dialect) = path.file_stem().unwrap().to_str().unwrap().rsplit_once('.').unwrap();
        (Dialect::from_name(dialect).unwrap(), fs::read_to_string(path).unwrap())
    };
    paths.iter().map(file).collect()
}
