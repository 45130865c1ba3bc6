//! What a call can fail with, and how that is told: RFC 9457 problem documents.
//!
//! An error becomes a response here, and its document at the [`crate::edge`], which knows the id of the call and logs
//! what the caller is not told.

use axum::response::{IntoResponse, Response};
use causeway_openapi::{FieldError, Problem, ProblemCode};
use causeway_store::StoreError;
use http::StatusCode;
use std::{error::Error, sync::Arc};

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// The body is not JSON, or a parameter cannot be read.
    #[error("{0}")]
    Malformed(String),
    /// No access token, or one whose time or session is over.
    #[error("sign in first: the access token is missing, expired or was ended")]
    NotSignedIn,
    /// E-mail address and password do not fit. Never says which.
    #[error("e-mail address and password do not fit together")]
    WrongCredentials,
    /// The code of the second step is not right, or was used before. Never says which.
    #[error("the code is wrong or was used before; wait for the next one")]
    WrongCode,
    /// The second step came too late.
    #[error("this sign-in took too long or was tried too often; sign in again")]
    SignInExpired,
    /// The organisation, or whoever runs the installation, demands a second factor, and the person has none.
    #[error("a second factor is demanded here; set up an authenticator app in your profile first")]
    TotpRequired,
    /// The link to choose a new password cannot be used.
    #[error("the link is not valid, was used before or has expired; ask for a new one")]
    LinkInvalid,
    /// The person may not do this.
    #[error("{0}")]
    Forbidden(String),
    /// No such thing, or none of this organisation's.
    #[error("there is nothing at this address, or nothing that you may see")]
    NotFound,
    /// The address exists, the method does not.
    #[error("this address does not answer to that method")]
    MethodNotAllowed,
    /// It contradicts what is there.
    #[error("{0}")]
    Conflict(String),
    /// The organisation's plan allows no more of these.
    #[error("{0}")]
    PlanLimit(String),
    /// The body is too large.
    #[error("the body is larger than what is read here at once")]
    TooLarge,
    /// The body is not declared as JSON.
    #[error("send the body with content-type: application/json")]
    NotJson,
    /// Fields have values that are not accepted.
    #[error("{}", summary(.0))]
    Invalid(Vec<FieldError>),
    /// A code that cannot be redeemed.
    #[error("code: {}", .0.why())]
    Code(BadCode),
    /// A link that leads nowhere.
    #[error("{}", .0.why())]
    Link(BadLink),
    /// An invitation that is somebody else's.
    #[error("this invitation is for another e-mail address; use the address that it was sent to")]
    WrongAddress,
    /// Nobody would own the organisation any more.
    #[error("the organisation keeps at least one owner: make somebody else an owner first")]
    LastOwner,
    /// Too many failed attempts.
    #[error("too many failed attempts; try again in {seconds} s")]
    Throttled {
        /// How long to wait.
        seconds: u64,
    },
    /// An error of ours, or of a store. What it was is in the log only.
    #[error("{}", if *.outage { "the database is not available at the moment" } else { "an internal error; the log has it under the request id" })]
    Failed {
        /// Whether trying again later may help.
        outage: bool,
        /// What it was.
        source: Box<dyn Error + Send + Sync>,
    },
}

/// Why a code cannot be redeemed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadCode {
    /// There is none, or none that could be one.
    Unknown,
    /// It was good until a time that is over.
    Expired,
    /// Others have used it up.
    Used,
    /// This organisation has redeemed it before.
    Yours,
    /// The operator took it back.
    Revoked,
}

/// Why a link leads nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadLink {
    /// There is none, or a newer one has taken its place.
    Unknown,
    /// It was good until a time that is over.
    Expired,
    /// It was used as often as it may be.
    Used,
    /// Whoever made it took it back.
    Revoked,
}

impl BadLink {
    fn why(self) -> &'static str {
        match self {
            Self::Unknown => {
                "there is no such link, or a newer one has taken its place; ask for the newest one, and copy all of it"
            }
            Self::Expired => "the link has expired; ask for a new one",
            Self::Used => "the link has been used",
            Self::Revoked => "the link was taken back; ask whoever gave it to you",
        }
    }

    fn code(self) -> ProblemCode {
        match self {
            Self::Unknown => ProblemCode::LinkUnknown,
            Self::Expired => ProblemCode::LinkExpired,
            Self::Used => ProblemCode::LinkUsed,
            Self::Revoked => ProblemCode::LinkRevoked,
        }
    }
}

impl BadCode {
    fn why(self) -> &'static str {
        match self {
            Self::Unknown => "there is no such code; a code has five groups of five letters and digits",
            Self::Expired => "the code has expired",
            Self::Used => "the code has been used",
            Self::Yours => "this organisation has redeemed the code before",
            Self::Revoked => "the code was taken back by the operator",
        }
    }

    fn code(self) -> ProblemCode {
        match self {
            Self::Unknown => ProblemCode::CodeUnknown,
            Self::Expired => ProblemCode::CodeExpired,
            Self::Used | Self::Yours => ProblemCode::CodeUsed,
            Self::Revoked => ProblemCode::CodeRevoked,
        }
    }
}

impl ApiError {
    /// One field that is not accepted.
    pub fn field(field: &str, message: impl Into<String>) -> Self {
        Self::Invalid(vec![FieldError { field: field.to_owned(), message: message.into() }])
    }

    /// An error that is nobody's fault but ours.
    pub fn internal(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Failed { outage: false, source: source.into() }
    }

