//! Frames as Amazon's own code writes them.

use super::*;
use aws_smithy_eventstream::frame::write_message_to;
use aws_smithy_types::event_stream::{Header, HeaderValue as Value};

fn frame(headers: &[(&'static str, &'static str)], payload: &[u8]) -> Vec<u8> {
    let mut message = Message::new(Bytes::copy_from_slice(payload));
    for (name, value) in headers {
        message = message.add_header(Header::new(*name, Value::String((*value).into())));
    }
    let mut bytes = Vec::new();
    write_message_to(&message, &mut bytes).unwrap();
    bytes
}

fn chunk(json: &str) -> Vec<u8> {
    let payload = json!({"bytes": STANDARD.encode(json), "p": "abc"}).to_string();
    frame(&[(":message-type", "event"), (":event-type", "chunk")], payload.as_bytes())
}

fn frames() -> Frames {
    Frames { decoder: MessageFrameDecoder::new(), rest: BytesMut::new() }
}

#[test]
fn frames_become_events_however_they_are_cut() {
    let mut bytes = chunk(r#"{"type":"message_start","message":{}}"#);
    bytes.extend(frame(&[(":message-type", "event"), (":event-type", "news")], b"{}"));
    bytes.extend(chunk(r#"{"type":"message_stop"}"#));
    let expected = "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{}}\n\n\
                    event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";
    for size in [1, 7, 16, bytes.len()] {
        let (mut frames, mut seen) = (frames(), Vec::new());
        for piece in bytes.chunks(size) {
            seen.extend_from_slice(&frames.push(piece).unwrap());
        }
        assert_eq!(String::from_utf8(seen).unwrap(), expected, "{size}");
        assert!(frames.rest.is_empty());
    }
}

#[test]
fn an_exception_becomes_an_error_of_the_dialect() {
    for (name, kind) in [
        ("throttlingException", "rate_limit_error"),
        ("modelStreamErrorException", "api_error"),
        ("serviceUnavailableException", "overloaded_error"),
    ] {
        let headers = [(":message-type", "exception"), (":exception-type", name)];
        let event = frames().push(&frame(&headers, br#"{"message":"Slow down"}"#)).unwrap();
        let event = String::from_utf8(event.to_vec()).unwrap();
        assert!(event.starts_with("event: error\n") && event.contains(kind), "{event}");
        assert!(event.contains(&format!("{name}: Slow down")), "{event}");
    }
}

#[test]
fn a_damaged_frame_breaks_the_answer_off() {
    let mut bytes = chunk(r#"{"type":"ping"}"#);
    bytes[14] ^= 1;
    assert!(matches!(frames().push(&bytes), Err(BrokenBody::Frame(_))));
    let bad = frame(&[(":message-type", "event"), (":event-type", "chunk")], b"{}");
    assert!(matches!(frames().push(&bad), Err(BrokenBody::Frame(_))));
}
