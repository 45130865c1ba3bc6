//! The elements of a JSON array that comes in pieces: Gemini's stream without `alt=sse`.
//!
//! An element that lies whole inside one chunk is handed out as a slice of that chunk; only what is cut by a chunk's end
//! is copied. Whether an element is good JSON is for whoever reads it.

use memchr::memchr2;

use crate::sse::{MAX_EVENT, TooLarge};

/// Where the decoder is between two chunks.
#[derive(Debug, Default)]
pub struct Decoder {
    /// The beginning of an element whose end has not come.
    element: Vec<u8>,
    depth: u32,
    in_string: bool,
    escaped: bool,
    state: State,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// Before the opening bracket.
    #[default]
    Before,
    Inside,
    /// Behind the closing bracket.
    Closed,
    GivenUp,
}

impl Decoder {
    /// Takes the next bytes and hands every element that they complete to `on_element`.
    pub fn push(&mut self, chunk: &[u8], mut on_element: impl FnMut(&[u8])) -> Result<(), TooLarge> {
        let mut start = if self.depth > 0 { Some(0) } else { None };
        let mut at = 0;
        while at < chunk.len() {
            if self.in_string {
                at = self.string(chunk, at);
                continue;
            }
            match (self.state, chunk[at]) {
                (State::GivenUp, _) => return Err(TooLarge),
                (State::Before, b'[') => self.state = State::Inside,
                // An error comes as an object without an array around it, too.
                (State::Before, b'{') | (State::Inside, b'{' | b'[') => {
                    self.state = State::Inside;
                    if self.depth == 0 {
                        start = Some(at);
                    }
                    self.depth += 1;
                }
                (State::Inside, b'"') if self.depth > 0 => self.in_string = true,
                (State::Inside, b'}' | b']') if self.depth > 0 => {
                    self.depth -= 1;
                    if self.depth == 0 {
                        let from = start.take().unwrap_or(0);
                        self.complete(&chunk[from..=at], &mut on_element);
                    }
                }
                (State::Inside, b']') => self.state = State::Closed,
                _ => {}
            }
            at += 1;
        }
        if let Some(from) = start {
            if self.element.len() + chunk.len() - from > MAX_EVENT {
                *self = Self { state: State::GivenUp, ..Self::default() };
                return Err(TooLarge);
            }
            self.element.extend_from_slice(&chunk[from..]);
        }
        Ok(())
    }

    /// The closing bracket has been seen.
    pub fn closed(&self) -> bool {
        self.state == State::Closed
    }

    fn complete(&mut self, rest: &[u8], on_element: &mut impl FnMut(&[u8])) {
        if self.element.is_empty() {
            return on_element(rest);
        }
        let mut whole = std::mem::take(&mut self.element);
        whole.extend_from_slice(rest);
        on_element(&whole);
    }

    /// Goes on inside a string; returns where it stopped.
    fn string(&mut self, chunk: &[u8], at: usize) -> usize {
        if std::mem::take(&mut self.escaped) {
            return at + 1;
        }
        let Some(found) = memchr2(b'"', b'\\', &chunk[at..]) else { return chunk.len() };
        let end = at + found;
        if chunk[end] == b'\\' {
            self.escaped = true;
        } else {
            self.in_string = false;
        }
        end + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARRAY: &str = "[{\"a\":\"] \\\" }\"},\n{\"b\":[1,{\"c\":\"\\\\\"}]} , {}\n]\n";

    fn split<'a>(chunks: impl Iterator<Item = &'a [u8]>) -> (Vec<String>, bool) {
        let mut decoder = Decoder::default();
        let mut elements = Vec::new();
        for chunk in chunks {
            let mut take = |element: &[u8]| elements.push(String::from_utf8_lossy(element).into_owned());
            assert!(decoder.push(chunk, &mut take).is_ok());
        }
        (elements, decoder.closed())
    }

    #[test]
    fn elements_come_out_whole_however_they_are_cut() {
        let whole = split([ARRAY.as_bytes()].into_iter());
        let wanted = ["{\"a\":\"] \\\" }\"}", "{\"b\":[1,{\"c\":\"\\\\\"}]}", "{}"];
        assert_eq!(whole, (wanted.map(str::to_owned).to_vec(), true));
        for size in 1..ARRAY.len() {
            assert_eq!(split(ARRAY.as_bytes().chunks(size)), whole, "{size}");
        }
    }

    #[test]
    fn an_array_that_is_cut_is_not_closed() {
        assert!(!split([&ARRAY.as_bytes()[..25]].into_iter()).1);
        assert_eq!(split(["{\"error\":{}}".as_bytes()].into_iter()).0, ["{\"error\":{}}"]);
        assert_eq!(split(["<html>".as_bytes()].into_iter()).0.len(), 0);
    }

    #[test]
    fn an_element_without_end_is_given_up() {
        let mut decoder = Decoder::default();
        let chunk = vec![b'x'; 1024 * 1024];
        assert!(decoder.push(b"[{\"a\":\"", |_| {}).is_ok());
        let outcome: Vec<_> = (0..20).map(|_| decoder.push(&chunk, |_| {}).is_ok()).collect();
        assert!(outcome[0] && !outcome[19]);
        assert!(decoder.element.is_empty());
    }
}
