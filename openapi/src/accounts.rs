//! Upstream accounts: a credential at a provider. The credential goes in and never comes out.

use crate::{
    authorizations::AuthorizationRedirect,
    health::AccountHealth,
    patch::{Patch, given, present},
    secret::Secret,
};
use causeway_domain::{
    AccountId, Limits, PoolId, ProxyId, UserId, provider::Provider, proxy::Choice, service::ApiDialect,
    timeouts::Timeouts,
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use uuid::Uuid;

/// An upstream account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct Account {
    /// Identifier.
    #[cfg_attr(feature = "schemas", schema(value_type = uuid::Uuid))]
    pub id: AccountId,
    /// Name as shown.
    #[cfg_attr(feature = "schemas", schema(example = "Anthropic, research"))]
    pub name: String,
    /// Kind of provider.
    #[cfg_attr(feature = "schemas", schema(value_type = crate::schema::Provider))]
    pub provider: Provider,
    /// Where its API is, without `/v1`.
    #[cfg_attr(feature = "schemas", schema(example = "https://api.anthropic.com"))]
    pub base_url: String,
    /// The last characters of the credential, to recognise it by.
    #[cfg_attr(feature = "schemas", schema(example = "…x4Qz"))]
    pub credential_hint: String,
    /// How it signs in.
    pub credential_kind: CredentialKind,
    /// Whether its provider still accepts the credential; nothing goes there otherwise until a person helps.
    pub credential_state: CredentialState,
    /// Why the credential is dead, or why it could not be refreshed the last time.
    pub credential_reason: Option<String>,
    /// When the credential ends by itself.
    pub credential_expires_at: Option<DateTime<Utc>>,
    /// When it was refreshed.
    pub refreshed_at: Option<DateTime<Utc>>,
    /// Whose account it is at the provider, where the provider says so.
    pub identity: Option<AccountIdentity>,
    /// The member to remind when it needs a person; else it is whoever has added it.
    #[cfg_attr(feature = "schemas", schema(value_type = Option<uuid::Uuid>))]
    pub owner_id: Option<UserId>,
    /// The member who shares it, and may renew and withdraw it whatever their role; `null` = it is the organisation's own.
    #[serde(default)]
    #[cfg_attr(feature = "schemas", schema(value_type = Option<uuid::Uuid>))]
    pub contributed_by: Option<UserId>,
    /// Whether requests may go there.
    pub enabled: bool,
    /// Accounts with a smaller number are tried first, 0–1000.
    #[cfg_attr(feature = "schemas", schema(example = 100, minimum = 0, maximum = 1000))]
    pub priority: u16,
    /// Its limits. What is absent is unlimited. Dollars are what the provider asks, without any multiplier.
    #[cfg_attr(feature = "schemas", schema(value_type = crate::schema::Limits))]
    pub limits: Limits,
    /// How long its provider may take. What is absent is left to the provider's preset and the settings.
    #[cfg_attr(feature = "schemas", schema(value_type = crate::schema::Timeouts))]
    pub timeouts: Timeouts,
    /// Whether it serves only keys that name it or a pool that it is in.
    #[serde(default)]
    pub dedicated: bool,
    /// Whether it takes nothing new: only conversations that it has.
    #[serde(default)]
    pub draining: bool,
    /// How its requests leave: `inherit` (as the oldest of its pools that says something, or else the organisation's
    /// default), `direct`, or the id of a proxy.
    #[serde(default)]
    #[cfg_attr(feature = "schemas", schema(value_type = String, example = "inherit"))]
    pub proxy: Choice,
    /// The proxy that its requests go through by that; `null` = straight to the provider.
    #[serde(default)]
    #[cfg_attr(feature = "schemas", schema(value_type = Option<uuid::Uuid>))]
    pub proxy_id: Option<ProxyId>,
    /// How it fares.
    pub health: AccountHealth,
    /// Models that the provider listed when it was last tested; `null` when never.
    #[cfg_attr(feature = "schemas", schema(example = json!(["claude-haiku-4-5"])))]
    pub models: Option<Vec<String>>,
    /// When it listed them.
    pub models_fetched_at: Option<DateTime<Utc>>,
    /// Outcome of the last test, by a person or by schedule.
    pub last_test: Option<AccountTest>,
    /// When it is checked: five fields of cron in the organisation's time zone, or `off`; `null` = as the organisation says.
    #[serde(default)]
    #[cfg_attr(feature = "schemas", schema(example = "0 6 * * 1-5"))]
    pub check_schedule: Option<String>,
    /// When it was added.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// A new upstream account.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CreateAccount {
    /// Name as shown, 1–100 characters.
    #[cfg_attr(
        feature = "schemas",
        schema(example = "Anthropic, research", min_length = 1, max_length = 100)
    )]
    pub name: String,
    /// Kind of provider.
    #[cfg_attr(feature = "schemas", schema(value_type = crate::schema::Provider))]
    pub provider: Provider,
    /// Where its API is. Needed where the provider has none of its own. A trailing `/v1` is dropped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemas", schema(example = "https://api.anthropic.com"))]
    pub base_url: Option<String>,
    /// What fills the places in the provider's base URL, such as `region`, where `base_url` is absent. The region of AWS keys
    /// and the project of a service account need not be repeated.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[cfg_attr(feature = "schemas", schema(value_type = Option<BTreeMap<String, String>>, example = json!({"region": "eu-central-1"})))]
    pub places: BTreeMap<String, String>,
    /// What to sign in with. Either this or `authorization_id` is needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemas", schema(nullable = false))]
    pub credential: Option<Credential>,
    /// The authorisation that gives the credential, which is used up by it. It must be of the same provider and session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemas", schema(nullable = false))]
    pub authorization_id: Option<Uuid>,
    /// The pools to put it into, at most 10, behind what is in them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schemas", schema(value_type = Option<Vec<uuid::Uuid>>, max_items = 10))]
    pub pool_ids: Vec<PoolId>,
    /// The member to remind when it needs a person; else it is whoever has added it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemas", schema(value_type = Option<uuid::Uuid>))]
    pub owner_id: Option<UserId>,
    /// Accounts with a smaller number are tried first, 0–1000; 100 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemas", schema(example = 100, minimum = 0, maximum = 1000))]
    pub priority: Option<u16>,
    /// Its limits. What is absent is unlimited. An account that has reached one is passed over for the next.
    #[serde(default, skip_serializing_if = "Limits::is_empty")]
    #[cfg_attr(feature = "schemas", schema(value_type = crate::schema::Limits))]
    pub limits: Limits,
    /// How long its provider may take. What is absent is left to the provider's preset and the settings.
    #[serde(default, skip_serializing_if = "Timeouts::is_empty")]
    #[cfg_attr(feature = "schemas", schema(value_type = crate::schema::Timeouts))]
    pub timeouts: Timeouts,
    /// Whether it serves only keys that name it or a pool that it is in; false when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemas", schema(example = false))]
    pub dedicated: Option<bool>,
    /// How its requests leave, and those that refresh its credential: `inherit`, `direct`, or the id of a proxy; `inherit`
    /// when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemas", schema(value_type = Option<String>, nullable = false, example = "inherit"))]
    pub proxy: Option<Choice>,
    /// Whether requests may go there; true when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemas", schema(example = true))]
    pub enabled: Option<bool>,
}

