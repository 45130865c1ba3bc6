//! The client's session id out of `metadata.user_id`, where Claude Code puts it.
//!
//! Two forms are in use: a JSON object inside the string (`{"device_id":…,"account_uuid":…,"session_id":…}`), and
//! the older `user_<hash>_account_<uuid or nothing>_session_<uuid>`. Anything else is somebody's own user id and
//! says nothing about sessions; nothing here is ever an error.

use crate::request;
use crate::scan;

/// The session id; `metadata` is the JSON text of the field.
pub(crate) fn id(metadata: &str) -> Option<String> {
    let fields = scan::lenient(metadata.as_bytes(), &["user_id"]).ok()?;
    let user_id = fields.get("user_id")?.str()?;
    let id = if user_id.starts_with('{') {
        let inner = scan::lenient(user_id.as_bytes(), &["session_id"]).ok()?;
        inner.get("session_id")?.str()?.into_owned()
    } else {
        user_id.rsplit_once("_session_")?.1.to_owned()
    };
    request::session(&id)
}

#[cfg(test)]
mod tests {
    use super::id;

    const UUID: &str = "0b6a2f1e-7c1d-4a3b-9f00-1234567890ab";

    #[test]
    fn both_forms_are_read() {
        let json = format!(
            r#"{{"user_id":"{{\"device_id\":\"d\",\"account_uuid\":\"\",\"session_id\":\"{UUID}\"}}"}}"#
        );
        assert_eq!(id(&json).as_deref(), Some(UUID));
        let older = format!(r#"{{"user_id":"user_00ff_account__session_{UUID}"}}"#);
        assert_eq!(id(&older).as_deref(), Some(UUID));
    }

    #[test]
    fn other_user_ids_are_no_sessions() {
        for metadata in [
            "{}",
            "[]",
            r#"{"user_id":null}"#,
            r#"{"user_id":"customer-17"}"#,
            r#"{"user_id":"user_a_account__session_"}"#,
            r#"{"user_id":"{broken"}"#,
            r#"{"user_id":"{\"session_id\":\"has space\"}"}"#,
        ] {
            assert_eq!(id(metadata), None, "{metadata}");
        }
    }
}
