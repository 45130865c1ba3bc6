//! One value found by the scan, read only as far as somebody asks.

use std::borrow::Cow;
use std::ops::Range;

/// A value by its place in the body.
#[derive(Clone, Debug)]
pub struct Value<'a> {
    raw: &'a str,
    range: Range<usize>,
}

impl<'a> Value<'a> {
    pub(super) fn new(text: &'a str, range: Range<usize>) -> Self {
        Self { raw: &text[range.clone()], range }
    }

    /// The value's JSON text, quotes and all.
    pub const fn raw(&self) -> &'a str {
        self.raw
    }

    /// Where that text stands in the body: what a splice replaces.
    pub fn range(&self) -> Range<usize> {
        self.range.clone()
    }

    /// A string, unescaped; `None` for any other kind and for a string with a lone surrogate.
    pub fn str(&self) -> Option<Cow<'a, str>> {
        let inner = self.raw.strip_prefix('"')?.strip_suffix('"')?;
        if inner.contains('\\') {
            serde_json::from_str(self.raw).ok().map(Cow::Owned)
        } else {
            Some(Cow::Borrowed(inner))
        }
    }

    /// A whole number written as digits; `None` for signs, fractions, exponents and what is beyond 64 bits.
    pub fn u64(&self) -> Option<u64> {
        if self.raw.bytes().all(|byte| byte.is_ascii_digit()) { self.raw.parse().ok() } else { None }
    }

    /// `true` or `false`.
    pub fn bool(&self) -> Option<bool> {
        match self.raw {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        }
    }

    /// `null`, which most providers read as "not given".
    pub fn is_null(&self) -> bool {
        self.raw == "null"
    }

    /// `[]`, `{}`, `""`, `null` or `false`: given, but asking for nothing.
    pub fn is_blank(&self) -> bool {
        match self.raw.as_bytes() {
            [b'[', inner @ .., b']'] | [b'{', inner @ .., b'}'] => inner.iter().all(u8::is_ascii_whitespace),
            other => matches!(other, b"null" | b"false" | b"\"\""),
        }
    }
}

/// Whether the raw text between the quotes of a JSON string says `word`, escapes resolved. Text without a
/// backslash, which is nearly all, is compared as it is.
#[inline]
pub fn text_is(raw: &[u8], word: &str) -> bool {
    if raw.len() < word.len() {
        return false;
    }
    raw == word.as_bytes() || escaped_is(raw, word)
}

fn escaped_is(raw: &[u8], word: &str) -> bool {
    unescape_short(raw, word.len()).is_some_and(|text| text == word)
}

/// The unescaped text of a string that has escapes and could be at most `longest` bytes long; `None` otherwise.
pub(crate) fn unescape_short(raw: &[u8], longest: usize) -> Option<String> {
    // An escape takes at most six bytes for one.
    if raw.len() > longest * 6 || !raw.contains(&b'\\') {
        return None;
    }
    let quoted = format!("\"{}\"", std::str::from_utf8(raw).ok()?);
    serde_json::from_str(&quoted).ok()
}
