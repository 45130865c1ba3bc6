//! What lets somebody in, taken out of what is shown.

use http::{HeaderMap, HeaderValue, header};

/// What stands where a secret was.
pub(super) const MASK: &str = "•••";

/// Headers whose values are never shown, in either direction.
const HIDDEN: [&str; 11] = [
    "authorization",
    "proxy-authorization",
    "x-api-key",
    "x-goog-api-key",
    "api-key",
    "cookie",
    "set-cookie",
    "x-amz-security-token",
    // Whose account it is.
    "anthropic-organization-id",
    "openai-organization",
    "openai-project",
];

/// Ways to present a credential, which may be shown before it.
const SCHEMES: [&str; 3] = ["Bearer", "Basic", "AWS4-HMAC-SHA256"];

/// What is shorter is no secret, and would be found everywhere.
const SHORTEST: usize = 8;

/// Headers as they may be shown; `said` = what must not stand in any of them.
pub(super) fn headers(from: &HeaderMap, said: &[String]) -> Vec<(String, String)> {
    from.iter().map(|(name, value)| (name.to_string(), shown(name.as_str(), value, said))).collect()
}

fn shown(name: &str, value: &HeaderValue, said: &[String]) -> String {
    let text = String::from_utf8_lossy(value.as_bytes());
    if !value.is_sensitive() && !HIDDEN.contains(&name) {
        return without(text.into_owned(), said);
    }
    let scheme = text.split_once(' ').map(|(scheme, _)| scheme);
    match scheme.filter(|_| name == header::AUTHORIZATION.as_str()).filter(|s| SCHEMES.contains(s)) {
        Some(scheme) => format!("{scheme} {MASK}"),
        None => MASK.to_owned(),
    }
}

/// A path whose query shows no key.
pub(super) fn path(path: &str) -> String {
    let Some((path, query)) = path.split_once('?') else { return path.to_owned() };
    let pairs = query.split('&').map(|pair| match pair.split_once('=') {
        Some((name @ ("key" | "api_key" | "api-key" | "access_token"), _)) => format!("{name}={MASK}"),
        _ => pair.to_owned(),
    });
    format!("{path}?{}", pairs.collect::<Vec<_>>().join("&"))
}

/// What is presented in these headers: the last word of each secret.
pub(super) fn presented(all: &[&HeaderMap]) -> Vec<String> {
    let values = all.iter().flat_map(|headers| headers.iter());
    let secret = values.filter(|(name, value)| value.is_sensitive() || HIDDEN.contains(&name.as_str()));
    let mut found: Vec<String> = secret
        .filter_map(|(_, value)| value.to_str().ok()?.rsplit(' ').next().map(str::to_owned))
        .filter(|word| word.len() >= SHORTEST)
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// A text without any of these.
pub(super) fn without(mut text: String, secrets: &[String]) -> String {
    for secret in secrets {
        if text.contains(secret.as_str()) {
            text = text.replace(secret.as_str(), MASK);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderName;

    #[test]
    fn whatever_lets_somebody_in_is_taken_out() {
        let mut from = HeaderMap::new();
        for name in HIDDEN {
            from.insert(HeaderName::from_static(name), HeaderValue::from_static("sk-very-secret"));
        }
        let mut own = HeaderValue::from_static("sk-own-header");
        own.set_sensitive(true);
        from.insert("x-own", own);
        for (name, value) in headers(&from, &[]) {
            assert_eq!(value, MASK, "{name}");
        }
        for (value, expected) in [
            ("Bearer sk-very-secret", "Bearer •••"),
            ("AWS4-HMAC-SHA256 Credential=a, SignedHeaders=b, Signature=c", "AWS4-HMAC-SHA256 •••"),
            ("Odd sk-very-secret", MASK),
        ] {
            from.insert(header::AUTHORIZATION, HeaderValue::from_static(value));
            assert!(headers(&from, &[]).contains(&("authorization".to_owned(), expected.to_owned())));
        }
        assert_eq!(path("/a?alt=sse&key=sk-very-secret"), "/a?alt=sse&key=•••");
        assert_eq!(path("/a/key=1"), "/a/key=1");
    }

    #[test]
    fn a_secret_that_is_said_again_is_taken_out_and_nothing_else() {
        let mut from = HeaderMap::new();
        from.insert(header::AUTHORIZATION, HeaderValue::from_static("Bearer sk-very-secret"));
        from.insert("api-key", HeaderValue::from_static("short"));
        let secrets = presented(&[&from]);
        assert_eq!(secrets, ["sk-very-secret"]);
        assert_eq!(without("no key sk-very-secret, short".to_owned(), &secrets), "no key •••, short");
        let mut answer = HeaderMap::new();
        answer.insert("x-echo", HeaderValue::from_static("got sk-very-secret"));
        assert_eq!(headers(&answer, &secrets), [("x-echo".to_owned(), "got •••".to_owned())]);
    }
}
