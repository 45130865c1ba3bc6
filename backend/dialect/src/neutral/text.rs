//! Text that stays escaped: what stands between the quotes of a JSON string, copied from one document into another.

use std::borrow::Cow;

use crate::json;
use crate::scan::Value;

/// The inside of a JSON string literal, escapes and all. Cutting and joining it is allowed wherever no escape is cut.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text<'a>(Cow<'a, str>);

impl<'a> Text<'a> {
    /// The text of a value that is a string.
    pub fn of(value: &Value<'a>) -> Option<Self> {
        Some(Self(Cow::Borrowed(value.raw().strip_prefix('"')?.strip_suffix('"')?)))
    }

    /// From text that is escaped already.
    pub fn escaped(raw: impl Into<Cow<'a, str>>) -> Self {
        Self(raw.into())
    }

    /// From plain text.
    pub fn plain(text: &'a str) -> Self {
        Self(json::escaped(text))
    }

    /// As it stands between quotes.
    pub fn raw(&self) -> &str {
        &self.0
    }

    /// Nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What it says.
    pub fn unescaped(&self) -> Cow<'_, str> {
        unescaped(&self.0)
    }

    /// The same without a borrow.
    pub fn into_owned(self) -> Text<'static> {
        Text(Cow::Owned(self.0.into_owned()))
    }
}

/// The escaped text of a value that is a string and not empty.
pub(crate) fn raw<'a>(value: &Value<'a>) -> Option<&'a str> {
    let raw = value.raw().strip_prefix('"')?.strip_suffix('"')?;
    (!raw.is_empty()).then_some(raw)
}

/// What escaped text says. Half of a surrogate pair, which JavaScript clients do send, becomes U+FFFD.
pub fn unescaped(raw: &str) -> Cow<'_, str> {
    if !raw.contains('\\') {
        return Cow::Borrowed(raw);
    }
    let read = |raw: &str| serde_json::from_str::<String>(&format!("\"{raw}\""));
    Cow::Owned(read(raw).or_else(|_| read(&without_halves(raw))).unwrap_or_default())
}

fn without_halves(raw: &str) -> String {
    let unit = |at: usize| {
        let escape = raw.get(at..at + 6)?.strip_prefix("\\u")?;
        u32::from_str_radix(escape, 16).ok()
    };
    let mut out = String::with_capacity(raw.len());
    let mut at = 0;
    while let Some(found) = raw[at..].find('\\') {
        out.push_str(&raw[at..at + found]);
        at += found;
        let length = match (unit(at), unit(at + 6)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => 12,
            (Some(0xd800..=0xdfff), _) => {
                out.push_str("\\ufffd");
                at += 6;
                continue;
            }
            _ => 2,
        };
        let end = raw.len().min(at + length);
        out.push_str(&raw[at..end]);
        at = end;
    }
    out.push_str(&raw[at..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_says_what_it_said() {
        for text in ["", "plain", "line\nquote\" back\\slash", "天気 😀"] {
            assert_eq!(Text::plain(text).unescaped(), text);
        }
        assert_eq!(unescaped(r"\ud83d\ude00 \u00e9"), "😀 é");
    }

    #[test]
    fn half_a_pair_is_replaced_and_the_rest_stays() {
        assert_eq!(unescaped(r"a\ud83d b\\\ude00\n\ud83d\ude00"), "a\u{fffd} b\\\u{fffd}\n😀");
        assert_eq!(unescaped(r"\ud83d"), "\u{fffd}");
    }
}
