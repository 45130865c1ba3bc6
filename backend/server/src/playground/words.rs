//! From the relay's words to the admin API's, and from a wish to the request that a client would send.

use super::Sent;
use bytes::Bytes;
use causeway_admin::playground::Wish;
use causeway_domain::service::ApiDialect;
use causeway_openapi::{
    AttemptStep, Outcome, PlayAnswer, PlayEvent, PlayHeader, PlayOffer, PlayPiece, PlayPlan, PlayRequest,
    PlaySide, PlayTruncated, PlayUpstreamRequest, PlayUsage,
};
use causeway_relay::tap::{self, Asked, Bill, Heard, ShownHeader, Step};
use http::{HeaderValue, Method, Request, Uri, header};
use http_body_util::Full;

/// How the playground calls itself as a client.
const CLIENT: &str = concat!("causeway-playground/", env!("CARGO_PKG_VERSION"));

/// The request that a client would send, but for its key.
pub(super) fn request(wish: &Wish) -> Sent {
    let path = match (wish.dialect, &wish.path) {
        (ApiDialect::Anthropic, _) => "/claude/v1/messages".to_owned(),
        (ApiDialect::OpenaiChat, _) => "/openai/v1/chat/completions".to_owned(),
        (ApiDialect::OpenaiResponses, _) => "/openai/v1/responses".to_owned(),
        (ApiDialect::Gemini, path) => {
            let (model, stream) = path.as_ref().map_or(("", false), |(model, stream)| (model, *stream));
            let call = if stream { "streamGenerateContent?alt=sse" } else { "generateContent" };
            format!("/gemini/v1beta/models/{}:{call}", segment(model))
        }
    };
    let mut request = Request::new(Full::new(wish.body.clone()));
    *request.method_mut() = Method::POST;
    // Made of segments that are encoded: it is one.
    *request.uri_mut() = path.parse().unwrap_or_else(|_| Uri::from_static("/"));
    request.headers_mut().insert(header::USER_AGENT, HeaderValue::from_static(CLIENT));
    request.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if wish.dialect == ApiDialect::Anthropic {
        request.headers_mut().insert("anthropic-version", HeaderValue::from_static("2023-06-01"));
    }
    request
}

/// A name as one segment of a path.
fn segment(name: &str) -> String {
    let plain = |b: &u8| b.is_ascii_alphanumeric() || b"-._~".contains(b);
    name.bytes().map(|b| if plain(&b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

/// The client's request as it is shown.
pub(super) fn sent(request: &Sent, body: &Bytes) -> PlayRequest {
    PlayRequest {
        method: request.method().to_string(),
        path: request.uri().to_string(),
        headers: headers(tap::shown(request.headers())),
        body: tap::text(body).into_owned(),
        truncated: body.len() > tap::MOST,
    }
}

/// Headers.
pub(super) fn headers(shown: Vec<ShownHeader>) -> Vec<PlayHeader> {
    shown.into_iter().map(|(name, value)| PlayHeader { name, value }).collect()
}

/// What an account was sent or has said.
pub(super) fn event(heard: Heard) -> Option<PlayEvent> {
    Some(match heard {
        Heard::Offered { at_ms, accounts, chosen } => {
            let offers = accounts.into_iter().enumerate().map(|(place, offer)| PlayOffer {
                account_id: offer.account,
                account_name: String::new(),
                model: offer.model,
                dialect: offer.dialect,
                chosen: place == chosen,
            });
            PlayEvent::Planned(PlayPlan { at_ms, accounts: offers.collect() })
        }
        Heard::Asked(asked) => PlayEvent::UpstreamRequest(upstream(*asked)),
        Heard::Answered { at_ms, attempt, status, headers: shown } => {
            PlayEvent::UpstreamAnswer(PlayAnswer { at_ms, attempt, status, headers: headers(shown) })
        }
        Heard::Said { at_ms, attempt, text } => PlayEvent::UpstreamEvent(PlayPiece { at_ms, attempt, text }),
        Heard::Cut { at_ms } => PlayEvent::Truncated(PlayTruncated { at_ms, side: PlaySide::Upstream }),
        Heard::Went(_) | Heard::Settled(_) => return None,
    })
}

fn upstream(asked: Asked) -> PlayUpstreamRequest {
    PlayUpstreamRequest {
        at_ms: asked.at_ms,
        attempt: asked.attempt,
        account_id: asked.account,
        account_name: String::new(),
        dialect: asked.dialect,
        request: PlayRequest {
            method: asked.method,
            path: asked.path,
            headers: headers(asked.headers),
            body: asked.body,
            truncated: asked.truncated,
        },
    }
}

/// The row of a request.
pub(super) fn usage(bill: Bill) -> PlayUsage {
    let outcome = Outcome::ALL.into_iter().find(|outcome| outcome.as_str() == bill.outcome.as_str());
    PlayUsage {
        account_id: bill.account,
        account_name: String::new(),
        outcome: outcome.unwrap_or(Outcome::Interrupted),
        estimated: bill.estimated,
        tokens: bill.tokens,
        cost_usd: bill.charged,
        provider_cost_usd: bill.cost,
        first_byte_ms: bill.first_byte_ms,
        duration_ms: bill.duration_ms,
        error: bill.error,
    }
}

/// What happened at one account.
pub(super) fn step(step: Step) -> AttemptStep {
    AttemptStep {
        account_id: step.account,
        account_name: String::new(),
        what: step.what,
        tried: step.tried,
        status: step.status,
        message: step.message,
        after_ms: step.after_ms,
        took_ms: step.took_ms,
        until: step.until,
        input_tokens: step.input_tokens,
        output_tokens: step.output_tokens,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use causeway_admin::playground::Player;
    use causeway_domain::{KeyId, OrgId};
    use uuid::Uuid;

    fn path(dialect: ApiDialect, path: Option<(&str, bool)>) -> String {
        let (org, key) = (OrgId(Uuid::nil()), KeyId(Uuid::nil()));
        let player = Player { org, key, address: "127.0.0.1".parse().unwrap() };
        let path = path.map(|(model, stream)| (model.to_owned(), stream));
        request(&Wish { player, dialect, path, body: Bytes::new() }).uri().to_string()
    }

    #[test]
    fn every_dialect_has_its_path_and_a_models_name_stays_in_its_segment() {
        assert_eq!(path(ApiDialect::Anthropic, None), "/claude/v1/messages");
        assert_eq!(path(ApiDialect::OpenaiChat, None), "/openai/v1/chat/completions");
        assert_eq!(path(ApiDialect::OpenaiResponses, None), "/openai/v1/responses");
        let gemini = |model, stream| path(ApiDialect::Gemini, Some((model, stream)));
        assert_eq!(gemini("gemini-3-pro", false), "/gemini/v1beta/models/gemini-3-pro:generateContent");
        assert_eq!(
            gemini("../a b/é?#", true),
            "/gemini/v1beta/models/..%2Fa%20b%2F%C3%A9%3F%23:streamGenerateContent?alt=sse"
        );
        for route in [gemini("x", true), path(ApiDialect::Anthropic, None)] {
            assert!(causeway_relay::is_ours(&route), "{route}");
        }
    }
}
