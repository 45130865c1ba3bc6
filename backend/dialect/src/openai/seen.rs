//! What the string members of a body tell, wherever they stand: content by reference, pictures, tools of the
//! provider's own.
//!
//! The scan shows them in passing. It is a search and not a reading of messages: a schema's default that happens to
//! hold `"type":"code_interpreter"` counts as the tool too. That only makes a hold larger; the other way round would
//! make one too small.

use super::tools::{self, Tool};
use crate::estimate;
use crate::scan::unescape_short;

/// The longest key or kind that is unescaped to be looked at.
const LONGEST_WORD: usize = 64;

/// What has been told so far.
#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) references: bool,
    pub(crate) owned: bool,
    pub(crate) searches_web: bool,
    pub(crate) fees: bool,
    images: u64,
    media_bytes: u64,
}

impl Seen {
    #[inline]
    pub(crate) fn member(&mut self, key: &[u8], value: &[u8]) {
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
            b"url" | b"image_url" | b"file_url" => self.link(value),
            // A file is text and pictures of its pages, compressed: a short one can be a hundred pages.
            b"file_data" => self.references = true,
            b"file_id" if !value.is_empty() => {
                self.references = true;
                self.owned = true;
            }
            b"data" if value.len() > 256 => self.media_bytes += value.len() as u64,
            _ => {}
        }
    }

    /// A picture inside the body, or something elsewhere. A link that hides its scheme behind escapes is one.
    fn link(&mut self, value: &[u8]) {
        if value.starts_with(b"data:image/") {
            self.images += 1;
            self.media_bytes += value.len() as u64;
        } else {
            self.references = true;
        }
    }

    fn kind(&mut self, kind: &[u8]) {
        match kind {
            b"item_reference" => {
                self.references = true;
                self.owned = true;
            }
            // Sealed by the account that wrote it, and no other can go on without it.
            b"compaction" | b"compaction_summary" => self.owned = true,
            b"container_auto" | b"container_reference" => self.tool(Tool::Fee),
            _ => {
                if let Some(tool) = tools::hosted(kind) {
                    self.tool(tool);
                }
            }
        }
    }

    /// A tool of the provider's own.
    pub(crate) fn tool(&mut self, tool: Tool) {
        self.references = true;
        match tool {
            Tool::Search => self.searches_web = true,
            Tool::Fee => self.fees = true,
            Tool::Free => {}
            Tool::Unknown => {
                self.searches_web = true;
                self.fees = true;
            }
        }
    }

    pub(crate) const fn content(&self, body_len: usize, tools: bool) -> estimate::Content {
        estimate::Content {
            body_bytes: body_len as u64,
            media_bytes: self.media_bytes,
            images: self.images,
            pdfs: 0,
            tools,
            client_tools: 0,
        }
    }
}
