//! Cases of every dialect, carried into the three others: requests, whole answers and streams, as snapshots.
//!
//! `golden/requests/<case>.<client>.json` is what a client sends, `golden/answers/<case>.<upstream>.json` a response body
//! and `golden/streams/<case>.<upstream>.jsonl` a stream, an event in each line. Beside the snapshots everything that is
//! written is checked for what official clients insist on, whatever the case ([`check`]).

#![allow(clippy::unwrap_used, reason = "a test that cannot read its own files fails")]

#[path = "golden/check.rs"]
mod check;
#[path = "golden/check_requests.rs"]
mod check_requests;

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use bytes::BytesMut;
use causeway_dialect::convert::{self, Converter, Wire};
use causeway_dialect::framing::Framing;
use causeway_dialect::neutral::{Restore, Target};
use causeway_dialect::{Dialect, request};
use serde_json::Value;

/// What every dialect has a word for: a case of each dialect, and so carried from each into each other one.
const SQUARE: [(&str, &[&str]); 3] = [
    (
        "requests",
        &[
            "instructions",
            "json_schema",
            "media",
            "odd_names",
            "parallel_tools",
            "prefill",
            "refused",
            "sampling",
            "schemas",
            "stop",
            "text",
            "thinking",
            "thinking_levels",
            "tier",
            "tool_choice",
            "unknown_fields",
            "user",
        ],
    ),
    ("answers", &["cut_short", "empty", "error", "filtered", "refusal", "text", "thinking", "tools"]),
    (
        "streams",
        &["cut", "cut_short", "empty", "error", "error_first", "refusal", "text", "thinking", "tools"],
    ),
];

#[test]
fn the_square_is_full() {
    let (mut names, mut files) = (BTreeSet::new(), 0);
    for (folder, everywhere) in SQUARE {
        let found = cases(folder);
        for case in everywhere {
            for dialect in Dialect::ALL {
                let there = found.iter().any(|(name, of, _)| name == case && *of == dialect);
                assert!(there, "{folder}/{case}.{dialect} is missing");
            }
        }
        files += found.len();
        names.extend(found.into_iter().map(|(case, ..)| format!("{folder}/{case}")));
    }
    // Each file is carried into the three dialects that are not its own.
    assert_eq!((names.len(), files * 3), (67, 528), "cases, and cells of the square");
}

#[test]
fn requests_are_carried_or_refused_by_name() {
    for (case, client, text) in cases("requests") {
        let body: Value = serde_json::from_str(&text).unwrap();
        let mut snapshot = String::new();
        match body.get("cases").and_then(Value::as_array) {
            Some(cases) => {
                for more in cases {
                    let mut body = body["base"].clone();
                    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
                    let body = body.to_string();
                    let carried = others(client)
                        .into_iter()
                        .map(|upstream| (upstream, request(client, &body, upstream)));
                    let carried: Vec<(Dialect, String)> = carried.collect();
                    let _ = writeln!(snapshot, "=== {more}");
                    if carried.iter().all(|(_, text)| *text == carried[0].1) {
                        let _ = writeln!(snapshot, "to all: {}", carried[0].1);
                        continue;
                    }
                    for (upstream, text) in &carried {
                        let _ = writeln!(snapshot, "to {upstream}:\n{text}");
                    }
                }
            }
            None => {
                for upstream in others(client) {
                    let _ = writeln!(snapshot, "=== to {upstream}\n{}", request(client, &text, upstream));
                }
            }
        }
        assert(&format!("request {case} of {client}"), &snapshot);
    }
}

#[test]
fn whole_answers_are_carried() {
    for (case, upstream, text) in cases("answers") {
        let mut snapshot = String::new();
        for client in others(upstream) {
            let from = Wire { dialect: upstream, framing: Framing::Body };
            let whole = convert(from, client, Framing::Body, &text);
            if !whole.starts_with("error:") {
                check::answer(client, &whole);
            }
            let _ = writeln!(snapshot, "=== to {client}\n{}", laid_out(&whole));
        }
        assert(&format!("answer {case} of {upstream}"), &snapshot);
    }
}

#[test]
fn streams_are_carried() {
    for (case, upstream, text) in cases("streams") {
        let wire = framed(upstream, &text);
        let mut snapshot = String::new();
        for client in others(upstream) {
            let from = Wire { dialect: upstream, framing: Framing::Events };
            let stream = convert(from, client, Framing::Events, &wire);
            let (events, error) = match stream.split_once("error: ") {
                Some((events, error)) => (events, Some(error)),
                None => (&*stream, None),
            };
            check::whole_stream(client, events, error.is_none());
            let whole = convert(from, client, Framing::Body, &wire);
            if !whole.starts_with("error:") {
                check::answer(client, &whole);
            }
            let _ = writeln!(snapshot, "=== to {client}\n{stream}--- whole\n{}", laid_out(&whole));
            if client == Dialect::Gemini {
                let array = convert(from, client, Framing::Array, &wire);
                check::array(array.split("error: ").next().unwrap_or_default(), error.is_none());
                let _ = writeln!(snapshot, "--- array\n{array}");
            }
        }
        assert(&format!("stream {case} of {upstream}"), &snapshot);
    }
}

