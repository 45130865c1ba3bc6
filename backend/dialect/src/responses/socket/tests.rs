//! Messages become the requests that they stand for.

use super::*;
use serde_json::{Value, json};

fn asked(message: Result<Message, Refused>) -> Asked {
    match message.unwrap() {
        Message::Ask(asked) | Message::WarmUp(asked) => asked,
        Message::Nothing => panic!("nothing was asked"),
    }
}

fn body(asked: &Asked) -> Value {
    serde_json::from_slice(&asked.body).unwrap()
}

fn answered(session: &mut Session, asked: Asked, id: &str, item: &Value) {
    let mut answering = Answering::new(1 << 20);
    answering.event(b"response.created", &json!({"response": {"id": id}}).to_string());
    answering.event(b"response.output_item.done", &json!({"item": item}).to_string());
    answering.event(b"", &json!({"type": "response.completed", "response": {"id": id}}).to_string());
    let (id, items) = answering.finish().unwrap();
    session.remember(id, asked, items);
}

#[test]
fn a_request_goes_on_as_it_came_but_for_what_belongs_to_the_connection() {
    let session = Session::new(1 << 20);
    let text = r#"{"type":"response.create","model":"m","temperature":1.50,"generate":true,"stream":false,
        "previous_response_id":null,"input":[{"role":"user", "content":"a\u0062"}],"tools":[]}"#;
    let asked = asked(session.read(text));
    assert_eq!(
        asked.body,
        r#"{"model":"m","temperature":1.50,"tools":[],"input":[{"role":"user", "content":"a\u0062"}],"stream":true}"#
    );
}

