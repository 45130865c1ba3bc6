//! What is changed on the way to the client where both sides speak the same dialect: the name of the model, where the
//! client knows it by another one, and the chunk of usage that a Chat client did not ask for.
//!
//! Everything else keeps its bytes, and a piece in which there is nothing to change is handed on as it is. The bytes
//! must not be compressed: whoever wants something changed has to ask the upstream for `identity`. The meter is not
//! concerned; it reads what the upstream sent.

mod events;
mod json;

use bytes::Bytes;

use crate::Dialect;
use crate::framing::Framing;

use events::Events;
use json::Json;

/// Changes one answer as it goes by.
#[derive(Debug)]
pub struct Filter(Form);

#[derive(Debug)]
enum Form {
    Events(Events),
    Json(Json),
}

impl Filter {
    /// The filter for an answer: `model` is the name that the client knows, where it is another one, `hide_usage` what
    /// the request's [`usage_edit`](crate::request::Request::usage_edit) has brought in. `None` when nothing is to be
    /// changed.
    pub fn new(dialect: Dialect, framing: Framing, model: Option<&str>, hide_usage: bool) -> Option<Self> {
        let hide_usage = hide_usage && dialect == Dialect::OpenaiChat;
        match framing {
            Framing::Events if model.is_some() || hide_usage => {
                Some(Self(Form::Events(Events::new(dialect, model, hide_usage))))
            }
            Framing::Array | Framing::Body => Some(Self(Form::Json(Json::new(dialect, model?)))),
            Framing::Events => None,
        }
    }

    /// Takes the next bytes, cut anywhere, and gives those that can go on. A part of an event waits for the rest.
    pub fn push(&mut self, chunk: Bytes) -> Bytes {
        match &mut self.0 {
            Form::Events(events) => events.push(chunk),
            Form::Json(json) => json.push(chunk),
        }
    }

    /// The answer has ended as it should: what still waits goes on. Not to be asked for where it broke off.
    pub fn finish(self) -> Bytes {
        match self.0 {
            Form::Events(events) => events.finish(),
            Form::Json(_) => Bytes::new(),
        }
    }
}

/// The member that has the name of the model.
const fn member(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Anthropic | Dialect::OpenaiChat | Dialect::OpenaiResponses => "model",
        Dialect::Gemini => "modelVersion",
    }
}

/// A text as it stands between the quotes of a JSON string.
fn escaped(text: &str) -> Box<[u8]> {
    let quoted = serde_json::Value::from(text).to_string();
    quoted.as_bytes()[1..quoted.len() - 1].into()
}

#[cfg(test)]
mod tests;
