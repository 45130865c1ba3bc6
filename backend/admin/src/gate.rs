//! Which pages may call. A page of another origin cannot change anything here, whatever cookies its browser sends along.
//!
//! Browsers say where a call comes from (`sec-fetch-site`, and `origin` in older ones), and no page can make them lie.
//! Scripts say nothing and are let through: they have no cookies that somebody else could use.

use crate::{error::ApiError, origin::Origin, router::PREFIX, state::AdminState, watch};
use axum::{
    extract::{FromRequestParts, Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use serde_json::json;
use std::time::Duration;
use tower_http::cors::{AllowOrigin, CorsLayer};
use url::Url;

/// The layer.
pub(crate) async fn layer(State(state): State<AdminState>, request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    // What the cookies are sent to is for our own pages alone.
    let path = request.uri().path();
    let path = path.strip_prefix(PREFIX).unwrap_or(path);
    let with_cookies = ["/auth/", "/join/", "/setup"].iter().any(|begin| path.starts_with(begin));
    let invited: &[String] = if with_cookies { &[] } else { &state.cors_origins };
    if reads || is_ours(request.headers(), &state.public_url, invited) {
        return next.run(request).await;
    }
    let (mut parts, _) = request.into_parts();
    let Ok(origin) = Origin::from_request_parts(&mut parts, &state).await;
    let said = |name: &str| parts.headers.get(name).and_then(|v| v.to_str().ok()).map(short);
    let after = json!({
        "call": format!("{} {}", parts.method, short(parts.uri.path())),
        "origin": said("origin"), "sec_fetch_site": said("sec-fetch-site"),
    });
    watch::note(&state, &origin, "cross_origin.refuse", after).await;
    ApiError::Forbidden("this cannot be called from pages of another origin".to_owned()).into_response()
}

/// As much of what a browser said as anybody wants to read.
fn short(text: &str) -> String {
    text.chars().take(200).collect()
}

/// Answers to the pages of other origins that the operator has named; nothing at all where none are.
pub(crate) fn cors(state: &AdminState) -> CorsLayer {
    let origins: Vec<_> =
        state.cors_origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok()).collect();
    if origins.is_empty() {
        return CorsLayer::new();
    }
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            HeaderName::from_static(crate::guard::ORGANIZATION),
        ])
        .expose_headers([
            header::RETRY_AFTER,
            header::CONTENT_DISPOSITION,
            HeaderName::from_static("x-request-id"),
        ])
        .max_age(Duration::from_secs(600))
}

fn is_ours(headers: &HeaderMap, public: &Url, invited: &[String]) -> bool {
    let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok());
    let origin = text("origin");
    if origin.is_some_and(|origin| invited.iter().any(|i| i == origin)) {
        return true;
    }
    match (text("sec-fetch-site"), origin) {
        (Some(site), _) => matches!(site, "same-origin" | "none"),
        (None, None) => true,
        // The address in the bar may be another than the public one, on the machine itself for instance.
        (None, Some(origin)) => {
            let host = origin.split_once("://").map(|(_, host)| host);
            origin == public.origin().ascii_serialization() || (host.is_some() && host == text("host"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ours(headers: &[(&'static str, &'static str)]) -> bool {
        let headers = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect();
        let invited = ["https://tools.example.com".to_owned()];
        is_ours(&headers, &"https://causeway.example.com".parse().unwrap(), &invited)
    }

    #[test]
    fn our_own_pages_and_scripts_may_call() {
        assert!(ours(&[]));
        assert!(ours(&[("sec-fetch-site", "same-origin"), ("origin", "https://causeway.example.com")]));
        assert!(ours(&[("sec-fetch-site", "none")]));
        assert!(ours(&[("origin", "https://causeway.example.com")]));
        assert!(ours(&[("origin", "http://localhost:3000"), ("host", "localhost:3000")]));
        assert!(ours(&[("sec-fetch-site", "cross-site"), ("origin", "https://tools.example.com")]));
    }

    #[test]
    fn pages_of_other_origins_may_not() {
        for headers in [
            &[("sec-fetch-site", "cross-site")][..],
            &[("sec-fetch-site", "same-site"), ("origin", "https://evil.example.com")],
            &[("origin", "https://evil.example")],
            &[("origin", "null"), ("host", "null")],
            &[("origin", "https://causeway.example.com.evil.example"), ("host", "causeway.example.com")],
            &[("origin", "http://tools.example.com")],
        ] {
            assert!(!ours(headers), "{headers:?}");
        }
    }
}
