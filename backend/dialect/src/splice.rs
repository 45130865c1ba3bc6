//! Byte edits of a body: a list of "this range becomes these bytes", made from a scan and applied once.
//!
//! Everything outside the ranges is carried over untouched, so unknown fields, number formats and white space
//! survive. Without edits the body is handed back as it is, and nothing is copied.

use std::{borrow::Cow, ops::Range};

use bytes::{Bytes, BytesMut};

use crate::scan::{self, Object, ScanError};

/// Two edits wanted the same bytes, or one lay outside the body: a mistake of the caller, never of the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("byte edits overlap or lie outside the body (byte {at})")]
pub struct SpliceError {
    /// Where the offending edit begins.
    pub at: usize,
}

/// Edits that belong to one body.
#[derive(Clone, Debug, Default)]
pub struct Edits {
    list: Vec<(Range<usize>, Bytes)>,
    inserted: bool,
}

impl Edits {
    /// No edits yet; does not allocate.
    pub const fn new() -> Self {
        Self { list: Vec::new(), inserted: false }
    }

    /// Puts `json`, the text of a JSON value, where the value at `range` stands.
    pub fn replace(&mut self, range: Range<usize>, json: impl Into<Bytes>) {
        self.list.push((range, json.into()));
    }

    /// Puts a string, escaped as JSON wants it, where the value at `range` stands.
    pub fn replace_with_string(&mut self, range: Range<usize>, text: &str) {
        self.replace(range, quoted(text));
    }

    /// Puts a text, escaped as JSON wants it, where a part of a string stands; its quotes are not in `range`.
    pub fn replace_inside_string(&mut self, range: Range<usize>, text: &str) {
        let quoted = quoted(text);
        self.replace(range, quoted[1..quoted.len() - 1].to_owned());
    }

    /// Adds a member at the end of `object`. `json` is the text of its value. The caller has made sure that the
    /// object has no such key.
    pub fn insert_field(&mut self, object: Object, key: &str, json: &str) {
        let comma = if object.empty && !self.inserted { "" } else { "," };
        self.inserted = true;
        let member = format!("{comma}{}:{json}", quoted(key));
        self.list.push((object.close..object.close, member.into()));
    }

    /// Whether there is nothing to do.
    pub const fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The edited body; insertions at one place keep the order in which they were made.
    pub fn apply(mut self, body: Bytes) -> Result<Bytes, SpliceError> {
        if self.list.is_empty() {
            return Ok(body);
        }
        self.list.sort_by_key(|(range, _)| (range.start, range.end));
        let added: usize = self.list.iter().map(|(_, bytes)| bytes.len()).sum();
        let mut edited = BytesMut::with_capacity(body.len() + added);
        let mut done = 0;
        for (range, bytes) in &self.list {
            let kept =
                body.get(done..range.start).filter(|_| range.start <= range.end && range.end <= body.len());
            edited.extend_from_slice(kept.ok_or(SpliceError { at: range.start })?);
            edited.extend_from_slice(bytes);
            done = range.end;
        }
        edited.extend_from_slice(&body[done..]);
        Ok(edited.freeze())
    }
}

