//! What a provider told instead of an answer: in the body of an error, in an event of a stream, or on a page for people;
//! and how its caller is told.

use super::Sending;
use crate::{
    plan::Candidate,
    upstream::{opening::Opened, request},
};
use causeway_accounts::rules::Refusal;
use causeway_dialect::{Dialect, error::Failure};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::{Map, Value};

/// The longest text kept, in bytes.
const LONGEST: usize = 500;

/// In words and by its kind.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// The status; inside a stream the one that the error's type stands for. `None` = there was no answer.
    pub status: Option<u16>,
    /// For people.
    pub text: String,
    /// The body where it is JSON.
    pub body: Value,
    /// Type and code in lower case.
    kind: String,
    /// The message in lower case.
    message: String,
    html: bool,
}

impl Told {
    /// What we say ourselves of an attempt without an answer.
    pub(super) fn ours(text: &str) -> Self {
        Self { text: short(text).to_owned(), ..Self::default() }
    }

    /// Reads an error. What is kept of it is logged and shown, and some providers repeat the credential that they were sent:
    /// it is taken out.
    pub(super) fn read(dialect: Dialect, opened: &Opened, presented: &HeaderMap) -> Self {
        let presented = presented.values().filter(|value| value.is_sensitive());
        let secrets: Vec<&str> =
            presented.filter_map(|value| value.to_str().ok()?.rsplit(' ').next()).collect();
        let secrets = &secrets[..];
        let status = opened.head.status.as_u16();
        if let (false, Some(error)) = (opened.is_refusal(), opened.meter.error()) {
            return Self {
                status: Some(dialect.error_status(&error.kind).unwrap_or(500)),
                text: short(&without(secrets, &format!("{}: {}", error.kind, error.message))).to_owned(),
                body: Value::Null,
                kind: error.kind.to_lowercase(),
                message: error.message.to_lowercase(),
                html: false,
            };
        }
        let bytes = opened.held.concat();
        let text = |name: &str| opened.head.headers.get(name).and_then(|v| v.to_str().ok());
        let content_type = text(header::CONTENT_TYPE.as_str()).unwrap_or_default();
        let mut told = Self::of_body(status, content_type, &bytes, secrets);
        // Amazon says in a header what an error is, with more behind a colon.
        if let Some(kind) = text("x-amzn-errortype").and_then(|kind| kind.split(':').next()) {
            told.kind = format!("{} {}", kind.to_lowercase(), told.kind);
            told.text = short(&format!("{kind}: {}", told.text)).to_owned();
        }
        told
    }

    fn of_body(status: u16, content_type: &str, bytes: &[u8], secrets: &[&str]) -> Self {
        let Ok(body) = serde_json::from_slice::<Value>(bytes) else {
            let page = String::from_utf8_lossy(&bytes[..bytes.len().min(8192)]).replace('\0', "");
            let page = without(secrets, &page);
            let html = content_type.starts_with("text/html") || page.trim_start().starts_with('<');
            return Self {
                status: Some(status),
                text: if html { title(&page) } else { short(&page).to_owned() },
                message: page.to_lowercase(),
                html,
                ..Self::default()
            };
        };
        // Google wraps the errors of streams into a list.
        let outer = body.get(0).unwrap_or(&body);
        let error = outer.get("error").unwrap_or(outer);
        let word = |name| error.get(name).and_then(Value::as_str).unwrap_or_default();
        let message = match error {
            Value::String(text) => text.as_str(),
            _ if word("message").is_empty() && word("Message").is_empty() => word("detail"),
            _ if word("message").is_empty() => word("Message"),
            _ => word("message"),
        };
        let kind = format!("{} {}", word("type"), word("code"));
        // What Google calls it: a status in words, and reasons.
        let details = error.get("details").and_then(Value::as_array);
        let reasons = details.into_iter().flatten().filter_map(|detail| detail.get("reason")?.as_str());
        let googles: Vec<&str> = Some(word("status")).into_iter().chain(reasons).collect();
        let shown = format!("{}: {message}", kind.trim()).replace('\0', "");
        Self {
            status: Some(status),
            text: short(&without(secrets, shown.trim_start_matches(": "))).to_owned(),
            kind: format!("{kind} {}", googles.join(" ")).to_lowercase(),
            message: message.to_lowercase(),
            html: false,
            body,
        }
    }

    /// As the rules take it.
    pub(super) fn refusal(&self) -> Refusal<'_> {
        Refusal {
            status: self.status.unwrap_or(0),
            kind: &self.kind,
            message: &self.message,
            html: self.html,
        }
    }
}

