//! What only its own provider can read: signatures of thinking, encrypted reasoning.
//!
//! It travels through a client of another dialect in the place which that dialect has for its own (a thinking block's
//! `signature`, a reasoning item's `encrypted_content`, a part's `thoughtSignature`) under a seal that names where it
//! came from, and is handed back to that dialect alone. A seal is base64 through and through, because Google's
//! clients decode the field.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE};

use crate::Dialect;
use crate::scan;

/// How every seal begins: `causeway:` in base64. A body with these bytes in it holds something of another dialect's,
/// which the provider of the body's own dialect will refuse.
pub const SEAL: &str = "Y2F1c2V3YXk6";

/// Something that only `from` understands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opaque<'a> {
    /// The dialect it was made in.
    pub from: Dialect,
    /// It stands for thinking that is not shown at all, rather than for the text beside it.
    pub redacted: bool,
    /// As that dialect writes it.
    pub payload: Cow<'a, str>,
}

impl<'a> Opaque<'a> {
    /// What stood in a place of `own`: somebody else's under a seal, or its own.
    pub fn read(own: Dialect, redacted: bool, field: Cow<'a, str>) -> Self {
        unsealed(&field).unwrap_or(Self { from: own, redacted, payload: field })
    }

    /// As it is written into a place of `own`.
    pub fn written(&self, own: Dialect) -> Cow<'_, str> {
        if self.from == own {
            return Cow::Borrowed(&self.payload);
        }
        let kind = if self.redacted { "redacted" } else { "signed" };
        Cow::Owned(STANDARD.encode(format!("causeway:{}:{kind}:{}", self.from, self.payload)))
    }

    /// Together with the text that it signs, escaped, where that will not come back beside it. Only Claude checks the two
    /// against each other.
    pub fn with_text(self, text: &str) -> Self {
        if self.from != Dialect::Anthropic || text.is_empty() {
            return self;
        }
        Self { payload: Cow::Owned(format!("{}\n{text}", self.payload)), ..self }
    }

    /// What [`with_text`](Self::with_text) put together. A seal is no secret, and clients can make some themselves: text
    /// that could not stand between quotes is left out.
    pub fn text(&self) -> (&str, Option<&str>) {
        match self.payload.split_once('\n') {
            Some((proof, text)) if self.from == Dialect::Anthropic => (proof, Some(text).filter(is_escaped)),
            _ => (&self.payload, None),
        }
    }

    /// The same without a borrow.
    pub fn into_owned(self) -> Opaque<'static> {
        Opaque { from: self.from, redacted: self.redacted, payload: Cow::Owned(self.payload.into_owned()) }
    }
}

/// Whether text is what stands between the quotes of a JSON string.
fn is_escaped(text: &&str) -> bool {
    scan::string_end(format!("{text}\"").as_bytes(), 0) == Ok(text.len())
}

fn unsealed(field: &str) -> Option<Opaque<'static>> {
    if !field.starts_with(SEAL) {
        return None;
    }
    // Google's clients write base64 in the alphabet for URLs when they send it back.
    let bytes = STANDARD
        .decode(field)
        .or_else(|_| URL_SAFE.decode(field))
        .or_else(|_| STANDARD_NO_PAD.decode(field))
        .ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let mut words = text.splitn(4, ':').skip(1);
    let from = Dialect::from_name(words.next()?)?;
    let redacted = words.next()? == "redacted";
    Some(Opaque { from, redacted, payload: Cow::Owned(words.next()?.to_owned()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seal_is_opened_by_whoever_reads_it_and_says_whose_it_is() {
        let opaque =
            Opaque { from: Dialect::OpenaiResponses, redacted: true, payload: "rs_1:gAAA+/=".into() };
        let sealed = opaque.written(Dialect::Anthropic).into_owned();
        assert!(sealed.starts_with(SEAL));
        assert_eq!(Opaque::read(Dialect::Anthropic, false, sealed.clone().into()), opaque);
        let urlish = sealed.replace('+', "-").replace('/', "_");
        assert_eq!(Opaque::read(Dialect::Gemini, false, urlish.into()), opaque);
    }

    #[test]
    fn what_claude_signed_goes_with_the_proof_where_it_must() {
        let signed = Opaque { from: Dialect::Anthropic, redacted: false, payload: "c2ln".into() };
        let sealed = signed.with_text(r"hm\n“so”").written(Dialect::Gemini).into_owned();
        let read = Opaque::read(Dialect::Gemini, false, sealed.into());
        assert_eq!(read.text(), ("c2ln", Some(r"hm\n“so”")));
        let other = Opaque { from: Dialect::Gemini, redacted: false, payload: "c2ln".into() };
        assert_eq!(other.with_text("hm").text(), ("c2ln", None));
    }

    #[test]
    fn text_that_would_end_its_string_is_no_text() {
        let read = |text: &str| {
            let sealed = STANDARD.encode(format!("causeway:anthropic:signed:c2ln\n{text}"));
            let opaque = Opaque::read(Dialect::Gemini, false, sealed.into());
            opaque.text().1.map(str::to_owned)
        };
        assert_eq!(read(r#"hm \"so\" \u00e9"#).as_deref(), Some(r#"hm \"so\" \u00e9"#));
        for text in [r#"","max_tokens":1,"x":""#, "two\nlines", "\\", r"\x", "\u{1}"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn its_own_is_written_as_it_came() {
        let own = Opaque::read(Dialect::Anthropic, false, "c2ln".into());
        assert_eq!((own.from, &*own.written(Dialect::Anthropic)), (Dialect::Anthropic, "c2ln"));
        let damaged = format!("{SEAL}!!");
        assert_eq!(Opaque::read(Dialect::Gemini, false, damaged.clone().into()).payload, damaged);
    }
}
