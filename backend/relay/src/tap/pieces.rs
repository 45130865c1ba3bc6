//! An answer in the pieces that people read: the events of a stream, each as soon as it is whole, or a body in one. Bytes
//! become text only where a piece ends, so that no character is cut, however the bytes came.

use http::{HeaderMap, header};

/// What a piece counts for at least, in bytes: many short ones take room too.
pub(super) const LEAST: usize = 128;

/// What has come and is not a whole piece yet.
#[derive(Debug)]
pub struct Pieces {
    /// Whether it is a stream of events.
    events: bool,
    rest: Vec<u8>,
    /// Up to here there is no end of an event in it.
    looked: usize,
    /// There was no room for more.
    cut: bool,
}

impl Pieces {
    /// A body that is one piece.
    pub fn whole() -> Self {
        Self { events: false, rest: Vec::new(), looked: 0, cut: false }
    }

    /// A body as these headers announce it.
    pub fn of(headers: &HeaderMap) -> Self {
        let kind = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
        let events = kind.get(..17).is_some_and(|kind| kind.eq_ignore_ascii_case("text/event-stream"));
        Self { events, ..Self::whole() }
    }

    /// Takes more of it, as far as `left` bytes may still be kept, and returns what is whole.
    pub fn push(&mut self, data: &[u8], left: &mut usize) -> Vec<String> {
        if self.cut {
            return Vec::new();
        }
        let fits = data.len().min(*left);
        *left -= fits;
        self.cut = fits < data.len();
        self.rest.extend_from_slice(&data[..fits]);
        let mut whole = Vec::new();
        while self.events
            && let Some(end) = self.end()
        {
            let more = LEAST.saturating_sub(end);
            if more > *left {
                // What is here already is left for the end, as one piece.
                (*left, self.cut) = (0, true);
                break;
            }
            *left -= more;
            let rest = self.rest.split_off(end);
            let event = std::mem::replace(&mut self.rest, rest);
            self.looked = 0;
            whole.push(text(&event));
        }
        whole
    }

    /// What is left when nothing more comes.
    pub fn finish(&mut self) -> Option<String> {
        self.looked = 0;
        let rest = std::mem::take(&mut self.rest);
        (!rest.is_empty()).then(|| text(&rest))
    }

    /// Whether there was more than could be kept.
    pub fn is_cut(&self) -> bool {
        self.cut
    }

    /// Where the first event ends, behind its empty line.
    fn end(&mut self) -> Option<usize> {
        let bytes = &self.rest;
        let found = (self.looked..bytes.len())
            .find(|&i| bytes[i] == b'\n' && (bytes[..i].ends_with(b"\n") || bytes[..i].ends_with(b"\n\r")));
        self.looked = bytes.len();
        found.map(|i| i + 1)
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn events() -> Pieces {
        let kind = HeaderValue::from_static("text/event-stream; charset=utf-8");
        Pieces::of(&HeaderMap::from_iter([(header::CONTENT_TYPE, kind)]))
    }

    #[test]
    fn events_come_whole_however_the_bytes_came() {
        let stream = "event: a\ndata: 1\n\n: ping\r\n\r\ndata: {\"x\":\"é\"}\n\ndata: tail";
        for size in 1..=stream.len() {
            let (mut pieces, mut left) = (events(), 10_000);
            let mut seen = Vec::new();
            for chunk in stream.as_bytes().chunks(size) {
                seen.extend(pieces.push(chunk, &mut left));
            }
            seen.extend(pieces.finish());
            let expected =
                ["event: a\ndata: 1\n\n", ": ping\r\n\r\n", "data: {\"x\":\"é\"}\n\n", "data: tail"];
            assert_eq!(seen, expected, "in chunks of {size}");
            assert!(pieces.finish().is_none() && !pieces.is_cut());
        }
    }

    #[test]
    fn a_body_is_one_piece_and_no_more_is_kept_than_there_is_room() {
        let (mut pieces, mut left) = (Pieces::whole(), 6);
        assert!(pieces.push(b"{\n\n", &mut left).is_empty());
        assert!(pieces.push(b"1234", &mut left).is_empty());
        assert!(pieces.is_cut() && left == 0);
        assert!(pieces.push(b"more", &mut left).is_empty());
        assert_eq!(pieces.finish().as_deref(), Some("{\n\n123"));
    }

    #[test]
    fn short_events_take_room_too() {
        let (mut pieces, mut left) = (events(), 10 * LEAST);
        let told = pieces.push("a\n\n".repeat(100).as_bytes(), &mut left);
        assert!(left == 0 && told.len() < 10 && pieces.is_cut(), "{told:?}");
        assert!(pieces.push(b"b\n\n", &mut left).is_empty());
        assert!(pieces.finish().is_some_and(|rest| rest.len() == 300 - 3 * told.len()));
    }
}