/// A body in which the members named in `set` have these values (JSON text), and those named in `remove` are not there.
/// Every other member keeps its bytes. Handed back as it is where nothing is to be done.
pub fn with_members<'n>(
    body: Bytes,
    set: impl IntoIterator<Item = (&'n str, String)>,
    remove: &[String],
) -> Result<Bytes, ScanError> {
    let set: Vec<(&str, String)> = set.into_iter().collect();
    if set.is_empty() && remove.is_empty() {
        return Ok(body);
    }
    let (members, object) = scan::members(&body)?;
    let mut edited = BytesMut::with_capacity(body.len() + 256);
    edited.extend_from_slice(&body[..=object.open]);
    let mut first = true;
    let mut put = |parts: [&[u8]; 3]| {
        if !std::mem::take(&mut first) {
            edited.extend_from_slice(b",");
        }
        parts.iter().for_each(|part| edited.extend_from_slice(part));
    };
    for scan::Member { key, value } in members {
        let name: Cow<'_, str> = match &body[key.start + 1..key.end - 1] {
            plain if !plain.contains(&b'\\') => String::from_utf8_lossy(plain),
            // One that cannot be unescaped (a lone surrogate) is none of ours.
            _ => Cow::Owned(serde_json::from_slice(&body[key.clone()]).unwrap_or_default()),
        };
        if !remove.iter().any(|gone| *gone == name) && !set.iter().any(|(own, _)| *own == name) {
            put([&body[key.start..value.end], b"", b""]);
        }
    }
    for (name, json) in &set {
        put([quoted(name).as_bytes(), b":", json.as_bytes()]);
    }
    edited.extend_from_slice(&body[object.close..]);
    Ok(edited.freeze())
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_edits_hand_back_the_same_allocation() {
        let body = Bytes::from(br#"{"model":"a"}"#.to_vec());
        let same = Edits::new().apply(body.clone()).unwrap();
        assert_eq!(same.as_ptr(), body.as_ptr());
    }

    #[test]
    fn a_replaced_model_leaves_every_other_byte_alone() {
        let body = Bytes::from_static(b"{ \"x\" : 1.50e0,\t\"model\" : \"a\\u0062\" , \"y\":[ ] }\n");
        let fields = scan::object(&body, &["model"]).unwrap();
        let mut edits = Edits::new();
        edits.replace_with_string(fields.get("model").unwrap().range(), "say \"hi\"");
        let edited = edits.apply(body.clone()).unwrap();
        assert_eq!(&edited[..], b"{ \"x\" : 1.50e0,\t\"model\" : \"say \\\"hi\\\"\" , \"y\":[ ] }\n");
    }

    #[test]
    fn fields_are_inserted_with_the_commas_they_need() {
        for (body, wanted) in [
            ("{}", r#"{"a":1,"b":"x"}"#),
            ("{ }", r#"{ "a":1,"b":"x"}"#),
            (r#"{"c":0}"#, r#"{"c":0,"a":1,"b":"x"}"#),
        ] {
            let object = scan::object(body.as_bytes(), &[]).unwrap().object();
            let mut edits = Edits::new();
            edits.insert_field(object, "a", "1");
            edits.insert_field(object, "b", "\"x\"");
            assert_eq!(edits.apply(Bytes::from_static(body.as_bytes())).unwrap(), wanted);
        }
    }

    #[test]
    fn members_are_set_and_removed_and_the_others_keep_their_bytes() {
        let edit = |body: &str, set: &[(&'static str, &str)], remove: &[&str]| {
            let remove: Vec<String> = remove.iter().map(|name| (*name).to_owned()).collect();
            let set = set.iter().map(|(name, json)| (*name, (*json).to_owned()));
            let edited = with_members(Bytes::copy_from_slice(body.as_bytes()), set, &remove).unwrap();
            String::from_utf8(edited.to_vec()).unwrap()
        };
        let set = [("anthropic_version", r#""x""#)];
        assert_eq!(
            edit(r#"{"model":"a", "n" : 1.50e0,"stream":true}"#, &set, &["model", "stream"]),
            r#"{"n" : 1.50e0,"anthropic_version":"x"}"#
        );
        assert_eq!(edit("{ }", &set, &["model"]), r#"{"anthropic_version":"x"}"#);
        assert_eq!(edit(r#" {"anthropic_version":7}"#, &set, &[]), r#" {"anthropic_version":"x"}"#);
        assert_eq!(edit(r#"{"mod\u0065l":"a","b":{"model":1}}"#, &[], &["model"]), r#"{"b":{"model":1}}"#);
        assert_eq!(edit(r#"{"model":1}"#, &[], &["model"]), "{}");
        assert_eq!(edit(r#"{ "a":1 }"#, &[], &[]), r#"{ "a":1 }"#);
    }

    #[test]
    fn edits_that_overlap_or_run_past_the_end_are_refused() {
        let body = Bytes::from_static(b"0123456789");
        let mut edits = Edits::new();
        edits.replace(2..6, "a");
        edits.replace(5..7, "b");
        assert_eq!(edits.apply(body.clone()), Err(SpliceError { at: 5 }));
        let mut edits = Edits::new();
        edits.replace(8..11, "a");
        assert_eq!(edits.apply(body), Err(SpliceError { at: 8 }));
    }
}
