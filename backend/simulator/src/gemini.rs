//! The Gemini dialect: `generateContent`, `streamGenerateContent` as events or as one JSON array, `countTokens`, the model
//! list, and errors in Google's shape. At the cloud platform's addresses the same is said to service accounts.

mod answer;
mod count;
mod error;
mod models;
mod names;
mod parts;
mod request;
mod schema;
mod stream;
mod tools;

use std::sync::Arc;

use axum::{
    Extension, Router,
    body::Body,
    extract::{Path, State},
    response::Response,
    routing::{get, post},
};
use http::{HeaderMap, HeaderValue, Request, Uri};
use serde_json::Value;

use self::stream::{Form, Stream};
use crate::{
    Shared, anthropic,
    bearer::Realm,
    check::{Checked, Node},
    fault,
    ledger::Slot,
    listen::Connection,
    receive::Call,
    reply::{self, EVENT_STREAM, Manner, Plan, Streamed, preliminaries, refuse_as},
    script::{Refusal, Script},
    vertex,
    wish::{Refusals, Wish, draw_up},
};

pub(crate) fn router(shared: &Arc<Shared>) -> Router {
    let routes: Router<Arc<Shared>> = Router::new()
        .route("/v1beta/models", get(models::list))
        .route("/v1beta/models/{id}", get(models::get).post(by_key));
    Router::new()
        .nest("/compat", routes.clone())
        .merge(routes)
        // Some callers know of the stable version only; to read, the address is another dialect's.
        .route("/v1/models/{id}", post(by_key))
        .route("/v1/projects/{project}/locations/{location}/publishers/google/models/{id}", post(by_account))
        .with_state(Arc::clone(shared))
}

/// Whether this dialect is spoken there, and its keys are at home.
pub(crate) fn serves(path: &str) -> bool {
    path.contains("/v1beta/") || path.ends_with("enerateContent") || path.ends_with(":countTokens")
}

/// A key in the query, as this provider takes it too.
pub(crate) fn key_in(uri: &Uri) -> Option<String> {
    query(uri, "key").filter(|_| serves(uri.path()))
}

fn query(uri: &Uri, wanted: &str) -> Option<String> {
    let pairs = url::form_urlencoded::parse(uri.query()?.as_bytes());
    pairs.into_iter().find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned())
}

const MANNER: Manner = Manner { render: error::render, describe, json: "application/json; charset=UTF-8" };

const REFUSALS: Refusals = Refusals { script: error::misread, no_such_model: error::no_such_model };

fn refuse(call: Call, refusal: &Refusal) -> Response {
    refuse_as(call, refusal, MANNER)
}

/// Where a call goes, and who speaks there.
#[derive(Clone, Copy)]
struct Target<'a> {
    /// `gemini-2.5-pro:generateContent`
    id: &'a str,
    /// At the cloud platform, whose schema has a little more.
    cloud: bool,
}

async fn by_key(
    State(shared): State<Arc<Shared>>,
    Extension(connection): Extension<Arc<Connection>>,
    Path(id): Path<String>,
    request: Request<Body>,
) -> Response {
    let Ok(call) = Call::receive(&shared, connection, request).await else { return fault::gone() };
    match admit(&shared, &call) {
        Ok(()) => serve(&shared, call, Target { id: &id, cloud: false }).await,
        Err(refusal) => refuse(call, &refusal),
    }
}

async fn by_account(
    State(shared): State<Arc<Shared>>,
    Extension(connection): Extension<Arc<Connection>>,
    Path((project, _location, id)): Path<(String, String, String)>,
    request: Request<Body>,
) -> Response {
    let Ok(call) = Call::receive(&shared, connection, request).await else { return fault::gone() };
    match vertex::admit(&shared, &call, Some(&project)) {
        Ok(()) => serve(&shared, call, Target { id: &id, cloud: true }).await,
        Err(refusal) => refuse(call, &refusal),
    }
}

/// Who asks.
fn admit(shared: &Shared, call: &Call) -> Result<(), Refusal> {
    let holder = call.holder.as_ref();
    match &call.key {
        None => return Err(error::unregistered()),
        Some(_) if call.authentic(shared) || holder.is_some_and(|holder| holder.opens(Realm::Cloud)) => {}
        Some(_) if call.headers.contains_key("authorization") => return Err(error::unauthenticated()),
        Some(_) => return Err(error::no_such_key()),
    }
    if call.body.len() > anthropic::LARGEST {
        return Err(error::problem(400, "Request payload size exceeds the limit: 33554432 bytes."));
    }
    Ok(())
}

