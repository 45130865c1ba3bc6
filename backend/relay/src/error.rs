//! What a caller can be told when a request does not go through, and how: in the caller's own dialect.

use crate::{body::RelayBody, grant::DEAD};
use causeway_dialect::{Dialect, error::Failure};
use causeway_domain::{Nanos, RequestId, window::WindowKind};
use causeway_store::{
    StoreError,
    hold::{NoCandidate, Refusal, RefusedBy},
};
use http::{HeaderValue, Response, StatusCode, header};
use serde_json::{Map, Value, json};
use std::time::Duration;

/// Why a request was refused or failed before its first byte.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    /// No path of ours.
    #[error("no such endpoint: {method} {path}. The Messages API is at POST /api/v1/messages")]
    NotFound {
        /// Method.
        method: String,
        /// Path.
        path: String,
    },
    /// No credential, or none that has the form of a key of ours.
    #[error("{0}")]
    NoKey(&'static str),
    /// A key that may not be used: unknown, disabled, expired, its organisation suspended.
    #[error("{message}")]
    KeyRefused {
        /// Stable code.
        code: &'static str,
        /// In words.
        message: String,
    },
    /// A key that may be used, but not from there or not for that. Never says what it may be used for.
    #[error("{message}")]
    Forbidden {
        /// Stable code.
        code: &'static str,
        /// In words.
        message: String,
    },
    /// The body cannot be read or acted on.
    #[error("{message}")]
    BadRequest {
        /// Stable code.
        code: &'static str,
        /// The field at fault.
        field: Option<&'static str>,
        /// In words.
        message: String,
    },
    /// A field that no account which serves the model can be asked for in its own dialect.
    #[error("{message}")]
    Unconvertible {
        /// The field, in the client's words.
        field: String,
        /// In words.
        message: String,
    },
    /// The body is too large.
    #[error("the request body is larger than the {limit} bytes that are accepted here")]
    TooLarge {
        /// Bytes.
        limit: u64,
    },
    /// Something else than a WebSocket was asked for where there are only those, or one where there are none.
    #[error("{}", upgrade_text(*.offered))]
    UpgradeRequired {
        /// Whether there are any.
        offered: bool,
    },
    /// More WebSockets than may be open.
    #[error("this {} may have {limit} WebSockets open at once, and has", whose(.scope))]
    TooManySockets {
        /// `key` or `instance`.
        scope: &'static str,
        /// How many.
        limit: u32,
    },
    /// The key may not use this model.
    #[error("this API key may not use the model {model:?}; it allows: {allowed}")]
    ModelForbidden {
        /// Asked for.
        model: String,
        /// What the policy says.
        allowed: String,
    },
    /// Nobody knows the model, so nobody knows its price.
    #[error(
        "the model {model:?} is unknown here: it has no price. An admin can set a default price for unknown models"
    )]
    UnknownModel {
        /// Asked for.
        model: String,
    },
    /// There are accounts, and none of them serves this: told like a model that does not exist, which clients show within
    /// seconds. Claude Code and Gemini CLI try a 503 anew for minutes whatever else it says.
    #[error("{0}")]
    NotServed(String),
    /// No account can take it, and waiting will not help.
    #[error("{0}")]
    NoAccount(String),
    /// Every account that could take it is busy or cooling down.
    #[error("every upstream account for this model is busy or cooling down")]
    AccountsBusy(Vec<NoCandidate>),
    /// No account is left that could answer.
    #[error("{message}")]
    NoneLeft {
        /// What it is told as: 429 if waiting helps.
        status: StatusCode,
        /// Stable code.
        code: &'static str,
        /// In words.
        message: String,
        /// When the first account can be used again, if that is only a matter of time.
        retry: Option<Duration>,
    },
    /// A limit refused.
    #[error("{}", limit_text(.0))]
    Limit(Box<LimitHit>),
    /// Causeway itself cannot take it now.
    #[error("{0}")]
    Unavailable(&'static str),
}

