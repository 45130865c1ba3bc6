//! A request that is being written: its bytes, the names that had to change, and what was left behind.

use std::borrow::Cow;

use bytes::BytesMut;

use super::conversation::on_one_line;
use super::ids::{self, Names};
use super::schema::Repeats;
use super::{Conversation, Dropped, Extra, Field, Restore, Target, Unsupported, Written};
use crate::Dialect;
use crate::json::Json;

/// The tool through which Claude gives an answer by a schema.
pub(crate) const JSON_TOOL: &str = "json_output";

/// What all writers need beside the conversation.
pub(crate) struct Draft<'c> {
    pub(crate) conversation: &'c Conversation<'c>,
    pub(crate) target: &'c Target<'c>,
    pub(crate) dialect: Dialect,
    pub(crate) out: BytesMut,
    pub(crate) names: Names,
    pub(crate) dropped: Dropped,
    pub(crate) json_tool: bool,
    /// What references in schemas may still repeat.
    pub(crate) repeats: Repeats,
}

impl<'c> Draft<'c> {
    pub(crate) fn new(conversation: &'c Conversation<'c>, target: &'c Target<'c>, dialect: Dialect) -> Self {
        Self {
            conversation,
            target,
            dialect,
            out: BytesMut::with_capacity(conversation.bytes + conversation.bytes / 8 + 512),
            names: Names::default(),
            dropped: conversation.dropped.clone(),
            json_tool: false,
            repeats: Repeats::of(conversation.bytes),
        }
    }

    pub(crate) const fn json(&mut self) -> Json<'_> {
        Json::new(&mut self.out)
    }

    /// An id as the target takes it.
    pub(crate) fn id<'i>(&self, id: &'i str) -> Cow<'i, str> {
        ids::legal(id, self.dialect)
    }

    /// A tool's name as the target takes it.
    pub(crate) fn name<'n>(&mut self, name: &'n str) -> Cow<'n, str> {
        self.names.legal(name, self.dialect)
    }

    /// Notes that a field is left behind.
    pub(crate) fn drop(&mut self, field: Field) {
        self.dropped.note(field.name(self.conversation.dialect));
    }

    /// Refuses a field.
    pub(crate) fn refuse(&self, field: Field, reason: &'static str) -> Unsupported {
        Unsupported::new(field.name(self.conversation.dialect), reason)
    }

    /// Whether the upstream takes a field at all; otherwise it is left behind.
    pub(crate) fn takes(&mut self, name: &str) -> bool {
        let refused = self.target.without.contains(&name);
        if refused {
            self.dropped.note_unknown(name);
        }
        !refused
    }

    /// Writes a member unless there is none, or the upstream refuses it.
    pub(crate) fn optional(&mut self, name: &str, json: Option<&str>) {
        if let Some(json) = json
            && self.takes(name)
        {
            self.json().key(name).raw(json);
        }
    }

    /// A field shared with some dialects, by Chat's name for it.
    pub(crate) fn extra(&self, meaning: &str) -> Option<&'c Extra<'c>> {
        self.conversation.extra.iter().find(|extra| extra.meaning == meaning)
    }

    /// Notes all shared fields but these as left behind.
    pub(crate) fn drop_extras_but(&mut self, known: &[&str]) {
        for extra in self.conversation.extra.iter().filter(|extra| !known.contains(&extra.meaning)) {
            self.dropped.note(extra.field);
        }
    }

    /// Whether the upstream is to stream.
    pub(crate) fn streams(&self) -> bool {
        self.target.stream.unwrap_or(self.conversation.stream)
    }

    /// Whether the client is to see what is thought. Chat has no say in it.
    fn shows_thinking(&self) -> bool {
        let asked = self.conversation.thinking.is_some_and(|thinking| thinking.shown && !thinking.is_off());
        asked || self.conversation.dialect == Dialect::OpenaiChat
    }

    pub(crate) fn finish(self) -> Written {
        let mut echo = String::new();
        for (name, value) in &self.conversation.echo {
            echo.push_str(&format!("\"{name}\":{},", on_one_line(value)));
        }
        echo.pop();
        let hide_thinking = !self.shows_thinking();
        let restore = Restore {
            model: self.conversation.model.clone().into_owned(),
            names: self.names,
            json_tool: self.json_tool,
            hide_thinking,
            include_usage: self.conversation.include_usage,
            free_text: self.conversation.free_text.clone(),
            namespaced: self.conversation.namespaced.clone(),
            echo,
            request_id: self.target.request_id.to_owned(),
            created: self.target.now,
        };
        Written { body: self.out.freeze(), restore, dropped: self.dropped }
    }
}
