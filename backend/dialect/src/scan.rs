//! One pass over the top-level keys of a JSON object, without building a tree.
//!
//! The fields that policy and money depend on are found here, in a body that is then forwarded as it is. So what
//! we read must be what the provider reads: keys are unescaped before they are compared; a wanted key that comes
//! twice, or in another case (`Model`), is refused, because the provider might take the other one; and the whole
//! body must be well-formed JSON in UTF-8 with nothing after it. Keys that nobody asked for may repeat.
//!
//! It does not judge what is inside strings beyond their escapes: a lone surrogate (`"\ud800"`), which JavaScript
//! clients do send, is the provider's to refuse. Numbers keep their text; only [`Value::u64`] turns one into a
//! number. Nesting beyond [`MAX_DEPTH`] is refused.

mod lex;
mod members;
mod value;

use std::ops::Range;

pub use lex::string_end;
pub use members::{Members, list};
pub(crate) use value::unescape_short;
pub use value::{Value, text_is};

use lex::Cursor;

/// How deep objects and arrays may lie in each other, the top-level object included.
pub const MAX_DEPTH: u32 = 128;

/// Why a body was refused. `at` is the byte offset where it went wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScanError {
    /// Bytes that are not UTF-8, or an end in the middle of a character.
    #[error("the body is not UTF-8 (byte {at})")]
    Utf8 {
        /// Offset of the first byte that does not belong.
        at: usize,
    },
    /// The first thing in the body is not `{`.
    #[error("the body must be a JSON object")]
    NotAnObject,
    /// JSON grammar broken.
    #[error("the body is not valid JSON: expected {expected} at byte {at}")]
    Syntax {
        /// Offset of the offending byte, or the length of the body when it ended too early.
        at: usize,
        /// What the grammar allows there.
        expected: &'static str,
    },
    /// Nested beyond [`MAX_DEPTH`].
    #[error("the body is nested deeper than {MAX_DEPTH} levels (byte {at})")]
    TooDeep {
        /// Offset of the bracket that went too far.
        at: usize,
    },
    /// A wanted key came twice.
    #[error("`{field}` appears more than once (byte {at}): send it once")]
    Duplicate {
        /// The key.
        field: &'static str,
        /// Offset of the second one.
        at: usize,
    },
    /// A key that differs from a wanted one only by case.
    #[error("`{found}` at byte {at} is not a known field: write it as `{field}`")]
    CaseVariant {
        /// The key as it should be written.
        field: &'static str,
        /// The key as it came.
        found: String,
        /// Its offset.
        at: usize,
    },
}

/// Where the top-level object lies: what an inserted field needs to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Object {
    /// Offset of `{`.
    pub open: usize,
    /// Offset of the matching `}`.
    pub close: usize,
    /// No members at all, so that an insertion needs no comma.
    pub empty: bool,
}

/// The wanted members of one object, in the order they were asked for.
#[derive(Clone, Debug)]
pub struct Fields<'a, const N: usize> {
    text: &'a str,
    names: [&'static str; N],
    found: [Option<Range<usize>>; N],
    object: Object,
}

impl<'a, const N: usize> Fields<'a, N> {
    /// The value of `name`, which must be one of the wanted names; `None` when the object has no such key.
    pub fn get(&self, name: &str) -> Option<Value<'a>> {
        let position = self.names.iter().position(|known| *known == name);
        debug_assert!(position.is_some(), "`{name}` was not asked for");
        let range = self.found[position?].clone()?;
        Some(Value::new(self.text, range))
    }

    /// The object's own place in the body.
    pub const fn object(&self) -> Object {
        self.object
    }
}

/// Finds the `wanted` top-level members of the object that is `body`. Refuses as the module says.
pub fn object<'a, const N: usize>(
    body: &'a [u8],
    wanted: &[&'static str; N],
) -> Result<Fields<'a, N>, ScanError> {
    object_with(body, wanted, |_, _| {})
}

/// As [`object`], and shows `seen` every member of every object at any depth whose value is a string: the raw
/// text between the quotes of key and value, escapes and all (compare with [`text_is`]). Costs nothing per byte.
pub fn object_with<'a, const N: usize>(
    body: &'a [u8],
    wanted: &[&'static str; N],
    seen: impl FnMut(&'a [u8], &'a [u8]),
) -> Result<Fields<'a, N>, ScanError> {
    walk::<N, true>(body, wanted, seen)
}

/// As [`object`] for what a provider sent: of a repeated key the last wins and other cases are other keys, as
/// every client's parser has it.
pub fn lenient<'a, const N: usize>(
    body: &'a [u8],
    wanted: &[&'static str; N],
) -> Result<Fields<'a, N>, ScanError> {
    walk::<N, false>(body, wanted, |_, _| {})
}