/// A change of an account. What is absent stays.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct UpdateAccount {
    /// Name as shown, 1–100 characters.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[cfg_attr(
        feature = "schemas",
        schema(example = "Anthropic, research", min_length = 1, max_length = 100)
    )]
    pub name: Option<String>,
    /// Where its API is. Another origin needs the credential again: a credential is only ever sent where it was meant for.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[cfg_attr(feature = "schemas", schema(nullable = false, example = "https://api.anthropic.com"))]
    pub base_url: Option<String>,
    /// A new credential instead of the old one.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[cfg_attr(feature = "schemas", schema(nullable = false))]
    pub credential: Option<Credential>,
    /// The member to remind when it needs a person; `null` = nobody.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    #[cfg_attr(feature = "schemas", schema(value_type = Option<uuid::Uuid>))]
    pub owner_id: Patch<UserId>,
    /// Accounts with a smaller number are tried first, 0–1000.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[cfg_attr(feature = "schemas", schema(nullable = false, example = 100, minimum = 0, maximum = 1000))]
    pub priority: Option<u16>,
    /// Its limits, all of them anew.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[cfg_attr(feature = "schemas", schema(nullable = false, value_type = Option<crate::schema::Limits>))]
    pub limits: Option<Limits>,
    /// How long its provider may take, all of it anew.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[cfg_attr(feature = "schemas", schema(nullable = false, value_type = Option<crate::schema::Timeouts>))]
    pub timeouts: Option<Timeouts>,
    /// Whether it serves only keys that name it or a pool that it is in.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[cfg_attr(feature = "schemas", schema(nullable = false, example = false))]
    pub dedicated: Option<bool>,
    /// Whether it takes nothing new, so that it can be removed once its conversations have ended.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[cfg_attr(feature = "schemas", schema(nullable = false, example = true))]
    pub draining: Option<bool>,
    /// When it is checked: five fields of cron (minute, hour, day of the month, month, day of the week) on the clock of the
    /// organisation's time zone, or `off`; `null` = as the organisation says. A check uses no tokens and costs nothing.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    #[cfg_attr(feature = "schemas", schema(value_type = Option<String>, example = "0 6 * * 1-5", max_length = 100))]
    pub check_schedule: Patch<String>,
    /// How its requests leave: `inherit`, `direct`, or the id of a proxy. Where its provider is spoken to without TLS, a proxy
    /// reads the credential, and it has to be entered again.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[cfg_attr(feature = "schemas", schema(value_type = Option<String>, nullable = false, example = "direct"))]
    pub proxy: Option<Choice>,
    /// Whether requests may go there.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[cfg_attr(feature = "schemas", schema(nullable = false, example = true))]
    pub enabled: Option<bool>,
}

