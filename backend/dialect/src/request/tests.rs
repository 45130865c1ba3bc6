use bytes::Bytes;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;

const ENDPOINTS: [Endpoint; 6] = [
    Endpoint::Generate,
    Endpoint::CountTokens,
    Endpoint::Compact,
    Endpoint::Complete,
    Endpoint::Embed,
    Endpoint::Image,
];

fn parse(dialect: Dialect, endpoint: Endpoint, body: &[u8]) -> Result<Request, RequestError> {
    Request::parse(dialect, endpoint, Path { model: Some("m"), stream: false }, body)
}

/// The member that limits the output, as a pointer.
const fn limit(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Anthropic => "/max_tokens",
        Dialect::OpenaiChat => "/max_completion_tokens",
        Dialect::OpenaiResponses => "/max_output_tokens",
        Dialect::Gemini => "/generationConfig/maxOutputTokens",
    }
}

/// A value that somebody might send in a field that we depend on, and others in between.
fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        4 => (1_u32..5_000).prop_map(Value::from),
        1 => Just(Value::Null),
        1 => any::<bool>().prop_map(Value::from),
        1 => "[a-zé\"\\\\]{0,9}".prop_map(Value::from),
        1 => Just(json!({"include_usage": true})),
        1 => Just(json!({"maxOutputTokens": 7, "candidateCount": 2})),
        1 => Just(json!([{"type": "function"}, {"functionDeclarations": []}])),
        1 => (-9_i32..99).prop_map(|quarters| Value::from(f64::from(quarters) / 4.0)),
    ]
}

fn key() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "max_tokens",
        "max_completion_tokens",
        "max_output_tokens",
        "generationConfig",
        "n",
        "stream",
        "stream_options",
        "tools",
        "metadata",
        "prompt_cache_key",
        "service_tier",
        "messages",
        "input",
        "contents",
    ])
}

/// Rubbish that is nearly a body.
fn soup() -> impl Strategy<Value = String> {
    let part = prop::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"model\":\"m\"",
        "\"tools\":[",
        "\"type\":",
        "\"n\":",
        "\"url\":",
        "\"data:image/\"",
        "\"requests\":[{\"model\":\"models/m\"}",
        "\"generationConfig\":{",
        "\"maxOutputTokens\":",
        "\"stream_options\":{",
        "7",
        "null",
        "\\u",
        "é",
        " ",
        "\"",
        "1e9",
    ]);
    prop::collection::vec(part, 0..24).prop_map(|parts| parts.concat())
}

#[test]
fn no_dialect_takes_what_is_ambiguous() {
    for dialect in Dialect::ALL {
        let field = limit(dialect).rsplit('/').next().unwrap();
        let (open, close) =
            if dialect == Dialect::Gemini { ("\"generationConfig\":{", "}") } else { ("", "") };
        for members in [
            format!("\"{field}\":1,\"{field}\":2"),
            format!("\"{field}\":1,\"{}\":2", field.to_uppercase()),
            format!("\"{field}\":1,\"\\u006d{}\":2", &field[1..]),
        ] {
            let body = format!("{{\"model\":\"m\",{open}{members}{close}}}");
            let error = parse(dialect, Endpoint::Generate, body.as_bytes()).unwrap_err();
            assert_eq!((error.code(), error.field()), ("ambiguous_field", Some(field)), "{body}");
        }
    }
}

#[test]
fn turns_that_come_twice_are_refused_because_providers_differ_in_which_they_read() {
    for dialect in Dialect::ALL {
        let field = match dialect {
            Dialect::Anthropic | Dialect::OpenaiChat => "messages",
            Dialect::OpenaiResponses => "input",
            Dialect::Gemini => "contents",
        };
        let body = |turns: &str| format!("{{\"model\":\"m\",\"max_tokens\":1,{turns}}}");
        let once = body(&format!("\"{field}\": [1]"));
        let request = parse(dialect, Endpoint::Generate, once.as_bytes()).unwrap();
        assert_eq!(request.turns.map(|range| &once[range]), Some("[1]"), "{once}");
        for again in [field.to_owned(), field.to_uppercase()] {
            let twice = body(&format!("\"{field}\":[],\"{again}\":[]"));
            let error = parse(dialect, Endpoint::Generate, twice.as_bytes()).unwrap_err();
            assert_eq!((error.code(), error.field()), ("ambiguous_field", Some(field)), "{twice}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn limits_and_streams_are_read_as_serde_json_reads_them(
        members in prop::collection::btree_map(key(), value(), 0..8),
        pretty in any::<bool>(),
    ) {
        let members: Map<String, Value> = members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        let mut body = Value::from(members);
        body["model"] = json!("m");
        let text = if pretty { serde_json::to_string_pretty(&body) } else { serde_json::to_string(&body) }.unwrap();
        for dialect in Dialect::ALL {
            let Ok(request) = parse(dialect, Endpoint::Generate, text.as_bytes()) else { continue };
            let said = body.pointer(limit(dialect)).and_then(Value::as_u64);
            if dialect == Dialect::OpenaiChat {
                prop_assert_eq!(request.max_tokens, said.max(body["max_tokens"].as_u64()));
                prop_assert_eq!(request.outputs, body["n"].as_u64().unwrap_or(1));
            } else {
                prop_assert_eq!(request.max_tokens, said);
            }
            if dialect != Dialect::Gemini {
                prop_assert_eq!(request.stream, body["stream"].as_bool().unwrap_or(false));
            }
            prop_assert!(request.input_bound.is_none_or(|bound| bound >= text.len() as u64));

            // Edited, the body says the same but for what was to be edited.
            let edited = request.edits("other \"model\"").apply(Bytes::from(text.clone())).unwrap();
            let mut edited: Value = serde_json::from_slice(&edited).unwrap();
            prop_assert_eq!(&edited["model"], "other \"model\"");
            edited["model"] = json!("m");
            if request.usage_edit.is_some() {
                prop_assert_eq!(&edited["stream_options"]["include_usage"], true);
                edited["stream_options"] = body["stream_options"].clone();
            }
            let mut wanted = body.clone();
            if request.usage_edit.is_some() {
                wanted["stream_options"] = body["stream_options"].clone();
            }
            prop_assert_eq!(edited, wanted);
        }
    }

    #[test]
    fn nothing_that_comes_makes_a_scan_panic(soup in soup(), bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        for body in [soup.as_bytes(), format!("{{\"model\":\"m\",{soup}").as_bytes(), &bytes] {
            for dialect in Dialect::ALL {
                for endpoint in ENDPOINTS {
                    if let Ok(request) = parse(dialect, endpoint, body) {
                        request.edits("x").apply(Bytes::copy_from_slice(body)).unwrap();
                    }
                }
                dialect.without_thinking(body);
                dialect.read_error(body);
            }
        }
    }
}
