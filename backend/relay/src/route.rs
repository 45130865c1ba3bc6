//! Which call a path is. Base URLs are set by hand in a dozen clients, so the forms they produce are all accepted: with the
//! dialect's name in front, `/api` or nothing, doubled slashes, and a doubled version from a base that ended in it.

use causeway_dialect::{Dialect, request::Endpoint};
use http::Method;

/// A call that the relay answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// One that a model answers.
    Ask(Asking),
    /// A list of the models that the key may use.
    Models,
    /// One of them.
    Model(String),
    /// `GET …/v1/me`, `/v1/key-info`, `/v1/usage`: what a key may know of itself.
    KeyInfo,
    /// `GET …/responses`: a WebSocket.
    Socket,
    /// Calls that clients make at their start and that need no more than a friendly answer.
    Greeting,
}

/// A call that a model answers, as far as the path tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Asking {
    /// What is asked for.
    pub endpoint: Endpoint,
    /// In which dialect.
    pub dialect: Dialect,
    /// Of which model, where the path says that.
    pub model: Option<String>,
    /// Whether the path asks for a stream.
    pub stream: bool,
}

/// The prefixes that stand for a dialect, or for the relay.
const PREFIXES: [&str; 4] = ["api", "claude", "openai", "gemini"];

/// First segments of paths without a prefix: versions, and what OpenAI's clients append to a base that has none.
const ROOTS: [&str; 7] = ["v1", "v1beta", "chat", "completions", "responses", "embeddings", "images"];

/// Whether a path is the relay's to answer, right or wrong.
pub fn is_ours(path: &str) -> bool {
    let first = path.split('/').find(|segment| !segment.is_empty()).unwrap_or_default();
    PREFIXES.contains(&first) || ROOTS.contains(&first)
}

/// The dialect in which a client is answered that has called this path: also where there is no such path. A list of models
/// without a prefix is Anthropic's, unless the client has said (`openai`) that it is none of Anthropic's.
pub(crate) fn dialect(path: &str, openai: bool) -> Dialect {
    if let Some(Route::Ask(asking)) = find(&Method::POST, path) {
        return asking.dialect;
    }
    let segments = segments(path);
    match segments.as_slice() {
        ["gemini" | "v1beta", ..] => Dialect::Gemini,
        [.., "responses"] | [.., "responses", _] => Dialect::OpenaiResponses,
        ["openai" | "chat" | "completions" | "embeddings" | "images", ..] => Dialect::OpenaiChat,
        ["v1", "models", ..] if openai => Dialect::OpenaiChat,
        _ => Dialect::Anthropic,
    }
}

fn segments(path: &str) -> Vec<&str> {
    let mut segments = Vec::with_capacity(8);
    segments.extend(path.split('/').filter(|s| !s.is_empty()));
    segments
}

/// The call, or `None` if there is no such one.
pub(crate) fn find(method: &Method, path: &str) -> Option<Route> {
    let mut segments = segments(path);
    if segments.first().is_some_and(|first| PREFIXES.contains(first)) {
        segments.remove(0);
    }
    if segments.len() > 1 && segments[0] == segments[1] && matches!(segments[0], "v1" | "v1beta") {
        segments.remove(0);
    }
    let reads = method == Method::GET || method == Method::HEAD;
    let posts = method == Method::POST;
    match segments.as_slice() {
        ["v1", "messages"] if posts => ask(Endpoint::Generate, Dialect::Anthropic),
        ["v1", "messages", "count_tokens"] if posts => ask(Endpoint::CountTokens, Dialect::Anthropic),
        ["v1" | "v1beta", "models", call] if posts => of_model(call),
        ["v1" | "v1beta", "models"] | ["models"] if reads => Some(Route::Models),
        ["v1" | "v1beta", "models", id] | ["models", id] if reads => Some(Route::Model((*id).to_owned())),
        ["v1", "me" | "key-info" | "usage"] if reads => Some(Route::KeyInfo),
        // Claude Code: a greeting, and telemetry that it wants to be rid of.
        ["api", "hello"] | ["hello"] if reads => Some(Route::Greeting),
        ["api", "event_logging", ..] | ["event_logging", ..] if posts => Some(Route::Greeting),
        ["ping"] | [] if reads => Some(Route::Greeting),
        ["v1", rest @ ..] | rest => openai(rest, posts, reads),
    }
}

/// What OpenAI's clients call, whose bases end in a version or do not.
fn openai(segments: &[&str], posts: bool, reads: bool) -> Option<Route> {
    match segments {
        ["chat", "completions"] if posts => ask(Endpoint::Generate, Dialect::OpenaiChat),
        ["completions"] if posts => ask(Endpoint::Complete, Dialect::OpenaiChat),
        ["embeddings"] if posts => ask(Endpoint::Embed, Dialect::OpenaiChat),
        ["images", "generations"] if posts => ask(Endpoint::Image, Dialect::OpenaiChat),
        ["responses"] if posts => ask(Endpoint::Generate, Dialect::OpenaiResponses),
        ["responses", "compact"] if posts => ask(Endpoint::Compact, Dialect::OpenaiResponses),
        ["responses"] if reads => Some(Route::Socket),
        _ => None,
    }
}

fn ask(endpoint: Endpoint, dialect: Dialect) -> Option<Route> {
    Some(Route::Ask(Asking { endpoint, dialect, model: None, stream: false }))
}

/// Gemini's calls: `{model}:{method}`.
fn of_model(call: &str) -> Option<Route> {
    let (model, method) = call.rsplit_once(':')?;
    let (endpoint, stream) = match method {
        "generateContent" => (Endpoint::Generate, false),
        "streamGenerateContent" => (Endpoint::Generate, true),
        "countTokens" => (Endpoint::CountTokens, false),
        "embedContent" | "batchEmbedContents" => (Endpoint::Embed, false),
        _ => return None,
    };
    let model = (!model.is_empty()).then(|| unescaped(model))?;
    Some(Route::Ask(Asking { endpoint, dialect: Dialect::Gemini, model: Some(model), stream }))
}

/// Without percent signs: some clients escape a model's name, and all of its characters may stand in a path.
fn unescaped(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests;
