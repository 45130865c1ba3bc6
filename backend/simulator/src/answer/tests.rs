//! The promises that reservations rely on, and that both forms of an answer are readable.

use super::*;
use crate::{
    anthropic::{Stream, body},
    play::Event,
};

fn answer(seq: u64, max_tokens: u64, body_bytes: u64, script: &str) -> Answer {
    let script = Script::parse(script).unwrap();
    let wanted = Wanted {
        seq,
        model: "claude-sonnet-5",
        max_tokens,
        body_bytes,
        thinks: false,
        tool: Some("look\"up".into()),
        form: Form::Free,
    };
    Answer::draw(3, &mut Draw::new(3, seq), wanted, &script)
}

fn data(event: &Event) -> serde_json::Value {
    let text = std::str::from_utf8(&event.bytes).unwrap();
    let data = text.lines().find_map(|line| line.strip_prefix("data: ")).unwrap();
    serde_json::from_str(data).unwrap()
}

#[test]
fn figures_stay_within_the_body_and_max_tokens() {
    for seq in 1..3000 {
        let (max_tokens, body_bytes) = (1 + seq % 50, 2 + seq % 300);
        let tokens = answer(seq, max_tokens, body_bytes, "").tokens;
        assert!(tokens.all_input() <= body_bytes && tokens.all_input() > 0, "{tokens:?}");
        assert!(tokens.output <= max_tokens && tokens.output > 0, "{tokens:?}");
    }
}

#[test]
fn every_bucket_is_used_by_some_requests() {
    let total: Tokens = (1..500).map(|seq| answer(seq, 1000, 4000, "").tokens).sum();
    assert!(total.cache_read > 0 && total.cache_write_5m > 0 && total.cache_write_1h > 0);
}

#[test]
fn every_shape_is_valid_json_whole_and_in_events() {
    for shape in ["text", "thinking", "tools", "full"] {
        let script = Script::parse(&format!("shape={shape},usage_every=3,ping_every=2")).unwrap();
        let answer = answer(9, 1000, 4000, &format!("shape={shape}"));
        let whole: serde_json::Value = serde_json::from_str(&body(&answer)).unwrap();
        assert_eq!(whole["usage"]["output_tokens"], answer.tokens.output);
        let events: Vec<_> = Stream::new(answer, &script, false).collect();
        let values: Vec<_> = events.iter().map(data).collect();
        assert_eq!(values[0]["type"], "message_start");
        assert_eq!(values.last().unwrap()["type"], "message_stop");
    }
}

#[test]
fn tool_input_is_whole_again_when_its_pieces_are_joined() {
    for pieces in [1, 2, 7, 40, 200] {
        let script = Script::parse(&format!("shape=tools,events={}", pieces * 2)).unwrap();
        let answer = answer(5, 1000, 4000, &format!("shape=tools,events={}", pieces * 2));
        let joined: String = Stream::new(answer, &script, false)
            .map(|event| data(&event))
            .filter_map(|value| value["delta"]["partial_json"].as_str().map(str::to_owned))
            .collect();
        assert_eq!(joined, TOOL_INPUT);
    }
}

#[test]
fn what_is_told_last_is_what_is_billed() {
    for seq in 1..50 {
        let drawn = answer(seq, 1000, 4000, "shape=full");
        let tokens = drawn.tokens;
        let script = Script::parse("shape=full").unwrap();
        let events: Vec<_> = Stream::new(drawn, &script, seq % 2 == 0).collect();
        let last =
            |figure: fn(&Event) -> Option<Tokens>| events.iter().filter_map(figure).next_back().unwrap();
        assert_eq!(last(|event| event.told), tokens);
        assert_eq!(last(|event| event.billed), tokens);
    }
}
