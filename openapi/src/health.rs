//! How upstream accounts fare: whether they can be used, what keeps them from it, and how much of their provider's quota is
//! used; and what happened to a request at each of them.

use crate::AccountRate;
use causeway_domain::{AccountId, KeyId, RequestId, UserId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// How an account fares at this moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct AccountHealth {
    /// In one word.
    pub state: AccountState,
    /// What rests after a failure or a limit: the whole account, or parts of it.
    pub rests: Vec<AccountRest>,
    /// The failure that came last, whether or not it still matters.
    pub last_error: Option<AccountError>,
    /// The provider's own limits, where it tells of them.
    pub quota: Vec<QuotaWindow>,
    /// When it told of them.
    pub quota_at: Option<DateTime<Utc>>,
    /// Requests that are running there now, over all instances.
    #[cfg_attr(feature = "schemas", schema(example = 3))]
    pub in_flight: u32,
    /// How often it has answered in the last hour.
    #[serde(default)]
    pub last_hour: AccountRate,
}

/// An account in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum AccountState {
    /// It takes requests.
    Ready,
    /// It takes requests, but not for every model.
    Partial,
    /// It rests.
    Cooling,
    /// Its rest is over: one request at a time tries it until one succeeds.
    HalfOpen,
    /// A person has switched it off.
    Disabled,
}

/// Something that rests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct AccountRest {
    /// What of the account.
    pub scope: RestScope,
    /// The model, or the word in the names of its family; `null` for the whole account.
    #[cfg_attr(feature = "schemas", schema(example = "claude-haiku-4-5"))]
    pub name: Option<String>,
    /// Why.
    pub cause: FailureCause,
    /// What the provider said.
    #[cfg_attr(feature = "schemas", schema(example = "overloaded_error: Overloaded"))]
    pub message: String,
    /// Failures in a row.
    #[cfg_attr(feature = "schemas", schema(example = 2))]
    pub failures: u16,
    /// When it failed.
    pub since: DateTime<Utc>,
    /// Until when nothing is sent there.
    pub until: DateTime<Utc>,
}

/// What of an account rests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RestScope {
    /// All of it.
    Account,
    /// One model.
    Model,
    /// The models of one family.
    Family,
    /// The way that it takes, and not the account: the direct one, or that through its proxy to its provider.
    Way,
    /// The proxy that it is reached through, for everybody; `name` is the proxy's.
    Proxy,
}

/// A row of the failover table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum FailureCause {
    /// Refused for where the request came from, or by a page that asks whether a person is there.
    Challenge,
    /// The account's balance is used up.
    BalanceUsedUp,
    /// Thinking that another account has signed.
    ForeignThinking,
    /// No connection.
    Unreachable,
    /// No connection through the account's proxy.
    ProxyUnavailable,
    /// No content in time.
    Silent,
    /// The credential is not accepted.
    BadCredential,
    /// The account as a whole is refused.
    AccountRefused,
    /// Refused, and nobody knows why.
    Forbidden,
    /// The request itself is at fault.
    CallersFault,
    /// The account may not use this model.
    ModelUnavailable,
    /// The provider has trouble of its own.
    ProviderError,
    /// A limit is reached, and the provider says until when.
    LimitedUntil,
    /// A limit is reached.
    Limited,
    /// The provider is overloaded.
    Overloaded,
}

impl FailureCause {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::Challenge,
        Self::BalanceUsedUp,
        Self::ForeignThinking,
        Self::Unreachable,
        Self::ProxyUnavailable,
        Self::Silent,
        Self::BadCredential,
        Self::AccountRefused,
        Self::Forbidden,
        Self::CallersFault,
        Self::ModelUnavailable,
        Self::ProviderError,
        Self::LimitedUntil,
        Self::Limited,
        Self::Overloaded,
    ];
}

/// A failure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct AccountError {
    /// When.
    pub at: DateTime<Utc>,
    /// Why.
    pub cause: FailureCause,
    /// The provider's HTTP status; `null` when there was no answer.
    #[cfg_attr(feature = "schemas", schema(example = 529))]
    pub status: Option<u16>,
    /// What the provider said.
    #[cfg_attr(feature = "schemas", schema(example = "overloaded_error: Overloaded"))]
    pub message: String,
}

/// One of a provider's own limits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct QuotaWindow {
    /// Its length, and where it is about some models only, their family.
    #[cfg_attr(feature = "schemas", schema(example = "5h"))]
    pub window: String,
    /// Used, in ten-thousandths; `null` when that is not told.
    #[cfg_attr(feature = "schemas", schema(example = 4203))]
    pub utilization: Option<u32>,
    /// As the provider calls it.
    #[cfg_attr(feature = "schemas", schema(example = "allowed"))]
    pub status: String,
    /// When it begins anew.
    pub resets_at: Option<DateTime<Utc>>,
}