#[test]
fn an_answer_and_its_stream_say_the_same_to_every_client() {
    for (case, upstream, text) in cases("answers") {
        // Arguments that are no JSON are put into an object where they are whole, and are out already in a stream.
        if case == "odd_arguments" {
            continue;
        }
        for client in others(upstream) {
            let from = Wire { dialect: upstream, framing: Framing::Body };
            // The white space in a call's arguments is the upstream's, but for line ends.
            let text = serde_json::from_str::<Value>(&text).unwrap().to_string();
            let stream = convert(from, client, Framing::Events, &text);
            if stream.contains("error: ") {
                continue;
            }
            check::whole_stream(client, &stream, true);
            let again = Wire { dialect: client, framing: Framing::Events };
            // Chat has all text in one, as Gemini's streams do.
            let through = convert(again, Dialect::OpenaiChat, Framing::Body, &stream);
            let direct = convert(from, client, Framing::Body, &text);
            let again = Wire { dialect: client, framing: Framing::Body };
            let direct = convert(again, Dialect::OpenaiChat, Framing::Body, &direct);
            assert_eq!(through, direct, "{case} of {upstream} to {client}");
        }
    }
}

fn request(client: Dialect, body: &str, upstream: Dialect) -> String {
    let path = request::Path { model: Some("gemini-client"), stream: true };
    let target = target(upstream);
    let outcome = convert::read(client, path, body.as_bytes())
        .and_then(|conversation| convert::write(upstream, &conversation, &target));
    match outcome {
        Ok(written) => {
            let body = std::str::from_utf8(&written.body).unwrap();
            check_requests::request(upstream, body);
            let mut text = laid_out(body);
            if !written.dropped.names().is_empty() {
                let _ = write!(text, "\ndropped: {}", written.dropped.names().join(", "));
            }
            text
        }
        Err(refused) => format!("refused: {refused}"),
    }
}

fn target(upstream: Dialect) -> Target<'static> {
    let model = match upstream {
        Dialect::Anthropic => "claude-sonnet-4-5",
        Dialect::OpenaiChat | Dialect::OpenaiResponses => "gpt-5",
        Dialect::Gemini => "gemini-3-pro-preview",
    };
    Target {
        model,
        max_output: 32_000,
        stream: None,
        compatible: false,
        cache: false,
        adaptive: false,
        without: &[],
        request_id: "req_1",
        now: 1_790_000_000,
    }
}

fn convert(from: Wire, client: Dialect, framing: Framing, text: &str) -> String {
    let restore = Restore {
        model: "client-model".to_owned(),
        json_tool: text.contains("json_output"),
        include_usage: true,
        free_text: vec!["apply_patch".to_owned()],
        echo: "\"parallel_tool_calls\":true,\"tool_choice\":\"auto\",\"tools\":[]".to_owned(),
        request_id: "req_1".to_owned(),
        created: 1_790_000_000,
        ..Restore::default()
    };
    let mut converter = Converter::new(from, Wire { dialect: client, framing }, restore);
    let mut out = BytesMut::new();
    converter.push(text.as_bytes(), &mut out);
    let end = converter.finish(&mut out);
    let mut text = String::from_utf8(out.to_vec()).unwrap();
    if let Err(error) = end {
        let _ = writeln!(text, "error: {} {}", error.kind, error.message);
    }
    text
}

/// The events of a file as the upstream frames them.
fn framed(dialect: Dialect, lines: &str) -> String {
    let event = |line: &str| match dialect {
        Dialect::OpenaiChat | Dialect::Gemini => format!("data: {line}\n\n"),
        Dialect::Anthropic | Dialect::OpenaiResponses => {
            let data: Value = serde_json::from_str(line).unwrap();
            format!("event: {}\ndata: {line}\n\n", data["type"].as_str().unwrap())
        }
    };
    lines.lines().map(event).collect()
}

/// JSON with a line for each member at the top, and for each element of a list there.
fn laid_out(json: &str) -> String {
    let Ok(Value::Object(members)) = serde_json::from_str(json) else { return json.to_owned() };
    let lines = members.iter().map(|(name, value)| match value {
        Value::Array(list) if !list.is_empty() => {
            let lines: String = list.iter().map(|one| format!("\n    {one}")).collect();
            format!("  {name}:{lines}")
        }
        value => format!("  {name}: {value}"),
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn others(dialect: Dialect) -> Vec<Dialect> {
    Dialect::ALL.into_iter().filter(|other| *other != dialect).collect()
}

/// Name, dialect and text of every file in a folder.
fn cases(folder: &str) -> Vec<(String, Dialect, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(folder);
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let case = |path: PathBuf| {
        let name = path.file_stem().unwrap().to_str().unwrap();
        let (case, dialect) = name.rsplit_once('.').unwrap();
        (case.to_owned(), Dialect::from_name(dialect).unwrap(), fs::read_to_string(&path).unwrap())
    };
    files.into_iter().map(case).collect()
}

fn assert(name: &str, snapshot: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("golden/snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name.replace(' ', "_"), snapshot));
}
