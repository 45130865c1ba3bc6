//! Reading a Messages request: just enough to know what is asked and to refuse what the provider refuses. What is not
//! looked at is skipped, so that a prompt of megabytes costs one pass.

use std::borrow::Cow;

use serde::{Deserialize, de::IgnoredAny};
use serde_json::value::RawValue;

use super::error::problem;
use crate::{answer::Form, script::Refusal};

#[derive(Deserialize)]
pub(crate) struct MessagesRequest<'a> {
    #[serde(borrow, default)]
    pub(crate) model: Option<Cow<'a, str>>,
    #[serde(default)]
    pub(crate) max_tokens: Option<i64>,
    #[serde(borrow, default)]
    messages: Option<Vec<Message<'a>>>,
    #[serde(default)]
    pub(crate) stream: Option<bool>,
    #[serde(borrow, default)]
    metadata: Option<Metadata<'a>>,
    #[serde(borrow, default)]
    thinking: Option<Thinking<'a>>,
    /// Read only by answers that call a tool.
    #[serde(borrow, default)]
    tools: Option<&'a RawValue>,
    #[serde(borrow, default)]
    tool_choice: Option<ToolChoice<'a>>,
    #[serde(borrow, default)]
    output_config: Option<OutputConfig<'a>>,
}

#[derive(Deserialize)]
struct ToolChoice<'a> {
    #[serde(borrow, rename = "type", default)]
    kind: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    name: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct OutputConfig<'a> {
    #[serde(borrow, default)]
    format: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    role: Cow<'a, str>,
    #[serde(rename = "content")]
    _content: IgnoredAny,
}

#[derive(Deserialize)]
struct Metadata<'a> {
    #[serde(borrow, default)]
    user_id: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Thinking<'a> {
    #[serde(borrow, rename = "type", default)]
    kind: Option<Cow<'a, str>>,
}

impl<'a> MessagesRequest<'a> {
    pub(crate) fn read(body: &'a [u8]) -> Result<Self, Refusal> {
        serde_json::from_slice(body).map_err(|error| {
            let message = if error.is_data() {
                format!("Input should be a valid request: {error}")
            } else {
                format!("The request body is not valid JSON: {error}")
            };
            problem(400, "invalid_request_error", message)
        })
    }

    /// What the provider checks before it generates anything, in its order and words.
    pub(crate) fn check(&self, needs_max_tokens: bool) -> Result<(), Refusal> {
        let wrong = |message: &str| Err(problem(400, "invalid_request_error", message));
        if self.model.as_deref().unwrap_or_default().is_empty() {
            return wrong("model: Field required");
        }
        match self.max_tokens {
            None if needs_max_tokens => return wrong("max_tokens: Field required"),
            Some(n) if n < 1 => return wrong("max_tokens: must be greater than or equal to 1"),
            _ => {}
        }
        match self.messages.as_deref() {
            None => wrong("messages: Field required"),
            Some([]) => wrong("messages: at least one message is required"),
            Some(messages) => {
                let known = |role: &str| matches!(role, "user" | "assistant" | "system");
                if messages.iter().all(|message| known(&message.role)) {
                    Ok(())
                } else {
                    wrong("messages: Unexpected role. Allowed roles are \"user\" or \"assistant\"")
                }
            }
        }
    }

    pub(crate) fn user_id(&self) -> Option<&str> {
        self.metadata.as_ref()?.user_id.as_deref()
    }

    pub(crate) fn thinks(&self) -> bool {
        self.thinking.as_ref().is_some_and(|thinking| thinking.kind.as_deref() != Some("disabled"))
    }

    /// What the answer must be.
    pub(crate) fn form(&self) -> Form {
        let choice = self.tool_choice.as_ref().and_then(|choice| choice.kind.as_deref());
        match choice {
            Some("any" | "tool") => Form::Call,
            _ if self.output_config.as_ref().is_some_and(|config| config.format.is_some()) => Form::Json,
            _ => Form::Free,
        }
    }

    /// The tool that must be called, or where one may be the first one offered.
    pub(crate) fn tool(&self, may: bool) -> Option<String> {
        let must = self.form() == Form::Call;
        let named = self.tool_choice.as_ref().and_then(|choice| choice.name.as_deref());
        match named.filter(|_| must) {
            Some(name) => Some(name.to_owned()),
            None if must || may => self.first_tool(),
            None => None,
        }
    }

    /// The name of the first tool offered.
    fn first_tool(&self) -> Option<String> {
        #[derive(Deserialize)]
        struct Tool {
            name: String,
        }
        let tools: Vec<Tool> = serde_json::from_str(self.tools?.get()).ok()?;
        tools.into_iter().next().map(|tool| tool.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(body: &str) -> String {
        let checked = MessagesRequest::read(body.as_bytes()).and_then(|request| request.check(true));
        checked.unwrap_err().message.unwrap()
    }

    #[test]
    fn each_missing_field_is_named() {
        assert_eq!(refusal(r#"{"max_tokens":1,"messages":[]}"#), "model: Field required");
        assert_eq!(refusal(r#"{"model":"m","messages":[]}"#), "max_tokens: Field required");
        assert_eq!(refusal(r#"{"model":"m","max_tokens":1}"#), "messages: Field required");
        assert_eq!(
            refusal(r#"{"model":"m","max_tokens":1,"messages":[]}"#),
            "messages: at least one message is required"
        );
        assert!(refusal(r#"{"model":"m","max_tokens":0,"messages":[]}"#).starts_with("max_tokens"));
        assert!(refusal("{nonsense").contains("not valid JSON"));
    }

    #[test]
    fn fields_that_are_not_looked_at_are_skipped() {
        let body = r#"{"model":"m\u0041","max_tokens":9,"messages":[{"role":"user","content":[{"type":"text","text":"a"}]}],
            "context_management":{"edits":[]},"metadata":{"user_id":"u","x":1},"thinking":{"type":"adaptive"},
            "tools":[{"name":"weather","input_schema":{},"defer_loading":true}]}"#;
        let request = MessagesRequest::read(body.as_bytes()).unwrap();
        request.check(true).unwrap();
        assert_eq!((request.model.as_deref(), request.user_id()), (Some("mA"), Some("u")));
        assert!(request.thinks());
        assert_eq!(request.first_tool().unwrap(), "weather");
    }
}
