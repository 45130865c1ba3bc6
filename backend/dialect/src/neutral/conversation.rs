//! A request in no dialect: what is said, with which tools, and how the answer is to be made.

use std::borrow::Cow;

use super::levels::Thinking;
use super::{Dropped, Opaque, Text};
use crate::Dialect;

/// One request. Texts are slices of the body that was read.
#[derive(Clone, Debug)]
pub struct Conversation<'a> {
    /// Whose words the fields' names are in.
    pub dialect: Dialect,
    /// The model as the client named it; empty where the path names it (Gemini).
    pub model: Cow<'a, str>,
    /// Instructions before the first turn.
    pub system: Vec<Part<'a>>,
    /// What was said, oldest first.
    pub turns: Vec<Turn<'a>>,
    /// The functions that may be called.
    pub tools: Vec<Tool<'a>>,
    /// Which of them must be.
    pub choice: Option<Choice<'a>>,
    /// Whether several may be called at once.
    pub parallel: Option<bool>,
    /// How words are drawn.
    pub sampling: Sampling<'a>,
    /// The most output wanted, in tokens.
    pub max_output: Option<u64>,
    /// Texts that end the answer.
    pub stop: Vec<Text<'a>>,
    /// How much is to be thought first.
    pub thinking: Option<Thinking>,
    /// The form of the answer's text.
    pub format: Option<Format<'a>>,
    /// Which of the provider's tiers serves it.
    pub tier: Option<Tier>,
    /// Who asks, in the client's own words.
    pub user: Option<Text<'a>>,
    /// The answer is to be a stream.
    pub stream: bool,
    /// The stream is to tell its usage, where the dialect leaves that to the client.
    pub include_usage: bool,
    /// Fields that some dialects share and others lack.
    pub extra: Vec<Extra<'a>>,
    /// Fields that the answer repeats (Responses), with their JSON text.
    pub echo: Vec<(&'static str, &'a str)>,
    /// Tools that take free text instead of JSON (Responses' `custom`), by name.
    pub free_text: Vec<String>,
    /// Tools of a namespace (Responses' `namespace`), each of which has one name here.
    pub namespaced: Vec<Namespaced>,
    /// What was left behind on the way.
    pub dropped: Dropped,
    /// The body's length, from which the length of what is written follows.
    pub bytes: usize,
}

impl Conversation<'_> {
    /// A conversation of which nothing is known yet.
    pub fn new(dialect: Dialect, bytes: usize) -> Self {
        Self {
            dialect,
            model: Cow::Borrowed(""),
            system: Vec::new(),
            turns: Vec::new(),
            tools: Vec::new(),
            choice: None,
            parallel: None,
            sampling: Sampling::default(),
            max_output: None,
            stop: Vec::new(),
            thinking: None,
            format: None,
            tier: None,
            user: None,
            stream: false,
            include_usage: false,
            extra: Vec::new(),
            echo: Vec::new(),
            free_text: Vec::new(),
            namespaced: Vec::new(),
            dropped: Dropped::default(),
            bytes,
        }
    }
}

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The person, and the tools they run.
    User,
    /// The model.
    Assistant,
    /// The application, in mid-conversation.
    System,
}

/// What one side says before the other one does.
#[derive(Clone, Debug)]
pub struct Turn<'a> {
    /// Who speaks.
    pub role: Role,
    /// What is said.
    pub parts: Vec<Part<'a>>,
}

/// One piece of a turn or of an answer.
#[derive(Clone, Debug)]
pub enum Part<'a> {
    /// Words. `cache` asks that the prompt be cached up to here.
    Text {
        /// The words.
        text: Text<'a>,
        /// A cache hint, as JSON text.
        cache: Option<&'a str>,
    },
    /// A picture; `detail` in OpenAI's words.
    Image {
        /// Where it is.
        media: Media<'a>,
        /// `low`, `high` or `auto`.
        detail: Option<Text<'a>>,
        /// A cache hint, as JSON text.
        cache: Option<&'a str>,
    },
    /// A document.
    File {
        /// Where it is.
        media: Media<'a>,
        /// Its name.
        name: Option<Text<'a>>,
        /// A cache hint, as JSON text.
        cache: Option<&'a str>,
    },
    /// A function that the model calls.
    ToolUse(ToolUse<'a>),
    /// What the function gave.
    ToolResult(ToolResult<'a>),
    /// What the model thought. Empty where only the signature was given.
    Thinking {
        /// The thoughts, or a summary of them.
        text: Text<'a>,
        /// What proves them to their provider.
        signature: Option<Opaque<'a>>,
    },
    /// Thinking that nobody may read.
    Redacted(Opaque<'a>),
    /// Words with which the model refuses, where the dialect tells them apart.
    Refusal(Text<'a>),
}

impl<'a> Part<'a> {
    /// Words without a hint.
    pub const fn text(text: Text<'a>) -> Self {
        Self::Text { text, cache: None }
    }
}

/// A call.
#[derive(Clone, Debug)]
pub struct ToolUse<'a> {
    /// What pairs it with its result.
    pub id: Cow<'a, str>,
    /// The function's name.
    pub name: Cow<'a, str>,
    /// Its arguments.
    pub input: Args<'a>,
}

/// A result.
#[derive(Clone, Debug)]
pub struct ToolResult<'a> {
    /// The call's id.
    pub id: Cow<'a, str>,
    /// The function's name, where the dialect repeats it or the call was found.
    pub name: Option<Cow<'a, str>>,
    /// The call failed.
    pub error: bool,
    /// Texts and pictures.
    pub parts: Vec<Part<'a>>,
}

/// Arguments of a call: the same JSON text, either plain or as a string's inside.
#[derive(Clone, Debug)]
pub enum Args<'a> {
    /// As it is: Messages and Gemini.
    Object(Cow<'a, str>),
    /// As text in a JSON string: Chat and Responses. May be empty, and need not be good JSON.
    Escaped(Text<'a>),
}

impl Args<'_> {
    /// The JSON text of an object, on one line. What is none, because the model broke off, becomes one that holds the
    /// text.
    pub fn object(&self) -> Cow<'_, str> {
        match self {
            Self::Object(json) => on_one_line(json),
            Self::Escaped(text) => {
                let json = text.unescaped();
                if json.trim().is_empty() {
                    Cow::Borrowed("{}")
                } else if crate::scan::lenient(json.as_bytes(), &[]).is_ok() {
                    match on_one_line(&json) {
                        Cow::Borrowed(_) => json,
                        Cow::Owned(line) => Cow::Owned(line),
                    }
                } else {
                    Cow::Owned(format!(r#"{{"arguments":"{}"}}"#, text.raw()))
                }
            }
        }
    }

    /// The same as text in a JSON string.
    pub fn escaped(&self) -> Cow<'_, str> {
        match self {
            Self::Object(json) => crate::json::escaped(json),
            Self::Escaped(text) => Cow::Borrowed(text.raw()),
        }
    }
}

/// JSON text as it may stand in an event, which a line's end would end: outside of strings, where it has none, that is
/// white space like any other.
pub(crate) fn on_one_line(json: &str) -> Cow<'_, str> {
    if json.contains(['\n', '\r']) {
        Cow::Owned(json.replace(['\n', '\r'], " "))
    } else {
        Cow::Borrowed(json)
    }
}

