//! Headers that tell a browser what it may do with our pages.

use axum::http::{HeaderName, HeaderValue, header};
use tower_http::set_header::SetResponseHeaderLayer;

/// For the web admin: scripts and styles are files of ours, and WebAssembly may be compiled. Nothing inline.
pub(crate) const PAGE_POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
    connect-src 'self'; img-src 'self' data:; font-src 'self'; base-uri 'none'; form-action 'self'; \
    frame-ancestors 'none'";

/// For the API documentation: Swagger UI sets styles on its elements.
pub(crate) const DOCS_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    connect-src 'self'; img-src 'self' data:; font-src 'self'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";

/// For everything else, which is data and not a page.
const DATA_POLICY: &str = "default-src 'none'; frame-ancestors 'none'";

type Layer = SetResponseHeaderLayer<HeaderValue>;

/// What every answer of the router carries. A handler's own policy is kept.
pub(crate) fn layers() -> (Layer, Layer, Layer, Layer, Layer) {
    let fixed = |name, value| SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value));
    (
        fixed(header::CONTENT_SECURITY_POLICY, DATA_POLICY),
        fixed(header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        fixed(header::REFERRER_POLICY, "no-referrer"),
        fixed(HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        fixed(
            HeaderName::from_static("permissions-policy"),
            "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
        ),
    )
}

/// Only where the public address is https: over plain http the header has no effect, and on an address that is
/// served both ways it would lock people out of the other.
pub(crate) fn strict_transport(https: bool) -> Option<Layer> {
    https.then(|| {
        SetResponseHeaderLayer::if_not_present(
            header::STRICT_TRANSPORT_SECURITY,
            HeaderValue::from_static("max-age=31536000"),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn web_admin_may_run_wasm_but_nothing_inline() {
        assert!(PAGE_POLICY.contains("script-src 'self' 'wasm-unsafe-eval';"));
        assert!(!PAGE_POLICY.contains("unsafe-inline") && !PAGE_POLICY.contains("'unsafe-eval'"));
        assert!(HeaderValue::from_static(PAGE_POLICY).to_str().is_ok());
    }

    #[test]
    fn strict_transport_follows_the_public_address() {
        assert!(strict_transport(true).is_some() && strict_transport(false).is_none());
    }
}
