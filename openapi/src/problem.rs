//! Errors: RFC 9457 problem documents (`application/problem+json`).

use serde::{Deserialize, Serialize};

/// What went wrong, for a person (`title`, `detail`), for a program (`code`) and for the log (`request_id`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct Problem {
    /// Names the kind of problem. Always `about:blank`: `code` says more.
    #[serde(rename = "type")]
    #[cfg_attr(feature = "schemas", schema(example = "about:blank"))]
    pub kind: String,
    /// The kind of problem in words.
    #[cfg_attr(feature = "schemas", schema(example = "Invalid input"))]
    pub title: String,
    /// HTTP status.
    #[cfg_attr(feature = "schemas", schema(example = 422))]
    pub status: u16,
    /// What happened this time, and what to do about it.
    #[cfg_attr(feature = "schemas", schema(example = "name: must have 1 to 100 characters"))]
    pub detail: String,
    /// The kind of problem for programs.
    pub code: ProblemCode,
    /// Identifies this answer in the server's log.
    #[cfg_attr(feature = "schemas", schema(example = "01935f3a-6e1c-7c3e-9d0a-5b8f0c2f4a11"))]
    pub request_id: String,
    /// The fields that were refused, where the problem is the input.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// Seconds to wait before trying again, where waiting helps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemas", schema(example = 4))]
    pub retry_after: Option<u64>,
}

/// A field that was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct FieldError {
    /// Path of the field, such as `limits.usd.day`; empty when the document as a whole is at fault.
    #[cfg_attr(feature = "schemas", schema(example = "limits.usd.day"))]
    pub field: String,
    /// What is accepted.
    #[cfg_attr(feature = "schemas", schema(example = "must be more than 0 and at most 9007199.25 dollars"))]
    pub message: String,
}

/// The kinds of problem. New ones may be added; treat one you do not know by its status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ProblemCode {
    /// 400: the body is not JSON, or a parameter cannot be read.
    MalformedRequest,
    /// 401: no access token, or one that is expired or whose session was ended.
    NotSignedIn,
    /// 401: e-mail address and password do not fit.
    WrongCredentials,
    /// 401: the code of the second step is wrong, or was used before.
    WrongCode,
    /// 401: the second step came too late or was tried too often; sign in again.
    SignInExpired,
    /// 403: the organisation demands a second factor, which the person has yet to set up.
    TotpRequired,
    /// 403: the role does not allow it.
    Forbidden,
    /// 404: no such thing in this organisation.
    NotFound,
    /// 405: the address exists, the method does not.
    MethodNotAllowed,
    /// 409: it contradicts what is there, such as a name that is taken or a set-up that was done.
    Conflict,
    /// 409: the organisation's plan allows no more of these.
    PlanLimit,
    /// 413: the body is above 1 MiB.
    TooLarge,
    /// 415: the body is not declared as `application/json`.
    NotJson,
    /// 422: a field has a value that is not accepted; see `errors`.
    InvalidInput,
    /// 422: there is no such code.
    CodeUnknown,
    /// 422: the code was good until a time that is over.
    CodeExpired,
    /// 422: the code was used up, or redeemed by this organisation before.
    CodeUsed,
    /// 422: the operator has taken the code back.
    CodeRevoked,
    /// 422: there is no such invitation or registration link, or a newer one has taken its place.
    LinkUnknown,
    /// 422: the link was good until a time that is over.
    LinkExpired,
    /// 422: the link was used, or as many people have used it as may.
    LinkUsed,
    /// 422: whoever made the link has taken it back, or registration was closed.
    LinkRevoked,
    /// 403: the invitation is for another e-mail address.
    WrongAddress,
    /// 409: an organisation keeps at least one owner.
    LastOwner,
    /// 422: the link to choose a new password is unknown, used or expired.
    LinkInvalid,
    /// 429: too many failed attempts; see `retry_after`.
    TooManyAttempts,
    /// 503: Postgres or Redis is away.
    Unavailable,
    /// 500: an error of ours; the log has it under `request_id`.
    Internal,
    /// Any that this version does not know.
    #[serde(other)]
    Unknown,
}
