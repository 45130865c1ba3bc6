//! The filter for a stream of events: one that is to be hidden is left out, in the others the name of the model is
//! replaced. An event that has not come whole waits, up to [`MAX_EVENT`]; beyond that nothing is changed any more.

use std::ops::Range;

use bytes::{Bytes, BytesMut};
use memchr::{memchr2, memmem::find};

use super::{escaped, member};
use crate::Dialect;
use crate::scan::{self, Value};
use crate::sse::MAX_EVENT;

#[derive(Debug)]
pub(super) struct Events {
    dialect: Dialect,
    model: Option<Box<[u8]>>,
    hide_usage: bool,
    /// The beginning of an event.
    held: BytesMut,
    place: Place,
    given_up: bool,
}

/// How far what waits has been searched for its event's end.
#[derive(Debug, Default)]
struct Place {
    /// Where the last line begins.
    line: usize,
    /// Where to go on.
    searched: usize,
}

/// What becomes of one event.
enum Verdict {
    Keep,
    Drop,
    /// The name of the model stands here.
    Rename(Range<usize>),
}

impl Events {
    pub(super) fn new(dialect: Dialect, model: Option<&str>, hide_usage: bool) -> Self {
        Self {
            dialect,
            model: model.map(escaped),
            hide_usage,
            held: BytesMut::new(),
            place: Place::default(),
            given_up: false,
        }
    }

    pub(super) fn push(&mut self, chunk: Bytes) -> Bytes {
        if self.given_up {
            return chunk;
        }
        let mut first = None;
        let input = if self.held.is_empty() {
            chunk
        } else {
            self.held.extend_from_slice(&chunk);
            first = self.place.event_end(&self.held, 0);
            // A large event comes in many pieces, and is neither searched nor copied anew for each.
            if first.is_none() && self.held.len() <= MAX_EVENT {
                return Bytes::new();
            }
            self.held.split().freeze()
        };
        let mut edited: Option<BytesMut> = None;
        let (mut kept, mut start) = (0, 0);
        while let Some(end) = first.take().or_else(|| self.place.event_end(&input, start)) {
            match self.judge(&input[start..end]) {
                Verdict::Keep => {}
                Verdict::Drop => {
                    edited.get_or_insert_default().extend_from_slice(&input[kept..start]);
                    kept = end;
                }
                Verdict::Rename(name) => {
                    let edited = edited.get_or_insert_default();
                    edited.extend_from_slice(&input[kept..start + name.start]);
                    edited.extend_from_slice(self.model.as_deref().unwrap_or_default());
                    kept = start + name.end;
                }
            }
            start = end;
        }
        let rest = &input[start..];
        let end = if rest.len() > MAX_EVENT {
            self.given_up = true;
            input.len()
        } else {
            self.held.extend_from_slice(rest);
            start
        };
        match edited {
            None => input.slice(..end),
            Some(mut edited) => {
                edited.extend_from_slice(&input[kept..end]);
                edited.freeze()
            }
        }
    }

    /// An event whose closing blank line never came.
    pub(super) fn finish(self) -> Bytes {
        match self.judge(&self.held) {
            Verdict::Drop => Bytes::new(),
            Verdict::Keep | Verdict::Rename(_) => self.held.freeze(),
        }
    }

    fn judge(&self, event: &[u8]) -> Verdict {
        let Some(data) = data(event) else { return Verdict::Keep };
        let text = &event[data.clone()];
        if self.hide_usage && find(text, b"\"usage\"").is_some() && is_usage(text) {
            return Verdict::Drop;
        }
        let renamed = self.model.is_some().then(|| self.name_in(text)).flatten();
        renamed.map_or(Verdict::Keep, |name| Verdict::Rename(data.start + name.start..data.start + name.end))
    }

    /// Where the name of the model stands in an event's data, quotes not included.
    fn name_in(&self, data: &[u8]) -> Option<Range<usize>> {
        // The object that has it; most events have none.
        let outer = match self.dialect {
            Dialect::Anthropic => Some("message"),
            Dialect::OpenaiResponses => Some("response"),
            Dialect::OpenaiChat | Dialect::Gemini => None,
        };
        let member = member(self.dialect);
        find(data, member.as_bytes())?;
        let inner = |value: &Value<'_>| {
            let range = value.range();
            value.raw().starts_with('"').then(|| range.start + 1..range.end - 1)
        };
        let Some(outer) = outer else {
            return inner(&scan::lenient(data, &[member]).ok()?.get(member)?);
        };
        let fields = scan::lenient(data, &[outer]).ok()?;
        let object = fields.get(outer)?;
        let from = object.range().start;
        let name = inner(&scan::lenient(object.raw().as_bytes(), &[member]).ok()?.get(member)?)?;
        Some(name.start + from..name.end + from)
    }
}

impl Place {
    /// Where the event ends that begins at `start`, its blank line included. A CR at the very end may have its LF still to
    /// come.
    fn event_end(&mut self, input: &[u8], start: usize) -> Option<usize> {
        let Self { line, searched } = std::mem::take(self);
        let (mut line, mut from) = (start + line, start + searched);
        while let Some(found) = memchr2(b'\n', b'\r', &input[from..]) {
            let end = from + found;
            let next = match &input[end..] {
                [b'\r', b'\n', ..] => end + 2,
                [b'\r'] => {
                    *self = Self { line: line - start, searched: end - start };
                    return None;
                }
                _ => end + 1,
            };
            if end == line {
                return Some(next);
            }
            (line, from) = (next, next);
        }
        *self = Self { line: line - start, searched: input.len() - start };
        None
    }
}

/// The chunk at the end of a Chat stream that has no choices and all the usage.
fn is_usage(data: &[u8]) -> bool {
    let Ok(fields) = scan::lenient(data, &["choices", "usage"]) else { return false };
    let none = |name| fields.get(name).is_none_or(|value| value.is_blank());
    none("choices") && !none("usage")
}

/// Where the data of an event stands, if it has any and all in one line.
fn data(event: &[u8]) -> Option<Range<usize>> {
    let mut found = None;
    let mut start = 0;
    while start < event.len() {
        let end = memchr2(b'\n', b'\r', &event[start..]).map_or(event.len(), |end| start + end);
        let line = &event[start..end];
        if line.starts_with(b"data:") {
            if found.is_some() {
                return None;
            }
            let skip = if line.get(5) == Some(&b' ') { 6 } else { 5 };
            found = Some(start + skip..end);
        }
        start = end + 1;
    }
    found
}
