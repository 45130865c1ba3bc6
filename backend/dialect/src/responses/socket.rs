//! Responses over a WebSocket: what a client's message asks for, written as the request that `POST …/responses` takes,
//! and what has to be remembered so that its next message may say only what is new.
//!
//! A client sends `response.create` with the members of a request's body, or `response.append` with nothing but more
//! `input` for the request before. With `previous_response_id` it goes on from an answer that it got over the same
//! connection. Providers are asked over HTTP and keep nothing for us, so the conversation so far is put in front of what
//! is new here, from the memory of the connection. Only the last answer is remembered, as the protocol has it, and only
//! while it is not larger than a request may be.
//!
//! | message | becomes |
//! |---|---|
//! | `response.create` | a request: its members without `type`, `generate` and `stream`, and with `"stream": true` |
//! | … with `previous_response_id` of the last answer | the same, with the conversation so far in front of its input |
//! | … with another `previous_response_id` | the same with the id, for an account that keeps answers; refused with `previous_response_not_found` where `store` is `false`, because then nobody does |
//! | … with `generate: false` | nothing: it is remembered under an id of ours ([`warmed_up`]) |
//! | `response.append` | the request before with more input |
//! | `response.processed` | nothing |
//!
//! Reasoning that is not in the answer itself (no `encrypted_content`) is left out when a conversation goes on: the
//! provider would look for it among what it keeps.

mod answering;
mod told;

pub use answering::Answering;
pub use told::{failed, warmed_up};

use std::ops::Range;

use bytes::{BufMut, Bytes, BytesMut};

use crate::scan::{self, Members};

/// A message that is refused: what is told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// A stable code.
    pub code: &'static str,
    /// The member at fault.
    pub field: Option<&'static str>,
    /// In words.
    pub message: String,
}

/// What a message asks for.
#[derive(Debug)]
pub enum Message {
    /// An answer.
    Ask(Asked),
    /// To remember a request that an answer will be asked for later.
    WarmUp(Asked),
    /// Nothing that has to be done.
    Nothing,
}

/// A request as it goes on.
#[derive(Debug)]
pub struct Asked {
    /// Its body.
    pub body: Bytes,
    /// Where in the body its other members end, before `,"input"` or the closing brace.
    rest: usize,
    /// Where the items of its input are, without the brackets.
    items: Range<usize>,
    /// It goes on from an answer that is not remembered here, and can only be gone on from by its id.
    elsewhere: bool,
}

/// What a connection remembers.
#[derive(Debug)]
pub struct Session {
    last: Option<Last>,
    most: usize,
}

#[derive(Debug)]
struct Last {
    id: String,
    asked: Asked,
    /// The items of the answer, with commas between them.
    answer: Vec<u8>,
}

impl Session {
    /// Remembers conversations of up to `most` bytes.
    pub const fn new(most: usize) -> Self {
        Self { last: None, most }
    }

    /// Reads a message.
    pub fn read(&self, text: &str) -> Result<Message, Refused> {
        let message = Members::read(text).ok_or_else(|| Refused {
            code: "invalid_json",
            field: None,
            message: "a message is a JSON object with a \"type\"".to_owned(),
        })?;
        match message.str("type").as_deref() {
            Some("response.create") => self.create(&message),
            Some("response.append") => self.append(&message),
            Some("response.processed") => Ok(Message::Nothing),
            Some(other) => Err(Refused {
                code: "unknown_message_type",
                field: Some("type"),
                message: format!(
                    "the message type {other:?} is not known here; \"response.create\" and \"response.append\" are"
                ),
            }),
            None => Err(Refused {
                code: "invalid_field",
                field: Some("type"),
                message: "a message needs a \"type\", such as \"response.create\"".to_owned(),
            }),
        }
    }

    /// Remembers what was asked and answered, in place of what was before.
    pub fn remember(&mut self, id: String, asked: Asked, answer: Vec<u8>) {
        let fits = asked.items.len() + answer.len() <= self.most;
        self.last = (fits && !asked.elsewhere).then_some(Last { id, asked, answer });
    }

    /// Forgets everything.
    pub fn forget(&mut self) {
        self.last = None;
    }

    /// How many bytes are remembered.
    pub fn held(&self) -> usize {
        self.last.as_ref().map_or(0, |last| last.asked.body.len() + last.answer.capacity())
    }

