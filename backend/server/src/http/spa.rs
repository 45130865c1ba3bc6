//! The web admin's files, from inside the binary. A debug build reads them from the disk instead.

use super::security::PAGE_POLICY;
use axum::{
    extract::Path,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use rust_embed::{EmbeddedFile, RustEmbed};

#[derive(RustEmbed)]
#[folder = "../../frontend/dist"]
#[allow_missing = true]
struct Dist;

const HTML: &str = "text/html; charset=utf-8";
/// Names below assets/ contain a hash of the content.
const FOREVER: &str = "public, max-age=31536000, immutable";
/// The page names the hashed files, so it must be asked for each time; the tag makes that cheap.
const ASK_AGAIN: &str = "no-cache";

/// `GET /web/`.
pub(crate) async fn page(headers: HeaderMap) -> Response {
    answer("", &headers)
}

/// `GET /web/{*path}`.
pub(crate) async fn file(Path(path): Path<String>, headers: HeaderMap) -> Response {
    answer(&path, &headers)
}

fn answer(path: &str, headers: &HeaderMap) -> Response {
    // A bundle also holds compressed copies; they are not files of their own.
    let named = Dist::get(path).filter(|_| !path.is_empty() && !path.ends_with(".gz"));
    match named {
        Some(content) => serve(path, content, headers),
        // A path of the application's own router: every such page is the one page. A missing file is missing.
        None if !path.rsplit('/').next().unwrap_or_default().contains('.') => match Dist::get("index.html") {
            Some(content) => serve("index.html", content, headers),
            None => not_built(),
        },
        None => (StatusCode::NOT_FOUND, "There is no such file.\n").into_response(),
    }
}

fn serve(path: &str, content: EmbeddedFile, headers: &HeaderMap) -> Response {
    let tag = format!("\"{}\"", hex::encode(&content.metadata.sha256_hash()[..12]));
    let cache = if path.starts_with("assets/") { FOREVER } else { ASK_AGAIN };
    let common = [
        (header::CACHE_CONTROL, cache.to_owned()),
        (header::ETAG, tag.clone()),
        (header::VARY, "accept-encoding".to_owned()),
        (header::CONTENT_SECURITY_POLICY, PAGE_POLICY.to_owned()),
    ];
    let known = text(headers, header::IF_NONE_MATCH);
    if known.split(',').any(|t| t.trim().trim_start_matches("W/") == tag) {
        return (StatusCode::NOT_MODIFIED, common).into_response();
    }
    let kind = if path.ends_with(".html") { HTML.to_owned() } else { content.metadata.mimetype().to_owned() };
    let kind = [(header::CONTENT_TYPE, kind)];
    let accepts_gzip =
        text(headers, header::ACCEPT_ENCODING).split(',').any(|e| e.trim().starts_with("gzip"));
    match Dist::get(&format!("{path}.gz")).filter(|_| accepts_gzip) {
        Some(small) => {
            (common, kind, [(header::CONTENT_ENCODING, "gzip")], small.data.into_owned()).into_response()
        }
        None => (common, kind, content.data.into_owned()).into_response(),
    }
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> &str {
    headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default()
}

fn not_built() -> Response {
    let page = "<!doctype html><html lang=\"en\"><title>Causeway</title><h1>The web admin is not in this build</h1>\
        <p>Run <code>make web</code>, build Causeway again and reload this page. The relay and the admin API \
        work without it.</p></html>";
    (StatusCode::NOT_FOUND, [(header::CONTENT_TYPE, HTML)], page).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_file_is_not_answered_with_the_page() {
        assert_eq!(answer("assets/none-0000.js", &HeaderMap::new()).status(), StatusCode::NOT_FOUND);
        assert_eq!(answer("../Cargo.toml", &HeaderMap::new()).status(), StatusCode::NOT_FOUND);
    }

    #[test]
    fn path_of_the_application_is_answered_with_the_page_or_with_how_to_build_it() {
        let answer = answer("keys/0199aa00", &HeaderMap::new());
        assert_eq!(answer.headers()[header::CONTENT_TYPE], HTML);
        if answer.status() == StatusCode::OK {
            assert_eq!(answer.headers()[header::CONTENT_SECURITY_POLICY], PAGE_POLICY);
            assert_eq!(answer.headers()[header::CACHE_CONTROL], ASK_AGAIN);
        }
    }
}
