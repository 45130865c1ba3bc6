//! What a client of each dialect sends, and what it makes of the answer.

use causeway_dialect::Dialect;
use serde_json::{Value, json};

/// The tool that is offered, and the text that the provider gives by a schema.
pub(super) const TOOL: &str = "forecast";

const PNG: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

/// A client of one dialect that asks for one model, in a stream or not.
#[derive(Clone, Copy)]
pub(super) struct Client {
    pub(super) dialect: Dialect,
    pub(super) model: &'static str,
    pub(super) stream: bool,
}

/// What an answer says.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) text: String,
    pub(super) thoughts: String,
    /// Ids (where the dialect has some), names and arguments.
    pub(super) calls: Vec<(Option<String>, String, Value)>,
    /// All input, the part read from a cache, all output.
    pub(super) usage: (u64, u64, u64),
    /// The answer as it is sent back.
    turn: Vec<Value>,
}

fn schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "city": {"type": "string", "description": "Where"},
            "days": {"type": "integer"},
            "note": {"type": "string"},
            "nested": {
                "type": "object",
                "properties": {"list": {"type": "array", "items": {"anyOf": [{"type": "number"}, {"type": "boolean"}, {"type": "null"}]}}},
                "required": ["list"],
                "additionalProperties": false
            }
        },
        "required": ["city", "days", "note", "nested"],
        "additionalProperties": false
    })
}

impl Client {
    pub(super) fn path(&self) -> String {
        let Self { model, stream, .. } = self;
        match self.dialect {
            Dialect::Anthropic => "/api/v1/messages".to_owned(),
            Dialect::OpenaiChat => "/openai/v1/chat/completions".to_owned(),
            Dialect::OpenaiResponses => "/openai/v1/responses".to_owned(),
            Dialect::Gemini if *stream => {
                format!("/gemini/v1beta/models/{model}:streamGenerateContent?alt=sse")
            }
            Dialect::Gemini => format!("/gemini/v1beta/models/{model}:generateContent"),
        }
    }

    /// Asks for some words.
    pub(super) fn ask(&self) -> Value {
        let Self { model, stream, .. } = self;
        let said = "How do you cross a river?";
        match self.dialect {
            Dialect::Anthropic => json!({
                "model": model, "max_tokens": 3000, "stream": stream, "system": "Be brief",
                "messages": [{"role": "user", "content": said}]
            }),
            Dialect::OpenaiChat => {
                let mut body = json!({
                    "model": model, "max_completion_tokens": 3000, "stream": stream,
                    "messages": [{"role": "system", "content": "Be brief"}, {"role": "user", "content": said}]
                });
                if *stream {
                    body["stream_options"] = json!({"include_usage": true});
                }
                body
            }
            Dialect::OpenaiResponses => json!({
                "model": model, "max_output_tokens": 3000, "stream": stream, "store": false,
                "instructions": "Be brief", "input": [{"role": "user", "content": said}]
            }),
            Dialect::Gemini => json!({
                "systemInstruction": {"parts": [{"text": "Be brief"}]},
                "contents": [{"role": "user", "parts": [{"text": said}]}],
                "generationConfig": {"maxOutputTokens": 3000}
            }),
        }
    }

    /// The same with a tool.
    pub(super) fn with_tool(&self) -> Value {
        let mut body = self.ask();
        let (says, takes) = ("Tells the weather", schema());
        body["tools"] = match self.dialect {
            Dialect::Anthropic => json!([{"name": TOOL, "description": says, "input_schema": takes}]),
            Dialect::OpenaiChat => {
                json!([{"type": "function", "function": {"name": TOOL, "description": says, "parameters": takes}}])
            }
            Dialect::OpenaiResponses => {
                json!([{"type": "function", "name": TOOL, "description": says, "parameters": takes, "strict": true}])
            }
            Dialect::Gemini => {
                json!([{"functionDeclarations": [{"name": TOOL, "description": says, "parametersJsonSchema": takes}]}])
            }
        };
        body
    }

