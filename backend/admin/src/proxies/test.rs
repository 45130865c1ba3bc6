//! Testing a proxy.

use crate::{
    docs,
    error::ApiError,
    extract::{Body, Place},
    guard::{May, right},
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_accounts::{Proxy as Opened, ProxyError, SealError};
use causeway_domain::{ProxyId, provider::Provider};
use causeway_openapi::{ProxyFailure, ProxyTest, TestProxy};
use causeway_store::proxies;
use chrono::Utc;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// How long each of the steps may take: to the proxy, through it, TLS with the target.
const PATIENCE: Duration = Duration::from_secs(5);

/// Test a proxy
///
/// Connects to a provider's address through it, with TLS, and sends nothing there. Waits up to 15 seconds, and keeps the
/// outcome with the proxy; its rest, if it has one, goes on until `resetProxy` or a request that goes well. A proxy that
/// refuses is not an error of this call: see `ok`, `failure` and `message`. One that is switched off can be tested too.
#[utoipa::path(
    post, path = "/proxies/{id}/test", tag = "proxies", operation_id = "testProxy",
    params(("id" = uuid::Uuid, Path, description = "Identifier of the proxy")),
    request_body = TestProxy,
    responses(
        (status = 200, description = "What happened", body = ProxyTest),
        docs::Input, docs::Guarded, docs::Missing, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::AccountsWrite>,
    Place(id): Place<ProxyId>,
    Body(input): Body<TestProxy>,
) -> Result<Json<ProxyTest>, ApiError> {
    let mut tx = caller.begin(&state).await?;
    let stored = proxies::get(&mut tx, id, false).await?;
    // Not across the call: the proxy may take its time.
    drop(tx);
    let target = target(&state, &input).await?;
    let begun = Instant::now();
    let failed = match Opened::open(&state.sealing, caller.org(), &stored) {
        Ok(proxy) => {
            proxy.reach(&state.addresses, &target, PATIENCE).await.err().map(|error| failure(&error))
        }
        Err(error @ (SealError::OtherKey | SealError::Damaged)) => {
            Some((ProxyFailure::Sealed, false, format!("{error}; enter the password again")))
        }
        Err(other) => return Err(ApiError::internal(other)),
    };
    let latency_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    let (failure, proxy_answered, message) = match failed {
        None => (None, true, format!("The proxy connects to {target}.")),
        Some((failure, answered, words)) => (Some(failure), answered, sentence(&words)),
    };
    let ok = failure.is_none();
    let outcome = ProxyTest { ok, proxy_answered, latency_ms, target, failure, message, at: Utc::now() };
    let mut tx = caller.begin(&state).await?;
    proxies::save_test(&mut tx, id, &json!(outcome), ok).await?;
    state.commit(tx).await?;
    Ok(Json(outcome))
}

/// Where it is to lead to.
async fn target(state: &AdminState, input: &TestProxy) -> Result<String, ApiError> {
    if let (Some(_), Some(_)) = (input.provider, &input.url) {
        return Err(ApiError::field("url", "must be absent where there is a provider"));
    }
    if let Some(url) = &input.url {
        let base = state.addresses.base_url(url).map_err(|bad| ApiError::field("url", bad.to_string()))?;
        return Ok(base.origin());
    }
    state.catalogue.refresh(&state.store.app).await?;
    let provider = input.provider.unwrap_or(Provider::ANTHROPIC);
    let preset = state.catalogue.get(provider);
    let known = preset.and_then(|preset| preset.base_url.clone().filter(|_| preset.places().is_empty()));
    let base = known.and_then(|url| state.addresses.base_url(&url).ok());
    let base = base.ok_or_else(|| {
        ApiError::field("provider", format!("{provider} has no address of its own here; give a url instead"))
    })?;
    Ok(base.origin())
}

/// What it is, whether the proxy itself has done its work, and the words.
fn failure(error: &ProxyError) -> (ProxyFailure, bool, String) {
    let failure = serde_json::from_value(Value::from(error.code())).unwrap_or(ProxyFailure::NotAProxy);
    (failure, !error.is_the_proxys(), error.to_string())
}

fn sentence(words: &str) -> String {
    let mut text = words.to_owned();
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    text + "."
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    #[test]
    fn everything_that_can_go_wrong_has_a_name_in_the_api() {
        let io = || io::Error::from(io::ErrorKind::ConnectionRefused);
        for (error, name, answered) in [
            (ProxyError::Name("p".into()), ProxyFailure::NameNotFound, false),
            (ProxyError::Forbidden, ProxyFailure::AddressForbidden, false),
            (ProxyError::Connect(io()), ProxyFailure::ConnectionRefused, false),
            (ProxyError::Tls(io()), ProxyFailure::Tls, false),
            (ProxyError::Slow(5), ProxyFailure::Timeout, false),
            (ProxyError::Broke(io()), ProxyFailure::BrokenOff, false),
            (ProxyError::NotAProxy("x".into()), ProxyFailure::NotAProxy, false),
            (ProxyError::Login("407"), ProxyFailure::Authentication, false),
            (ProxyError::Refused("HTTP status 403".into()), ProxyFailure::TunnelRefused, true),
            (ProxyError::TargetForbidden, ProxyFailure::TargetForbidden, true),
            (ProxyError::TargetTls(io()), ProxyFailure::TargetTls, true),
        ] {
            let told = failure(&error);
            assert_eq!((told.0, told.1), (name, answered), "{error}");
            assert_eq!(json!(told.0), error.code());
        }
    }
}
