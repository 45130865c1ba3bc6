//! The client's session id: `prompt_cache_key`, which Codex fills with it and which asks for stickiness in any case,
//! or what a client has put into `metadata`.

use crate::anthropic;
use crate::request;
use crate::scan::{self, Value};

/// The session id, if the request names one.
pub(crate) fn id(prompt_cache_key: Option<&Value<'_>>, metadata: Option<&Value<'_>>) -> Option<String> {
    let key = prompt_cache_key.and_then(|key| request::session(&key.str()?));
    key.or_else(|| {
        let metadata = metadata?;
        let fields = scan::lenient(metadata.raw().as_bytes(), &["session_id"]).ok()?;
        let own = fields.get("session_id").and_then(|id| request::session(&id.str()?));
        own.or_else(|| anthropic::session::id(metadata.raw()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cache_key_goes_before_the_metadata() {
        let of = |body: &str| {
            let fields = scan::object(body.as_bytes(), &["prompt_cache_key", "metadata"]).unwrap();
            id(fields.get("prompt_cache_key").as_ref(), fields.get("metadata").as_ref())
        };
        let both = r#"{"prompt_cache_key":"k-1","metadata":{"session_id":"s-1"}}"#;
        assert_eq!(of(both).as_deref(), Some("k-1"));
        assert_eq!(of(r#"{"metadata":{"session_id":"s-1"}}"#).as_deref(), Some("s-1"));
        let claude = r#"{"prompt_cache_key":"","metadata":{"user_id":"user_a_account__session_s-2"}}"#;
        assert_eq!(of(claude).as_deref(), Some("s-2"));
        assert_eq!(of(r#"{"prompt_cache_key":7,"metadata":{"user_id":"bob"}}"#), None);
        assert_eq!(of(r#"{"metadata":[]}"#), None);
    }
}