async fn serve(shared: &Shared, mut call: Call, target: Target<'_>) -> Response {
    let (model, action) = target.id.rsplit_once(':').unwrap_or((target.id, ""));
    let stream = match action {
        "generateContent" => false,
        "streamGenerateContent" => true,
        "countTokens" => return count::create(shared, call, model, target.cloud).await,
        _ => return refuse(call, &error::no_such_method(target.id)),
    };
    let form = match query(&call.uri, "alt").as_deref() {
        Some("sse") => Form::Events,
        None | Some("json") => Form::Array,
        Some(other) => {
            let message = format!("Invalid value \"{other}\" for the query parameter 'alt'.");
            return refuse(call, &error::problem(400, &message));
        }
    };
    let plan = match plan(shared, &mut call, model, stream, target.cloud) {
        Ok(plan) => plan,
        Err(refusal) => return refuse(call, &refusal),
    };
    match preliminaries(call, &plan, MANNER).await {
        Ok(call) => answered(call, plan, form),
        Err(response) => *response,
    }
}

fn answered(call: Call, plan: Plan, form: Form) -> Response {
    let Plan { script, answer, stream, repeat_usage } = plan;
    if !stream {
        let body = format!("{:#}\n", answer::body(&answer));
        return reply::whole(call, &script, &answer, body, MANNER);
    }
    let error_event = script.error_event.as_ref().map(|event| form.failure(event));
    let streamed = Streamed {
        id: answer.message_id.clone(),
        content_type: if form == Form::Events { EVENT_STREAM } else { MANNER.json },
        events: Box::new(Stream::new(answer, &script, repeat_usage, form)),
        error_event,
        bad_utf8: BAD_UTF8,
    };
    // Garbage is that of event streams; in an array it would be another fault.
    let played = match form {
        Form::Events => script,
        Form::Array => Script { garbage_after: None, bad_utf8_after: None, ..script },
    };
    reply::stream(call, &played, streamed, MANNER)
}

const BAD_UTF8: &[u8] =
    b"data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"cut \xf0\x9f\"}],\"role\":\"model\"}}]}\n\n";

fn plan(shared: &Shared, call: &mut Call, model: &str, stream: bool, cloud: bool) -> Result<Plan, Refusal> {
    let body = read(call)?;
    let wish = Wish {
        model: Some(model),
        user: body["labels"]["user_id"].as_str(),
        stream,
        max_tokens: body["generationConfig"]["maxOutputTokens"].as_u64(),
    };
    let plain = crate::script::marker(model).map_or(model, |found| found.0);
    let check = || checked(shared, &body, |root| request::check(root, plain, cloud));
    let mut plan = draw_up(shared, call, &wish, &shared.config.gemini_models, &REFUSALS, check)?;
    plan.answer.message_id = plan.answer.message_id.replace("msg_sim_", "sim-");
    answer::whole_calls(&mut plan.answer);
    plan.repeat_usage = plan.script.repeat_usage.unwrap_or(plan.answer.flavour & 64 == 0);
    Ok(plan)
}

/// The body, with every name in the spelling of the reference.
fn read(call: &Call) -> Result<Value, Refusal> {
    match serde_json::from_slice::<Value>(&call.body) {
        Ok(body) if body.is_object() => Ok(names::camel(&body)),
        Ok(_) => Err(error::problem(400, "Invalid JSON payload received. Expected an object.")),
        Err(wrong) => Err(error::problem(400, &format!("Invalid JSON payload received. {wrong}"))),
    }
}

fn checked<T>(
    shared: &Shared,
    body: &Value,
    check: impl FnOnce(&Node<'_>) -> Checked<T>,
) -> Result<T, Refusal> {
    check(&Node::root(body, shared.config.strict)).map_err(|wrong| error::wrong(&wrong))
}

/// No rate limits here: the provider tells none.
fn describe(slot: &Slot, headers: &mut HeaderMap) {
    if let Ok(id) = HeaderValue::from_str(slot.request_id()) {
        headers.insert("x-request-id", id);
    }
    headers.insert("server-timing", HeaderValue::from_static("gfet4t7; dur=1"));
}