/// Where a picture or a document is.
#[derive(Clone, Debug)]
pub enum Media<'a> {
    /// Here.
    Base64 {
        /// Its MIME type.
        mime: Cow<'a, str>,
        /// Its bytes.
        data: Text<'a>,
    },
    /// Somewhere else.
    Url(Text<'a>),
}

impl<'a> Media<'a> {
    /// From a URL, which may be one of the `data:` kind.
    pub fn from_url(value: &crate::scan::Value<'a>) -> Option<Self> {
        let raw = value.raw().strip_prefix('"')?.strip_suffix('"')?;
        let Some(data) = raw.strip_prefix("data:") else { return Some(Self::Url(Text::escaped(raw))) };
        let (mime, data) = data.split_once(',')?;
        let mime = mime.strip_suffix(";base64")?.replace("\\/", "/");
        Some(Self::Base64 { mime: mime.into(), data: Text::escaped(data) })
    }
}

/// A function that may be called.
#[derive(Clone, Debug)]
pub struct Tool<'a> {
    /// Its name.
    pub name: Cow<'a, str>,
    /// What it is for.
    pub description: Option<Text<'a>>,
    /// The JSON schema of its arguments, as JSON text.
    pub schema: Option<Cow<'a, str>>,
    /// Arguments must fit the schema.
    pub strict: Option<bool>,
    /// A cache hint, as JSON text.
    pub cache: Option<&'a str>,
}

/// A tool that its dialect calls by two names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Namespaced {
    /// Both in one, as it is called here.
    pub joined: String,
    /// The namespace.
    pub namespace: String,
    /// The name within it.
    pub name: String,
}

impl Namespaced {
    /// Of a namespace and a name within it.
    pub fn new(namespace: &str, name: &str) -> Self {
        Self { joined: Self::join(namespace, name), namespace: namespace.to_owned(), name: name.to_owned() }
    }

    /// Both names in one.
    pub fn join(namespace: &str, name: &str) -> String {
        format!("{namespace}__{name}")
    }
}

/// Which tool must be called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice<'a> {
    /// Whichever the model likes, or none.
    Auto,
    /// Any, but one.
    Any,
    /// None.
    None,
    /// This one.
    Named(Cow<'a, str>),
}

/// How words are drawn; numbers as JSON text. What says the default of every dialect is left out by the readers.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sampling<'a> {
    /// Zero to one, or to two.
    pub temperature: Option<&'a str>,
    /// Zero to one.
    pub top_p: Option<&'a str>,
    /// A whole number.
    pub top_k: Option<&'a str>,
}

/// The form of the answer's text.
#[derive(Clone, Debug)]
pub enum Format<'a> {
    /// Some JSON object.
    Json,
    /// JSON by a schema.
    Schema {
        /// A name for it.
        name: Option<Text<'a>>,
        /// What it is for.
        description: Option<Text<'a>>,
        /// The schema, as JSON text.
        schema: Cow<'a, str>,
        /// As sent.
        strict: Option<bool>,
    },
}

/// Which of the provider's tiers serves the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tier {
    /// Whatever the account has.
    Auto,
    /// The normal one.
    Standard,
    /// Dearer and sooner.
    Priority,
    /// Cheaper and later.
    Flex,
}

/// A field that some dialects share.
#[derive(Clone, Copy, Debug)]
pub struct Extra<'a> {
    /// What it means, in Chat's words.
    pub meaning: &'static str,
    /// Its name in the client's dialect.
    pub field: &'static str,
    /// Its value, as JSON text.
    pub value: &'a str,
}