#[test]
fn what_goes_on_from_the_last_answer_has_the_conversation_in_front() {
    let mut session = Session::new(1 << 20);
    let first = asked(session.read(r#"{"type":"response.create","model":"m","store":false,"input":"one"}"#));
    answered(&mut session, first, "resp_1", &json!({"type": "message", "id": "msg_1"}));
    let next = r#"{"type":"response.create","model":"m","previous_response_id":"resp_1","input":[{"x":2}]}"#;
    let second = asked(session.read(next));
    assert_eq!(
        body(&second),
        json!({"model": "m", "stream": true, "input": [
            {"type": "message", "role": "user", "content": "one"}, {"type": "message", "id": "msg_1"}, {"x": 2}]})
    );
    answered(&mut session, second, "resp_2", &json!({"y": 3}));
    let third = asked(session.read(r#"{"type":"response.append","input":[{"x":4}]}"#));
    assert_eq!(body(&third)["input"].as_array().unwrap().len(), 5);
    assert_eq!((&body(&third)["model"], &body(&third)["stream"]), (&json!("m"), &json!(true)));
    // Nothing of it is lost when the turn that it was asked for fails.
    assert_eq!(
        body(&asked(session.read(r#"{"type":"response.append","input":"z"}"#)))["input"][4]["content"],
        "z"
    );
}

#[test]
fn an_answer_that_nobody_remembers_is_gone_on_from_only_where_it_may_be_kept() {
    let session = Session::new(1 << 20);
    let kept = r#"{"type":"response.create","model":"m","previous_response_id":"resp_9","input":"a"}"#;
    let kept = asked(session.read(kept));
    assert_eq!(body(&kept)["previous_response_id"], "resp_9");
    let mut session = session;
    session.remember("resp_10".to_owned(), kept, Vec::new());
    assert_eq!(session.held(), 0, "what is before it is not known here");
    let text =
        r#"{"type":"response.create","model":"m","store":false,"previous_response_id":"resp_9","input":"a"}"#;
    assert_eq!(session.read(text).unwrap_err().code, "previous_response_not_found");
    let text = r#"{"type":"response.append","input":"a"}"#;
    assert_eq!(session.read(text).unwrap_err().code, "previous_response_not_found");
}

#[test]
fn a_conversation_that_grows_too_large_is_forgotten() {
    let mut session = Session::new(100);
    let first = asked(session.read(r#"{"type":"response.create","model":"m","input":"one"}"#));
    answered(&mut session, first, "resp_1", &json!({"text": "x".repeat(80)}));
    assert_eq!(session.held(), 0);
    let mut answering = Answering::new(10);
    answering.event(b"response.output_item.done", r#"{"item":{"text":"longer than ten"}}"#);
    answering.event(b"response.completed", r#"{"response":{"id":"resp_1"}}"#);
    assert!(answering.is_over() && answering.finish().is_none());
}

#[test]
fn reasoning_that_only_the_provider_has_is_left_out() {
    let mut answering = Answering::new(1000);
    answering
        .event(b"response.output_item.done", r#"{"item":{"type":"reasoning","id":"rs_1","summary":[]}}"#);
    answering.event(
        b"response.output_item.done",
        r#"{"item":{"type":"reasoning","encrypted_content":"e","summary":[]}}"#,
    );
    answering.event(b"response.incomplete", r#"{"response":{"id":"resp_1"}}"#);
    let (_, items) = answering.finish().unwrap();
    assert_eq!(items, br#"{"type":"reasoning","encrypted_content":"e","summary":[]}"#);
}

#[test]
fn a_failed_answer_is_not_gone_on_from() {
    for (name, data) in [("response.failed", "{}"), ("error", "{}"), ("", r#"{"type":"error"}"#)] {
        let mut answering = Answering::new(1000);
        answering.event(b"response.created", r#"{"response":{"id":"resp_1"}}"#);
        answering.event(name.as_bytes(), data);
        assert!(answering.is_over() && answering.finish().is_none());
    }
}

#[test]
fn what_is_no_message_is_refused_by_name() {
    let session = Session::new(1000);
    for (text, code, field) in [
        ("", "invalid_json", None),
        ("[]", "invalid_json", None),
        (r#"{"type":"response.create""#, "invalid_json", None),
        (r#"{"model":"m"}"#, "invalid_field", Some("type")),
        (r#"{"type":7}"#, "invalid_field", Some("type")),
        (r#"{"type":"response.cancel"}"#, "unknown_message_type", Some("type")),
        (r#"{"type":"response.create","input":{}}"#, "invalid_field", Some("input")),
        (r#"{"type":"response.create","generate":1}"#, "invalid_field", Some("generate")),
        (
            r#"{"type":"response.create","previous_response_id":1}"#,
            "invalid_field",
            Some("previous_response_id"),
        ),
        (r#"{"type":"response.create","stream_id":"a"}"#, "unsupported_field", Some("stream_id")),
        (r#"{"type":"response.append"}"#, "invalid_field", Some("input")),
    ] {
        let refused = session.read(text).unwrap_err();
        assert_eq!((refused.code, refused.field), (code, field), "{text}");
    }
    assert!(matches!(
        session.read(r#"{"type":"response.processed","response_id":"r"}"#),
        Ok(Message::Nothing)
    ));
}

#[test]
fn an_error_is_told_with_its_status_and_whatever_the_body_was() {
    let read = |event: String| -> Value { serde_json::from_str(&event).unwrap() };
    let one = read(failed(429, br#"{"error":{"code":"c","message":"m"}}"#, &[("retry-after", "3")]));
    assert_eq!(
        one,
        json!({"type": "error", "status": 429, "error": {"code": "c", "message": "m"}, "headers": {"retry-after": "3"}})
    );
    for body in [&b"oops \xff"[..], br#"{"error":"x"}"#, b""] {
        assert!(read(failed(502, body, &[]))["error"]["message"].is_string());
    }
    let [created, completed] = warmed_up("resp_1", 7).map(read);
    assert_eq!(
        (&created["type"], &completed["response"]["id"]),
        (&json!("response.created"), &json!("resp_1"))
    );
}