/// What to sign in to a provider with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Credential {
    /// An API key.
    ApiKey {
        /// The key.
        #[cfg_attr(feature = "schemas", schema(value_type = String, format = Password, example = "sk-ant-api03-…", min_length = 1, max_length = 4096))]
        api_key: Secret,
        /// How it is presented; the provider's usual way when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        auth: Option<AuthHeader>,
    },
    /// A token that was made elsewhere. It is not refreshed.
    Token {
        /// The token.
        #[cfg_attr(feature = "schemas", schema(value_type = String, format = Password, min_length = 1, max_length = 8192))]
        token: Secret,
    },
    /// The key file of a Google service account.
    ServiceAccount {
        /// The JSON file as it is.
        #[cfg_attr(feature = "schemas", schema(value_type = String, format = Password, min_length = 1, max_length = 20000))]
        key: Secret,
    },
    /// AWS access keys. Requests are signed with them; they are never sent.
    Aws {
        /// The public part.
        #[cfg_attr(feature = "schemas", schema(example = "AKIAIOSFODNN7EXAMPLE"))]
        access_key_id: String,
        /// The secret part.
        #[cfg_attr(feature = "schemas", schema(value_type = String, format = Password, min_length = 1, max_length = 8192))]
        secret_access_key: Secret,
        /// Where the keys are temporary.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "schemas", schema(value_type = Option<String>, format = Password))]
        session_token: Option<Secret>,
        /// The region to sign for.
        #[cfg_attr(feature = "schemas", schema(example = "eu-central-1"))]
        region: String,
    },
}

/// How an account signs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum CredentialKind {
    /// By an API key.
    ApiKey,
    /// By a pasted token.
    Token,
    /// By an authorisation, which is refreshed.
    Oauth,
    /// By a service account's key.
    ServiceAccount,
    /// By AWS access keys.
    Aws,
}

