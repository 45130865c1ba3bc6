//! `:countTokens`: a figure within the bytes of the request; nothing is billed.

use axum::response::Response;
use serde_json::json;

use super::{MANNER, checked, error, parts, read, refuse, request};
use crate::{
    Shared,
    check::{Checked, Node, rule},
    receive::Call,
    reply::plain_as,
    script::{Refusal, Script},
};

pub(super) async fn create(shared: &Shared, mut call: Call, model: &str, cloud: bool) -> Response {
    match prepare(shared, &mut call, model, cloud) {
        Err(refusal) => refuse(call, &refusal),
        Ok(script) => {
            let count = |call: &mut Call| {
                let drawn = 1 + call.draw.below((call.body.len() as u64 * 3 / 4).max(1));
                let count = script.tokens.input.unwrap_or(drawn);
                let details = json!([{"modality": "TEXT", "tokenCount": count}]);
                Ok(json!({"totalTokens": count, "promptTokensDetails": details}).to_string())
            };
            plain_as(call, &script, count, MANNER).await
        }
    }
}

fn prepare(shared: &Shared, call: &mut Call, model: &str, cloud: bool) -> Result<Script, Refusal> {
    let body = read(call)?;
    let script = call.script(shared, Some(model), None).map_err(|wrong| error::misread(&wrong))?;
    call.slot.update(|entry| entry.model = Some(model.to_owned()));
    checked(shared, &body, |root| check(root, model, cloud))?;
    Ok(script)
}

/// At the provider itself what counts beside the conversation goes into a request within the request.
fn check(body: &Node<'_>, model: &str, cloud: bool) -> Checked {
    if cloud {
        body.known(&["contents", "generationConfig", "instances", "model", "systemInstruction", "tools"])?;
        return parts::check(&body.need("contents")?, model);
    }
    body.known(&["contents", "generateContentRequest", "model"])?;
    match (body.field("contents"), body.field("generateContentRequest")) {
        (Some(contents), None) => parts::check(&contents, model),
        (None, Some(inner)) => {
            inner.need("model")?.text()?;
            let root = Node::root(inner.value, true);
            request::check(&root, model, false).map(|_| ())
        }
        (None, None) => body.need("contents").map(|_| ()),
        (Some(contents), Some(_)) => {
            rule(&contents.at, "Only one of contents and generate_content_request can be set.")
        }
    }
}
