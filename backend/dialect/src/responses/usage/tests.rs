use crate::Dialect;
use crate::usage::{Fallback, Reading, TokenCounts, tokens_in};

fn stream(events: &[&str]) -> Reading {
    let mut meter = Dialect::OpenaiResponses.meter(true, None, None);
    for event in events {
        meter.push(format!("event: x\ndata: {event}\n\n").as_bytes());
    }
    meter.finish()
}

const CREATED: &str = r#"{"type":"response.created","sequence_number":0,"response":{"id":"resp_1","model":"m","status":"in_progress","usage":null,"error":null}}"#;

#[test]
fn the_stream_has_begun_with_its_first_item() {
    let quiet = [CREATED, r#"{"type":"response.in_progress"}"#, r#"{"type":"keepalive"}"#];
    let reading = stream(&quiet);
    assert!(!reading.began && reading.stop_reason.is_none(), "{reading:?}");
    assert_eq!(reading.id.as_deref(), Some("resp_1"));
    assert!(stream(&[CREATED, r#"{"type":"response.output_item.added","item":{}}"#]).began);
}

#[test]
fn text_is_counted_alike_in_every_layout_and_only_once() {
    let text = r#"say \"delta\" \u00e9 ..."#;
    let usual = format!(
        r#"{{"type":"response.output_text.delta","sequence_number":4,"item_id":"m","delta":"{text}","logprobs":[]}}"#
    );
    let spaced = usual.replace("\":", "\": ");
    let turned = format!(r#"{{"delta":"{text}","type":"response.function_call_arguments.delta"}}"#);
    for layout in [usual, spaced, turned] {
        let done = format!(r#"{{"type":"response.output_text.done","text":"{text}"}}"#);
        let item = format!(
            r#"{{"type":"response.output_item.done","item":{{"type":"message","content":[{{"text":"{text}"}}]}}}}"#
        );
        let reading = stream(&[&layout, &done, &item]);
        assert_eq!(reading.estimated_output, tokens_in(text.len() as u64), "{layout}");
    }
}

#[test]
fn sealed_reasoning_counts_by_its_length_and_unknown_events_whole() {
    let sealed =
        r#"{"type":"response.output_item.done","item":{"type":"reasoning","encrypted_content":"abcdefgh"}}"#;
    assert_eq!(stream(&[sealed]).estimated_output, 4);
    assert!(stream(&[r#"{"type":"response.new_thing","x":"abcdefgh"}"#]).estimated_output > 10);
}

#[test]
fn each_of_the_three_ends_is_one() {
    let usage = r#""usage":{"input_tokens":5,"output_tokens":6}"#;
    for (kind, status, stop) in [
        ("completed", r#""status":"completed""#, "completed"),
        (
            "incomplete",
            r#""status":"incomplete","incomplete_details":{"reason":"content_filter"}"#,
            "content_filter",
        ),
        ("failed", r#""status":"failed","error":{"code":"server_error","message":"no"}"#, "failed"),
    ] {
        let reading =
            stream(&[CREATED, &format!(r#"{{"type":"response.{kind}","response":{{{status},{usage}}}}}"#)]);
        assert!(reading.complete && reading.output_final, "{kind}");
        assert_eq!((reading.stop_reason.as_deref(), reading.counts.output), (Some(stop), 6));
    }
}

#[test]
fn a_failure_before_any_item_costs_nothing() {
    let failed = r#"{"type":"response.failed","response":{"id":"r","status":"failed","error":{"code":"rate_limit_exceeded","message":"slow"},"usage":null}}"#;
    let reading = stream(&[CREATED, failed]);
    assert!(!reading.began && reading.complete);
    assert_eq!(reading.settled(Fallback { input: 9, max_output: 9 }).counts, TokenCounts::default());
    assert_eq!(Dialect::OpenaiResponses.error_status(&reading.error.unwrap().kind), Some(429));
}

#[test]
fn an_error_event_is_read_in_both_its_shapes_and_ends_nothing() {
    for event in [
        r#"{"type":"error","code":"server_is_overloaded","message":"busy","param":null,"sequence_number":2}"#,
        r#"{"type":"error","error":{"type":"service_unavailable_error","code":"server_is_overloaded","message":"busy"}}"#,
        r#"{"error":{"code":"server_is_overloaded","message":"busy"}}"#,
    ] {
        let reading = stream(&[CREATED, event]);
        let error = reading.error.unwrap();
        assert_eq!(
            (error.message.as_str(), Dialect::OpenaiResponses.error_status(&error.kind)),
            ("busy", Some(503))
        );
        assert!(!reading.complete);
    }
}

#[test]
fn searches_are_counted_by_their_items() {
    let item = r#"{"type":"response.output_item.done","item":{"type":"web_search_call","action":{"type":"search"}}}"#;
    assert_eq!(stream(&[item, item]).web_searches, 2);
}

#[test]
fn a_compaction_is_read_from_its_body() {
    let mut meter = Dialect::OpenaiResponses.meter(false, None, None);
    meter.push(br#"{"id":"c","object":"response.compaction","output":[{"type":"compaction","encrypted_content":"x"}],"usage":{"input_tokens":50,"output_tokens":7}}"#);
    let reading = meter.finish();
    assert!(reading.complete && reading.output_final && reading.began);
    assert_eq!((reading.counts.input, reading.counts.output), (50, 7));
}
