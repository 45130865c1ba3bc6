use crate::Dialect;
use crate::usage::{Reading, TokenCounts};

fn stream(events: &[&str]) -> Reading {
    let mut meter = Dialect::Gemini.meter(true, None, None);
    for event in events {
        meter.push(format!("data: {event}\r\n\r\n").as_bytes());
    }
    meter.finish()
}

fn json(stream: bool, text: &str) -> Reading {
    let mut meter = Dialect::Gemini.meter(stream, Some("application/json"), None);
    text.as_bytes().chunks(3).for_each(|chunk| meter.push(chunk));
    meter.finish()
}

fn counts(usage: &str) -> TokenCounts {
    json(false, &format!(r#"{{"candidates":[],"usageMetadata":{usage}}}"#)).counts
}

const TEXT: &str = r#"{"candidates":[{"content":{"parts":[{"text":"abcd"}],"role":"model"},"index":0}],"usageMetadata":{"promptTokenCount":4,"totalTokenCount":4}}"#;
const STOP: &str = r#"{"candidates":[{"content":{"parts":[{"text":""}]},"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":4,"candidatesTokenCount":2,"totalTokenCount":6}}"#;

#[test]
fn thoughts_stand_beside_the_candidates_unless_the_total_has_them_inside() {
    let beside = counts(
        r#"{"promptTokenCount":10,"candidatesTokenCount":5,"thoughtsTokenCount":20,"totalTokenCount":35}"#,
    );
    assert_eq!((beside.output, beside.reasoning), (25, 20));
    let inside = counts(
        r#"{"promptTokenCount":10,"candidatesTokenCount":25,"thoughtsTokenCount":20,"totalTokenCount":35}"#,
    );
    assert_eq!((inside.output, inside.reasoning), (25, 20));
    let untold = counts(r#"{"promptTokenCount":10,"candidatesTokenCount":5,"thoughtsTokenCount":20}"#);
    assert_eq!(untold.output, 25);
}

#[test]
fn the_cache_is_inside_the_prompt_and_tools_stand_beside_it() {
    let read = counts(
        r#"{"promptTokenCount":100,"cachedContentTokenCount":60,"toolUsePromptTokenCount":7,"candidatesTokenCount":1,"totalTokenCount":108}"#,
    );
    assert_eq!((read.input, read.cache_read, read.output), (47, 60, 1));
    assert_eq!(read.total(), 108);
}

#[test]
fn zeros_that_are_left_out_are_reported_all_the_same() {
    let reading = json(
        false,
        r#"{"embedding":{"values":[0.1]},"usageMetadata":{"promptTokenCount":8,"totalTokenCount":8}}"#,
    );
    assert!(reading.input_reported && reading.output_final && reading.counts.output == 0);
    let only_total = counts(r#"{"promptTokenCount":10,"thoughtsTokenCount":3,"totalTokenCount":20}"#);
    assert_eq!((only_total.output, only_total.reasoning), (10, 3));
    assert_eq!(counts(r#"{"promptTokenCount":10,"totalTokenCount":3}"#).output, 0, "a total that cannot be");
}

#[test]
fn the_end_is_the_reason_to_have_finished_of_every_candidate() {
    let reading = stream(&[TEXT]);
    assert!(reading.began && !reading.complete && !reading.output_final);
    let reading = stream(&[TEXT, STOP]);
    assert!(reading.complete && reading.output_final);
    assert_eq!((reading.stop_reason.as_deref(), reading.counts.output), (Some("STOP"), 2));
    let other = TEXT.replace(r#""index":0"#, r#""index":1"#);
    assert!(!stream(&[TEXT, &other, STOP]).complete, "one of two goes on");
}

#[test]
fn a_blocked_prompt_is_an_end_too() {
    let blocked = r#"{"promptFeedback":{"blockReason":"SAFETY"},"usageMetadata":{"promptTokenCount":4,"totalTokenCount":4}}"#;
    for reading in [stream(&[blocked]), json(false, blocked), json(true, &format!("[{blocked}]"))] {
        assert!(reading.complete && reading.output_final && reading.stop_reason.as_deref() == Some("SAFETY"));
        assert_eq!((reading.counts.input, reading.counts.output), (4, 0));
    }
}

#[test]
fn an_array_is_whole_with_its_bracket_and_not_before() {
    let whole = format!("[{TEXT}\n,\r\n{STOP}\n]\n");
    assert!(json(true, &whole).complete && json(true, &whole).output_final);
    let cut = json(true, &whole[..whole.len() - 3]);
    assert!(!cut.complete && !cut.output_final && cut.counts.output == 2);
    let mut meter = Dialect::Gemini.meter(true, Some("application/json"), None);
    meter.push(b"[");
    assert!(meter.between_events());
    meter.push(b"{");
    assert!(!meter.between_events());
    meter.push(br#""x":"]"},"#);
    assert!(meter.between_events() && !meter.complete());
}

#[test]
fn errors_are_read_in_every_framing() {
    let error = r#"{"error":{"code":503,"message":"busy","status":"UNAVAILABLE"}}"#;
    for reading in
        [stream(&[error]), json(false, error), json(true, error), json(true, &format!("[{error}]"))]
    {
        let told = reading.error.unwrap();
        assert_eq!((told.kind.as_str(), told.message.as_str()), ("UNAVAILABLE", "busy"));
        assert!(!reading.began);
    }
    let late = json(true, &format!("[{TEXT},{error}"));
    assert!(late.began && late.error.is_some() && !late.complete);
}

#[test]
fn tiers_come_by_two_names() {
    let tier = |usage: &str| json(false, &format!(r#"{{"usageMetadata":{usage}}}"#)).service_tier;
    assert_eq!(tier(r#"{"serviceTier":"FLEX"}"#).as_deref(), Some("flex"));
    assert_eq!(tier(r#"{"trafficType":"ON_DEMAND_PRIORITY"}"#).as_deref(), Some("priority"));
    assert_eq!(tier(r#"{"trafficType":"ON_DEMAND"}"#), None);
}

#[test]
fn queries_of_a_grounded_answer_are_searches() {
    let grounded = r#"{"candidates":[{"content":{"parts":[{"text":"x"}]},"groundingMetadata":{"webSearchQueries":["a","b"]},"finishReason":"STOP"}]}"#;
    for reading in [stream(&[grounded]), json(false, grounded), stream(&[grounded, grounded])] {
        assert_eq!(reading.web_searches, 2);
    }
}

#[test]
fn unknown_parts_count_whole() {
    let odd = r#"{"candidates":[{"content":{"parts":[{"newThing":"abcdefgh"}]}}]}"#;
    assert!(stream(&[odd]).estimated_output >= 10);
    assert_eq!(stream(&[TEXT]).estimated_output, 2);
}
