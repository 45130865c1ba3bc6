use std::io::Write;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use proptest::prelude::*;

use super::*;
use crate::usage::{Fallback, TokenCounts, Unmetered};

const STREAM: &str = include_str!("../../tests/data/thinking_and_tool.sse");
const BODY: &str = include_str!("../../tests/data/message.json");
const EVENTS: Option<&str> = Some("text/event-stream; charset=utf-8");
const JSON: Option<&str> = Some("application/json");

fn meter(content_type: Option<&str>, encoding: Option<&str>) -> Meter {
    Dialect::Anthropic.meter(false, content_type, encoding)
}

fn read<'a>(content_type: Option<&str>, chunks: impl IntoIterator<Item = &'a [u8]>) -> Reading {
    read_encoded(content_type, None, chunks)
}

fn read_encoded<'a>(
    content_type: Option<&str>,
    encoding: Option<&str>,
    chunks: impl IntoIterator<Item = &'a [u8]>,
) -> Reading {
    let mut meter = meter(content_type, encoding);
    for chunk in chunks {
        meter.push(chunk);
    }
    meter.finish()
}

/// Everything but the number of bytes, which compression and line ends change.
fn essence(reading: Reading) -> Reading {
    Reading { wire_bytes: 0, ..reading }
}

#[test]
fn a_recorded_stream_is_read() {
    insta::assert_debug_snapshot!(read(EVENTS, [STREAM.as_bytes()]));
}

#[test]
fn a_recorded_body_is_read() {
    insta::assert_debug_snapshot!(read(JSON, [BODY.as_bytes()]));
}

/// Every form of every other dialect.
const OTHERS: [(Dialect, bool, Option<&str>, &str); 8] = [
    (Dialect::OpenaiChat, true, EVENTS, include_str!("../../tests/data/chat_tools.sse")),
    (Dialect::OpenaiChat, false, JSON, include_str!("../../tests/data/chat_body.json")),
    (Dialect::OpenaiResponses, true, EVENTS, include_str!("../../tests/data/responses_reasoning.sse")),
    (Dialect::OpenaiResponses, false, JSON, include_str!("../../tests/data/responses_body.json")),
    (Dialect::Gemini, true, EVENTS, include_str!("../../tests/data/gemini_thoughts.sse")),
    (Dialect::Gemini, true, JSON, include_str!("../../tests/data/gemini_thoughts.json")),
    (Dialect::Gemini, false, JSON, include_str!("../../tests/data/gemini_body.json")),
    (Dialect::Anthropic, true, EVENTS, STREAM),
];

fn read_as<'a>(
    (dialect, stream, content_type, _): (Dialect, bool, Option<&str>, &str),
    encoding: Option<&str>,
    chunks: impl IntoIterator<Item = &'a [u8]>,
) -> Reading {
    let mut meter = dialect.meter(stream, content_type, encoding);
    for chunk in chunks {
        meter.push(chunk);
    }
    meter.finish()
}

#[test]
fn every_form_of_every_dialect_is_read() {
    for form in &OTHERS[..7] {
        let name = format!("{}_{}", form.0, Framing::of(form.0, form.1, form.2).name());
        insta::assert_debug_snapshot!(name, read_as(*form, None, [form.3.as_bytes()]));
    }
}

#[test]
fn any_cut_of_any_form_settles_at_no_less_than_its_input_and_never_as_final() {
    let fallback = Fallback { input: 5_000, max_output: 100_000 };
    for form in OTHERS {
        let truth = read_as(form, None, [form.3.as_bytes()]).counts;
        for end in (0..form.3.len()).step_by(5) {
            let reading = read_as(form, None, [&form.3.as_bytes()[..end]]);
            let settled = reading.settled(fallback);
            assert!(settled.counts.all_input() >= truth.all_input().min(300), "{} cut at {end}", form.0);
            assert!(settled.estimated || settled.counts == truth, "{} cut at {end}: {reading:?}", form.0);
        }
    }
}

#[test]
fn nothing_has_begun_before_there_is_content() {
    for (form, first, after) in [
        (0, "Let me look", "call_01"),
        (2, "response.output_item.added", "response.reasoning_summary_part.added"),
        (4, "Weighing", "Here is"),
        (5, "\"text\"", "Here is"),
        (7, "content_block_start", "ping"),
    ] {
        let form = OTHERS[form];
        let began = |end: &str| {
            let mut meter = form.0.meter(form.1, form.2, None);
            meter.push(&form.3.as_bytes()[..form.3.find(end).unwrap_or(form.3.len())]);
            meter.began()
        };
        assert!(!began(first) && began(after), "{}", form.0);
    }
}

#[test]
fn line_ends_do_not_matter() {
    let plain = essence(read(EVENTS, [STREAM.as_bytes()]));
    for end in ["\r\n", "\r"] {
        let other = STREAM.replace('\n', end);
        assert_eq!(essence(read(EVENTS, [other.as_bytes()])), plain);
        assert_eq!(essence(read(EVENTS, other.as_bytes().chunks(1))), plain);
    }
}