/// A limit that refused, with what the request would have needed.
#[derive(Debug)]
pub struct LimitHit {
    /// Whose limit: `key`, `member` or `organization`.
    pub scope: &'static str,
    /// Whether it is the organisation's balance that is used up.
    pub prepaid: bool,
    /// How long it waited in line, if it did.
    pub waited: Option<Duration>,
    /// The script's answer.
    pub refusal: Refusal,
    /// Nano-dollars that the request could have cost.
    pub need: Nanos,
    /// Tokens that it could have used.
    pub need_tokens: u64,
}

impl LimitHit {
    /// Whether the request could need more than the limit allows at any time.
    fn exceeds(&self) -> bool {
        match self.refusal.by {
            RefusedBy::Usd(_) => self.need.0 > self.refusal.limit,
            RefusedBy::Tokens(_) | RefusedBy::TokensPerMinute => {
                i64::try_from(self.need_tokens).is_ok_and(|need| need > self.refusal.limit)
            }
            _ => false,
        }
    }
}

impl From<StoreError> for RelayError {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "a store failed under a relay request");
        Self::Unavailable("the relay cannot check limits at the moment; nothing was sent to the provider")
    }
}

fn upgrade_text(offered: bool) -> &'static str {
    if offered {
        "this is the address of a WebSocket (version 13); without one, POST the same request with \"stream\": true"
    } else {
        "WebSockets are not spoken here; send the same request over HTTP with \"stream\": true"
    }
}

fn whose(scope: &str) -> &'static str {
    if scope == "key" { "API key" } else { "instance" }
}

fn limit_text(hit: &LimitHit) -> String {
    let r = &hit.refusal;
    let whose = match hit.scope {
        "member" => "the member whose API key this is",
        "organization" => "this organization",
        _ => "this API key",
    };
    let usd = |n: i64| format!("${}", Nanos(n));
    let lower = "lower max_tokens to need less";
    let never = "no reset will let it through; lower max_tokens, send less, or have the limit raised";
    match r.by {
        RefusedBy::RequestsPerMinute => {
            format!("{whose} may make {} requests in a minute and has made {}", r.limit, r.spent)
        }
        RefusedBy::TokensPerMinute if hit.exceeds() => format!(
            "this request could use {} tokens, and {whose} may use {} in a minute ({never})",
            hit.need_tokens, r.limit
        ),
        RefusedBy::TokensPerMinute => format!(
            "{whose} may use {} tokens in a minute and has used or reserved {}; this request could use {} ({lower})",
            r.limit, r.spent, hit.need_tokens
        ),
        RefusedBy::Concurrency => match hit.waited {
            Some(waited) => format!(
                "{whose} may have {} requests open at once; no place became free in {} seconds",
                r.limit,
                waited.as_secs()
            ),
            None => format!("{whose} may have {} requests open at once", r.limit),
        },
        RefusedBy::Usd(_) if hit.prepaid => format!(
            "the balance of this organization is {}, of which {} are reserved by running requests, and this request \
             could cost up to {} ({lower}, or ask for credit)",
            usd(r.limit.saturating_sub(r.spent).max(0)),
            usd(r.reserved),
            usd(hit.need.0)
        ),
        RefusedBy::Usd(kind) if hit.exceeds() => format!(
            "this request could cost up to {}, and the whole {} budget of {whose} is {} ({never})",
            usd(hit.need.0),
            words(kind.as_str()),
            usd(r.limit)
        ),
        RefusedBy::Usd(kind) => format!(
            "the {} budget of {whose} is {}: {} spent, {} reserved by running requests, and this request could cost \
             up to {} ({lower})",
            words(kind.as_str()),
            usd(r.limit),
            usd(r.spent),
            usd(r.reserved),
            usd(hit.need.0)
        ),
        RefusedBy::Tokens(kind) if hit.exceeds() => format!(
            "this request could use up to {} tokens, and the whole {} token budget of {whose} is {} ({never})",
            hit.need_tokens,
            words(kind.as_str()),
            r.limit
        ),
        RefusedBy::Tokens(kind) => format!(
            "the {} token budget of {whose} is {}: {} used, {} reserved by running requests, and this request could \
             use up to {} ({lower})",
            words(kind.as_str()),
            r.limit,
            r.spent,
            r.reserved,
            hit.need_tokens
        ),
        RefusedBy::Requests(kind) => format!(
            "{whose} may make {} requests per {}: {} made and {} running",
            r.limit,
            if kind == WindowKind::Total { "life" } else { period(kind.as_str()) },
            r.spent,
            r.reserved
        ),
    }
}