/// Whether a credential is still accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum CredentialState {
    /// As far as is known.
    Ok,
    /// Not any more.
    Dead,
}

/// Whose account it is at the provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct AccountIdentity {
    /// The provider's own name for them, which never changes.
    pub subject: String,
    /// In which organisation there.
    pub organization: Option<String>,
    /// To show.
    pub email: Option<String>,
    /// To show.
    pub plan: Option<String>,
}

/// How an API key is presented to a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum AuthHeader {
    /// `x-api-key: …`
    XApiKey,
    /// `Authorization: Bearer …`
    Bearer,
    /// `api-key: …`
    ApiKey,
    /// `x-goog-api-key: …`
    XGoogApiKey,
}

/// What happened when the provider was asked for its models with the account's credential.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct AccountTest {
    /// Whether the credential was accepted.
    pub ok: bool,
    /// The provider's HTTP status; `null` when it could not be reached.
    #[cfg_attr(feature = "schemas", schema(example = 200))]
    pub status: Option<u16>,
    /// Milliseconds until the answer was complete.
    #[cfg_attr(feature = "schemas", schema(example = 212))]
    pub latency_ms: u64,
    /// The outcome in words.
    #[cfg_attr(
        feature = "schemas",
        schema(example = "The provider accepted the credential and lists 9 models.")
    )]
    pub message: String,
    /// The models that the provider listed.
    #[serde(default)]
    #[cfg_attr(feature = "schemas", schema(example = json!(["claude-haiku-4-5"])))]
    pub models: Vec<String>,
    /// When it was tried.
    pub at: DateTime<Utc>,
}

/// A way to sign in to a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum SignInWay {
    /// An API key.
    ApiKey,
    /// A token that was made elsewhere and is pasted.
    Token,
    /// OAuth authorization code with PKCE.
    OauthCode,
    /// OAuth device code.
    DeviceCode,
    /// The JSON of a service account.
    ServiceAccount,
    /// AWS access keys.
    AwsKeys,
}

/// A text in every language of the pages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct Words {
    /// English.
    pub en: String,
    /// Chinese.
    pub zh: String,
}

/// What is known of a kind of provider, for the form that adds an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct ProviderPreset {
    /// Kind of provider.
    #[cfg_attr(feature = "schemas", schema(value_type = crate::schema::Provider))]
    pub provider: Provider,
    /// Name as shown.
    #[cfg_attr(feature = "schemas", schema(example = "Anthropic"))]
    pub name: String,
    /// Dialects that it speaks, the preferred one first.
    #[cfg_attr(feature = "schemas", schema(value_type = Vec<crate::schema::ApiDialect>))]
    pub dialects: Vec<ApiDialect>,
    /// Ways to sign in to it that are open here, the usual one first.
    pub sign_in: Vec<SignInWay>,
    /// Ways that an operator would have to open first.
    pub closed: Vec<SignInWay>,
    /// Where its issuer can send a person back to who authorises by `oauth_code`, the best first.
    #[serde(default)]
    pub redirects: Vec<AuthorizationRedirect>,
    /// What a person should know before adding an account.
    pub notice: Option<Words>,
    /// The places in the base URL that an account has to fill.
    #[cfg_attr(feature = "schemas", schema(example = json!(["region"])))]
    pub places: Vec<String>,
    /// Where its API is; `null` where the person must say.
    #[cfg_attr(feature = "schemas", schema(example = "https://api.anthropic.com"))]
    pub base_url: Option<String>,
    /// How an API key is usually presented.
    pub auth: AuthHeader,
    /// What its API keys begin with, as a hint; `null` when there is no rule.
    #[cfg_attr(feature = "schemas", schema(example = "sk-ant-"))]
    pub key_prefix: Option<String>,
    /// Where a person gets an API key.
    #[cfg_attr(feature = "schemas", schema(example = "https://console.anthropic.com/settings/keys"))]
    pub keys_page: Option<String>,
}