/// The way of one request through the accounts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct RequestAttempts {
    /// Which request.
    #[cfg_attr(feature = "schemas", schema(value_type = uuid::Uuid))]
    pub request_id: RequestId,
    /// Model that was asked for.
    #[cfg_attr(feature = "schemas", schema(example = "claude-haiku-4-5"))]
    pub model: String,
    /// HTTP status that the client was told instead of an answer; `null` when an account answered, or when the client left
    /// before.
    #[cfg_attr(feature = "schemas", schema(example = 429))]
    pub status: Option<u16>,
    /// Code of the refusal, or the row of the failover table that an account's refusal was which the client was given; `ok`
    /// when an account answered, `client_left` when the client left before one did.
    #[cfg_attr(feature = "schemas", schema(example = "accounts_cooling"))]
    pub code: String,
    /// What the client was told in words, at most 500 characters of it; empty where an account answered, or refused.
    #[cfg_attr(
        feature = "schemas",
        schema(example = "every upstream account for this model is busy or cooling down")
    )]
    pub message: String,
    /// The accounts in turn. Empty when the first one answered, or none was chosen.
    pub steps: Vec<AttemptStep>,
}

/// A request that was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct RefusedRequest {
    /// Identifier as the client was told in the `x-request-id` header.
    #[cfg_attr(feature = "schemas", schema(value_type = uuid::Uuid))]
    pub request_id: RequestId,
    /// When it came in.
    pub at: DateTime<Utc>,
    /// The API key it came with.
    #[cfg_attr(feature = "schemas", schema(value_type = uuid::Uuid))]
    pub key_id: KeyId,
    /// Name of the key; empty when it is gone.
    #[cfg_attr(feature = "schemas", schema(example = "Ada's laptop"))]
    pub key_name: String,
    /// The member whose key it was; `null` for a key of nobody.
    #[cfg_attr(feature = "schemas", schema(value_type = Option<uuid::Uuid>))]
    pub member_id: Option<UserId>,
    /// Name of the member; empty when there is none.
    #[cfg_attr(feature = "schemas", schema(example = "Ada Lovelace"))]
    pub member_name: String,
    /// Model that was asked for.
    #[cfg_attr(feature = "schemas", schema(example = "claude-haiku-4-5"))]
    pub model: String,
    /// HTTP status that the client was told.
    #[cfg_attr(feature = "schemas", schema(example = 429))]
    pub status: u16,
    /// Code of the refusal, or the row of the failover table that an account's refusal was which the client was given.
    #[cfg_attr(feature = "schemas", schema(example = "budget_usd"))]
    pub code: String,
    /// What the client was told in words, at most 500 characters of it; empty where those are an account's.
    #[cfg_attr(
        feature = "schemas",
        schema(example = "the daily budget of this API key is $5.00, of which $4.98 is used")
    )]
    pub message: String,
    /// The accounts that were asked or passed over, in turn; empty where the request came so far with none.
    pub steps: Vec<AttemptStep>,
}

/// Which of the requests that were refused.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(default, deny_unknown_fields)]
pub struct RefusedQuery {
    /// Only those that came with this API key.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemas", param(value_type = Option<uuid::Uuid>))]
    pub key_id: Option<KeyId>,
    /// Rows on a page, 1–200; 50 when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemas", param(minimum = 1, maximum = 200, example = 50))]
    pub limit: Option<u16>,
    /// `next_cursor` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// What happened at one account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct AttemptStep {
    /// Which account.
    #[cfg_attr(feature = "schemas", schema(value_type = uuid::Uuid))]
    pub account_id: AccountId,
    /// Its name; empty when it is gone.
    #[cfg_attr(feature = "schemas", schema(example = "Anthropic, research"))]
    pub account_name: String,
    /// A row of the failover table, `ok` or `answered`, `client_left` when nobody waited for its answer any longer, or why it
    /// was passed over: such a row, `tried` while another request
    /// tried it, `disabled`, the name of a limit of its own, `credential_expired` while its token is over and its issuer gives
    /// no other, `credential_dead` until it is authorised anew, `proxy_disabled` while its proxy is
    /// switched off.
    #[cfg_attr(feature = "schemas", schema(example = "overloaded"))]
    pub what: String,
    /// Whether it was sent the request; else it was passed over.
    pub tried: bool,
    /// The provider's HTTP status.
    #[cfg_attr(feature = "schemas", schema(example = 529))]
    pub status: Option<u16>,
    /// What the provider said.
    #[cfg_attr(feature = "schemas", schema(example = "overloaded_error: Overloaded"))]
    pub message: String,
    /// Milliseconds after the request came in.
    #[cfg_attr(feature = "schemas", schema(example = 12))]
    pub after_ms: Option<u64>,
    /// Milliseconds that it took.
    #[cfg_attr(feature = "schemas", schema(example = 180))]
    pub took_ms: Option<u64>,
    /// Until when the account, or a part of it, rests.
    pub until: Option<DateTime<Utc>>,
    /// Input that the provider may bill for a failed attempt, where it has told. Nobody is charged for it.
    #[cfg_attr(feature = "schemas", schema(example = 1200))]
    pub input_tokens: Option<u64>,
    /// The same for output.
    #[cfg_attr(feature = "schemas", schema(example = 0))]
    pub output_tokens: Option<u64>,
}
