//! Counting tokens (`/v1/messages/count_tokens`, `:countTokens`): asked of the provider, which does it for nothing; where it cannot, estimated here
//! and marked as such. Nothing is reserved, because nothing is billed.

use crate::{
    Relay,
    body::RelayBody,
    call::Call,
    error::RelayError,
    local,
    plan::Plan,
    upstream::{
        headers,
        request::{Asked, counts},
    },
};
use causeway_accounts::refresh::{Wanted, Why};
use causeway_domain::OrgId;
use http::{Response, StatusCode};
use http_body_util::{BodyExt, Limited};
use std::time::Duration;

/// An answer is a number; anything longer than this is no answer.
const LONGEST: usize = 1 << 20;

const PATIENCE: Duration = Duration::from_secs(20);

/// Answers.
pub(crate) async fn tokens(
    relay: &Relay,
    org: OrgId,
    call: &Call,
    plan: &Plan,
) -> Result<Response<RelayBody>, RelayError> {
    // Nobody can be asked for now.
    let Some(candidate) = plan.candidates.first() else { return Ok(estimated(call)) };
    if candidate.speaks != call.dialect || !counts(&candidate.account.preset, call.dialect) {
        return Ok(estimated(call));
    }
    let account = &candidate.account;
    let spent =
        |why| relay.refresher.begin(Wanted { org, account: account.id, version: account.grant.version, why });
    if account.grant.is_over() {
        spent(Why::Over);
        return Ok(estimated(call));
    }
    let edits = call.parsed.edits(&candidate.upstream);
    let body = edits.apply(call.body.clone());
    let body = body.map_err(|_| RelayError::Unavailable("the request cannot be edited"))?;
    let pending = relay.upstream.begin(call, &body, candidate, Asked::Count)?;
    let asked = async {
        let (parts, body) = pending.await.ok()?.into_parts();
        let bytes = Limited::new(body, LONGEST).collect().await.ok()?.to_bytes();
        Some((parts, bytes))
    };
    let refused = |status: StatusCode| status == StatusCode::UNAUTHORIZED && account.grant.refreshable;
    match tokio::time::timeout(PATIENCE, asked).await {
        Ok(Some((parts, _))) if refused(parts.status) => {
            spent(Why::Refused);
            Ok(estimated(call))
        }
        Ok(Some((parts, bytes))) if !cannot_count(parts.status) => {
            let mut response = Response::new(RelayBody::full(bytes));
            *response.status_mut() = parts.status;
            *response.headers_mut() = headers::downward(parts.headers);
            Ok(response)
        }
        // Claude Code asks only to draw a bar: a marked estimate is worth more to it than an error.
        _ => Ok(estimated(call)),
    }
}

fn estimated(call: &Call) -> Response<RelayBody> {
    local::estimated(local::json_answer(call.dialect.token_count(call.parsed.input_estimate)))
}

fn cannot_count(status: StatusCode) -> bool {
    matches!(status, StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_IMPLEMENTED)
        || status.is_server_error()
}