    /// HTTP status.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Malformed(_) => StatusCode::BAD_REQUEST,
            Self::NotSignedIn | Self::WrongCredentials | Self::WrongCode | Self::SignInExpired => {
                StatusCode::UNAUTHORIZED
            }
            Self::Forbidden(_) | Self::WrongAddress | Self::TotpRequired => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::Conflict(_) | Self::PlanLimit(_) | Self::LastOwner => StatusCode::CONFLICT,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::NotJson => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Invalid(_) | Self::Code(_) | Self::Link(_) | Self::LinkInvalid => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
            Self::Throttled { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Failed { outage: true, .. } => StatusCode::SERVICE_UNAVAILABLE,
            Self::Failed { outage: false, .. } => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The kind of problem, for programs and as a label of metrics.
    pub fn reason(&self) -> ProblemCode {
        match self {
            Self::Malformed(_) => ProblemCode::MalformedRequest,
            Self::NotSignedIn => ProblemCode::NotSignedIn,
            Self::WrongCredentials => ProblemCode::WrongCredentials,
            Self::WrongCode => ProblemCode::WrongCode,
            Self::SignInExpired => ProblemCode::SignInExpired,
            Self::TotpRequired => ProblemCode::TotpRequired,
            Self::LinkInvalid => ProblemCode::LinkInvalid,
            Self::Forbidden(_) => ProblemCode::Forbidden,
            Self::NotFound => ProblemCode::NotFound,
            Self::MethodNotAllowed => ProblemCode::MethodNotAllowed,
            Self::Conflict(_) => ProblemCode::Conflict,
            Self::PlanLimit(_) => ProblemCode::PlanLimit,
            Self::TooLarge => ProblemCode::TooLarge,
            Self::NotJson => ProblemCode::NotJson,
            Self::Invalid(_) => ProblemCode::InvalidInput,
            Self::Code(bad) => bad.code(),
            Self::Link(bad) => bad.code(),
            Self::WrongAddress => ProblemCode::WrongAddress,
            Self::LastOwner => ProblemCode::LastOwner,
            Self::Throttled { .. } => ProblemCode::TooManyAttempts,
            Self::Failed { outage: true, .. } => ProblemCode::Unavailable,
            Self::Failed { outage: false, .. } => ProblemCode::Internal,
        }
    }

    /// Whether the same call may succeed later.
    pub fn retryable(&self) -> bool {
        matches!(self, Self::Throttled { .. } | Self::Failed { outage: true, .. })
    }

    /// Seconds to wait before that.
    pub fn retry_after(&self) -> Option<u64> {
        match self {
            Self::Throttled { seconds } => Some(*seconds),
            Self::Failed { outage: true, .. } => Some(1),
            _ => None,
        }
    }

    /// The document that the caller gets.
    pub fn problem(&self, request_id: &str) -> Problem {
        Problem {
            kind: "about:blank".to_owned(),
            title: title(self.reason()).to_owned(),
            status: self.status().as_u16(),
            detail: self.to_string(),
            code: self.reason(),
            request_id: request_id.to_owned(),
            errors: match self {
                Self::Invalid(errors) => errors.clone(),
                Self::Code(bad) => {
                    vec![FieldError { field: "code".to_owned(), message: bad.why().to_owned() }]
                }
                _ => Vec::new(),
            },
            retry_after: self.retry_after(),
        }
    }
}

/// The kind of problem in words.
pub(crate) fn title(code: ProblemCode) -> &'static str {
    match code {
        ProblemCode::MalformedRequest => "Malformed request",
        ProblemCode::NotSignedIn => "Not signed in",
        ProblemCode::WrongCredentials => "Wrong credentials",
        ProblemCode::WrongCode => "Wrong code",
        ProblemCode::SignInExpired => "Sign-in expired",
        ProblemCode::TotpRequired => "Second factor required",
        ProblemCode::LinkInvalid => "Link not valid",
        ProblemCode::Forbidden => "Forbidden",
        ProblemCode::NotFound => "Not found",
        ProblemCode::MethodNotAllowed => "Method not allowed",
        ProblemCode::Conflict => "Conflict",
        ProblemCode::PlanLimit => "Plan limit reached",
        ProblemCode::TooLarge => "Too large",
        ProblemCode::NotJson => "Not JSON",
        ProblemCode::InvalidInput => "Invalid input",
        ProblemCode::CodeUnknown => "No such code",
        ProblemCode::CodeExpired => "Code expired",
        ProblemCode::CodeUsed => "Code already used",
        ProblemCode::CodeRevoked => "Code revoked",
        ProblemCode::LinkUnknown => "No such link",
        ProblemCode::LinkExpired => "Link expired",
        ProblemCode::LinkUsed => "Link already used",
        ProblemCode::LinkRevoked => "Link revoked",
        ProblemCode::WrongAddress => "For another address",
        ProblemCode::LastOwner => "Last owner",
        ProblemCode::TooManyAttempts => "Too many attempts",
        ProblemCode::Unavailable => "Unavailable",
        ProblemCode::Internal | ProblemCode::Unknown => "Internal error",
    }
}

fn summary(errors: &[FieldError]) -> String {
    let parts = errors.iter().map(|e| match e.field.as_str() {
        "" => e.message.clone(),
        field => format!("{field}: {}", e.message),
    });
    parts.collect::<Vec<_>>().join("; ")
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound => Self::NotFound,
            other if let Some(problem) = other.bad_value() => {
                // Which field it was, Postgres does not say. Where that is known, it is refused before it comes here.
                tracing::warn!(error = %other, "a value was refused by the database");
                Self::field("", problem)
            }
            other => Self::Failed { outage: other.is_outage(), source: Box::new(other) },
        }
    }
}

/// What the edge turns into a document.
#[derive(Clone)]
pub(crate) struct Failure(pub(crate) Arc<ApiError>);

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(Failure(Arc::new(self)));
        response
    }
}