/// Where a member of an object stands.
#[derive(Clone, Debug)]
pub struct Member {
    /// Its key, with the quotes.
    pub key: Range<usize>,
    /// Its value.
    pub value: Range<usize>,
}

/// All members of the object that is `body`, in order, and the object's own place.
pub fn members(body: &[u8]) -> Result<(Vec<Member>, Object), ScanError> {
    let object = object::<0>(body, &[])?.object();
    let mut cursor = Cursor::new(body);
    cursor.peek();
    cursor.advance();
    let mut members = Vec::new();
    if object.empty {
        return Ok((members, object));
    }
    loop {
        let key = cursor.key()?;
        let value = cursor.value(&body[key.clone()], &mut |_, _| {})?;
        members.push(Member { key: key.start - 1..key.end + 1, value });
        if cursor.peek() != Some(b',') {
            return Ok((members, object));
        }
        cursor.advance();
    }
}

fn walk<'a, const N: usize, const STRICT: bool>(
    body: &'a [u8],
    wanted: &[&'static str; N],
    mut seen: impl FnMut(&'a [u8], &'a [u8]),
) -> Result<Fields<'a, N>, ScanError> {
    let text = std::str::from_utf8(body).map_err(|error| ScanError::Utf8 { at: error.valid_up_to() })?;
    let mut found = [const { None::<Range<usize>> }; N];
    let mut cursor = Cursor::new(body);
    if cursor.peek() != Some(b'{') {
        return Err(ScanError::NotAnObject);
    }
    let open = cursor.at();
    cursor.advance();
    let mut empty = true;
    if cursor.peek() == Some(b'}') {
        cursor.advance();
    } else {
        empty = false;
        loop {
            let key = cursor.key()?;
            let slot = wanted_slot::<N, STRICT>(text, &key, wanted)?;
            let value = cursor.value(&body[key.clone()], &mut seen)?;
            if let Some(slot) = slot {
                if STRICT && found[slot].is_some() {
                    return Err(ScanError::Duplicate { field: wanted[slot], at: key.start - 1 });
                }
                found[slot] = Some(value);
            }
            match cursor.peek() {
                Some(b',') => cursor.advance(),
                Some(b'}') => {
                    cursor.advance();
                    break;
                }
                _ => return Err(cursor.expected("`,` or `}`")),
            }
        }
    }
    let close = cursor.at() - 1;
    if cursor.peek().is_some() {
        return Err(cursor.expected("the end of the body"));
    }
    Ok(Fields { text, names: *wanted, found, object: Object { open, close, empty } })
}

/// Which wanted name this key is. `key` is the range between its quotes.
#[inline]
fn wanted_slot<const N: usize, const STRICT: bool>(
    text: &str,
    key: &Range<usize>,
    wanted: &[&'static str; N],
) -> Result<Option<usize>, ScanError> {
    let raw = &text[key.clone()];
    if raw.contains('\\') || !raw.is_ascii() {
        return unusual_slot::<N, STRICT>(text, key, wanted);
    }
    if let Some(slot) = wanted.iter().position(|name| *name == raw) {
        return Ok(Some(slot));
    }
    if STRICT && let Some(field) = wanted.iter().find(|name| name.eq_ignore_ascii_case(raw)) {
        return Err(ScanError::CaseVariant { field, found: raw.to_owned(), at: key.start - 1 });
    }
    Ok(None)
}

/// Keys with escapes or beyond ASCII: rare, so they may allocate.
#[cold]
fn unusual_slot<const N: usize, const STRICT: bool>(
    text: &str,
    key: &Range<usize>,
    wanted: &[&'static str; N],
) -> Result<Option<usize>, ScanError> {
    // A key that cannot be unescaped (a lone surrogate) equals no wanted name.
    let Some(name) = Value::new(text, key.start - 1..key.end + 1).str() else { return Ok(None) };
    if let Some(slot) = wanted.iter().position(|known| *known == name) {
        return Ok(Some(slot));
    }
    // The two characters beyond ASCII that Unicode folds into it; Go's JSON reader takes them for the letters.
    let folded = name.replace('\u{17f}', "s").replace('\u{212a}', "k");
    if STRICT && let Some(field) = wanted.iter().find(|known| known.eq_ignore_ascii_case(&folded)) {
        return Err(ScanError::CaseVariant { field, found: name.into_owned(), at: key.start - 1 });
    }
    Ok(None)
}

#[cfg(test)]
mod tests;