#[test]
fn the_content_type_decides_and_the_request_where_there_is_none() {
    let dialect = Dialect::Anthropic;
    let mut by_type = dialect.meter(true, JSON, None);
    by_type.push(BODY.as_bytes());
    assert!(by_type.complete());
    let mut by_request = dialect.meter(true, None, Some("identity"));
    by_request.push(STREAM.as_bytes());
    assert!(by_request.complete());
}

#[test]
fn a_cut_stream_is_incomplete_and_counted_from_its_bytes() {
    let cut = &STREAM.as_bytes()[..STREAM.find("message_delta").unwrap()];
    let reading = read(EVENTS, [cut]);
    assert!(!reading.complete && !reading.output_final && reading.began && reading.input_reported);
    let settled = reading.settled(Fallback { input: 1, max_output: 10_000 });
    assert!(settled.estimated);
    assert_eq!(settled.counts.input, 472);
    assert!((60..400).contains(&settled.counts.output), "{settled:?}");
}

#[test]
fn the_last_event_counts_without_its_blank_line() {
    let cut = STREAM.trim_end();
    assert!(read(EVENTS, [cut.as_bytes()]).complete);
    let without_stop = &STREAM[..STREAM.find("event: message_stop").unwrap()];
    let reading = read(EVENTS, [without_stop.trim_end().as_bytes()]);
    assert!(!reading.complete && reading.output_final);
    assert!(!reading.settled(Fallback { input: 0, max_output: 0 }).estimated);
}

#[test]
fn any_cut_settles_at_no_less_than_was_reported() {
    let truth = read(EVENTS, [STREAM.as_bytes()]).counts;
    let fallback = Fallback { input: 5_000, max_output: 100_000 };
    for end in 0..STREAM.len() {
        let settled = read(EVENTS, [&STREAM.as_bytes()[..end]]).settled(fallback);
        assert!(settled.counts.all_input() >= truth.all_input(), "cut at {end}");
        assert!(settled.estimated || settled.counts == truth, "cut at {end}");
    }
}

#[test]
fn compressed_responses_are_read_from_a_copy() {
    let plain = essence(read(EVENTS, [STREAM.as_bytes()]));
    for (encoding, bytes) in [
        ("gzip", gzip(STREAM.as_bytes())),
        ("X-GZIP", gzip(STREAM.as_bytes())),
        ("deflate", finish(ZlibEncoder::new(Vec::new(), Compression::default()), ZlibEncoder::finish)),
        ("deflate", finish(DeflateEncoder::new(Vec::new(), Compression::default()), DeflateEncoder::finish)),
    ] {
        for size in [1, 7, 100_000] {
            assert_eq!(
                essence(read_encoded(EVENTS, Some(encoding), bytes.chunks(size))),
                plain,
                "{encoding}"
            );
        }
    }
}

#[test]
fn a_flushed_gzip_stream_is_read_as_it_flows() {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    let start = STREAM.find("event: content_block_delta").unwrap();
    encoder.write_all(&STREAM.as_bytes()[..start]).unwrap();
    encoder.flush().unwrap();
    let mut meter = meter(EVENTS, Some("gzip"));
    meter.push(encoder.get_ref());
    assert!(meter.began());
    assert_eq!(meter.peek().counts.input, 472);
}

#[test]
fn broken_and_unknown_encodings_only_blind_the_meter() {
    for (encoding, bytes, why) in [
        ("gzip", STREAM.as_bytes(), Unmetered::BrokenEncoding),
        ("br", STREAM.as_bytes(), Unmetered::UnknownEncoding),
        ("gzip, br", STREAM.as_bytes(), Unmetered::UnknownEncoding),
    ] {
        let reading = read_encoded(EVENTS, Some(encoding), bytes.chunks(64));
        assert_eq!(reading.unmetered, Some(why), "{encoding} {reading:?}");
        let settled = reading.settled(Fallback { input: 9, max_output: 77 });
        assert!(settled.estimated && settled.counts.output == 77);
    }
    let mut damaged = gzip(STREAM.as_bytes());
    for cut in [300, damaged.len() - 20] {
        let reading = read_encoded(EVENTS, Some("gzip"), [&damaged[..cut]]);
        assert!(reading.unmetered.is_none() && !reading.complete);
    }
    damaged[300..].fill(0xff);
    assert!(!read_encoded(EVENTS, Some("gzip"), [&damaged[..]]).output_final);
}

#[test]
fn broken_events_are_counted_and_the_rest_still_read() {
    let garbage = "data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_del\n\n\
        nonsense\n: comment\ndata: \u{fffd}{{{{\n\n";
    let at = STREAM.find("event: message_delta").unwrap();
    let mixed = format!("{}{garbage}{}", &STREAM[..at], &STREAM[at..]);
    let (clean, mixed) = (read(EVENTS, [STREAM.as_bytes()]), read(EVENTS, [mixed.as_bytes()]));
    assert_eq!(mixed.counts, clean.counts);
    assert!(mixed.complete && mixed.estimated_output > clean.estimated_output);
    let mut bytes = STREAM.as_bytes()[..at].to_vec();
    bytes.extend_from_slice("data: {\"type\":\"é".as_bytes().split_last().unwrap().1);
    assert!(!read(EVENTS, [&bytes[..]]).complete);
}

