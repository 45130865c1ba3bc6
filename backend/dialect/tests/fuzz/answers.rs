//! What upstreams answer, whole or as streams: metered, changed on the way, and carried into each dialect.

use bytes::{Bytes, BytesMut};
use causeway_dialect::Dialect;
use causeway_dialect::convert::{Converter, Wire};
use causeway_dialect::filter::Filter;
use causeway_dialect::framing::Framing;
use causeway_dialect::neutral::Restore;
use causeway_dialect::usage::Reading;

use super::check;
use super::corpus::Kind;
use super::memory;
use super::random::{Random, hash};
use super::run::Target;

/// The most that reading an answer's usage takes, as a multiple of its length.
const METERING: usize = 64;

/// The most that an answer takes on its way into another dialect, what was written included.
const CARRYING: usize = 256;

/// The most that is written for one byte of an answer.
const WRITTEN: usize = 64;

/// What watches answers that pass.
pub(crate) fn meters() -> Vec<Target> {
    let mut targets = Vec::new();
    for (kind, dialect, framing) in inputs() {
        targets.push(Target {
            name: format!("{} of {dialect}, metered", framing.name()),
            kind,
            dialect,
            framing,
            run: Box::new(move |bytes| meter(dialect, framing, bytes)),
        });
    }
    targets
}

/// The conversions of whole answers, or of streams.
pub(crate) fn conversions(wanted: Kind) -> Vec<Target> {
    let mut targets = Vec::new();
    for (kind, dialect, framing) in inputs().filter(|(kind, ..)| *kind == wanted) {
        for client in Dialect::ALL {
            let from = Wire { dialect, framing };
            targets.push(Target {
                name: format!("{} of {dialect} to {client}", framing.name()),
                kind,
                dialect,
                framing,
                run: Box::new(move |bytes| carry(from, client, bytes)),
            });
        }
    }
    targets
}

fn inputs() -> impl Iterator<Item = (Kind, Dialect, Framing)> {
    let bodies = Dialect::ALL.into_iter().map(|dialect| (Kind::Answer, dialect, Framing::Body));
    let events = Dialect::ALL.into_iter().map(|dialect| (Kind::Stream, dialect, Framing::Events));
    bodies.chain(events).chain([(Kind::Stream, Dialect::Gemini, Framing::Array)])
}

fn carry(from: Wire, client: Dialect, bytes: &[u8]) -> u64 {
    let cut = cuts(bytes);
    let mut how = String::new();
    let forms = if client == Dialect::Gemini { &FORMS[..] } else { &FORMS[..2] };
    for framing in forms {
        for restore in [plain, odd] {
            let to = Wire { dialect: client, framing: *framing };
            let (out, error) = convert(from, to, restore(), &[bytes]);
            let pieces = convert(from, to, restore(), &cut);
            assert!((&out, &error) == (&pieces.0, &pieces.1), "pieces make a difference");
            let text =
                std::str::from_utf8(&out).unwrap_or_else(|error| panic!("{error} in what was written"));
            let text = &*small_numbers(&whole_pairs(text));
            match (framing, &error) {
                _ if is_deep(text) => {}
                (Framing::Body, Some(_)) => assert!(text.is_empty(), "half an answer: {text}"),
                (Framing::Body, None) => check::answer(client, text),
                (Framing::Events, _) => check::whole_stream(client, text, error.is_none()),
                (Framing::Array, _) => check::array(text, error.is_none()),
            }
            how.push_str(&format!("{error:?} {};", text.lines().count().min(12)));
        }
    }
    hash(how.as_bytes())
}

const FORMS: [Framing; 3] = [Framing::Events, Framing::Body, Framing::Array];

/// What was written, and the error at its end.
fn convert(from: Wire, to: Wire, restore: Restore, chunks: &[&[u8]]) -> (BytesMut, Option<String>) {
    let length = chunks.iter().map(|chunk| chunk.len()).sum();
    let (out, error, converter) = memory::within("carrying", CARRYING, length, || {
        let mut converter = Converter::new(from, to, restore);
        let mut out = BytesMut::new();
        for chunk in chunks {
            converter.push(chunk, &mut out);
        }
        let error = converter.finish(&mut out).err();
        (out, error, converter)
    });
    assert!(converter.ended());
    let most = WRITTEN * length + 4096;
    assert!(out.len() <= most, "{} bytes were written for {length}; {most} are the most", out.len());
    (out, error.map(|error| error.kind))
}

