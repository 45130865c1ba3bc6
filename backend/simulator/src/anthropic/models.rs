//! `GET /v1/models` with Anthropic's cursors, and one model. At the same address others ask in OpenAI's manner.

use std::sync::Arc;

use axum::{
    Extension,
    body::Body,
    extract::{Path, Query, State},
    response::Response,
};
use http::Request;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{admit, error, plain};
use crate::{Shared, fault, listen::Connection, openai, receive::Call, script::Refusal};

#[derive(Deserialize)]
pub(super) struct Page {
    limit: Option<usize>,
    before_id: Option<String>,
    after_id: Option<String>,
}

pub(super) async fn list(
    State(shared): State<Arc<Shared>>,
    Extension(connection): Extension<Arc<Connection>>,
    Query(page): Query<Page>,
    request: Request<Body>,
) -> Response {
    if openai::models::wanted(request.headers()) {
        return openai::models::list(State(shared), Extension(connection), request).await;
    }
    answer(&shared, connection, request, |shared| select(&shared.config.models, &page)).await
}

pub(super) async fn get(
    State(shared): State<Arc<Shared>>,
    Extension(connection): Extension<Arc<Connection>>,
    Path(id): Path<String>,
    request: Request<Body>,
) -> Response {
    if openai::models::wanted(request.headers()) {
        return openai::models::get(State(shared), Extension(connection), Path(id), request).await;
    }
    let one = |shared: &Shared| match shared.config.models.iter().position(|known| *known == id) {
        Some(at) => Ok(describe(at, &id)),
        None => Err(error::problem(404, "not_found_error", format!("model: {id}"))),
    };
    answer(&shared, connection, request, one).await
}

async fn answer(
    shared: &Shared,
    connection: Arc<Connection>,
    request: Request<Body>,
    body: impl FnOnce(&Shared) -> Result<Value, Refusal>,
) -> Response {
    let Ok(mut call) = Call::receive(shared, connection, request).await else { return fault::gone() };
    if let Err(refusal) = admit(shared, &call) {
        return error::refuse(call, &refusal);
    }
    match call.script(shared, None, None) {
        Ok(script) => plain(call, &script, |_| body(shared).map(|body| body.to_string())).await,
        Err(wrong) => error::refuse(call, &error::problem(400, "invalid_request_error", wrong.to_string())),
    }
}

fn select(models: &[String], page: &Page) -> Result<Value, Refusal> {
    let limit = page.limit.unwrap_or(20);
    if !(1..=1000).contains(&limit) {
        return Err(error::problem(400, "invalid_request_error", "limit: must be between 1 and 1000"));
    }
    let position = |id: &String| {
        let at = models.iter().position(|known| known == id);
        at.ok_or_else(|| error::problem(400, "invalid_request_error", format!("cursor: unknown model {id}")))
    };
    let start = page.after_id.as_ref().map(position).transpose()?.map_or(0, |at| at + 1);
    let end = page.before_id.as_ref().map(position).transpose()?.unwrap_or(models.len()).max(start);
    // Forwards the page begins at the cursor, backwards it ends there.
    let (from, to) = if page.before_id.is_some() && page.after_id.is_none() {
        (end.saturating_sub(limit).max(start), end)
    } else {
        (start, end.min(start + limit))
    };
    let has_more = if page.before_id.is_some() && page.after_id.is_none() { from > start } else { to < end };
    let data: Vec<_> = (from..to).map(|at| describe(at, &models[at])).collect();
    Ok(json!({
        "data": data,
        "has_more": has_more,
        "first_id": models.get(from).filter(|_| from < to),
        "last_id": to.checked_sub(1).and_then(|last| models.get(last)).filter(|_| from < to),
    }))
}

fn describe(at: usize, id: &str) -> Value {
    // Newest first, a month apart.
    let (year, month) = (2026 - at / 12, 12 - at % 12);
    json!({"type": "model", "id": id, "display_name": title(id), "created_at": format!("{year}-{month:02}-01T00:00:00Z")})
}

fn title(id: &str) -> String {
    let words = id.split('-').map(|word| {
        let mut letters = word.chars();
        letters
            .next()
            .map(|first| first.to_uppercase().chain(letters).collect::<String>())
            .unwrap_or_default()
    });
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(limit: usize, before: Option<&str>, after: Option<&str>) -> Value {
        let models: Vec<_> = ["a", "b", "c", "d", "e"].map(String::from).into();
        let page = Page {
            limit: Some(limit),
            before_id: before.map(str::to_owned),
            after_id: after.map(str::to_owned),
        };
        select(&models, &page).unwrap()
    }

    #[test]
    fn pages_follow_their_cursors_both_ways() {
        let first = page(2, None, None);
        assert_eq!(
            (&first["first_id"], &first["last_id"], &first["has_more"]),
            (&"a".into(), &"b".into(), &true.into())
        );
        let next = page(10, None, Some("b"));
        assert_eq!(
            (&next["first_id"], &next["last_id"], &next["has_more"]),
            (&"c".into(), &"e".into(), &false.into())
        );
        let back = page(2, Some("d"), None);
        assert_eq!(
            (&back["first_id"], &back["last_id"], &back["has_more"]),
            (&"b".into(), &"c".into(), &true.into())
        );
        let none = page(2, None, Some("e"));
        assert_eq!((&none["first_id"], &none["data"]), (&Value::Null, &json!([])));
    }
}
