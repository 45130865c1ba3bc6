use crate::Dialect;
use crate::usage::{Reading, tokens_in};

fn stream(events: &[&str]) -> Reading {
    let mut meter = Dialect::OpenaiChat.meter(true, None, None);
    for event in events {
        meter.push(format!("data: {event}\n\n").as_bytes());
    }
    meter.finish()
}

fn body(text: &str) -> Reading {
    let mut meter = Dialect::OpenaiChat.meter(false, None, None);
    meter.push(text.as_bytes());
    meter.finish()
}

const ROLE: &str =
    r#"{"id":"c","model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}"#;

fn delta(delta: &str, finish: &str) -> String {
    format!(
        r#"{{"id":"c","choices":[{{"index":0,"delta":{delta},"logprobs":null,"finish_reason":{finish}}}],"usage":null}}"#
    )
}

#[test]
fn the_role_alone_is_no_content() {
    let azure = r#"{"id":"","model":"","choices":[],"prompt_filter_results":[{"prompt_index":0}]}"#;
    let reading = stream(&[azure, ROLE, ": comment"]);
    assert!(!reading.began, "{reading:?}");
    for content in [
        r#"{"content":"x"}"#,
        r#"{"reasoning_content":"x"}"#,
        r#"{"refusal":"x"}"#,
        r#"{"tool_calls":[{"index":0,"function":{"name":"f"}}]}"#,
        r#"{"something_new":"x"}"#,
    ] {
        assert!(stream(&[ROLE, &delta(content, "null")]).began, "{content}");
    }
}

#[test]
fn text_is_counted_alike_in_every_layout() {
    let text = r#"say \"hi\" \u00e9 ..."#;
    let usual = delta(&format!(r#"{{"content":"{text}"}}"#), "null");
    let spaced = usual.replace("\":", "\": ");
    let role = delta(&format!(r#"{{"role":"assistant","content":"{text}"}}"#), "null");
    let legacy = format!(r#"{{"choices":[{{"text":"{text}","index":0,"finish_reason":null}}]}}"#);
    for layout in [usual, spaced, role, legacy] {
        let reading = stream(&[ROLE, &layout]);
        assert_eq!(reading.estimated_output, tokens_in(text.len() as u64), "{layout}");
    }
}

#[test]
fn calls_count_by_their_names_and_arguments() {
    let call = r#"{"tool_calls":[{"index":1,"id":"call_12345678","type":"function","function":{"name":"abcd","arguments":"{\"a\""}}]}"#;
    assert_eq!(stream(&[ROLE, &delta(call, "null")]).estimated_output, tokens_in(4 + 5 + 1));
}

#[test]
fn usage_is_final_behind_the_end_of_every_answer_and_not_before() {
    let running = r#"{"choices":[{"index":0,"delta":{"content":"x"},"finish_reason":null}],"usage":{"prompt_tokens":5,"completion_tokens":1}}"#;
    let reading = stream(&[ROLE, running]);
    assert!(reading.input_reported && !reading.output_final && !reading.complete);
    let end = r#"{"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":3}}"#;
    let stop = delta("{}", "\"stop\"");
    assert!(stream(&[ROLE, running, &stop]).stop_reason.is_some());
    let reading = stream(&[ROLE, running, &stop, end]);
    assert!(reading.output_final && reading.complete && reading.counts.output == 3);
    let other = r#"{"choices":[{"index":1,"delta":{"content":"y"},"finish_reason":null}]}"#;
    assert!(!stream(&[ROLE, other, &stop, end]).output_final, "one of two answers goes on");
}

#[test]
fn usage_is_found_in_every_place_where_services_put_it() {
    for last in [
        r#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":7,"completion_tokens":9}}"#,
        r#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop","usage":{"prompt_tokens":7,"completion_tokens":9}}]}"#,
        r#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"x_groq":{"id":"r","usage":{"prompt_tokens":7,"completion_tokens":9}}}"#,
    ] {
        let reading = stream(&[ROLE, last]);
        assert_eq!((reading.counts.input, reading.counts.output), (7, 9), "{last}");
        assert!(reading.output_final && reading.complete);
    }
}

#[test]
fn a_stream_without_usage_is_whole_and_estimated() {
    let text = delta(r#"{"content":"abcd"}"#, "null");
    let reading = stream(&[ROLE, &text, &delta("{}", "\"stop\""), "[DONE]"]);
    assert!(reading.complete && !reading.output_final && !reading.input_reported);
    assert_eq!(reading.estimated_output, 2);
}

#[test]
fn errors_in_the_stream_are_read() {
    let event = r#"{"error":{"message":"Overloaded","type":"server_error","code":"server_is_overloaded"}}"#;
    let reading = stream(&[ROLE, event]);
    let error = reading.error.unwrap();
    assert_eq!(
        (error.kind.as_str(), error.message.as_str()),
        ("server_error server_is_overloaded", "Overloaded")
    );
    assert_eq!(Dialect::OpenaiChat.error_status(&error.kind), Some(503));
    assert!(!reading.began && !reading.complete);
}

#[test]
fn a_stream_of_pictures_ends_with_its_last() {
    let part = format!(r#"{{"type":"image_generation.partial_image","b64_json":"{}"}}"#, "A".repeat(5_000));
    let last = r#"{"type":"image_generation.completed","b64_json":"AAAA","usage":{"input_tokens":10,"output_tokens":1056,"total_tokens":1066}}"#;
    let reading = stream(&[&part, last]);
    assert!(reading.began && reading.complete && reading.output_final);
    assert_eq!((reading.counts.input, reading.counts.output, reading.estimated_output), (10, 1056, 100));
}

#[test]
fn embeddings_and_pictures_are_read_from_their_bodies() {
    let reading = body(
        r#"{"object":"list","data":[{"embedding":[0.1,-2]}],"model":"e","usage":{"prompt_tokens":8,"total_tokens":8}}"#,
    );
    assert!(reading.complete && reading.output_final);
    assert_eq!((reading.counts.input, reading.counts.output, reading.model.as_deref()), (8, 0, Some("e")));
    let reading =
        body(r#"{"created":1,"data":[{"b64_json":"AAAA"}],"usage":{"input_tokens":10,"output_tokens":20}}"#);
    assert_eq!((reading.counts.input, reading.counts.output), (10, 20));
}

#[test]
fn a_model_that_searches_is_billed_for_one_search() {
    let one = body(
        r#"{"model":"gpt-4o-search-preview-2025-03-11","choices":[],"usage":{"prompt_tokens":1,"completion_tokens":1}}"#,
    );
    assert_eq!(one.web_searches, 1);
    let told = body(
        r#"{"model":"sonar","choices":[],"usage":{"prompt_tokens":1,"completion_tokens":1,"num_search_queries":4}}"#,
    );
    assert_eq!(told.web_searches, 4);
}

#[test]
fn an_error_body_costs_nothing() {
    let reading =
        body(r#"{"error":{"message":"no","type":"invalid_request_error","param":null,"code":null}}"#);
    assert_eq!(reading.error.unwrap().kind, "invalid_request_error");
    assert!(!reading.began);
}