fn plain() -> Restore {
    Restore {
        model: "client-model".to_owned(),
        include_usage: true,
        request_id: "req_1".to_owned(),
        // What the reader of Responses finds in every request.
        echo: "\"parallel_tool_calls\":true,\"tool_choice\":\"auto\",\"tools\":[]".to_owned(),
        ..Restore::default()
    }
}

fn odd() -> Restore {
    Restore {
        json_tool: true,
        hide_thinking: true,
        include_usage: false,
        free_text: vec!["apply_patch".to_owned(), "get_weather".to_owned()],
        ..plain()
    }
}

fn meter(dialect: Dialect, framing: Framing, bytes: &[u8]) -> u64 {
    let content_type = if framing == Framing::Events { "text/event-stream" } else { "application/json" };
    let read = |chunks: &[&[u8]]| -> Reading {
        memory::within("metering", METERING, bytes.len(), || {
            let mut meter = dialect.meter(framing != Framing::Body, Some(content_type), None);
            for chunk in chunks {
                meter.push(chunk);
                meter.between_events();
            }
            meter.finish()
        })
    };
    let cut = cuts(bytes);
    let reading = read(&[bytes]);
    let pieces = read(&cut);
    assert_eq!(reading, pieces, "pieces make a difference");
    let told = dialect.read_error(bytes).map(|error| dialect.error_status(&error.kind));
    for encoding in ["gzip", "deflate", "br"] {
        memory::within("decoding", METERING, bytes.len() + 4096, || {
            let mut meter = dialect.meter(framing != Framing::Body, Some(content_type), Some(encoding));
            cut.iter().for_each(|chunk| meter.push(chunk));
            meter.finish()
        });
    }
    let passed = |chunks: &[&[u8]]| -> Vec<u8> {
        memory::within("filtering", METERING, bytes.len(), || {
            let mut filter = Filter::new(dialect, framing, Some("another \"model\""), true).unwrap();
            let mut out = Vec::new();
            for chunk in chunks {
                out.extend_from_slice(&filter.push(Bytes::copy_from_slice(chunk)));
            }
            out.extend_from_slice(&filter.finish());
            out
        })
    };
    assert!(passed(&[bytes]) == passed(&cut), "pieces make a difference to what passes");
    hash(
        format!("{:?} {:?} {} {told:?}", reading.stop_reason, reading.unmetered, reading.complete).as_bytes(),
    )
}

/// The input in pieces, always the same ones for the same input.
fn cuts(bytes: &[u8]) -> Vec<&[u8]> {
    let mut random = Random::new(hash(bytes));
    let longest = *random.pick(&[1, 3, 17, 200, 5_000]);
    // A byte at a time is for short ones.
    let longest = if bytes.len() > 4_096 { longest.max(200) } else { longest };
    let mut pieces = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let (piece, after) = rest.split_at((1 + random.below(longest)).min(rest.len()));
        pieces.push(piece);
        rest = after;
    }
    pieces
}

/// Whether it lies deeper than serde goes. Brackets in strings count as well: few have that many.
fn is_deep(text: &str) -> bool {
    let mut depth = 0_usize;
    text.bytes().any(|byte| {
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth > 120
    })
}

/// Text in which no number is larger than serde takes.
fn small_numbers(text: &str) -> String {
    let mut small = String::with_capacity(text.len());
    let (mut quoted, mut escaped) = (false, false);
    let (mut digits, mut exponent) = (0, false);
    for character in text.chars() {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = quoted,
            '"' => quoted = !quoted,
            _ if quoted => {}
            '0'..='9' => digits += 1,
            'e' | 'E' => (digits, exponent) = (0, true),
            '+' | '-' => digits = 0,
            _ => (digits, exponent) = (0, false),
        }
        if quoted || digits <= if exponent { 2 } else { 20 } {
            small.push(character);
        }
    }
    small
}

/// Text in which no escape is half of a surrogate pair: every client reads those as they are, and serde none.
fn whole_pairs(text: &str) -> String {
    let mut whole = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        whole.push_str(&rest[..at]);
        rest = &rest[at..];
        let unit = rest.get(2..6).and_then(|digits| u16::from_str_radix(digits, 16).ok());
        let half = rest[1..].starts_with('u') && unit.is_some_and(|unit| (0xd800..=0xdfff).contains(&unit));
        let length = if half { 6 } else { 1 + rest[1..].chars().next().map_or(0, char::len_utf8) };
        whole.push_str(if half { "\\ufffd" } else { &rest[..length] });
        rest = rest.get(length..).unwrap_or_default();
    }
    whole.push_str(rest);
    whole
}
