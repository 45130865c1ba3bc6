//! What the string members of a body tell, wherever they stand, and what its tools do.
//!
//! The scan shows the members in passing. It is a search and not a reading of contents: a function's answer that
//! happens to hold a `mimeType` counts as a file too. That only makes a hold larger; the other way round would make one
//! too small.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use crate::estimate;
use crate::scan::{text_is, unescape_short};

/// The longest key that is unescaped to be looked at.
const LONGEST_WORD: usize = 64;

/// What has been told so far.
#[derive(Default)]
pub(super) struct Seen {
    pub(super) references: bool,
    pub(super) owned: bool,
    pub(super) searches_web: bool,
    pub(super) fees: bool,
    images: u64,
    documents: u64,
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
            b"mimeType" | b"mime_type" => self.media(value),
            b"data" if value.len() > 256 => self.media_bytes += value.len() as u64,
            b"fileUri" | b"file_uri" => {
                self.references = true;
                // Anybody can fetch a film from there; other files are the account's.
                self.owned |= ![&b"https://www.youtube.com/"[..], b"https://youtu.be/"]
                    .iter()
                    .any(|public| value.starts_with(public));
            }
            _ => {}
        }
    }

    /// Pictures have a price; sound, films and documents have one by length, which their bytes do not tell.
    fn media(&mut self, kind: &[u8]) {
        if kind.starts_with(b"image/") {
            self.images += 1;
        } else {
            self.references = true;
            self.documents += u64::from(text_is(kind, "application/pdf"));
        }
    }

    /// A cache is input, and belongs to the account that made it.
    pub(super) const fn cached(&mut self, named: bool) {
        self.references |= named;
        self.owned |= named;
    }

    /// Judges the list of tools, given as JSON: of a kind that is not known here everything must be assumed.
    pub(super) fn tools(&mut self, list: &str) {
        let Ok(tools) = serde_json::from_str::<Vec<BTreeMap<String, &RawValue>>>(list) else {
            return self.tool("");
        };
        tools.iter().flat_map(|tool| tool.keys()).for_each(|name| self.tool(name));
    }

    fn tool(&mut self, name: &str) {
        match name {
            "functionDeclarations" | "function_declarations" => return,
            "computerUse" | "computer_use" => {
                self.client_tools += 1;
                return;
            }
            "codeExecution" | "code_execution" | "urlContext" | "url_context" => {}
            "fileSearch" | "file_search" | "retrieval" => self.owned = true,
            "googleSearch"
            | "google_search"
            | "googleSearchRetrieval"
            | "google_search_retrieval"
            | "enterpriseWebSearch"
            | "enterprise_web_search" => self.searches_web = true,
            "googleMaps" | "google_maps" => self.fees = true,
            _ => {
                self.searches_web = true;
                self.fees = true;
            }
        }
        self.references = true;
    }

    pub(super) const fn content(&self, body_len: usize, tools: bool) -> estimate::Content {
        estimate::Content {
            body_bytes: body_len as u64,
            media_bytes: if self.images + self.documents > 0 { self.media_bytes } else { 0 },
            images: self.images,
            pdfs: self.documents,
            tools,
            client_tools: self.client_tools,
        }
    }
}
