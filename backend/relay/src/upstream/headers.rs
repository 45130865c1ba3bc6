//! Which headers cross the relay: those on a list, in both directions. What is not on it stays behind.

use http::{HeaderMap, HeaderName, header};

/// Headers of a request that go on to the provider. The client's own names for itself go through unchanged: a
/// request is never dressed up as another client's.
fn goes_up(name: &HeaderName, own: bool) -> bool {
    let n = name.as_str();
    if matches!(n, "content-type" | "accept-language" | "user-agent") {
        return true;
    }
    // The rest means something to who speaks the client's dialect, and nothing to anybody else.
    own && (matches!(n, "accept" | "x-app" | "openai-beta" | "originator" | "session-id" | "thread-id")
        || n.starts_with("anthropic-")
        || n.starts_with("x-codex-")
        || n.starts_with("x-goog-api-client")
        || n.starts_with("x-stainless-")
        || n.starts_with("x-claude-code-"))
}

/// Headers of an answer that go on to the client.
fn comes_down(name: &HeaderName) -> bool {
    let n = name.as_str();
    matches!(
        n,
        "content-type"
            | "content-length"
            | "content-encoding"
            | "cache-control"
            | "request-id"
            | "retry-after"
            | "x-should-retry"
            | "openai-processing-ms"
            | "openai-version"
    ) || (n.starts_with("anthropic-") && n != "anthropic-organization-id") // whose account it is stays here
}

/// What the provider gets of the caller's headers; `own` when it speaks the caller's dialect.
pub(crate) fn upward(from: &HeaderMap, own: bool) -> HeaderMap {
    let mut to = HeaderMap::with_capacity(from.len() + 4);
    for (name, value) in from {
        if goes_up(name, own) {
            to.append(name.clone(), value.clone());
        }
    }
    // The meter reads a side copy as it passes; an answer it cannot read would have to be billed at its maximum.
    to.insert(header::ACCEPT_ENCODING, http::HeaderValue::from_static("identity"));
    to
}

/// What the client gets of the provider's headers: most of them.
pub(crate) fn downward(mut headers: HeaderMap) -> HeaderMap {
    let behind: Vec<_> = headers.keys().filter(|name| !comes_down(name)).cloned().collect();
    for name in behind {
        headers.remove(name);
    }
    headers
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn keys_cookies_and_hop_by_hop_headers_stay_behind() {
        let mut from = HeaderMap::new();
        for name in [
            "x-api-key",
            "authorization",
            "cookie",
            "connection",
            "transfer-encoding",
            "host",
            "content-length",
            "te",
            "x-forwarded-for",
            "proxy-authorization",
            "upgrade",
            "accept-encoding",
            "api-key",
            "x-goog-api-key",
        ] {
            from.insert(HeaderName::from_static(name), HeaderValue::from_static("x"));
        }
        assert_eq!(upward(&from, true).len(), 1, "only the encoding we ask for ourselves");
        for name in
            ["anthropic-beta", "anthropic-version", "anthropic-new-thing", "x-stainless-lang", "user-agent"]
        {
            from.insert(HeaderName::from_static(name), HeaderValue::from_static("x"));
        }
        assert_eq!(upward(&from, true).len(), 6);
        assert_eq!(upward(&from, false).len(), 2, "who speaks another dialect knows nothing of them");
    }

    #[test]
    fn a_repeated_header_keeps_all_its_values() {
        let mut from = HeaderMap::new();
        from.append("anthropic-beta", HeaderValue::from_static("a"));
        from.append("anthropic-beta", HeaderValue::from_static("b"));
        assert_eq!(upward(&from, true).get_all("anthropic-beta").iter().count(), 2);
    }

    #[test]
    fn the_answers_cookies_and_server_stay_behind() {
        let mut from = HeaderMap::new();
        for name in ["set-cookie", "server", "connection", "transfer-encoding", "cf-ray", "keep-alive"] {
            from.insert(HeaderName::from_static(name), HeaderValue::from_static("x"));
        }
        assert!(downward(from.clone()).is_empty());
        from.insert("anthropic-ratelimit-unified-5h-status", HeaderValue::from_static("allowed"));
        from.insert("request-id", HeaderValue::from_static("req_1"));
        from.append("request-id", HeaderValue::from_static("req_2"));
        let down = downward(from);
        assert_eq!((down.len(), down.keys_len()), (3, 2));
    }
}
