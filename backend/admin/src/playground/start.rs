//! Sending a request.

use super::{Player, Wish};
use crate::{
    check::Check,
    docs,
    error::ApiError,
    extract::{Body, Place},
    guard::{Caller, May, Person, right},
    keys::changes,
    state::AdminState,
};
use axum::{
    extract::State,
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use causeway_domain::{AccountId, KeyId, service::ApiDialect};
use causeway_openapi::{PlayEvent, StartPlay};
use causeway_store::{TenantTx, accounts, keys};
use futures_util::{StreamExt, stream::BoxStream};
use http::{HeaderName, HeaderValue};
use serde_json::json;
use std::{
    collections::HashMap,
    convert::Infallible,
    net::{IpAddr, Ipv4Addr},
};

/// The longest body, in bytes: half of what a call may have.
const LONGEST: usize = 512 * 1024;

/// Gemini's names are shorter.
const LONGEST_MODEL: usize = 200;

/// Send a request in the playground
///
/// A real request: relayed, limited and billed like any other of the key, by the same rules, for members with their own
/// keys. Answers with server-sent events, each named by its `type` with a `PlayEvent` as data, while it happens: what the
/// client sends, which accounts could serve it, what an account is sent and answers, what the client gets, and `done` with
/// tokens and dollars at the end. Whatever the relay refuses is no error of this call: it is what the client gets. Who
/// closes the connection is a client that leaves. Nothing of the contents is kept; the audit log says who used which key.
/// Of each side at most 256 KiB are told.
#[utoipa::path(
    post, path = "/keys/{id}/playground", tag = "playground", operation_id = "startPlay",
    params(("id" = uuid::Uuid, Path, description = "Identifier of the key")),
    request_body(content = StartPlay, example = json!({
        "dialect": "anthropic",
        "body": r#"{"model":"claude-haiku-4-5","max_tokens":200,"stream":true,"messages":[{"role":"user","content":"Hello"}]}"#
    })),
    responses(
        (status = 200, description = "What happens, as it happens", content((PlayEvent = "text/event-stream"))),
        docs::Input, docs::Guarded, docs::Missing, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::KeysWriteOwn>,
    // Programs ask the relay itself.
    _: Person,
    Place(id): Place<KeyId>,
    Body(input): Body<StartPlay>,
) -> Result<Response, ApiError> {
    let dialect = input.dialect;
    let path = checked(&input)?;
    let mut tx = caller.begin(&state).await?;
    let key = keys::get(&mut tx, id, changes(&caller), false).await?;
    let used = json!({"dialect": dialect});
    caller.record(&mut tx, "key.play", ("key", Some(key.id.0)), None, Some(used)).await?;
    state.commit(tx).await?;
    let wish = Wish { player: player(&caller, id), dialect, path, body: input.body.into() };
    let events = Named::new(state.clone(), caller, state.playground.play(wish));
    let sse = Sse::new(events.stream().map(|event| Ok::<_, Infallible>(written(&event))));
    let mut response = sse.keep_alive(KeepAlive::default()).into_response();
    // nginx in front would otherwise collect events before it passes them on.
    response
        .headers_mut()
        .insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    Ok(response)
}

/// Who uses a key from where. Only tests have no address.
pub(crate) fn player(caller: &Caller, key: KeyId) -> Player {
    let address = caller.origin.address.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
    Player { org: caller.org(), key, address }
}

/// What the path says, where it says something.
fn checked(input: &StartPlay) -> Result<Option<(String, bool)>, ApiError> {
    let mut check = Check::default();
    let length = input.body.len();
    check.require((1..=LONGEST).contains(&length), "body", "must have 1 to 524288 bytes");
    let path = if input.dialect == ApiDialect::Gemini {
        let model = input.model.as_deref().unwrap_or_default().trim();
        let fits = !model.is_empty() && model.len() <= LONGEST_MODEL && !model.contains(char::is_control);
        check.require(fits, "model", "must have 1 to 200 bytes: the path of a request names the model");
        Some((model.to_owned(), input.stream.unwrap_or(false)))
    } else {
        check.require(
            input.model.is_none(),
            "model",
            "is for gemini only: this dialect names it in the body",
        );
        check.require(
            input.stream.is_none(),
            "stream",
            "is for gemini only: this dialect says so in the body",
        );
        None
    };
    check.done()?;
    Ok(path)
}

fn written(event: &PlayEvent) -> Event {
    let data = serde_json::to_string(event).unwrap_or_default();
    Event::default().event(name(event)).data(data)
}

fn name(event: &PlayEvent) -> &'static str {
    match event {
        PlayEvent::Sent(_) => "sent",
        PlayEvent::Planned(_) => "planned",
        PlayEvent::UpstreamRequest(_) => "upstream_request",
        PlayEvent::UpstreamAnswer(_) => "upstream_answer",
        PlayEvent::UpstreamEvent(_) => "upstream_event",
        PlayEvent::ClientAnswer(_) => "client_answer",
        PlayEvent::ClientEvent(_) => "client_event",
        PlayEvent::Truncated(_) => "truncated",
        PlayEvent::Done(_) => "done",
    }
}

/// Events with the names of accounts, each looked up once.
struct Named {
    state: AdminState,
    caller: Caller,
    events: BoxStream<'static, PlayEvent>,
    names: HashMap<AccountId, String>,
}

impl Named {
    fn new(state: AdminState, caller: Caller, events: BoxStream<'static, PlayEvent>) -> Self {
        Self { state, caller, events, names: HashMap::new() }
    }

    fn stream(self) -> impl futures_util::Stream<Item = PlayEvent> {
        futures_util::stream::unfold(self, |mut this| async move {
            let mut event = this.events.next().await?;
            this.look_up(&mut event).await;
            for (id, name) in places(&mut event) {
                *name = this.names.get(&id).cloned().unwrap_or_default();
            }
            Some((event, this))
        })
    }

    async fn look_up(&mut self, event: &mut PlayEvent) {
        let unknown: Vec<AccountId> =
            places(event).into_iter().map(|(id, _)| id).filter(|id| !self.names.contains_key(id)).collect();
        if unknown.is_empty() {
            return;
        }
        // The request goes on whatever becomes of this: an account is then without a name.
        let found = async {
            let mut tx: TenantTx = self.caller.begin(&self.state).await?;
            Ok::<_, ApiError>(accounts::names(&mut tx, &unknown).await?)
        };
        match found.await {
            Ok(found) => self.names.extend(found),
            Err(error) => tracing::warn!(%error, "accounts of the playground have no names"),
        }
    }
}

/// Where an event names accounts.
fn places(event: &mut PlayEvent) -> Vec<(AccountId, &mut String)> {
    match event {
        PlayEvent::Planned(plan) => {
            plan.accounts.iter_mut().map(|a| (a.account_id, &mut a.account_name)).collect()
        }
        PlayEvent::UpstreamRequest(asked) => vec![(asked.account_id, &mut asked.account_name)],
        PlayEvent::Done(done) => {
            let steps = done.steps.iter_mut().map(|step| (step.account_id, &mut step.account_name));
            let usage = done.usage.as_mut().and_then(|u| Some((u.account_id?, &mut u.account_name)));
            steps.chain(usage).collect()
        }
        _ => Vec::new(),
    }
}
