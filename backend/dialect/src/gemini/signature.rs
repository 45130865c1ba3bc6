//! A conversation whose signatures of thoughts are replaced by the word with which Gemini lets a foreign thought pass:
//! the signatures belong to the project that made them. Left out altogether, calls of functions would be refused.

use bytes::Bytes;

use crate::scan;
use crate::splice::Edits;

/// Named in Gemini's documentation for conversations that another model has begun.
pub(crate) const SKIP: &str = "skip_thought_signature_validator";

/// The body without signatures; `None` when it has none.
pub(crate) fn without(body: &[u8]) -> Option<Bytes> {
    let mut edits = Edits::new();
    let seen = |key: &[u8], value: &[u8]| {
        if matches!(key, b"thoughtSignature" | b"thought_signature") && value != SKIP.as_bytes() {
            let start = value.as_ptr() as usize - body.as_ptr() as usize;
            edits.replace(start..start + value.len(), SKIP);
        }
    };
    scan::object_with(body, &[], seen).ok()?;
    if edits.is_empty() { None } else { edits.apply(Bytes::copy_from_slice(body)).ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_replaced_and_every_other_byte_stays() {
        let body = br#"{ "contents":[{"role":"model","parts":[{"functionCall":{"name":"f","args":{}} , "thoughtSignature":"c2ln"},{"text":"thoughtSignature"}]}]}"#;
        let rest = without(body).unwrap();
        assert_eq!(
            std::str::from_utf8(&rest).unwrap(),
            r#"{ "contents":[{"role":"model","parts":[{"functionCall":{"name":"f","args":{}} , "thoughtSignature":"skip_thought_signature_validator"},{"text":"thoughtSignature"}]}]}"#
        );
        assert_eq!(without(&rest), None, "there is none left");
        assert_eq!(without(b"["), None);
    }
}
