//! A generation request against the published schema.

use super::{
    parts,
    schema::{json_schema, schema},
    tools,
};
use crate::{
    answer::Form,
    check::{Checked, Node, rule},
    wish::Asked,
};

const FIELDS: [&str; 10] = [
    "cachedContent",
    "contents",
    "generationConfig",
    "model",
    "safetySettings",
    "serviceTier",
    "store",
    "systemInstruction",
    "toolConfig",
    "tools",
];

const CONFIG: [&str; 23] = [
    "audioTimestamp",
    "candidateCount",
    "enableEnhancedCivicAnswers",
    "frequencyPenalty",
    "imageConfig",
    "logprobs",
    "maxOutputTokens",
    "mediaResolution",
    "modelSelectionConfig",
    "presencePenalty",
    "responseJsonSchema",
    "responseLogprobs",
    "responseMimeType",
    "responseModalities",
    "responseSchema",
    "routingConfig",
    "seed",
    "speechConfig",
    "stopSequences",
    "temperature",
    "thinkingConfig",
    "topK",
    "topP",
];

const HARMS: [&str; 6] = [
    "HARM_CATEGORY_HARASSMENT",
    "HARM_CATEGORY_HATE_SPEECH",
    "HARM_CATEGORY_SEXUALLY_EXPLICIT",
    "HARM_CATEGORY_DANGEROUS_CONTENT",
    "HARM_CATEGORY_CIVIC_INTEGRITY",
    "HARM_CATEGORY_JAILBREAK",
];

const THRESHOLDS: [&str; 5] =
    ["BLOCK_LOW_AND_ABOVE", "BLOCK_MEDIUM_AND_ABOVE", "BLOCK_ONLY_HIGH", "BLOCK_NONE", "OFF"];

pub(super) fn check(body: &Node<'_>, model: &str, cloud: bool) -> Checked<Asked> {
    let known: Vec<&str> = FIELDS.iter().copied().chain(cloud.then_some("labels")).collect();
    body.known(&known)?;
    body.texts(&["cachedContent", "model", "serviceTier"])?;
    body.booleans(&["store"])?;
    body.maybe("systemInstruction", |node| parts::instruction(node))?;
    parts::check(&body.need("contents")?, model)?;
    body.maybe("safetySettings", |node| {
        node.list()?.iter().try_for_each(|setting| {
            setting.known(&["category", "threshold", "method"])?;
            setting.need("category")?.one_of(&HARMS)?;
            setting.need("threshold")?.one_of(&THRESHOLDS).map(|_| ())
        })
    })?;
    let offered = tools::offered(body)?;
    tools::config(body, &offered)?;
    let thinks = body.maybe("generationConfig", config)?.unwrap_or(false);
    let calling = &body.value["toolConfig"]["functionCallingConfig"];
    let form = match body.value["generationConfig"]["responseMimeType"].as_str() {
        _ if calling["mode"] == "ANY" => Form::Call,
        Some("application/json") => Form::Json,
        _ => Form::Free,
    };
    let named = calling["allowedFunctionNames"][0].as_str();
    let tool = named.or_else(|| offered.first().copied()).map(str::to_owned);
    Ok(Asked { thinks, tool, form })
}

/// Whether thoughts are to be shown.
fn config(node: &Node<'_>) -> Checked<bool> {
    node.known(&CONFIG)?;
    node.maybe("temperature", |node| node.number(0.0, 2.0))?;
    node.maybe("topP", |node| node.number(0.0, 1.0))?;
    node.maybe("topK", |node| node.number(0.0, 1_000_000.0))?;
    node.maybe("seed", |node| node.integer(i64::MIN))?;
    for name in ["frequencyPenalty", "presencePenalty"] {
        node.maybe(name, |node| node.number(-2.0, 2.0))?;
    }
    node.maybe("maxOutputTokens", |node| node.integer(1))?;
    if node.maybe("candidateCount", |node| node.integer(1))?.is_some_and(|count| count > 1) {
        return rule("generationConfig.candidateCount", "The simulator gives one candidate only.");
    }
    node.maybe("stopSequences", |node| {
        let stops = node.list()?;
        if stops.len() > 5 {
            return rule(&node.at, "The maximum number of stop sequences is 5.");
        }
        stops.iter().try_for_each(|stop| stop.text().map(|_| ()))
    })?;
    let mime = node
        .maybe("responseMimeType", |node| node.one_of(&["text/plain", "application/json", "text/x.enum"]))?;
    node.maybe("responseSchema", |node| schema(node))?;
    node.maybe("responseJsonSchema", |node| json_schema(node))?;
    let schemas = ["responseSchema", "responseJsonSchema"].map(|name| node.field(name).is_some());
    if schemas == [true, true] {
        return rule(&node.at, "Only one of response_schema and response_json_schema can be set.");
    }
    if schemas.contains(&true) && mime.is_none_or(|mime| mime == "text/plain") {
        return rule(
            &format!("{}.responseMimeType", node.at),
            "* GenerateContentRequest.generation_config.response_mime_type: only allowed mime types with a response \
             schema are `application/json` and `text/x.enum`.",
        );
    }
    Ok(node.maybe("thinkingConfig", thinking)?.unwrap_or(false))
}

fn thinking(node: &Node<'_>) -> Checked<bool> {
    node.known(&["includeThoughts", "thinkingBudget", "thinkingLevel"])?;
    node.maybe("thinkingBudget", |node| node.integer(-1))?;
    node.maybe("thinkingLevel", |node| {
        // Enumerations are read in either case.
        let words = ["MINIMAL", "LOW", "MEDIUM", "HIGH", "THINKING_LEVEL_UNSPECIFIED"];
        match words.contains(&node.text()?.to_ascii_uppercase().as_str()) {
            true => Ok(()),
            false => node.one_of(&words).map(|_| ()),
        }
    })?;
    if node.field("thinkingBudget").is_some() && node.field("thinkingLevel").is_some() {
        return rule(&node.at, "You can only set only one of thinking budget and thinking level.");
    }
    Ok(node.maybe("includeThoughts", |node| node.boolean())?.unwrap_or(false))
}