fn period(kind: &str) -> &str {
    if kind == "five_hours" { "5 hours" } else { kind }
}

fn words(kind: &str) -> &str {
    match kind {
        "five_hours" => "5 hour",
        "day" => "daily",
        "week" => "weekly",
        "month" => "monthly",
        other => other,
    }
}

impl RelayError {
    /// HTTP status.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::NotFound { .. } | Self::UnknownModel { .. } | Self::NotServed(_) => StatusCode::NOT_FOUND,
            Self::NoKey(_) | Self::KeyRefused { .. } => StatusCode::UNAUTHORIZED,
            Self::BadRequest { .. } | Self::Unconvertible { .. } => StatusCode::BAD_REQUEST,
            Self::UpgradeRequired { .. } => StatusCode::UPGRADE_REQUIRED,
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::ModelForbidden { .. } | Self::Forbidden { .. } => StatusCode::FORBIDDEN,
            Self::NoAccount(_) | Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::AccountsBusy(_) | Self::TooManySockets { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Limit(hit) => match hit.refusal.by {
                RefusedBy::Usd(_) | RefusedBy::Tokens(_) => StatusCode::PAYMENT_REQUIRED,
                _ => StatusCode::TOO_MANY_REQUESTS,
            },
            Self::NoneLeft { status, .. } => *status,
        }
    }

    /// A stable code; also the label of the metric.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::NotFound { .. } => "unknown_endpoint",
            Self::NoKey(_) => "missing_key",
            Self::KeyRefused { code, .. }
            | Self::Forbidden { code, .. }
            | Self::BadRequest { code, .. }
            | Self::NoneLeft { code, .. } => code,
            Self::Unconvertible { .. } => "unconvertible_field",
            Self::UpgradeRequired { offered: true } => "upgrade_required",
            Self::UpgradeRequired { offered: false } => "websocket_not_spoken",
            Self::TooManySockets { .. } => "too_many_sockets",
            Self::TooLarge { .. } => "body_too_large",
            Self::ModelForbidden { .. } => "model_forbidden",
            Self::UnknownModel { .. } => "unknown_model",
            Self::NotServed(_) => "not_served",
            Self::NoAccount(_) => "no_account",
            Self::AccountsBusy(_) => "accounts_busy",
            Self::Limit(hit) => match hit.refusal.by {
                RefusedBy::RequestsPerMinute => "requests_per_minute",
                RefusedBy::TokensPerMinute => "tokens_per_minute",
                RefusedBy::Concurrency => "concurrency",
                RefusedBy::Usd(_) if hit.prepaid => "balance",
                RefusedBy::Usd(_) => "budget_usd",
                RefusedBy::Tokens(_) => "budget_tokens",
                RefusedBy::Requests(_) => "requests",
            },
            Self::Unavailable(_) => "unavailable",
        }
    }

    /// Whether the same request may go through later without anybody changing anything.
    pub fn retryable(&self) -> bool {
        match self {
            Self::AccountsBusy(reasons) => reasons.iter().any(|r| r.retry_ms.is_some()),
            Self::Unavailable(_) | Self::TooManySockets { .. } => true,
            Self::NoneLeft { code: DEAD, .. } => false,
            Self::NoneLeft { status, retry, .. } => retry.is_some() || status.is_server_error(),
            Self::Limit(hit) => {
                self.status() == StatusCode::TOO_MANY_REQUESTS && hit.refusal.retry_ms.is_some()
            }
            _ => false,
        }
    }

    /// Whether the key itself is refused, and so whatever else would be asked with it.
    pub(crate) fn is_of_the_key(&self) -> bool {
        matches!(self, Self::NoKey(_) | Self::KeyRefused { .. })
    }

    /// Whether a limit, a budget or a rule of the organisation has refused it, which its people can see and change.
    pub(crate) fn is_of_a_rule(&self) -> bool {
        matches!(
            self,
            Self::Limit(_)
                | Self::Forbidden { .. }
                | Self::ModelForbidden { .. }
                | Self::UnknownModel { .. }
                | Self::NotServed(_)
                | Self::NoAccount(_)
        )
    }

    /// Seconds after which it makes sense to try again, rounded up.
    fn retry_after(&self) -> Option<u64> {
        let ms = match self {
            // A minute's count keeps up to 61 seconds; above 60 Claude Code gives up instead of waiting.
            Self::Limit(hit)
                if matches!(hit.refusal.by, RefusedBy::RequestsPerMinute | RefusedBy::TokensPerMinute) =>
            {
                hit.refusal.retry_ms?.min(60_000)
            }
            Self::Limit(hit) => hit.refusal.retry_ms?,
            Self::AccountsBusy(reasons) => reasons.iter().filter_map(|r| r.retry_ms).min()?,
            Self::Unavailable(_) => 2000,
            Self::TooManySockets { .. } => 5000,
            Self::NoneLeft { retry, .. } => u64::try_from((*retry)?.as_millis()).unwrap_or(u64::MAX),
            _ => return None,
        };
        Some(ms.div_ceil(1000).max(1))
    }

    fn facts(&self) -> Map<String, Value> {
        let mut facts = Map::new();
        match self {
            Self::BadRequest { field: Some(field), .. } => {
                facts.insert("field".into(), json!(field));
            }
            Self::Unconvertible { field, .. } => {
                facts.insert("field".into(), json!(field));
            }
            Self::TooLarge { limit } => {
                facts.insert("limit_bytes".into(), json!(limit));
            }
            Self::TooManySockets { scope, limit } => {
                facts.insert("scope".into(), json!(scope));
                facts.insert("limit".into(), json!(limit));
            }
            Self::ModelForbidden { model, .. } | Self::UnknownModel { model } => {
                facts.insert("model".into(), json!(model));
            }
            Self::Limit(hit) => {
                let r = &hit.refusal;
                let (amount, window): (fn(i64) -> Value, _) = match r.by {
                    RefusedBy::Usd(kind) => (|n| json!(Nanos(n)), Some(kind)),
                    RefusedBy::Tokens(kind) | RefusedBy::Requests(kind) => (|n| json!(n), Some(kind)),
                    _ => (|n| json!(n), None),
                };
                facts.insert("scope".into(), json!(hit.scope));
                facts.insert("limit".into(), amount(r.limit));
                facts.insert("used".into(), amount(r.spent));
                facts.insert("reserved".into(), amount(r.reserved));
                if let Some(kind) = window {
                    facts.insert("window".into(), json!(kind));
                    let need = match r.by {
                        RefusedBy::Usd(_) => json!(hit.need),
                        RefusedBy::Requests(_) => json!(1),
                        _ => json!(hit.need_tokens),
                    };
                    facts.insert("could_need".into(), need);
                }
                if let Some(ms) = r.retry_ms {
                    facts.insert("resets_in_seconds".into(), json!(ms.div_ceil(1000)));
                }
            }
            _ => {}
        }
        facts
    }

    /// The answer, in the caller's dialect. Permanent refusals say so in the header that the clients heed; without it
    /// Claude Code would try a wrong key eleven times over three minutes.
    pub fn render(&self, dialect: Dialect, request: RequestId) -> Response<RelayBody> {
        let id = request.to_string();
        let message = self.to_string();
        let facts = self.facts();
        let failure = Failure {
            status: self.status().as_u16(),
            code: self.reason(),
            message: &message,
            request_id: &id,
            facts: &facts,
        };
        let mut response = Response::new(RelayBody::full(dialect.error_body(&failure)));
        let told = StatusCode::from_u16(dialect.status(failure.status)).unwrap_or(self.status());
        *response.status_mut() = told;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if !self.retryable() {
            headers.insert("x-should-retry", HeaderValue::from_static("false"));
        }
        if let Some(seconds) = self.retry_after() {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if matches!(self, Self::UpgradeRequired { offered: true }) {
            headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
            headers.insert(header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
        }
        response
    }
}

#[cfg(test)]
mod tests;
