//! The filter for a JSON body, or an array of them: one member's text is replaced as it goes by.

use bytes::{Bytes, BytesMut};
use memchr::memchr2;

use super::{escaped, member};
use crate::Dialect;

/// No wanted key is longer.
const LONGEST_KEY: usize = 32;

#[derive(Debug)]
pub(super) struct Json {
    member: &'static str,
    model: Box<[u8]>,
    depth: u32,
    /// The depth of the objects that are looked at: one, or two in an array.
    level: u32,
    in_string: bool,
    escaped: bool,
    before_colon: bool,
    reading_key: bool,
    key: Vec<u8>,
    /// The old text is going by.
    replacing: bool,
}

impl Json {
    pub(super) fn new(dialect: Dialect, model: &str) -> Self {
        Self {
            member: member(dialect),
            model: escaped(model),
            depth: 0,
            level: 0,
            in_string: false,
            escaped: false,
            before_colon: false,
            reading_key: false,
            key: Vec::new(),
            replacing: false,
        }
    }

    pub(super) fn push(&mut self, chunk: Bytes) -> Bytes {
        let mut edited: Option<BytesMut> = None;
        // What has been looked at and not yet been handed on begins here.
        let (mut kept, mut at) = (0, 0);
        while at < chunk.len() {
            if self.in_string {
                let end = self.string(&chunk, at);
                let ended = !self.in_string;
                if self.replacing {
                    // The closing quote stays.
                    kept = if ended { end - 1 } else { end };
                    self.replacing = !ended;
                    edited.get_or_insert_default();
                }
                at = end;
            } else {
                self.structure(chunk[at]);
                at += 1;
                if self.replacing {
                    let edited = edited.get_or_insert_default();
                    edited.extend_from_slice(&chunk[kept..at]);
                    edited.extend_from_slice(&self.model);
                    kept = at;
                }
            }
        }
        match edited {
            None => chunk,
            Some(mut edited) => {
                edited.extend_from_slice(&chunk[kept..]);
                edited.freeze()
            }
        }
    }

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
            self.reading_key = false;
        }
        end + 1
    }

    fn keep(&mut self, bytes: &[u8]) {
        if self.reading_key && self.key.len() <= LONGEST_KEY {
            self.key.extend_from_slice(&bytes[..bytes.len().min(LONGEST_KEY + 1)]);
        }
    }

    fn structure(&mut self, byte: u8) {
        let own = self.depth == self.level && self.depth > 0;
        match byte {
            b'"' => {
                self.in_string = true;
                if own && self.before_colon {
                    self.reading_key = true;
                    self.key.clear();
                } else {
                    self.replacing = own && self.key == self.member.as_bytes();
                }
            }
            b':' if own => self.before_colon = false,
            b',' if own => {
                self.before_colon = true;
                self.key.clear();
            }
            b'{' | b'[' => {
                if self.depth == 0 {
                    self.level = if byte == b'[' { 2 } else { 1 };
                }
                self.depth += 1;
                if self.depth == self.level {
                    self.before_colon = byte == b'{';
                    self.key.clear();
                }
            }
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
    }
}
