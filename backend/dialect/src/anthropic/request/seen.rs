//! What the string members of a body tell, wherever they stand: content by reference, cache writes, pictures.
//!
//! The scan shows them in passing. It is a search and not a reading of messages: a tool's input that happens to hold
//! `"type":"url"` counts as a reference too. That only makes a hold larger; the other way round would make one too
//! small.

use crate::estimate;
use crate::request::CacheWrite;
use crate::scan::{self, unescape_short};

/// The longest key or kind that is unescaped to be looked at.
const LONGEST_WORD: usize = 64;

/// What has been told so far.
#[derive(Default)]
pub(super) struct Seen {
    pub(super) references: bool,
    pub(super) owned: bool,
    pub(super) cache_write: CacheWrite,
    pub(super) searches_web: bool,
    images: u64,
    pdfs: u64,
    media_bytes: u64,
    client_tools: u64,
}

impl Seen {
    #[inline]
    pub(super) fn member(&mut self, key: &[u8], value: &[u8]) {
        if key.contains(&b'\\') {
            if let Some(key) = unescape_short(key, LONGEST_WORD) {
                self.plain_key(key.as_bytes(), value);
            }
        } else {
            self.plain_key(key, value);
        }
    }

    #[inline]
    fn plain_key(&mut self, key: &[u8], value: &[u8]) {
        match key {
            b"type" if value.contains(&b'\\') => {
                if let Some(value) = unescape_short(value, LONGEST_WORD) {
                    self.kind(value.as_bytes());
                }
            }
            b"type" => self.kind(value),
            b"file_id" => {
                self.references = true;
                self.owned = true;
            }
            b"skill_id" if value.starts_with(b"skill_") => self.owned = true,
            b"ttl" if scan::text_is(value, "1h") => self.cache_write = CacheWrite::OneHour,
            // A PDF is text and pictures of its pages, compressed: a short one can be a hundred pages.
            b"media_type" if scan::text_is(value, "application/pdf") => {
                self.references = true;
                self.pdfs += 1;
            }
            b"data" if value.len() > 256 => self.media_bytes += value.len() as u64,
            _ => {}
        }
    }

    #[inline]
    fn kind(&mut self, kind: &[u8]) {
        match kind {
            b"ephemeral" => self.cache_write = self.cache_write.max(CacheWrite::FiveMinutes),
            b"image" => self.images += 1,
            b"file" | b"url" | b"container_upload" | b"mcp_toolset" => self.references = true,
            _ if is_dated(kind) => self.dated(kind),
            _ => {}
        }
    }

    /// Names with a date are the provider's own features. Those that the client runs add a fixed text to the
    /// prompt, those that clear context add nothing; of any other we must assume that it brings content.
    fn dated(&mut self, kind: &[u8]) {
        const CLIENT_TOOLS: [&[u8]; 4] = [b"bash_", b"text_editor_", b"computer_", b"memory_"];
        if CLIENT_TOOLS.iter().any(|prefix| kind.starts_with(prefix)) {
            self.client_tools += 1;
        } else if !kind.starts_with(b"clear_") {
            self.references = true;
            self.searches_web |= kind.starts_with(b"web_search_");
        }
    }

    pub(super) fn content(&self, body_len: usize, tools: bool) -> estimate::Content {
        estimate::Content {
            body_bytes: body_len as u64,
            media_bytes: if self.images + self.pdfs > 0 { self.media_bytes } else { 0 },
            images: self.images,
            pdfs: self.pdfs,
            tools,
            client_tools: self.client_tools,
        }
    }
}

/// `web_search_20250305`: an underscore and eight digits at the end.
#[inline]
fn is_dated(kind: &[u8]) -> bool {
    kind.split_last_chunk::<9>().is_some_and(|(_, [underscore, date @ ..])| {
        *underscore == b'_' && date.iter().all(u8::is_ascii_digit)
    })
}
