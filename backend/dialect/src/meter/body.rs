//! The meter for an answer that is one JSON body, or one JSON array of them.
//!
//! A body may be megabytes long and come in any pieces, and it is being forwarded meanwhile: so it is walked with a
//! few bytes of state. Strings are skipped, brackets counted, and only the values of a handful of keys are kept
//! (the dialect's table says which), each up to [`LONGEST`] bytes. It does not judge whether the rest is good JSON;
//! that is the client's business.

use memchr::memchr2;

use super::Gauge;
use super::reports::{Member, Reports, Slot, What};
use super::told::Told;
use crate::usage::{Reading, Unmetered, tokens_in};

/// The longest value kept, in bytes. A usage object has about 500.
const LONGEST: usize = 256 * 1024;

/// No wanted key is longer.
const LONGEST_KEY: usize = 32;

/// Reads a body as it goes by.
#[derive(Debug, Default)]
pub(super) struct BodyMeter<R> {
    depth: u32,
    in_string: bool,
    escaped: bool,
    reading_key: bool,
    key: Vec<u8>,
    value: Vec<u8>,
    /// The objects whose members are looked at, the outermost first.
    levels: Vec<Level>,
    /// The whole is an array of bodies.
    array: bool,
    /// How many of the members going by are content.
    counting: u32,
    /// Bytes of content so far, framing included.
    content_bytes: u64,
    lost_value: bool,
    told: Told,
    figures: R,
}

/// One object whose members are looked at.
#[derive(Debug)]
struct Level {
    /// Brackets open inside of it, its own included.
    depth: u32,
    members: &'static [Member],
    /// Between `{` or `,` and `:`.
    before_colon: bool,
    /// What is done with the member whose value is going by.
    current: Option<What>,
}

impl<R: Reports> Gauge for BodyMeter<R> {
    fn push(&mut self, chunk: &[u8]) {
        let mut at = 0;
        while at < chunk.len() && !self.told.complete && self.told.unmetered.is_none() {
            if self.in_string {
                at = self.string(chunk, at);
                continue;
            }
            // Inside of the outermost bracket, numbers, words and white space only matter where they are kept.
            let quiet = if self.levels.is_empty() { 0 } else { quiet(&chunk[at..]) };
            if quiet > 0 {
                self.keep(&chunk[at..at + quiet]);
                at += quiet;
            } else {
                self.structure(chunk[at]);
                at += 1;
            }
        }
    }

    fn finish(&mut self) {}

    fn told(&self) -> &Told {
        &self.told
    }

    /// White space may stand between the elements of an array, and nothing else that says nothing.
    fn between_events(&self) -> bool {
        self.array && self.levels.is_empty() && !self.told.complete && self.told.unmetered.is_none()
    }

    fn told_mut(&mut self) -> &mut Told {
        &mut self.told
    }

    fn reading(&self, told: Told) -> Reading {
        let mut reading = told.reading(&self.figures);
        // A body has one usage object: once it is there, it is final, whatever is cut behind it. The elements of an
        // array have one each, and the last counts.
        reading.output_final = (!self.array || reading.complete) && self.figures.output_reported();
        reading.estimated_output = tokens_in(self.content_bytes);
        if self.lost_value {
            reading.unmetered = reading.unmetered.or(Some(Unmetered::TooLarge));
        }
        reading
    }
}

/// How many bytes at the beginning say nothing of the structure.
fn quiet(bytes: &[u8]) -> usize {
    let speaks = |b: &u8| matches!(b, b'"' | b'{' | b'}' | b'[' | b']' | b',' | b':');
    bytes.iter().position(speaks).unwrap_or(bytes.len())
}

impl<R: Reports> BodyMeter<R> {
    /// Goes on inside a string; returns where it stopped.
    fn string(&mut self, chunk: &[u8], at: usize) -> usize {
        if self.escaped {
            self.escaped = false;
            self.keep(&chunk[at..=at]);
            return at + 1;
        }
        let Some(found) = memchr2(b'"', b'\\', &chunk[at..]) else {
            self.keep(&chunk[at..]);
            return chunk.len();
        };
        let end = at + found;
        self.keep(&chunk[at..end]);
        if chunk[end] == b'\\' {
            self.escaped = true;
            self.keep(b"\\");
        } else {
            self.in_string = false;
            if self.reading_key {
                self.reading_key = false;
                if let Some(level) = self.levels.last_mut() {
                    let member = level.members.iter().find(|member| member.key.as_bytes() == self.key);
                    level.current = member.map(|member| member.what);
                }
            } else {
                self.keep(b"\"");
            }
        }
        end + 1
    }

