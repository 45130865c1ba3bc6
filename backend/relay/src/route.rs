//! Which call a path is. Base URLs are set by hand in a dozen clients, so the forms they produce are all accepted:
//! with `/api`, `/claude` or nothing in front, doubled slashes, and a doubled `/v1` from a base that ended in it.

use http::Method;

/// A call that the relay answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// `POST …/v1/messages`.
    Messages,
    /// `POST …/v1/messages/count_tokens`.
    CountTokens,
    /// `GET …/v1/models`.
    Models,
    /// `GET …/v1/models/{id}`.
    Model(String),
    /// `GET …/v1/me`, `/v1/key-info`, `/v1/usage`: what a key may know of itself.
    KeyInfo,
    /// Calls that clients make at their start and that need no more than a friendly answer.
    Greeting,
}

/// Whether a path is the relay's to answer, right or wrong.
pub fn is_ours(path: &str) -> bool {
    let first = path.split('/').find(|segment| !segment.is_empty());
    matches!(first, Some("v1" | "api" | "claude"))
}

/// The call, or `None` if there is no such one.
pub(crate) fn find(method: &Method, path: &str) -> Option<Route> {
    let mut segments: Vec<&str> = path.split('/').filter(|s| !s.is_empty()).collect();
    if matches!(segments.first(), Some(&("api" | "claude"))) {
        segments.remove(0);
    }
    if segments.starts_with(&["v1", "v1"]) {
        segments.remove(0);
    }
    let reads = method == Method::GET || method == Method::HEAD;
    match segments.as_slice() {
        ["v1", "messages"] if method == Method::POST => Some(Route::Messages),
        ["v1", "messages", "count_tokens"] if method == Method::POST => Some(Route::CountTokens),
        ["v1", "models"] if reads => Some(Route::Models),
        ["v1", "models", id] if reads => Some(Route::Model((*id).to_owned())),
        ["v1", "me" | "key-info" | "usage"] if reads => Some(Route::KeyInfo),
        // Claude Code: a greeting, and telemetry that it wants to be rid of.
        ["api", "hello"] | ["hello"] if reads => Some(Route::Greeting),
        ["api", "event_logging", ..] | ["event_logging", ..] if method == Method::POST => {
            Some(Route::Greeting)
        }
        [] if reads => Some(Route::Greeting),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_base_url_reaches_messages() {
        for path in [
            "/v1/messages",
            "/api/v1/messages",
            "/claude/v1/messages",
            "/api//v1/messages",
            "//v1//messages",
            "/api/v1/v1/messages",
            "/api/v1/messages/",
        ] {
            assert!(is_ours(path), "{path}");
            assert_eq!(find(&Method::POST, path), Some(Route::Messages), "{path}");
        }
    }

    #[test]
    fn the_calls_that_claude_code_makes_at_its_start_are_known() {
        for (method, path) in [
            (Method::HEAD, "/api/api/hello"),
            (Method::HEAD, "/api/hello"),
            (Method::POST, "/api//api/event_logging/batch"),
            (Method::POST, "/api/event_logging/batch"),
            (Method::HEAD, "/api/"),
        ] {
            assert!(is_ours(path), "{path}");
            assert_eq!(find(&method, path), Some(Route::Greeting), "{path}");
        }
    }

    #[test]
    fn wrong_methods_and_unknown_paths_are_nothing() {
        assert_eq!(find(&Method::GET, "/v1/messages"), None);
        assert_eq!(find(&Method::POST, "/api/v1/embeddings"), None);
        assert!(!is_ours("/admin/v1/keys") && !is_ours("/") && !is_ours("/web/"));
    }
}
