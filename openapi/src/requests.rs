//! The request log: one row for each request that reached a provider.

use crate::usage::ExportFormat;
use causeway_domain::{AccountId, KeyId, Nanos, RequestId, TokenCounts, UserId, price::ServiceTier};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// One relayed request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct Request {
    /// Identifier; the same as `request_id`.
    #[cfg_attr(feature = "schemas", schema(value_type = uuid::Uuid))]
    pub id: RequestId,
    /// Identifier as the client was told in the `x-request-id` header.
    #[cfg_attr(feature = "schemas", schema(value_type = uuid::Uuid))]
    pub request_id: RequestId,
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
    /// The upstream account it went to.
    #[cfg_attr(feature = "schemas", schema(value_type = uuid::Uuid))]
    pub account_id: AccountId,
    /// Name of the account; empty when it is gone.
    #[cfg_attr(feature = "schemas", schema(example = "Anthropic, research"))]
    pub account_name: String,
    /// Kind of provider.
    #[cfg_attr(feature = "schemas", schema(example = "anthropic"))]
    pub provider: String,
    /// Wire format of the client.
    #[cfg_attr(feature = "schemas", schema(example = "anthropic_messages"))]
    pub dialect: String,
    /// Model, as the provider names it.
    #[cfg_attr(feature = "schemas", schema(example = "claude-haiku-4-5"))]
    pub model: String,
    /// Whether the answer was streamed.
    pub stream: bool,
    /// HTTP status told to the client; 0 when it left before there was one.
    #[cfg_attr(feature = "schemas", schema(example = 200))]
    pub status: u16,
    /// How it ended.
    pub outcome: Outcome,
    /// True where the provider never said its final figures and ours are the conservative ones.
    pub estimated: bool,
    /// Tokens used, in disjoint buckets (`reasoning` is a part of `output`).
    #[cfg_attr(feature = "schemas", schema(value_type = crate::schema::TokenCounts))]
    pub tokens: TokenCounts,
    /// Service tier that it was billed at.
    #[cfg_attr(feature = "schemas", schema(value_type = String, example = "standard"))]
    pub service_tier: ServiceTier,
    /// Dollars charged to the key, as a decimal string.
    #[cfg_attr(feature = "schemas", schema(value_type = String, example = "0.013575"))]
    pub cost_usd: Nanos,
    /// Dollars that the provider asks, before multipliers, as a decimal string.
    #[cfg_attr(feature = "schemas", schema(value_type = String, example = "0.013575"))]
    pub provider_cost_usd: Nanos,
    /// Searches that the provider made on its own; their fee is part of the cost.
    #[cfg_attr(feature = "schemas", schema(example = 0))]
    pub web_searches: u32,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// Milliseconds until the first byte of the answer; `null` when there was none.
    #[cfg_attr(feature = "schemas", schema(example = 420))]
    pub first_byte_ms: Option<u32>,
    /// Milliseconds until its end.
    #[cfg_attr(feature = "schemas", schema(example = 6200))]
    pub duration_ms: u32,
    /// The provider's own identifier of the request.
    #[cfg_attr(feature = "schemas", schema(example = "req_011CSHoEeqs5C35K2UUqR7Fy"))]
    pub upstream_request_id: Option<String>,
    /// The client program, as it calls itself.
    #[cfg_attr(feature = "schemas", schema(example = "claude-cli/2.1.0"))]
    pub client: String,
    /// The client that it was recognised as; empty where no rule fitted.
    #[serde(default)]
    #[cfg_attr(feature = "schemas", schema(example = "claude_code"))]
    pub client_id: String,
    /// What went wrong, in short; `null` when nothing did.
    #[cfg_attr(feature = "schemas", schema(example = "overloaded_error"))]
    pub error: Option<String>,
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The answer was delivered to its end.
    Completed,
    /// The client went away before the end.
    ClientLeft,
    /// The provider broke the answer off.
    UpstreamCut,
    /// The provider answered with an error.
    UpstreamError,
    /// The instance of the relay died meanwhile.
    Interrupted,
}

impl Outcome {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Completed, Self::ClientLeft, Self::UpstreamCut, Self::UpstreamError, Self::Interrupted];

    /// As stored and as in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::ClientLeft => "client_left",
            Self::UpstreamCut => "upstream_cut",
            Self::UpstreamError => "upstream_error",
            Self::Interrupted => "interrupted",
        }
    }
}

macro_rules! filtered {
    ($(#[$doc:meta])* $name:ident { $($(#[$attribute:meta])* $field:ident: $kind:ty),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[cfg_attr(feature = "schemas", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
        #[serde(default, deny_unknown_fields)]
        pub struct $name {
            /// Of this API key.
            #[serde(skip_serializing_if = "Option::is_none")]
            #[cfg_attr(feature = "schemas", param(value_type = Option<uuid::Uuid>))]
            pub key_id: Option<KeyId>,
            /// Of this member.
            #[serde(skip_serializing_if = "Option::is_none")]
            #[cfg_attr(feature = "schemas", param(value_type = Option<uuid::Uuid>))]
            pub member_id: Option<UserId>,
            /// Through this upstream account.
            #[serde(skip_serializing_if = "Option::is_none")]
            #[cfg_attr(feature = "schemas", param(value_type = Option<uuid::Uuid>))]
            pub account_id: Option<AccountId>,
            /// For this model; `*` stands for any run of characters.
            #[serde(skip_serializing_if = "Option::is_none")]
            #[cfg_attr(feature = "schemas", param(example = "claude-*"))]
            pub model: Option<String>,
            /// From this client; the empty text stands for those that were not recognised.
            #[serde(skip_serializing_if = "Option::is_none")]
            #[cfg_attr(feature = "schemas", param(example = "claude_code"))]
            pub client_id: Option<String>,
            /// With this HTTP status.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub status: Option<u16>,
            /// That ended this way.
            #[serde(skip_serializing_if = "Option::is_none")]
            #[cfg_attr(feature = "schemas", param(inline))]
            pub outcome: Option<Outcome>,
            /// That began at this time or later.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub from: Option<DateTime<Utc>>,
            /// That began before this time.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub to: Option<DateTime<Utc>>,
            $($(#[$attribute])* pub $field: $kind,)*
        }
    };
}

filtered!(
    /// Which requests to list. All conditions must hold.
    RequestQuery {
        /// Rows on a page, 1–200; 50 when absent.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "schemas", param(minimum = 1, maximum = 200, example = 50))]
        limit: Option<u16>,
        /// `next_cursor` of the page before.
        #[serde(skip_serializing_if = "Option::is_none")]
        cursor: Option<String>,
    }
);

filtered!(
    /// Which requests to export. All conditions must hold.
    RequestExport {
        /// Form of the file; `csv` when absent.
        #[cfg_attr(feature = "schemas", param(inline))]
        format: ExportFormat,
    }
);

impl From<RequestExport> for RequestQuery {
    /// The same conditions.
    fn from(export: RequestExport) -> Self {
        let RequestExport {
            key_id, member_id, account_id, model, client_id, status, outcome, from, to, ..
        } = export;
        Self {
            key_id,
            member_id,
            account_id,
            model,
            client_id,
            status,
            outcome,
            from,
            to,
            limit: None,
            cursor: None,
        }
    }
}

impl RequestQuery {
    /// The export of all that matches.
    pub fn export(self, format: ExportFormat) -> RequestExport {
        let Self { key_id, member_id, account_id, model, client_id, status, outcome, from, to, .. } = self;
        RequestExport { key_id, member_id, account_id, model, client_id, status, outcome, from, to, format }
    }
}
