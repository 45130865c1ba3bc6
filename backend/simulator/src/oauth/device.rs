//! Devices without a browser (RFC 8628): two codes, the short one for a person to type in ([`super::activate`]), the long
//! one for the device to ask with until there is an answer, not too often.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{Extension, body::Body, extract::State, response::Response};
use chrono::Utc;
use http::Request;
use serde::Serialize;
use serde_json::json;

use super::{
    Exchange, Means, State as Inner, TokenBody,
    body::{self, Fields},
    flow,
};
use crate::{
    Shared,
    endpoint::{Answer, Errand},
    issuer::random,
    listen::Connection,
    script::Subject,
};

/// What the issuer knows about one device.
#[derive(Clone, Debug, Serialize)]
pub struct DeviceReport {
    /// What the person types in.
    pub user_code: String,
    /// Which client asked.
    pub client_id: String,
    /// How often it has asked whether there is an answer.
    pub polls: u64,
    /// How often that was too soon.
    pub too_soon: u64,
    /// The pause between questions that it must keep now, in seconds.
    pub interval: u64,
    /// How far it is.
    pub state: DeviceState,
}

/// How far a device is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceState {
    /// Nobody has typed the code in.
    Waiting,
    /// The owner of this account agreed.
    Approved(String),
    /// Somebody did not agree.
    Denied,
    /// The device has its tokens.
    Used,
}

pub(super) struct Device {
    code: String,
    scope: String,
    challenge: Option<String>,
    begun: Instant,
    life: Duration,
    asked: Option<Instant>,
    report: DeviceReport,
}

impl Device {
    pub(super) fn report(&self) -> DeviceReport {
        self.report.clone()
    }
}

/// A device asks for its codes.
pub(super) async fn begin(
    State(shared): State<Arc<Shared>>,
    Extension(connection): Extension<Arc<Connection>>,
    request: Request<Body>,
) -> Response {
    let version = request.version();
    let (fields, kind) = body::read(request).await;
    let known = fields.clone().unwrap_or_default();
    let about =
        Subject { key: Some(&known.client_id), subject: None, model: None, tag: None, path: "/oauth/device" };
    let errand = Errand::new(&shared, connection, version, &about);
    errand
        .run(|scripted| {
            let answer =
                scripted.unwrap_or_else(|| fields.map_or_else(|no| no, |it| codes(&shared, &it, kind)));
            shared.oauth.lock().log(Exchange {
                at: Utc::now(),
                grant_type: String::new(),
                client_id: known.client_id.clone(),
                json: kind == TokenBody::Json,
                grant: None,
                status: answer.status,
                error: answer.error().map(str::to_owned),
            });
            answer
        })
        .await
}

fn codes(shared: &Shared, fields: &Fields, kind: TokenBody) -> Answer {
    let mut state = shared.oauth.lock();
    if let Err(refused) = fields.admitted(&state.terms, kind) {
        return refused;
    }
    let challenge = (!fields.code_challenge.is_empty()).then(|| fields.code_challenge.clone());
    if challenge.is_some() && fields.code_challenge_method != "S256" {
        return Answer::refused(400, "invalid_request", "code_challenge_method must be S256");
    }
    let device_code = random();
    let user_code = user_code();
    let (life, interval) = (state.terms.device_seconds, state.terms.device_interval);
    state.devices.push(Device {
        code: device_code.clone(),
        scope: fields.scope.clone(),
        challenge,
        begun: Instant::now(),
        life: Duration::from_secs(life),
        asked: None,
        report: DeviceReport {
            user_code: user_code.clone(),
            client_id: fields.client_id.clone(),
            polls: 0,
            too_soon: 0,
            interval,
            state: DeviceState::Waiting,
        },
    });
    let page = format!("{}/activate", shared.oauth.url());
    Answer::good(json!({
        "device_code": device_code,
        "user_code": user_code,
        "verification_uri": page,
        "verification_uri_complete": format!("{page}?user_code={user_code}"),
        "expires_in": life,
        "interval": interval,
    }))
}

/// Consonants only, so that no word comes of it; RFC 8628 6.1.
fn user_code() -> String {
    const LETTERS: &[u8] = b"BCDFGHJKLMNPQRSTVWXZ";
    let letters =
        rand::random::<[u8; 8]>().map(|byte| char::from(LETTERS[usize::from(byte) % LETTERS.len()]));
    let (one, two) = letters.split_at(4);
    format!("{}-{}", String::from_iter(one), String::from_iter(two))
}

/// The place of the new grant, or what the device must hear instead.
pub(super) fn exchange(state: &mut Inner, fields: &Fields) -> Result<usize, Answer> {
    let no = |error: &str, why: &str| Err(Answer::refused(400, error, why));
    let slower = state.terms.slow_down_seconds;
    let Some(device) = state.devices.iter_mut().find(|device| device.code == fields.device_code) else {
        return no("invalid_grant", "The device code is not known.");
    };
    let report = &mut device.report;
    report.polls += 1;
    if report.client_id != fields.client_id {
        return no("invalid_grant", "The device code was issued to another client.");
    }
    if device.begun.elapsed() >= device.life {
        return no("expired_token", "The device code has expired.");
    }
    let since = device.asked.replace(Instant::now()).map(|asked| asked.elapsed());
    // Clocks and networks are not exact.
    if since.is_some_and(|since| since + LENIENCE < Duration::from_secs(report.interval)) {
        report.too_soon += 1;
        report.interval += slower;
        return no("slow_down", "Asked too soon.");
    }
    let account = match &report.state {
        DeviceState::Waiting => return no("authorization_pending", "Nobody has typed the code in yet."),
        DeviceState::Denied => return no("access_denied", "The owner of the account did not agree."),
        DeviceState::Used => return no("invalid_grant", "The device code was used before."),
        DeviceState::Approved(account) => account.clone(),
    };
    if device.challenge.as_ref().is_some_and(|challenge| !flow::fits(&fields.code_verifier, challenge)) {
        return no("invalid_grant", "The code verifier does not match.");
    }
    report.state = DeviceState::Used;
    let scope = device.scope.clone();
    Ok(state.begin(&account, &fields.client_id, &scope, Means::Device))
}

const LENIENCE: Duration = Duration::from_millis(50);

impl Inner {
    /// Somebody has typed a code in and said yes or no; false when none such is waiting.
    pub(super) fn decide(&mut self, user_code: &str, decision: DeviceState) -> bool {
        let plain = |code: &str| code.replace(['-', ' '], "").to_uppercase();
        let waiting = |device: &&mut Device| {
            plain(&device.report.user_code) == plain(user_code)
                && device.report.state == DeviceState::Waiting
                && device.begun.elapsed() < device.life
        };
        let found = self.devices.iter_mut().find(waiting);
        let known = found.is_some();
        if let Some(device) = found {
            device.report.state = decision;
        }
        known
    }
}