    fn create(&self, message: &Members<'_>) -> Result<Message, Refused> {
        if message.get("stream_id").is_some() {
            return Err(Refused {
                code: "unsupported_field",
                field: Some("stream_id"),
                message:
                    "several streams over one connection are not offered here; open a connection for each"
                        .to_owned(),
            });
        }
        let generates = match message.get("generate").map(|value| value.bool()) {
            None => true,
            Some(Some(generate)) => generate,
            Some(None) => return Err(invalid("generate", "true or false")),
        };
        let previous = match message.get("previous_response_id") {
            None => None,
            Some(value) => Some(value.str().ok_or_else(|| invalid("previous_response_id", "a string"))?),
        };
        let before = match (&previous, &self.last) {
            (Some(id), Some(last)) if last.id == *id => Some(last),
            _ => None,
        };
        let elsewhere = previous.is_some() && before.is_none();
        if let (true, Some(id)) = (elsewhere, &previous)
            && (!generates || message.get("store").and_then(|value| value.bool()) == Some(false))
        {
            return Err(Refused {
                code: "previous_response_not_found",
                field: Some("previous_response_id"),
                message: format!(
                    "no response {id:?} is kept for this connection; send the whole conversation without \
                     previous_response_id"
                ),
            });
        }
        let mut body = BytesMut::with_capacity(1024);
        body.put_u8(b'{');
        for (name, value) in message.iter() {
            let gone = matches!(name, "type" | "generate" | "stream" | "input")
                || (name == "previous_response_id" && !elsewhere);
            if !gone {
                member(&mut body, name, value.raw());
            }
        }
        let asked = self.with_input(body, before, message, elsewhere)?;
        Ok(if generates { Message::Ask(asked) } else { Message::WarmUp(asked) })
    }

    fn append(&self, message: &Members<'_>) -> Result<Message, Refused> {
        if message.get("input").is_none() {
            return Err(invalid("input", "a list of items, or a string"));
        }
        let Some(last) = &self.last else {
            return Err(Refused {
                code: "previous_response_not_found",
                field: None,
                message:
                    "there is no response on this connection that could be gone on from; send the whole \
                          conversation with \"response.create\""
                        .to_owned(),
            });
        };
        let mut body = BytesMut::with_capacity(last.asked.body.len() + 1024);
        body.put_slice(last.asked.body.get(..last.asked.rest).unwrap_or(b"{"));
        Ok(Message::Ask(self.with_input(body, Some(last), message, false)?))
    }

    /// Completes a body that has all the other members.
    fn with_input(
        &self,
        mut body: BytesMut,
        before: Option<&Last>,
        message: &Members<'_>,
        elsewhere: bool,
    ) -> Result<Asked, Refused> {
        let rest = body.len();
        let input = message.get("input");
        let mut items = 0..0;
        if input.is_some() || before.is_some() {
            key(&mut body, "input");
            body.put_u8(b'[');
            items.start = body.len();
            if let Some(last) = before {
                body.put_slice(last.asked.body.get(last.asked.items.clone()).unwrap_or_default());
                element(&mut body, &last.answer, items.start);
            }
            if let Some(input) = input {
                match input.raw().as_bytes().first() {
                    Some(b'"') => {
                        let said = format!(r#"{{"type":"message","role":"user","content":{}}}"#, input.raw());
                        element(&mut body, said.as_bytes(), items.start);
                    }
                    _ => {
                        let list = scan::list(input.raw())
                            .ok_or_else(|| invalid("input", "a list of items, or a string"))?;
                        for item in &list {
                            element(&mut body, item.raw().as_bytes(), items.start);
                        }
                    }
                }
            }
            items.end = body.len();
            body.put_u8(b']');
        }
        member(&mut body, "stream", "true");
        body.put_u8(b'}');
        Ok(Asked { body: body.freeze(), rest, items, elsewhere })
    }
}

fn invalid(field: &'static str, accepted: &str) -> Refused {
    Refused { code: "invalid_field", field: Some(field), message: format!("{field} must be {accepted}") }
}

fn key(body: &mut BytesMut, name: &str) {
    if body.len() > 1 {
        body.put_u8(b',');
    }
    body.put_slice(serde_json::Value::from(name).to_string().as_bytes());
    body.put_u8(b':');
}

fn member(body: &mut BytesMut, name: &str, json: &str) {
    key(body, name);
    body.put_slice(json.as_bytes());
}

/// Another element of a list that began at `start`.
fn element(body: &mut BytesMut, json: &[u8], start: usize) {
    if json.is_empty() {
        return;
    }
    if body.len() > start {
        body.put_u8(b',');
    }
    body.put_slice(json);
}

#[cfg(test)]
mod tests;