    /// The same after an answer with calls, with their results.
    pub(super) fn with_results(&self, answer: &Answer) -> Value {
        let mut body = self.with_tool();
        let id = |id: &Option<String>| id.clone().unwrap_or_default();
        let mut turns = answer.turn.clone();
        match self.dialect {
            Dialect::Anthropic => {
                let result = |call: &(Option<String>, String, Value)| json!({"type": "tool_result", "tool_use_id": id(&call.0), "content": "sunny"});
                turns.push(
                    json!({"role": "user", "content": answer.calls.iter().map(result).collect::<Vec<_>>()}),
                );
            }
            Dialect::OpenaiChat => turns.extend(
                answer
                    .calls
                    .iter()
                    .map(|call| json!({"role": "tool", "tool_call_id": id(&call.0), "content": "sunny"})),
            ),
            Dialect::OpenaiResponses => turns.extend(answer.calls.iter().map(
                |call| json!({"type": "function_call_output", "call_id": id(&call.0), "output": "sunny"}),
            )),
            Dialect::Gemini => {
                let result = |(id, name, _): &(Option<String>, String, Value)| {
                    let mut response = json!({"name": name, "response": {"weather": "sunny"}});
                    if let Some(id) = id {
                        response["id"] = json!(id);
                    }
                    json!({"functionResponse": response})
                };
                turns.push(
                    json!({"role": "user", "parts": answer.calls.iter().map(result).collect::<Vec<_>>()}),
                );
            }
        }
        self.said(&mut body).extend(turns);
        body
    }

    /// The same with thinking that is to be seen.
    pub(super) fn with_thinking(&self) -> Value {
        let mut body = self.ask();
        match self.dialect {
            Dialect::Anthropic => body["thinking"] = json!({"type": "enabled", "budget_tokens": 1500}),
            Dialect::OpenaiChat => body["reasoning_effort"] = json!("high"),
            Dialect::OpenaiResponses => body["reasoning"] = json!({"effort": "high", "summary": "auto"}),
            Dialect::Gemini => {
                body["generationConfig"]["thinkingConfig"] =
                    json!({"includeThoughts": true, "thinkingBudget": 1500});
            }
        }
        body
    }

    /// The same with an answer by a schema.
    pub(super) fn with_schema(&self) -> Value {
        let mut body = self.ask();
        match self.dialect {
            Dialect::Anthropic => {
                body["output_config"] = json!({"format": {"type": "json_schema", "schema": schema()}});
            }
            Dialect::OpenaiChat => {
                let format = json!({"name": "weather", "strict": true, "schema": schema()});
                body["response_format"] = json!({"type": "json_schema", "json_schema": format});
            }
            Dialect::OpenaiResponses => {
                let format =
                    json!({"type": "json_schema", "name": "weather", "strict": true, "schema": schema()});
                body["text"] = json!({"format": format});
            }
            Dialect::Gemini => {
                body["generationConfig"]["responseMimeType"] = json!("application/json");
                body["generationConfig"]["responseJsonSchema"] = schema();
            }
        }
        body
    }

    /// The same with a picture.
    pub(super) fn with_picture(&self) -> Value {
        let mut body = self.ask();
        let url = format!("data:image/png;base64,{PNG}");
        let turn = match self.dialect {
            Dialect::Anthropic => json!({"role": "user", "content": [
                {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}},
                {"type": "text", "text": "What is it?"}
            ]}),
            Dialect::OpenaiChat => json!({"role": "user", "content": [
                {"type": "image_url", "image_url": {"url": url}}, {"type": "text", "text": "What is it?"}
            ]}),
            Dialect::OpenaiResponses => json!({"role": "user", "content": [
                {"type": "input_image", "image_url": url, "detail": "auto"},
                {"type": "input_text", "text": "What is it?"}
            ]}),
            Dialect::Gemini => json!({"role": "user", "parts": [
                {"inlineData": {"mimeType": "image/png", "data": PNG}}, {"text": "What is it?"}
            ]}),
        };
        let said = self.said(&mut body);
        said.pop();
        said.push(turn);
        body
    }

    /// Where the conversation is.
    fn said<'b>(&self, body: &'b mut Value) -> &'b mut Vec<Value> {
        let name = match self.dialect {
            Dialect::Anthropic | Dialect::OpenaiChat => "messages",
            Dialect::OpenaiResponses => "input",
            Dialect::Gemini => "contents",
        };
        body[name].as_array_mut().unwrap()
    }

    /// Reads an answer that came whole.
    pub(super) fn read(&self, whole: &Value) -> Answer {
        match self.dialect {
            Dialect::Anthropic => anthropic(whole),
            Dialect::OpenaiChat => chat(whole),
            Dialect::OpenaiResponses => responses(whole),
            Dialect::Gemini => gemini(whole),
        }
    }
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or(0)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// The texts under a name, of those elements that are of a kind.
fn texts(list: &Value, kind: &str, name: &str) -> String {
    list.as_array()
        .into_iter()
        .flatten()
        .filter(|one| one["type"] == kind)
        .map(|one| text(&one[name]))
        .collect()
}