    fn structure(&mut self, byte: u8) {
        let Some(level) = self.levels.last_mut() else { return self.outside(byte) };
        let (own, current) = (level.depth == self.depth, level.current);
        match byte {
            b'"' if own && level.before_colon => {
                self.in_string = true;
                self.reading_key = true;
                self.key.clear();
                return;
            }
            b':' if own => {
                level.before_colon = false;
                self.value.clear();
                if let Some(What::Content | What::Counted(_)) = current {
                    self.counting += 1;
                }
                self.told.began |= matches!(current, Some(What::Content));
                return;
            }
            b',' if own => {
                level.before_colon = true;
                self.end_value();
                return;
            }
            b'}' | b']' if own => {
                self.end_value();
                self.levels.pop();
                self.depth -= 1;
                self.told.complete = self.depth == 0;
                self.keep(&[byte]);
                return;
            }
            b'"' => self.in_string = true,
            b'{' => {
                self.depth += 1;
                if let Some(What::Inside(members) | What::Counted(members)) = current {
                    self.told.began |= matches!(current, Some(What::Counted(_)));
                    self.open(members);
                }
            }
            b'[' => self.depth += 1,
            b'}' | b']' => self.depth -= 1,
            _ => {}
        }
        self.keep(&[byte]);
    }

    /// Before the first bracket, and between the elements of an array.
    fn outside(&mut self, byte: u8) {
        match (byte, self.depth) {
            (b'{', _) => {
                self.depth += 1;
                self.open(R::BODY);
            }
            (b'[', 0) => {
                self.depth = 1;
                self.array = true;
            }
            (b']', 1) => {
                self.depth = 0;
                self.told.complete = true;
            }
            (b' ' | b'\t' | b'\r' | b'\n', _) | (b',', 1) | (0xef | 0xbb | 0xbf, 0) => {}
            _ => self.told.unmetered = Some(Unmetered::NotTheDialect),
        }
    }

    fn open(&mut self, members: &'static [Member]) {
        self.levels.push(Level { depth: self.depth, members, before_colon: true, current: None });
    }

    #[inline]
    fn keep(&mut self, bytes: &[u8]) {
        if self.counting > 0 {
            self.content_bytes += bytes.len() as u64;
        }
        if self.reading_key {
            if self.key.len() <= LONGEST_KEY {
                self.key.extend_from_slice(&bytes[..bytes.len().min(LONGEST_KEY + 1)]);
            }
        } else if let Some(level) = self.levels.last_mut()
            && let Some(What::Keep(_)) = level.current
        {
            if self.value.len() + bytes.len() > LONGEST {
                level.current = None;
                self.value = Vec::new();
                self.lost_value = true;
            } else {
                self.value.extend_from_slice(bytes);
            }
        }
    }

    fn end_value(&mut self) {
        let current = self.levels.last_mut().and_then(|level| level.current.take());
        match current {
            Some(What::Keep(slot)) => self.fill(slot),
            Some(What::Content | What::Counted(_)) => self.counting = self.counting.saturating_sub(1),
            Some(What::Inside(_)) | None => {}
        }
    }

    fn fill(&mut self, slot: Slot) {
        let Ok(json) = std::str::from_utf8(&self.value) else { return };
        let string = || serde_json::from_str::<String>(json).ok();
        let (told, figures) = (&mut self.told, &mut self.figures);
        match slot {
            Slot::Usage => figures.usage(json.trim()),
            Slot::Searches => figures.searches(json.trim()),
            Slot::Error => told.error = R::error(json.trim()).or(told.error.take()),
            Slot::Id => told.id = string().or(told.id.take()),
            Slot::Model => {
                told.model = string().or(told.model.take());
                told.model.iter().for_each(|name| figures.model(name));
            }
            Slot::Stop => told.stop_reason = string().or(told.stop_reason.take()),
            Slot::Tier => string().into_iter().for_each(|name| figures.tier(name)),
            Slot::Item => string().into_iter().for_each(|kind| figures.item(&kind)),
        }
    }
}
