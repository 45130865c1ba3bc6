//! JSON written straight into the bytes that go out.
//!
//! Commas look after themselves: one is due before a key or an element unless the last byte written opened
//! something. Text that is already a JSON string literal is copied as it is ([`Json::text`]); only what is ours, or was
//! unescaped to be looked at, is escaped again. It does not check that brackets match.

use std::borrow::Cow;
use std::fmt::{Display, Write};

use bytes::{BufMut, BytesMut};

use crate::neutral::Text;

/// A place in a document that is being written.
pub(crate) struct Json<'o> {
    pub(crate) out: &'o mut BytesMut,
}

impl<'o> Json<'o> {
    pub(crate) const fn new(out: &'o mut BytesMut) -> Self {
        Self { out }
    }

    fn comma(&mut self) {
        if !matches!(self.out.last(), None | Some(b'{' | b'[' | b':' | b' ' | b'\n')) {
            self.out.put_u8(b',');
        }
    }

    pub(crate) fn open(&mut self) -> &mut Self {
        self.comma();
        self.out.put_u8(b'{');
        self
    }

    pub(crate) fn close(&mut self) -> &mut Self {
        self.out.put_u8(b'}');
        self
    }

    pub(crate) fn list(&mut self) -> &mut Self {
        self.comma();
        self.out.put_u8(b'[');
        self
    }

    pub(crate) fn end(&mut self) -> &mut Self {
        self.out.put_u8(b']');
        self
    }

    /// A key that needs no escapes.
    pub(crate) fn key(&mut self, name: &str) -> &mut Self {
        self.comma();
        self.out.put_u8(b'"');
        self.out.put_slice(name.as_bytes());
        self.out.put_slice(b"\":");
        self
    }

    /// The JSON text of a value.
    pub(crate) fn raw(&mut self, json: &str) -> &mut Self {
        self.comma();
        self.out.put_slice(json.as_bytes());
        self
    }

    /// A string from plain text.
    pub(crate) fn string(&mut self, text: &str) -> &mut Self {
        self.pieces(&[&escaped(text)])
    }

    /// A string from escaped text.
    pub(crate) fn text(&mut self, text: &Text<'_>) -> &mut Self {
        self.pieces(&[text.raw()])
    }

    /// A string put together from pieces of escaped text.
    pub(crate) fn pieces(&mut self, pieces: &[&str]) -> &mut Self {
        self.comma();
        self.out.put_u8(b'"');
        for piece in pieces {
            self.out.put_slice(piece.as_bytes());
        }
        self.out.put_u8(b'"');
        self
    }

    /// A number or a truth value.
    pub(crate) fn value(&mut self, value: impl Display) -> &mut Self {
        self.comma();
        // Writing into memory cannot fail.
        let _ = write!(self.out, "{value}");
        self
    }

    /// A member whose value is plain text.
    pub(crate) fn member(&mut self, name: &str, text: &str) -> &mut Self {
        self.key(name).string(text)
    }
}

/// Plain text as it stands between the quotes of a JSON string.
pub(crate) fn escaped(text: &str) -> Cow<'_, str> {
    const fn special(byte: u8) -> bool {
        byte < 0x20 || byte == b'"' || byte == b'\\'
    }
    let Some(first) = text.bytes().position(special) else { return Cow::Borrowed(text) };
    let mut out = String::with_capacity(text.len() + text.len() / 8 + 8);
    out.push_str(&text[..first]);
    let mut done = first;
    for (at, byte) in text.bytes().enumerate().skip(first) {
        if !special(byte) {
            continue;
        }
        out.push_str(&text[done..at]);
        done = at + 1;
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            _ => {
                let _ = write!(out, "\\u{byte:04x}");
            }
        }
    }
    out.push_str(&text[done..]);
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_stand_between_and_nowhere_else() {
        let mut out = BytesMut::from("data: ");
        let mut json = Json::new(&mut out);
        json.open().member("a", "x:").key("b").list().value(1).raw("{}").open().close().end();
        json.key("c").open().member("d", "[").close().close();
        assert_eq!(&out[..], br#"data: {"a":"x:","b":[1,{},{}],"c":{"d":"["}}"#);
    }

    #[test]
    fn every_character_survives_its_escape() {
        let text: String = (0..0x300u32).filter_map(char::from_u32).chain("“天気”😀".chars()).collect();
        let literal = format!("\"{}\"", escaped(&text));
        assert_eq!(serde_json::from_str::<String>(&literal).unwrap(), text);
        assert!(matches!(escaped("plain é"), Cow::Borrowed(_)));
    }
}
