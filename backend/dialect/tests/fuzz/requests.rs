//! What clients send: read for limits and money, and carried into each dialect.

use bytes::Bytes;
use causeway_dialect::Dialect;
use causeway_dialect::convert;
use causeway_dialect::framing::Framing;
use causeway_dialect::neutral::{Target as Upstream, Unsupported};
use causeway_dialect::request::{Endpoint, Path, Request};
use causeway_dialect::responses::socket::{Message, Session};
use causeway_dialect::scan::{self, ScanError};

use super::corpus::Kind;
use super::memory;
use super::random::hash;
use super::run::Target;

const PATH: Path<'static> = Path { model: Some("gemini-client"), stream: true };

const ENDPOINTS: [Endpoint; 6] = [
    Endpoint::Generate,
    Endpoint::CountTokens,
    Endpoint::Compact,
    Endpoint::Complete,
    Endpoint::Embed,
    Endpoint::Image,
];

/// The most that reading a request takes, as a multiple of its length.
const READING: usize = 64;

/// The most that a request takes on its way into another dialect, itself and what was written included.
const CARRYING: usize = 256;

/// The readers of requests that pass untouched.
pub(crate) fn readers() -> Vec<Target> {
    let target = |dialect: Dialect| Target {
        name: format!("requests of {dialect}"),
        kind: Kind::Request,
        dialect,
        framing: Framing::Body,
        run: Box::new(move |bytes| read(dialect, bytes)),
    };
    Dialect::ALL.into_iter().map(target).collect()
}

/// The conversions of requests.
pub(crate) fn conversions() -> Vec<Target> {
    let mut targets = Vec::new();
    for client in Dialect::ALL {
        for upstream in Dialect::ALL {
            targets.push(Target {
                name: format!("requests of {client} to {upstream}"),
                kind: Kind::Request,
                dialect: client,
                framing: Framing::Body,
                run: Box::new(move |bytes| carry(client, upstream, bytes)),
            });
        }
    }
    targets
}

fn read(dialect: Dialect, bytes: &[u8]) -> u64 {
    let mut how = String::new();
    for endpoint in ENDPOINTS {
        let parse = || Request::parse(dialect, endpoint, PATH, bytes);
        match memory::within("reading", READING, bytes.len(), parse) {
            Ok(request) => {
                let edited = request.edits("another \"model\"").apply(Bytes::copy_from_slice(bytes)).unwrap();
                is_object(&edited);
                assert!(request.outputs > 0);
                let first =
                    memory::within("the first turn", READING, bytes.len(), || request.first_turn(bytes));
                how.push_str(&format!(
                    "{:?} {:?} {:?} {};",
                    request.cache_write,
                    request.unaccountable,
                    request.usage_edit,
                    first.is_some()
                ));
            }
            Err(error) => how.push_str(&format!("{} {:?};", error.code(), error.field())),
        }
    }
    let bare = memory::within("without thinking", READING, bytes.len(), || dialect.without_thinking(bytes));
    if let Some(bare) = &bare {
        is_object(bare);
    }
    how.push_str(&bare.is_some().to_string());
    if dialect == Dialect::OpenaiResponses
        && let Ok(text) = std::str::from_utf8(bytes)
    {
        how.push_str(&message(text));
    }
    hash(how.as_bytes())
}

/// The same request as a message over a WebSocket.
fn message(text: &str) -> String {
    let text = text.replacen('{', "{\"type\":\"response.create\",", 1);
    let session = Session::new(1 << 20);
    match memory::within("a message", READING, text.len(), || session.read(&text)) {
        Ok(Message::Ask(asked) | Message::WarmUp(asked)) => {
            is_object(&asked.body);
            "asked".to_owned()
        }
        Ok(Message::Nothing) => "nothing".to_owned(),
        Err(refused) => refused.code.to_owned(),
    }
}

fn carry(client: Dialect, upstream: Dialect, bytes: &[u8]) -> u64 {
    let mut how = String::new();
    for target in [plain(), other()] {
        let carried = || -> Result<_, Unsupported> {
            convert::write(upstream, &convert::read(client, PATH, bytes)?, &target)
        };
        match memory::within("carrying", CARRYING, bytes.len(), carried) {
            Ok(written) => {
                is_object(&written.body);
                // Not all that may be written may be read: an address may be anything, and Gemini's are looked at.
                let again = convert::read(upstream, PATH, &written.body).err().map(|refused| refused.field);
                how.push_str(&format!(
                    "{:?} {} {again:?}",
                    written.dropped.names(),
                    written.restore.json_tool
                ));
            }
            Err(refused) => how.push_str(&format!("{} {}", refused.field, refused.reason)),
        }
    }
    hash(how.as_bytes())
}

const fn plain() -> Upstream<'static> {
    Upstream {
        model: "gemini-3-pro-preview",
        max_output: 32_000,
        stream: None,
        compatible: false,
        cache: false,
        adaptive: false,
        without: &[],
        request_id: "req_1",
        now: 1,
    }
}

const fn other() -> Upstream<'static> {
    Upstream {
        model: "gemini-2.5-flash",
        stream: Some(true),
        compatible: true,
        cache: true,
        adaptive: true,
        without: &["temperature", "top_p", "max_output_tokens"],
        ..plain()
    }
}

fn is_object(bytes: &[u8]) {
    let whole = scan::object::<0>(bytes, &[]);
    // What was as deep as may be can lie a little deeper elsewhere: the provider's to refuse.
    let fine = matches!(whole, Ok(_) | Err(ScanError::TooDeep { .. }));
    assert!(fine, "{whole:?}: {}", String::from_utf8_lossy(bytes));
}