impl Sending<'_> {
    /// A refusal that the client's program can read: clouds that sell other makers' models have errors of their own shape.
    pub(super) fn in_dialect(&self, candidate: &Candidate, mut opened: Opened, told: &Told) -> Opened {
        let dialect = self.call.dialect;
        let converted = candidate.speaks != dialect;
        let shape = candidate.account.preset.shape(request::named(candidate.speaks));
        let foreign = converted || shape.is_some_and(|shape| shape.foreign_errors);
        // What has no kind can be read by us, and by no program.
        let readable =
            || dialect.read_error(&opened.held.concat()).is_some_and(|error| !error.kind.is_empty());
        if !opened.is_refusal() || !foreign || (!converted && readable()) {
            return opened;
        }
        let (id, facts) = (self.id.to_string(), Map::new());
        let status = opened.head.status.as_u16();
        let failure = Failure { status, code: "", message: &told.text, request_id: &id, facts: &facts };
        opened.held = vec![dialect.error_body(&failure)];
        opened.head.status = StatusCode::from_u16(dialect.status(status)).unwrap_or(opened.head.status);
        opened.ended = true;
        let headers = &mut opened.head.headers;
        headers.remove(header::CONTENT_LENGTH);
        headers.remove(header::CONTENT_ENCODING);
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        opened
    }
}

/// The title of a page, which says what it is about.
fn title(page: &str) -> String {
    let lower = page.to_ascii_lowercase();
    let inside = lower.find("<title>").map(|at| at + "<title>".len());
    let title = inside.and_then(|from| page.get(from..from + lower[from..].find('<')?));
    format!("a page for people instead of an answer: {:?}", short(title.unwrap_or("untitled").trim()))
}

/// Before a text is cut: a part of a secret would not be known for what it is.
fn without(secrets: &[&str], text: &str) -> String {
    let secrets = secrets.iter().filter(|secret| !secret.is_empty());
    secrets.fold(text.to_owned(), |text, secret| text.replace(secret, "•••"))
}

fn short(text: &str) -> &str {
    &text[..text.floor_char_boundary(LONGEST)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_read_in_every_shape_that_services_give_it() {
        let read = |body: &str| {
            let told = Told::of_body(400, "application/json", body.as_bytes(), &[]);
            (told.kind.clone(), told.message.clone(), told.text)
        };
        let own =
            |kind: &str, message: &str, text: &str| (kind.to_owned(), message.to_owned(), text.to_owned());
        assert_eq!(
            read(r#"{"type":"error","error":{"type":"rate_limit_error","message":"Slow Down"}}"#),
            own("rate_limit_error  ", "slow down", "rate_limit_error: Slow Down")
        );
        assert_eq!(
            read(r#"{"error":{"message":"No money","type":"x","code":"insufficient_quota"}}"#),
            own("x insufficient_quota ", "no money", "x insufficient_quota: No money")
        );
        assert_eq!(read(r#"{"error":"Go away"}"#), own("  ", "go away", "Go away"));
        assert_eq!(read(r#"{"detail":"Nope"}"#), own("  ", "nope", "Nope"));
        let google = r#"[{"error":{"code":400,"message":"Bad key","status":"INVALID_ARGUMENT","details":[{"reason":"API_KEY_INVALID"}]}}]"#;
        assert_eq!(read(google), own("  invalid_argument api_key_invalid", "bad key", "Bad key"));
    }

    #[test]
    fn a_page_for_people_is_known_and_told_by_its_title() {
        let page = b"<!DOCTYPE html><html><head><title>Just a moment...</title></head></html>";
        let told = Told::of_body(403, "text/html; charset=UTF-8", page, &[]);
        assert!(told.html && told.text.contains("Just a moment"), "{told:?}");
        let plain = Told::of_body(502, "text/plain", b"Bad gateway", &[]);
        assert!(!plain.html && plain.text == "Bad gateway");
    }

    #[test]
    fn a_credential_that_is_repeated_is_not_kept_nor_is_a_part_of_it() {
        let secret = "sk-ant-0123456789abcdef";
        let long = format!("{}{secret}", "x".repeat(LONGEST - 10));
        for (kind, body) in [
            ("application/json", format!(r#"{{"error":{{"type":"a","message":"bad key {secret}."}}}}"#)),
            ("application/json", format!(r#"{{"error":"{long}"}}"#)),
            ("text/plain", format!("bad key {secret}")),
            ("text/html", format!("<title>bad key {secret}</title>")),
        ] {
            let told = Told::of_body(401, kind, body.as_bytes(), &[secret]);
            assert!(!told.text.contains("sk-ant"), "{}", told.text);
        }
    }
}
