//! Gemini (to come): what the rest must know of its credentials.

use http::Uri;

pub(crate) fn serves(path: &str) -> bool {
    path.starts_with("/v1beta/")
}

pub(crate) fn key_in(uri: &Uri) -> Option<String> {
    let query = uri.query().filter(|_| serves(uri.path()))?;
    url::form_urlencoded::parse(query.as_bytes())
        .find(|(name, _)| name == "key")
        .map(|(_, key)| key.into_owned())
}