#[test]
fn a_page_instead_of_an_answer_is_no_output() {
    let reading = read(Some("text/html"), ["<html>Bad gateway</html>".as_bytes()]);
    assert_eq!(reading.unmetered, Some(Unmetered::NotTheDialect));
    let settled = reading.settled(Fallback { input: 9, max_output: 77 });
    assert_eq!(settled.counts, TokenCounts { input: 9, ..TokenCounts::default() });
}

#[test]
fn a_body_of_megabytes_is_read_without_being_kept() {
    let text = "word \\\"quoted\\\" \\u00e9 ".repeat(250_000);
    let body = format!(
        r#"{{"id":"msg_big","content":[{{"type":"text","text":"{text}"}}],"usage":{{"input_tokens":5,"output_tokens":6}}}}"#
    );
    let reading = read(JSON, body.as_bytes().chunks(1_399));
    assert_eq!((reading.counts.input, reading.counts.output), (5, 6));
    assert!(reading.complete && reading.output_final);
    let cut = read(JSON, [&body.as_bytes()[..1_000_000]]);
    assert!(!cut.complete && cut.began && cut.estimated_output > 400_000);
}

#[test]
fn a_value_too_large_to_keep_is_given_up() {
    let body =
        format!(r#"{{"id":"{}","usage":{{"input_tokens":5,"output_tokens":6}}}}"#, "x".repeat(300_000));
    let reading = read(JSON, [body.as_bytes()]);
    assert_eq!((reading.unmetered, reading.counts.output), (Some(Unmetered::TooLarge), 6));
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn finish<E: Write>(mut encoder: E, finish: impl Fn(E) -> io::Result<Vec<u8>>) -> Vec<u8> {
    encoder.write_all(STREAM.as_bytes()).unwrap();
    finish(encoder).unwrap()
}

fn pieces<'a>(mut bytes: &'a [u8], cuts: &[usize]) -> Vec<&'a [u8]> {
    let mut pieces = Vec::new();
    for cut in cuts.iter().cycle() {
        if bytes.is_empty() {
            break;
        }
        let (piece, rest) = bytes.split_at((*cut).min(bytes.len()));
        pieces.push(piece);
        bytes = rest;
    }
    pieces
}

proptest! {
    #[test]
    fn any_chunking_yields_the_same_reading(
        cuts in prop::collection::vec(prop_oneof![1usize..5, 1usize..400], 1..40),
        crlf in any::<bool>(),
        zipped in any::<bool>(),
    ) {
        let stream = if crlf { STREAM.replace('\n', "\r\n") } else { STREAM.to_owned() };
        for (content_type, plain) in [(EVENTS, stream.as_bytes()), (JSON, BODY.as_bytes())] {
            let whole = essence(read(content_type, [plain]));
            let (encoding, wire) = if zipped { (Some("gzip"), gzip(plain)) } else { (None, plain.to_vec()) };
            prop_assert_eq!(essence(read_encoded(content_type, encoding, pieces(&wire, &cuts))), whole);
        }
    }

    #[test]
    fn nothing_that_comes_makes_a_meter_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..600),
        at in any::<prop::sample::Index>(),
        encoding in prop::sample::select(vec![None, Some("gzip"), Some("deflate")]),
    ) {
        let fallback = Fallback { input: u64::MAX, max_output: u64::MAX };
        for (content_type, good) in [(EVENTS, STREAM), (JSON, BODY)] {
            let mut mixed = good.as_bytes()[..at.index(good.len())].to_vec();
            mixed.extend_from_slice(&bytes);
            read_encoded(content_type, encoding, mixed.chunks(13)).settled(fallback).counts.total();
        }
    }
}

proptest! {
    #[test]
    fn any_chunking_of_any_form_yields_the_same_reading(
        cuts in prop::collection::vec(prop_oneof![1usize..5, 1usize..400], 1..40),
        zipped in any::<bool>(),
    ) {
        for form in OTHERS {
            let plain = form.3.as_bytes();
            let whole = essence(read_as(form, None, [plain]));
            let (encoding, wire) = if zipped { (Some("gzip"), gzip(plain)) } else { (None, plain.to_vec()) };
            prop_assert_eq!(essence(read_as(form, encoding, pieces(&wire, &cuts))), whole);
        }
    }

    #[test]
    fn nothing_that_comes_makes_any_meter_panic(
        bytes in prop::collection::vec(
            prop_oneof![any::<u8>(), prop::sample::select(b"{}[]\":,\\0-e.\n".to_vec())], 0..300),
        at in any::<prop::sample::Index>(),
    ) {
        let fallback = Fallback { input: u64::MAX, max_output: u64::MAX };
        for form in OTHERS {
            let good = form.3.as_bytes();
            let at = at.index(good.len());
            let mut mixed = good[..at].to_vec();
            mixed.extend_from_slice(&bytes);
            mixed.extend_from_slice(&good[at..]);
            read_as(form, None, mixed.chunks(13)).settled(fallback).counts.total();
        }
    }
}
