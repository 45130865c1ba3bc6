//! Legal bodies of each dialect, and JSON as people read it.

use causeway_domain::service::ApiDialect;
use serde_json::Value;

/// Enough for a look, and not dear.
const MOST_OUTPUT: u32 = 1024;

/// The dialects with their names, which are nobody's language.
pub(super) const DIALECTS: [(ApiDialect, &str); 4] = [
    (ApiDialect::Anthropic, "Anthropic Messages"),
    (ApiDialect::OpenaiChat, "OpenAI Chat"),
    (ApiDialect::OpenaiResponses, "OpenAI Responses"),
    (ApiDialect::Gemini, "Gemini"),
];

/// The name of a dialect.
pub(super) fn dialect_name(dialect: ApiDialect) -> &'static str {
    DIALECTS.iter().find(|(known, _)| *known == dialect).map_or("", |(_, name)| name)
}

/// A short question to a model.
pub(super) fn fill(dialect: ApiDialect, model: &str, stream: bool, prompt: &str) -> String {
    let [model, prompt] = [model, prompt].map(|text| Value::from(text).to_string());
    let compact = match dialect {
        ApiDialect::Anthropic => format!(
            r#"{{"model":{model},"max_tokens":{MOST_OUTPUT},"stream":{stream},"messages":[{{"role":"user","content":{prompt}}}]}}"#
        ),
        ApiDialect::OpenaiChat => format!(
            r#"{{"model":{model},"max_completion_tokens":{MOST_OUTPUT},"stream":{stream},"messages":[{{"role":"user","content":{prompt}}}]}}"#
        ),
        ApiDialect::OpenaiResponses => format!(
            r#"{{"model":{model},"max_output_tokens":{MOST_OUTPUT},"stream":{stream},"input":{prompt}}}"#
        ),
        ApiDialect::Gemini => format!(
            r#"{{"contents":[{{"role":"user","parts":[{{"text":{prompt}}}]}}],"generationConfig":{{"maxOutputTokens":{MOST_OUTPUT}}}}}"#
        ),
    };
    pretty(&compact)
}

/// JSON with a line for each member, in its own order and with its own numbers. What is no JSON stays as it is.
pub(super) fn pretty(text: &str) -> String {
    if serde_json::from_str::<serde::de::IgnoredAny>(text).is_err() {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len() * 2);
    let mut depth = 0_usize;
    let (mut quoted, mut escaped) = (false, false);
    let line = |out: &mut String, depth: usize| {
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", depth));
    };
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        if quoted {
            out.push(c);
            quoted = escaped || c != '"';
            escaped = !escaped && c == '\\';
            continue;
        }
        match c {
            '"' => {
                quoted = true;
                out.push(c);
            }
            '{' | '[' => {
                out.push(c);
                while rest.peek().is_some_and(|c| c.is_ascii_whitespace()) {
                    rest.next();
                }
                if let Some(end) = rest.next_if(|c| matches!(c, '}' | ']')) {
                    out.push(end);
                } else {
                    depth += 1;
                    line(&mut out, depth);
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                line(&mut out, depth);
                out.push(c);
            }
            ',' => {
                out.push(c);
                line(&mut out, depth);
            }
            ':' => out.push_str(": "),
            c if c.is_ascii_whitespace() => {}
            c => out.push(c),
        }
    }
    out
}

/// An event of a stream: its name, if it has one, and its data. `None` = it is none.
pub(super) fn event(text: &str) -> Option<(String, String)> {
    let field = |name: &str| {
        let found = text.lines().filter_map(|line| line.strip_prefix(name).map(str::trim_start));
        found.collect::<Vec<_>>().join("\n")
    };
    let (name, data) = (field("event:"), field("data:"));
    (!name.is_empty() || !data.is_empty()).then_some((name, data))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_json_whatever_is_asked() {
        for (dialect, _) in DIALECTS {
            let body = fill(dialect, "a \"model\"", true, "say \"hi\",\n{twice}: \\");
            let body: Value = serde_json::from_str(&body).unwrap();
            assert!(body.to_string().contains(r#"say \"hi\",\n{twice}: \\"#), "{body}");
            assert_eq!(body.get("model").is_some(), dialect != ApiDialect::Gemini);
            assert_eq!(body.get("stream").is_some(), dialect != ApiDialect::Gemini);
        }
    }

    #[test]
    fn json_is_spread_out_and_not_changed() {
        let text = r#"{"b":1.50,"a":[ ],"c":{"d":"x,{\"y\":[\\"},"e":[1, 2]}"#;
        let expected = "{\n  \"b\": 1.50,\n  \"a\": [],\n  \"c\": {\n    \"d\": \"x,{\\\"y\\\":[\\\\\"\n  },\n  \"e\": [\n    1,\n    2\n  ]\n}";
        assert_eq!(pretty(text), expected);
        assert_eq!(pretty(expected), expected, "twice is once");
        assert_eq!(pretty("{no json"), "{no json");
    }

    #[test]
    fn an_event_has_a_name_and_data() {
        assert_eq!(event("event: a\ndata: {}\n\n"), Some(("a".into(), "{}".into())));
        assert_eq!(event("data: [DONE]\r\n\r\n"), Some((String::new(), "[DONE]".into())));
        assert_eq!(event("{\"a\":1}"), None);
    }
}
