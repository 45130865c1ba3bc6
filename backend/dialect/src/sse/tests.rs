use proptest::prelude::*;

use super::*;

type Owned = Vec<(String, String)>;

fn decode<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> Owned {
    let mut decoder = Decoder::new();
    let mut events = Owned::new();
    for chunk in chunks {
        decoder.push(chunk, |event| events.push(owned(event))).unwrap();
    }
    events
}

fn owned(event: Event<'_>) -> (String, String) {
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    (text(event.name), text(event.data))
}

fn pair(name: &str, data: &str) -> (String, String) {
    (name.to_owned(), data.to_owned())
}

const STREAM: &str = "\u{feff}: hello\nevent: a\ndata: one\nid: 7\n\ndata:two\ndata:  three\ndata\n\nevent: empty\n\n\
    \n\nretry: 5\nevent: x\nevent: b\ndata: {\"é\":1}\n\ndata: unfinished";

#[test]
fn events_are_told_as_the_standard_says() {
    let wanted = vec![pair("a", "one"), pair("", "two\n three\n"), pair("b", "{\"é\":1}")];
    assert_eq!(decode([STREAM.as_bytes()]), wanted);
    assert_eq!(decode([STREAM.replace('\n', "\r\n").as_bytes()]), wanted);
    assert_eq!(decode([STREAM.replace('\n', "\r").as_bytes()]), wanted);
}

#[test]
fn an_event_inside_one_chunk_is_not_copied() {
    let chunk = b"event: a\ndata: {}\n\n";
    let mut inside = false;
    Decoder::new().push(chunk, |event| inside = chunk.as_ptr_range().contains(&event.data.as_ptr())).unwrap();
    assert!(inside);
}

#[test]
fn the_end_hands_out_the_event_that_was_not_closed() {
    let mut decoder = Decoder::new();
    let mut events = Owned::new();
    decoder.push(b"event: a\ndata: 1\ndata: 2", |event| events.push(owned(event))).unwrap();
    assert!(events.is_empty());
    decoder.finish(|event| events.push(owned(event)));
    assert_eq!(events, [pair("a", "1\n2")]);
}

#[test]
fn an_event_beyond_the_limit_silences_the_decoder() {
    let mut decoder = Decoder::new();
    let block = vec![b'x'; 1024 * 1024];
    decoder.push(b"data: ", |_| {}).unwrap();
    let outcome: Vec<_> = (0..20).map(|_| decoder.push(&block, |_| {})).collect();
    assert_eq!(outcome[14], Ok(()));
    assert_eq!(outcome[19], Err(TooLarge));
    assert_eq!(decoder.push(b"\n\ndata: 1\n\n", |_| panic!("silent")), Err(TooLarge));
    decoder.finish(|_| panic!("silent"));
}

#[test]
fn many_data_lines_count_together_towards_the_limit() {
    let mut decoder = Decoder::new();
    let line = format!("data: {}\n", "x".repeat(1024 * 1024));
    assert!((0..20).any(|_| decoder.push(line.as_bytes(), |_| {}).is_err()));
}

#[test]
fn encoded_events_are_decoded_as_they_were() {
    let bytes = encode("error", b"{\"a\":\n1}");
    assert_eq!(&bytes[..], b"event: error\ndata: {\"a\":\ndata: 1}\n\n");
    assert_eq!(decode([&bytes[..]]), [pair("error", "{\"a\":\n1}")]);
    assert_eq!(&encode("", b"x")[..], b"data: x\n\n");
}

proptest! {
    #[test]
    fn any_chunking_yields_the_same_events(
        lines in prop::collection::vec("(data|event|id|:)?:? ?[a-c]{0,4}|", 0..40),
        ends in prop::collection::vec(prop::sample::select(vec!["\n", "\r\n", "\r"]), 40),
        cuts in prop::collection::vec(1usize..9, 1..30),
    ) {
        let mixed: String = lines.iter().zip(&ends).flat_map(|(line, end)| [line.as_str(), end]).collect();
        let stream = mixed + "\ndata: last\n\n";
        let whole = decode([stream.as_bytes()]);
        let mut chunks = Vec::new();
        let mut rest = stream.as_bytes();
        for cut in cuts.iter().cycle() {
            if rest.is_empty() { break }
            let (chunk, after) = rest.split_at((*cut).min(rest.len()));
            chunks.push(chunk);
            rest = after;
        }
        prop_assert_eq!(&decode(chunks), &whole);
        prop_assert_eq!(decode(stream.as_bytes().chunks(1)), whole);
    }
}

#[test]
fn another_event_may_stand_only_where_one_has_ended() {
    let stream = b": hello\n\nevent: a\ndata: 1\ndata: 2\n\nid: 7\n\n\nevent: b\r\ndata: 3\r\n\r\ndata: 4";
    let ends: Vec<usize> = (0..=stream.len())
        .filter(|cut| {
            let mut decoder = Decoder::new();
            decoder.push(&stream[..*cut], |_| {}).unwrap();
            decoder.between_events()
        })
        .collect();
    let text = std::str::from_utf8(stream).unwrap();
    for end in &ends {
        assert!(
            *end == 0 || text[..*end].ends_with("\n\n") || text[..*end].ends_with("\r\n\r\n"),
            "{end}: {ends:?}"
        );
    }
    assert_eq!(ends.len(), 6, "{ends:?}");
}
