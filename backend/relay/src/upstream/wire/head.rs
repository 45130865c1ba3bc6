//! The head of an answer: status, headers, how its body ends, and whether the connection can be used again.

use super::{Malformed, body::Delimited, names};
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use std::mem::MaybeUninit;

/// Bytes that a head may have. Providers' have one or two thousand.
pub(crate) const LONGEST: usize = 64 * 1024;

/// Headers that a head may have.
const MOST_HEADERS: usize = 128;

/// How every answer begins that is read here.
const BEGINNING: &[u8] = b"HTTP/1.";

/// What comes before the body.
#[derive(Debug)]
pub(crate) struct Head {
    /// Status, never an interim one.
    pub(crate) status: StatusCode,
    /// Headers as they came, but for `content-length`: it is one number, and only there where it says how long the body is.
    pub(crate) headers: HeaderMap,
    /// Where the body ends.
    pub(crate) body: Delimited,
    /// Whether the connection carries another request afterwards.
    pub(crate) keeps: bool,
}

/// Takes a head out of what has come, when it is whole. Interim answers (1xx) are passed over.
pub(crate) fn read(buffer: &mut BytesMut) -> Result<Option<Head>, Malformed> {
    loop {
        let seen = buffer.len().min(BEGINNING.len());
        if buffer[..seen] != BEGINNING[..seen] {
            return Err(Malformed::NotHttp);
        }
        let Some(end) = end(buffer).filter(|end| *end <= LONGEST) else {
            return if buffer.len() > LONGEST { Err(Malformed::LongHead) } else { Ok(None) };
        };
        let head = parse(&buffer.split_to(end).freeze())?;
        match head.status {
            StatusCode::SWITCHING_PROTOCOLS => return Err(Malformed::Switches),
            interim if interim.is_informational() => {}
            _ => return Ok(Some(head)),
        }
    }
}

/// Behind the empty line.
fn end(bytes: &[u8]) -> Option<usize> {
    memchr::memchr_iter(b'\n', bytes).find_map(|line| match &bytes[line + 1..] {
        [b'\n', ..] => Some(line + 2),
        [b'\r', b'\n', ..] => Some(line + 3),
        _ => None,
    })
}

fn parse(bytes: &Bytes) -> Result<Head, Malformed> {
    let mut room = [const { MaybeUninit::uninit() }; MOST_HEADERS];
    let mut parsed = httparse::Response::new(&mut []);
    let config = httparse::ParserConfig::default();
    if config.parse_response_with_uninit_headers(&mut parsed, bytes, &mut room)?.is_partial() {
        return Err(httparse::Error::NewLine.into());
    }
    let status =
        StatusCode::from_u16(parsed.code.unwrap_or_default()).map_err(|_| httparse::Error::Status)?;
    // With room for what we add.
    let mut headers = HeaderMap::with_capacity(parsed.headers.len() + 4);
    for header in &*parsed.headers {
        let name = names::of(header.name.as_bytes()).map_err(|_| httparse::Error::HeaderName)?;
        // The values stay where they are.
        let value = HeaderValue::from_maybe_shared(bytes.slice_ref(header.value));
        headers.append(name, value.map_err(|_| httparse::Error::HeaderValue)?);
    }
    let newer = parsed.version == Some(1);
    let keeps = !says(&headers, "close") && (newer || says(&headers, "keep-alive"));
    // Two ends are what somebody says who wants us to see another one than whoever is in between (RFC 9112, 6.3).
    let doubtful =
        headers.contains_key(header::TRANSFER_ENCODING) && headers.contains_key(header::CONTENT_LENGTH);
    let body = delimited(status, newer, &mut headers)?;
    let keeps = keeps && !doubtful && body != Delimited::ByClose;
    Ok(Head { status, headers, body, keeps })
}

/// Whether `connection` says a word.
fn says(headers: &HeaderMap, word: &str) -> bool {
    words(headers, &header::CONNECTION).any(|said| said.eq_ignore_ascii_case(word))
}

/// What a header lists. What is no text is a word that nobody knows.
fn words<'h>(headers: &'h HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'h str> {
    headers.get_all(name).iter().flat_map(|value| value.to_str().unwrap_or("?").split(',')).map(str::trim)
}

/// Where the body ends (RFC 9112, 6.3).
fn delimited(status: StatusCode, newer: bool, headers: &mut HeaderMap) -> Result<Delimited, Malformed> {
    if matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED) {
        headers.remove(header::CONTENT_LENGTH);
        return Ok(Delimited::Over);
    }
    // Said twice by what copies headers, it is said; we ask for no other encoding, and `identity` is none.
    let mut chunked = false;
    for word in words(headers, &header::TRANSFER_ENCODING) {
        match word {
            chunks if chunks.eq_ignore_ascii_case("chunked") => chunked = true,
            none if none.eq_ignore_ascii_case("identity") => {}
            _ => return Err(Malformed::Encoding),
        }
    }
    if chunked {
        headers.remove(header::CONTENT_LENGTH);
        return if newer { Ok(Delimited::chunked()) } else { Err(Malformed::Encoding) };
    }
    let (mut length, mut told) = (None, 0);
    for word in words(headers, &header::CONTENT_LENGTH) {
        let number = word.bytes().all(|b| b.is_ascii_digit()).then(|| word.parse().ok()).flatten();
        let number: u64 = number.ok_or(Malformed::Length)?;
        if length.is_some_and(|known| known != number) {
            return Err(Malformed::Length);
        }
        length = Some(number);
        told += 1;
    }
    let Some(length) = length else { return Ok(Delimited::ByClose) };
    if told > 1 {
        headers.insert(header::CONTENT_LENGTH, length.into());
    }
    Ok(if length == 0 { Delimited::Over } else { Delimited::ByLength(length) })
}
