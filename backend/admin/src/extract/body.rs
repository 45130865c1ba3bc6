//! A JSON body.

use crate::error::ApiError;
use axum::extract::{FromRequest, Request, rejection::BytesRejection};
use http::header;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;

/// The largest body that is read, in bytes.
pub(crate) const LARGEST: usize = 1024 * 1024;

/// A JSON body that has every field it must have and no other, and no text with control characters but for line breaks
/// and tabs: they are stored nowhere and meant by nobody.
pub(crate) struct Body<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let kind =
            request.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        if !kind.eq_ignore_ascii_case("application/json") {
            return Err(ApiError::NotJson);
        }
        let bytes =
            axum::body::Bytes::from_request(request, state).await.map_err(|rejection| match rejection {
                BytesRejection::FailedToBufferBody(e)
                    if e.status() == http::StatusCode::PAYLOAD_TOO_LARGE =>
                {
                    ApiError::TooLarge
                }
                _ => ApiError::Malformed("the body ended before it was complete".to_owned()),
            })?;
        parse(&bytes).map(Self)
    }
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    // Serde would also fill a struct from an array, by place.
    let begins = bytes.iter().find(|b| !b.is_ascii_whitespace());
    if matches!(begins, Some(b'[' | b'"' | b'0'..=b'9' | b'-' | b't' | b'f' | b'n')) {
        return Err(ApiError::field("", "the body must be a JSON object"));
    }
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        // A choice among names says of a null or a number that it is no JSON, which it is.
        if !error.inner().is_data() && serde_json::from_slice::<IgnoredAny>(bytes).is_ok() {
            return ApiError::field(&path, "must be one of the names that are documented");
        }
        explain(&path, error.inner())
    })?;
    reader.end().map_err(|e| ApiError::Malformed(format!("the body is not one JSON value: {e}")))?;
    if may_control(bytes)
        && let Ok(body) = serde_json::from_slice(bytes)
        && let Some(field) = controlled(&body, "")
    {
        return Err(ApiError::field(&field, "must not contain control characters"));
    }
    Ok(value)
}

/// Whether there can be control characters in the texts: written as an escape, or the few that JSON takes as they are.
fn may_control(bytes: &[u8]) -> bool {
    bytes.windows(2).any(|pair| matches!(pair, b"\\u" | b"\\b" | b"\\f" | [0xc2, 0x80..=0x9f] | [0x7f, _]))
}

/// The path of the first text that has some, as the other refusals write paths.
fn controlled(value: &Value, path: &str) -> Option<String> {
    let bad = |text: &str| text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'));
    match value {
        Value::String(text) => bad(text).then(|| path.to_owned()),
        Value::Array(items) => {
            items.iter().enumerate().find_map(|(i, item)| controlled(item, &format!("{path}[{i}]")))
        }
        Value::Object(fields) => fields.iter().find_map(|(name, item)| match (bad(name), path) {
            (true, _) => Some(path.to_owned()),
            (_, "") => controlled(item, name),
            _ => controlled(item, &format!("{path}.{name}")),
        }),
        _ => None,
    }
}

/// Text that is not JSON is malformed; JSON that does not fit names its field.
fn explain(path: &str, error: &serde_json::Error) -> ApiError {
    if !error.is_data() {
        return ApiError::Malformed(format!("the body is not JSON: {error}"));
    }
    let text = error.to_string();
    // Place in the text: of no use beside the field.
    let message = text.rsplit_once(" at line ").map_or(text.as_str(), |(message, _)| message);
    // A key that is none of those it may be has no place of its own in serde's path.
    let key = message.strip_prefix("unknown variant `").and_then(|m| m.split_once('`')).map(|(key, _)| key);
    let path = match (path.strip_suffix('?'), key) {
        (Some(place), Some(key)) => &format!("{place}{key}"),
        _ => path,
    };
    let parent = if path == "." { "" } else { path };
    // Serde knows such a field only in its message, and its path sometimes.
    let named = ["unknown field `", "missing field `"]
        .iter()
        .find_map(|start| message.strip_prefix(start)?.split_once('`').map(|(name, _)| name));
    let field = match named {
        Some(name) if parent.is_empty() => name.to_owned(),
        Some(name) if parent != name && !parent.ends_with(&format!(".{name}")) => format!("{parent}.{name}"),
        _ => parent.to_owned(),
    };
    ApiError::field(&field, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use causeway_openapi::{CreateAccount, CreateKey, SetPrice};

    fn refused<T: DeserializeOwned>(json: &str) -> String {
        match parse::<T>(json.as_bytes()) {
            Err(ApiError::Invalid(errors)) => errors[0].field.clone(),
            Err(other) => format!("{:?}", other.reason()),
            Ok(_) => "accepted".to_owned(),
        }
    }

    #[test]
    fn the_field_at_fault_is_named_by_its_path() {
        for (json, field) in [
            (r#"{"name":"a","limits":{"usd":{"daily":"5"}}}"#, "limits.usd.daily"),
            (r#"{"name":"a","limits":{"usd":{"day":0.5}}}"#, "limits.usd.day"),
            (r#"{"name":"a","nickname":"b"}"#, "nickname"),
            (r#"{"name":7}"#, "name"),
            (r#"{}"#, "name"),
            (r#"{"name":"a","account_id":"x"}"#, "account_id"),
            (r#"["a"]"#, ""),
            (r#"7"#, ""),
            (r#"{"name":"a""#, "MalformedRequest"),
            (r#"{"name":"a"} x"#, "MalformedRequest"),
            ("", "MalformedRequest"),
        ] {
            assert_eq!(refused::<CreateKey>(json), field, "{json}");
        }
    }

    #[test]
    fn a_key_that_does_not_exist_is_named_by_its_path() {
        let json = r#"{"input":"1","output":"1","tiers":{"fast":{"input":"1","output":"1"}}}"#;
        assert_eq!(refused::<SetPrice>(json), "tiers.fast");
    }

    #[test]
    fn control_characters_are_refused_wherever_they_are_and_line_breaks_are_not() {
        for (json, field) in [
            (r#"{"name":"a\u0000b"}"#, "name"),
            ("{\"name\":\"a\u{85}\"}", "name"),
            (r#"{"name":"a","tags":["x","y\b"]}"#, "tags[1]"),
            (r#"{"name":"a","models":{"allow":["\u0001"]}}"#, "models.allow[0]"),
            (r#"{"name":"a","description":"one\ntwo\tthree"}"#, "accepted"),
            (r#"{"name":"\u00e4"}"#, "accepted"),
        ] {
            assert_eq!(refused::<CreateKey>(json), field, "{json}");
        }
    }

    #[test]
    fn a_secret_in_a_body_that_does_not_fit_is_not_repeated() {
        let json =
            r#"{"name":"a","provider":"anthropic","credential":{"kind":"api_key","api_key":["sk-secret"]}}"#;
        let error = parse::<CreateAccount>(json.as_bytes()).err().unwrap();
        assert!(!error.to_string().contains("sk-secret"), "{error}");
    }
}