fn anthropic(whole: &Value) -> Answer {
    let content = &whole["content"];
    let calls = content.as_array().unwrap().iter().filter(|block| block["type"] == "tool_use");
    let usage = &whole["usage"];
    let cached = number(&usage["cache_read_input_tokens"]);
    let written = number(&usage["cache_creation_input_tokens"]);
    Answer {
        text: texts(content, "text", "text"),
        thoughts: texts(content, "thinking", "thinking"),
        calls: calls
            .map(|call| (Some(text(&call["id"])), text(&call["name"]), call["input"].clone()))
            .collect(),
        usage: (number(&usage["input_tokens"]) + cached + written, cached, number(&usage["output_tokens"])),
        turn: vec![json!({"role": "assistant", "content": content})],
    }
}

fn chat(whole: &Value) -> Answer {
    let message = &whole["choices"][0]["message"];
    let calls = message["tool_calls"].as_array().into_iter().flatten();
    let arguments =
        |call: &Value| serde_json::from_str(call["function"]["arguments"].as_str().unwrap()).unwrap();
    let usage = &whole["usage"];
    Answer {
        text: text(&message["content"]),
        thoughts: text(&message["reasoning_content"]),
        calls: calls
            .map(|call| (Some(text(&call["id"])), text(&call["function"]["name"]), arguments(call)))
            .collect(),
        usage: (
            number(&usage["prompt_tokens"]),
            number(&usage["prompt_tokens_details"]["cached_tokens"]),
            number(&usage["completion_tokens"]),
        ),
        // What official clients send back.
        turn: vec![
            json!({"role": "assistant", "content": message["content"], "tool_calls": message["tool_calls"]}),
        ],
    }
}

fn responses(whole: &Value) -> Answer {
    let output = whole["output"].as_array().unwrap();
    let of = |kind: &'static str| output.iter().filter(move |item| item["type"] == kind);
    let arguments = |item: &Value| serde_json::from_str(item["arguments"].as_str().unwrap()).unwrap();
    let usage = &whole["usage"];
    Answer {
        text: of("message").map(|item| texts(&item["content"], "output_text", "text")).collect(),
        thoughts: of("reasoning").map(|item| texts(&item["summary"], "summary_text", "text")).collect(),
        calls: of("function_call")
            .map(|item| (Some(text(&item["call_id"])), text(&item["name"]), arguments(item)))
            .collect(),
        usage: (
            number(&usage["input_tokens"]),
            number(&usage["input_tokens_details"]["cached_tokens"]),
            number(&usage["output_tokens"]),
        ),
        turn: output.clone(),
    }
}

fn gemini(whole: &Value) -> Answer {
    let parts = whole["candidates"][0]["content"]["parts"].as_array().unwrap();
    let told = |thought: bool| {
        let of = parts.iter().filter(move |part| (part["thought"] == true) == thought);
        of.map(|part| text(&part["text"])).collect::<String>()
    };
    let calls = parts.iter().filter_map(|part| part.get("functionCall"));
    let usage = &whole["usageMetadata"];
    Answer {
        text: told(false),
        thoughts: told(true),
        calls: calls
            .map(|call| (call["id"].as_str().map(str::to_owned), text(&call["name"]), call["args"].clone()))
            .collect(),
        usage: (
            number(&usage["promptTokenCount"]),
            number(&usage["cachedContentTokenCount"]),
            number(&usage["candidatesTokenCount"]) + number(&usage["thoughtsTokenCount"]),
        ),
        turn: vec![json!({"role": "model", "parts": parts})],
    }
}
