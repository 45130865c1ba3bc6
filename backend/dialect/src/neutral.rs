//! Requests and answers in no dialect: what the four readers make and the four writers take, which gives all pairs.
//!
//! Texts stay slices of what was read, escapes and all, and are copied as they are. What only one provider can read
//! (signatures, encrypted reasoning) travels as [`Opaque`] and is handed back to that provider alone.
//!
//! # What cannot be carried
//!
//! Nothing is changed in silence. What the answer would come out wrong without is refused with the field's name
//! ([`Unsupported`]); what a client could not tell from the answer is left behind and reported ([`Dropped`]).
//!
//! | field | from | to | what happens |
//! |---|---|---|---|
//! | `n`, `candidateCount` above 1 | Chat, Gemini | all | refused |
//! | audio in or out, `modalities` beyond text | Chat, Gemini | all | refused |
//! | `logprobs`, `top_logprobs`, `responseLogprobs` | all that have it | all | refused |
//! | `functions`, `function_call`, role `function` | Chat | all | refused: `tools` say the same |
//! | `previous_response_id`, `conversation`, `prompt`, `item_reference` | Responses | all | refused: they are at another provider |
//! | `background` | Responses | all | refused |
//! | file ids, `cachedContent`, containers, MCP servers | all that have it | all | refused: they are at another provider |
//! | tools that the provider runs (search, code, computer use) | all that have it | all | refused; of Responses `web_search`, which Codex adds by itself, is dropped |
//! | tools in a `namespace` | Responses | all | functions called `namespace__name`, taken apart again |
//! | tools in a grammar (`custom`) | Responses | all | a function with one string, unwrapped again |
//! | JSON schema | all | Anthropic | a tool that must be called, unwrapped again; thinking is off then |
//! | JSON schema and tools | all | Anthropic | some tool must be called: one of the client's, or that one |
//! | a schema that is no object | Gemini | all | refused |
//! | stop sequences | all | Responses | refused: it has none |
//! | more stop sequences than the target takes (Chat 4, Gemini 5) | all | Chat, Gemini | refused |
//! | `top_k` | Anthropic, Gemini | Chat, Responses | dropped |
//! | `temperature`, `top_p`, `top_k` | all | models that take none ([`model`]) | dropped |
//! | temperature above 1 | all | Anthropic | becomes 1, reported |
//! | a budget for thinking | all | Claude that takes none ([`model`]) | `adaptive`, with the budget's level as its effort |
//! | `temperature`, `top_p`, `top_k` with thinking | all | Anthropic | dropped: Claude refuses them |
//! | thinking with a tool that must be called | all | Anthropic | thinking is dropped: Claude refuses both |
//! | thinking in the middle of calls that were made without | all | Anthropic | thinking is dropped for that turn |
//! | thinking with too little output allowed | all | Anthropic | dropped below 1,280 tokens, else four fifths at most |
//! | `seed`, penalties | Chat, Gemini | Anthropic, Responses | dropped |
//! | `logit_bias`, `metadata`, `prompt_cache_key`, `safety_identifier`, `verbosity` | Chat, Responses | where missing | dropped |
//! | cache hints (`cache_control`) | Anthropic | others | dropped, not reported: they cache by themselves |
//! | documents by URL | Anthropic, Responses, Gemini | Chat | refused |
//! | what `$ref` repeats beyond a bound ([`schema::Repeats`]) | all | Gemini | an object without properties |
//! | a JSON schema and tools | all | Gemini before its third generation | refused |
//! | thinking that the client did not ask to see | all | all | left out of the answer |
//! | `is_error` of a result | Anthropic, Gemini | Chat, Responses | dropped |
//! | `parallel_tool_calls: false` | all | Gemini | dropped |
//! | thinking of another provider in the conversation | all | all | left out, not reported |
//! | citations, annotations, safety settings, `context_management` | all that have it | all | dropped |
//! | pictures in a result | Anthropic, Responses | Chat, Gemini | follow as the user's |
//! | instructions in mid-conversation | all | Anthropic, Gemini | the user's text, in `<system>` |
//! | `user`, `metadata.user_id` longer than the target takes (OpenAI 64 characters, Anthropic 256) | all | all | a hash of it, the same each time: providers ask for that |
//! | any other field at the top | all | all | dropped |

pub mod accumulate;
pub(crate) mod answer;
pub mod conversation;
pub(crate) mod draft;
pub mod event;
pub(crate) mod fields;
pub mod ids;
pub mod levels;
pub mod model;
pub mod opaque;
pub(crate) mod order;
pub mod schema;
pub mod text;
pub(crate) mod turns;

use std::borrow::Cow;

pub use accumulate::Accumulator;
pub use conversation::{
    Args, Choice, Conversation, Extra, Format, Media, Namespaced, Part, Role, Sampling, Tier, Tool,
    ToolResult, ToolUse, Turn,
};
pub use event::{Answer, Block, Event, StopReason, Usage};
pub use levels::{Amount, Effort, Thinking};
pub use opaque::Opaque;
pub use text::Text;
pub(crate) use text::raw;

use crate::Dialect;

/// A request that cannot be said in the target's dialect, or not be read in its own.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{field}` cannot be carried: {reason}")]
pub struct Unsupported {
    /// The field, in the client's words.
    pub field: Cow<'static, str>,
    /// Why, and what would be accepted.
    pub reason: &'static str,
}

