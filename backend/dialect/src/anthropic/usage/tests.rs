use super::*;
use crate::Dialect;
use crate::usage::{Reading, tokens_in};

fn stream(events: &[&str]) -> Reading {
    let mut meter = Dialect::Anthropic.meter(true, None, None);
    for event in events {
        meter.push(format!("data: {event}\n\n").as_bytes());
    }
    meter.finish()
}

fn start(usage: &str) -> String {
    format!(r#"{{"type":"message_start","message":{{"id":"msg_1","model":"m","usage":{usage}}}}}"#)
}

fn end(usage: &str) -> String {
    format!(r#"{{"type":"message_delta","delta":{{"stop_reason":"end_turn"}},"usage":{usage}}}"#)
}

fn counts(first: &str, last: &str) -> TokenCounts {
    stream(&[&start(first), &end(last), r#"{"type":"message_stop"}"#]).counts
}

#[test]
fn later_figures_win_field_by_field() {
    let counts = counts(
        r#"{"input_tokens":10,"cache_read_input_tokens":20,"output_tokens":1}"#,
        r#"{"input_tokens":12,"output_tokens":30}"#,
    );
    assert_eq!((counts.input, counts.cache_read, counts.output), (12, 20, 30));
}

#[test]
fn a_later_zero_does_not_erase_a_figure() {
    let read = counts(
        r#"{"input_tokens":10,"cache_read_input_tokens":20,"output_tokens":1}"#,
        r#"{"input_tokens":0,"cache_read_input_tokens":0,"output_tokens":0}"#,
    );
    assert_eq!((read.input, read.cache_read, read.output), (10, 20, 1));
    assert_eq!(counts(r#"{"input_tokens":0}"#, r#"{"input_tokens":9,"output_tokens":0}"#).input, 9);
}

#[test]
fn cache_writes_are_split_by_lifetime_and_default_to_five_minutes() {
    let split = |usage: &str| {
        let counts = counts(usage, r#"{"output_tokens":1}"#);
        (counts.cache_write_5m, counts.cache_write_1h)
    };
    assert_eq!(split(r#"{"input_tokens":1,"cache_creation_input_tokens":100}"#), (100, 0));
    let both = r#""cache_creation":{"ephemeral_5m_input_tokens":30,"ephemeral_1h_input_tokens":70}"#;
    assert_eq!(split(&format!(r#"{{"input_tokens":1,"cache_creation_input_tokens":100,{both}}}"#)), (30, 70));
    assert_eq!(split(&format!(r#"{{"input_tokens":1,"cache_creation_input_tokens":130,{both}}}"#)), (60, 70));
    assert_eq!(split(&format!(r#"{{"input_tokens":1,{both}}}"#)), (30, 70));
    assert_eq!(split(r#"{"cache_creation":null,"cache_creation_input_tokens":7}"#), (7, 0));
}

#[test]
fn figures_that_are_no_counts_are_as_if_absent() {
    for odd in ["null", "-5", "\"7\"", "1e3", "7.5", "[7]", "99999999999999999999999", "9000000000000000000"]
    {
        let reading = stream(&[&start(&format!(r#"{{"input_tokens":{odd},"output_tokens":{odd}}}"#))]);
        assert!(!reading.input_reported, "{odd}");
        assert_eq!(reading.counts, TokenCounts::default());
    }
    assert_eq!(counts(r#"{"input_tokens":12.0}"#, "{}").input, 12);
    assert_eq!(counts("[]", "7"), TokenCounts::default());
}

#[test]
fn compaction_runs_are_added_to_the_totals_that_leave_them_out() {
    let last = r#"{"output_tokens":5,"iterations":[{"type":"compaction","input_tokens":1000,"output_tokens":50},
        {"type":"message","input_tokens":10,"output_tokens":5}]}"#;
    let counts = counts(r#"{"input_tokens":10}"#, &last.replace('\n', ""));
    assert_eq!((counts.input, counts.output), (1010, 55));
}

#[test]
fn searches_tier_and_thinking_are_read() {
    let usage = r#"{"input_tokens":1,"output_tokens":9,"service_tier":"priority",
        "server_tool_use":{"web_search_requests":3},"output_tokens_details":{"thinking_tokens":4}}"#;
    let reading = stream(&[&start(&usage.replace('\n', ""))]);
    assert_eq!((reading.web_searches, reading.counts.reasoning, reading.counts.output), (3, 4, 9));
    assert_eq!(reading.service_tier.as_deref(), Some("priority"));
}

#[test]
fn a_figure_from_mid_stream_is_not_final() {
    let mid = r#"{"type":"message_delta","delta":{"stop_reason":null},"usage":{"output_tokens":5}}"#;
    assert!(!stream(&[&start(r#"{"input_tokens":1,"output_tokens":1}"#), mid]).output_final);
    assert!(stream(&[mid, &end("{}")]).output_final);
}

#[test]
fn a_stream_that_ends_without_any_figure_is_complete_but_not_final() {
    let reading = stream(&[&start("{}"), r#"{"type":"message_stop"}"#]);
    assert!(reading.complete && !reading.output_final && !reading.input_reported);
}

#[test]
fn content_begins_with_its_first_block() {
    assert!(!stream(&[&start("{}"), r#"{"type":"ping"}"#, r#"{"type": "ping"}"#]).began);
    let block = r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#;
    let reading = stream(&[block]);
    assert!(reading.began && reading.estimated_output == 0);
}

#[test]
fn text_is_counted_alike_in_every_layout() {
    for (kind, key) in [
        ("text_delta", "text"),
        ("thinking_delta", "thinking"),
        ("input_json_delta", "partial_json"),
        ("signature_delta", "signature"),
    ] {
        let text = r#"say \"hi\" \u00e9 ..."#;
        let usual = format!(
            r#"{{"type":"content_block_delta","index":12,"delta":{{"type":"{kind}","{key}":"{text}"}}    }}"#
        );
        let spaced = usual.replace("\":", "\": ");
        let turned = format!(
            r#"{{"delta":{{"{key}":"{text}","type":"{kind}"}},"index":12,"type":"content_block_delta"}}"#
        );
        for layout in [usual, spaced, turned] {
            let reading = stream(&[&layout]);
            assert_eq!(reading.estimated_output, tokens_in(text.len() as u64), "{layout}");
            assert!(reading.began);
        }
    }
}

#[test]
fn unknown_events_and_deltas_count_whole() {
    let delta = r#"{"type":"content_block_delta","index":0,"delta":{"type":"new_delta","stuff":"abcdefgh"}}"#;
    assert!(stream(&[delta]).estimated_output >= 18);
    assert!(stream(&[r#"{"type":"new_event","x":"abcdefgh"}"#]).estimated_output >= 16);
    assert_eq!(stream(&["[DONE]"]).estimated_output, 0);
}

#[test]
fn errors_in_the_stream_are_read() {
    let event = r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#;
    let error = stream(&[event]).error.unwrap();
    assert_eq!((error.kind.as_str(), error.message.as_str()), ("overloaded_error", "Overloaded"));
    assert_eq!(stream(&[r#"{"error":{"message":"x"}}"#]).error.unwrap().message, "x");
}

fn body(text: &str) -> Reading {
    let mut meter = Dialect::Anthropic.meter(false, None, None);
    for byte in text.as_bytes().chunks(1) {
        meter.push(byte);
    }
    meter.finish()
}

#[test]
fn only_the_top_level_of_a_body_speaks() {
    let reading = body(
        r#" {"content":[{"usage":{"input_tokens":99},"id":"inner"},"}\"]"],"x":{"model":"no"},"usage" : {"input_tokens":1,"output_tokens":2} , "id" : "msg_\u0031","stop_reason":null} "#,
    );
    assert_eq!((reading.counts.input, reading.counts.output), (1, 2));
    assert_eq!((reading.id.as_deref(), reading.model, reading.stop_reason), (Some("msg_1"), None, None));
    assert!(reading.complete && reading.output_final && reading.began);
}

#[test]
fn an_error_body_costs_nothing() {
    let reading = body(r#"{"type":"error","error":{"type":"api_error","message":"no"},"request_id":"r"}"#);
    assert_eq!(reading.error.as_ref().unwrap().kind, "api_error");
    let fallback = crate::usage::Fallback { input: 9, max_output: 9 };
    assert_eq!(reading.settled(fallback).counts, TokenCounts::default());
    assert_eq!(body(r#"{"error":null,"content":[]}"#).error, None);
}
