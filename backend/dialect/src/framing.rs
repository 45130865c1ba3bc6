//! How the pieces of an answer are told apart: as events, as elements of one JSON array, or not at all.

use crate::Dialect;

/// The form of one answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// Server-sent events.
    Events,
    /// A JSON array that is sent element by element: Gemini's stream without `alt=sse`.
    Array,
    /// One piece.
    Body,
}

impl Framing {
    /// One word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Array => "array",
            Self::Body => "body",
        }
    }

    /// The form of a response with this content type. Where it names none, what the request asked for (`stream`)
    /// decides.
    pub fn of(dialect: Dialect, stream: bool, content_type: Option<&str>) -> Self {
        let is = |kind: &str| content_type.is_some_and(|value| starts_with(value, kind));
        if is("text/event-stream") {
            Self::Events
        } else if is("text/html") {
            Self::Body
        } else if is("application/json") {
            if stream && dialect == Dialect::Gemini { Self::Array } else { Self::Body }
        } else if stream {
            Self::Events
        } else {
            Self::Body
        }
    }
}

fn starts_with(value: &str, kind: &str) -> bool {
    value.get(..kind.len()).is_some_and(|start| start.eq_ignore_ascii_case(kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_content_type_decides_and_the_request_where_there_is_none() {
        let of = |stream, kind| Framing::of(Dialect::Gemini, stream, kind);
        assert_eq!(of(false, Some("Text/Event-Stream; charset=utf-8")), Framing::Events);
        assert_eq!(of(true, Some("application/json")), Framing::Array);
        assert_eq!(of(false, Some("application/json")), Framing::Body);
        assert_eq!(of(true, Some("text/html")), Framing::Body);
        assert_eq!((of(true, None), of(false, None)), (Framing::Events, Framing::Body));
        let chat = Framing::of(Dialect::OpenaiChat, true, Some("application/json"));
        assert_eq!(chat, Framing::Body, "only Gemini streams in an array");
    }
}