impl Unsupported {
    pub(crate) fn new(field: impl Into<Cow<'static, str>>, reason: &'static str) -> Self {
        Self { field: field.into(), reason }
    }
}

/// The names of fields that were left behind, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dropped(Vec<Cow<'static, str>>);

/// So many are reported; a body may have any number of fields that nobody knows.
const MOST_DROPPED: usize = 32;

impl Dropped {
    /// Notes a field.
    pub fn note(&mut self, field: impl Into<Cow<'static, str>>) {
        let field = field.into();
        if self.0.len() < MOST_DROPPED && !self.0.contains(&field) {
            self.0.push(field);
        }
    }

    /// Notes a field that nobody knows, unless its name could not stand in a header.
    pub fn note_unknown(&mut self, field: &str) {
        let sayable = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
        if (1..=64).contains(&field.len()) && field.bytes().all(sayable) {
            self.note(field.to_owned());
        }
    }

    /// The names, in the client's words.
    pub fn names(&self) -> &[Cow<'static, str>] {
        &self.0
    }
}

/// Fields that several dialects have under names of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    Temperature,
    TopP,
    TopK,
    Stop,
    Thinking,
    Format,
    Parallel,
    User,
    Tier,
    ToolError,
    FileUrl,
}

impl Field {
    /// Its name in a dialect: Anthropic, Chat, Responses, Gemini.
    pub(crate) const fn name(self, dialect: Dialect) -> &'static str {
        let names = match self {
            Self::Temperature => {
                ["temperature", "temperature", "temperature", "generationConfig.temperature"]
            }
            Self::TopP => ["top_p", "top_p", "top_p", "generationConfig.topP"],
            Self::TopK => ["top_k", "top_k", "top_k", "generationConfig.topK"],
            Self::Stop => ["stop_sequences", "stop", "stop", "generationConfig.stopSequences"],
            Self::Thinking => {
                ["thinking", "reasoning_effort", "reasoning", "generationConfig.thinkingConfig"]
            }
            Self::Format => {
                ["output_config.format", "response_format", "text.format", "generationConfig.responseSchema"]
            }
            Self::Parallel => [
                "tool_choice.disable_parallel_tool_use",
                "parallel_tool_calls",
                "parallel_tool_calls",
                "toolConfig",
            ],
            Self::User => ["metadata.user_id", "user", "user", "labels"],
            Self::Tier => ["service_tier"; 4],
            Self::FileUrl => ["source.url", "file_data", "file_url", "fileData.fileUri"],
            Self::ToolError => ["is_error", "is_error", "is_error", "functionResponse.response.error"],
        };
        names[dialect as usize]
    }
}

/// What a request is written for.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// The model by the upstream's name.
    pub model: &'a str,
    /// The most output that it can give, where a dialect has to name a figure (Anthropic).
    pub max_output: u64,
    /// Whether the upstream is to stream, where that is not what the client asked for.
    pub stream: Option<bool>,
    /// The upstream speaks OpenAI's dialect without being OpenAI: `max_tokens`, not `max_completion_tokens`.
    pub compatible: bool,
    /// The prompt is to be marked for caching where the client's dialect leaves that to its provider (Anthropic). Claude
    /// caches nothing by itself, and what is written to its cache costs more once.
    pub cache: bool,
    /// Claude judges by itself how much it thinks, and refuses budgets.
    pub adaptive: bool,
    /// Fields that this upstream refuses, by its own names (`max_output_tokens`, `temperature`).
    pub without: &'a [&'a str],
    /// What the answer is called where the upstream names no id: the request's own.
    pub request_id: &'a str,
    /// Seconds since 1970, for the answer's `created`.
    pub now: u64,
}

/// A request as it goes out.
#[derive(Clone, Debug)]
pub struct Written {
    /// Its body.
    pub body: bytes::Bytes,
    /// What the answer's conversion has to know of it.
    pub restore: Restore,
    /// What was left behind, for `x-causeway-dropped`.
    pub dropped: Dropped,
}

/// What of a request comes back with the answer.
#[derive(Clone, Debug, Default)]
pub struct Restore {
    /// The model as the client named it.
    pub model: String,
    /// Tools whose names had to change.
    pub names: ids::Names,
    /// The answer's text comes as a call of the tool that stands for its schema.
    pub json_tool: bool,
    /// The client did not ask to see what is thought.
    pub hide_thinking: bool,
    /// The client asked for usage in its stream.
    pub include_usage: bool,
    /// Tools that take free text, by the client's names.
    pub free_text: Vec<String>,
    /// Tools of a namespace.
    pub namespaced: Vec<Namespaced>,
    /// Members that the answer repeats, as JSON text without braces.
    pub echo: String,
    /// What the answer is called where the upstream names no id.
    pub request_id: String,
    /// Seconds since 1970.
    pub created: u64,
}

impl Restore {
    /// The namespace of a tool, if it has one, and its name within it.
    pub(crate) fn apart<'n>(&'n self, joined: &'n str) -> (Option<&'n str>, &'n str) {
        match self.namespaced.iter().find(|tool| tool.joined == joined) {
            Some(tool) => (Some(&tool.namespace), &tool.name),
            None => (None, joined),
        }
    }
}
