use proptest::prelude::*;

use super::*;

const CHAT: &str = include_str!("../../tests/data/chat_tools.sse");

fn run<'a>(mut filter: Filter, chunks: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut out = Vec::new();
    for chunk in chunks {
        out.extend_from_slice(&filter.push(Bytes::copy_from_slice(chunk)));
    }
    out.extend_from_slice(&filter.finish());
    String::from_utf8(out).unwrap()
}

fn filtered(dialect: Dialect, framing: Framing, model: Option<&str>, usage: bool, text: &str) -> String {
    run(Filter::new(dialect, framing, model, usage).unwrap(), [text.as_bytes()])
}

#[test]
fn the_usage_chunk_is_hidden_and_every_other_byte_stays() {
    let hidden = filtered(Dialect::OpenaiChat, Framing::Events, None, true, CHAT);
    let usage = CHAT.rfind("data: {").unwrap();
    let end = CHAT.find("data: [DONE]").unwrap();
    assert_eq!(hidden, format!("{}{}", &CHAT[..usage], &CHAT[end..]));
}

#[test]
fn chunks_with_choices_keep_their_usage_and_others_without_stay() {
    for kept in [
        "data: {\"choices\":[{\"index\":0}],\"usage\":{\"prompt_tokens\":1}}\n\n",
        "data: {\"choices\":[],\"prompt_filter_results\":[],\"usage\":null}\n\n",
        ": {\"choices\":[],\"usage\":{}}\n\n",
        "data: {\"choices\":[],\"usage\":\n\n",
    ] {
        assert_eq!(filtered(Dialect::OpenaiChat, Framing::Events, None, true, kept), kept);
    }
    let last = "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1}}";
    assert_eq!(
        filtered(Dialect::OpenaiChat, Framing::Events, None, true, last),
        "",
        "without its blank line"
    );
}

#[test]
fn the_model_gets_the_name_that_the_client_knows() {
    for (dialect, framing, from, to) in [
        (
            Dialect::OpenaiChat,
            Framing::Events,
            "data: {\"model\" : \"up\",\"choices\":[{\"model\":\"up\"}]}\r\n\r\n",
            "data: {\"model\" : \"m\\\"1\",\"choices\":[{\"model\":\"up\"}]}\r\n\r\n",
        ),
        (
            Dialect::Anthropic,
            Framing::Events,
            "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"x\",\"model\":\"up\"}}\n\n",
            "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"x\",\"model\":\"m\\\"1\"}}\n\n",
        ),
        (
            Dialect::OpenaiResponses,
            Framing::Events,
            "data: {\"response\":{\"model\":\"up\"},\"model\":\"up\"}\n\n",
            "data: {\"response\":{\"model\":\"m\\\"1\"},\"model\":\"up\"}\n\n",
        ),
        (
            Dialect::Gemini,
            Framing::Array,
            "[{\"modelVersion\": \"u\\\"p\",\"x\":{\"modelVersion\":\"up\"}}\n,\n{\"modelVersion\":\"up\"}]",
            "[{\"modelVersion\": \"m\\\"1\",\"x\":{\"modelVersion\":\"up\"}}\n,\n{\"modelVersion\":\"m\\\"1\"}]",
        ),
        (
            Dialect::Anthropic,
            Framing::Body,
            "{\"content\":[{\"model\":\"up\"}],\"x\":\"model\",\"model\":\"\",\"y\":[\"model\",\"up\"]}",
            "{\"content\":[{\"model\":\"up\"}],\"x\":\"model\",\"model\":\"m\\\"1\",\"y\":[\"model\",\"up\"]}",
        ),
    ] {
        assert_eq!(filtered(dialect, framing, Some("m\"1"), false, from), to);
        let filter = Filter::new(dialect, framing, Some("m\"1"), false).unwrap();
        assert_eq!(run(filter, from.as_bytes().chunks(1)), to, "byte by byte");
    }
}

#[test]
fn where_nothing_is_to_be_changed_there_is_no_filter_and_no_copy() {
    assert!(Filter::new(Dialect::OpenaiChat, Framing::Events, None, false).is_none());
    assert!(Filter::new(Dialect::OpenaiChat, Framing::Body, None, true).is_none(), "a body tells it anyway");
    assert!(Filter::new(Dialect::Gemini, Framing::Events, None, true).is_none());
    let mut filter = Filter::new(Dialect::OpenaiChat, Framing::Events, None, true).unwrap();
    let event = Bytes::from(b"data: {\"choices\":[{}],\"usage\":null}\n\n".to_vec());
    assert_eq!(filter.push(event.clone()).as_ptr(), event.as_ptr());
    let mut filter = Filter::new(Dialect::Gemini, Framing::Body, Some("m"), false).unwrap();
    let body = Bytes::from(b"{\"candidates\":[]}".to_vec());
    assert_eq!(filter.push(body.clone()).as_ptr(), body.as_ptr());
}

#[test]
fn an_event_too_large_to_hold_goes_by_unchanged() {
    let mut filter = Filter::new(Dialect::OpenaiChat, Framing::Events, Some("m"), true).unwrap();
    let chunk = Bytes::from(vec![b'x'; 1 << 20]);
    let passed: usize = (0..20).map(|_| filter.push(chunk.clone()).len()).sum();
    assert_eq!(passed, 20 << 20);
}

proptest! {
    #[test]
    fn any_chunking_gives_the_same_bytes(
        sizes in prop::collection::vec(1usize..200, 1..20),
        model in prop::option::of("[a-z\"é]{1,8}"),
        usage in any::<bool>(),
        crlf in any::<bool>(),
    ) {
        let text = if crlf { CHAT.replace('\n', "\r\n") } else { CHAT.to_owned() };
        let new = || Filter::new(Dialect::OpenaiChat, Framing::Events, model.as_deref(), usage);
        if let (Some(whole), Some(cut)) = (new(), new()) {
            let mut rest = text.as_bytes();
            let pieces: Vec<&[u8]> = sizes.iter().cycle().map_while(|size| {
                let (piece, after) = rest.split_at((*size).min(rest.len()));
                rest = after;
                (!piece.is_empty()).then_some(piece)
            }).collect();
            prop_assert_eq!(run(cut, pieces), run(whole, [text.as_bytes()]));
        }
    }

    #[test]
    fn nothing_that_comes_makes_a_filter_panic(
        bytes in prop::collection::vec(prop_oneof![any::<u8>(), prop::sample::select(b"{}[]\":,\\\n\r ".to_vec())], 0..300),
        framing in prop::sample::select(vec![Framing::Events, Framing::Array, Framing::Body]),
    ) {
        let mut filter = Filter::new(Dialect::OpenaiChat, framing, Some("m"), true).unwrap();
        for chunk in bytes.chunks(7) {
            filter.push(Bytes::copy_from_slice(chunk));
        }
        filter.finish();
    }
}
