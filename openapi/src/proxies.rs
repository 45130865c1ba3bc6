//! Proxies that upstream accounts are reached through. A password goes in and never comes out.

use crate::{
    health::FailureCause,
    patch::{Patch, given, present},
    secret::Secret,
};
use causeway_domain::{ProxyId, provider::Provider, proxy::Scheme};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A proxy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct Proxy {
    /// Identifier.
    #[cfg_attr(feature = "schemas", schema(value_type = uuid::Uuid))]
    pub id: ProxyId,
    /// Name as shown; no other proxy of the organisation has it.
    #[cfg_attr(feature = "schemas", schema(example = "Frankfurt"))]
    pub name: String,
    /// What it speaks.
    #[cfg_attr(feature = "schemas", schema(value_type = crate::schema::ProxyScheme))]
    pub scheme: Scheme,
    /// Where it is: a name or an address, an IPv6 one without brackets.
    #[cfg_attr(feature = "schemas", schema(example = "proxy.example.com"))]
    pub host: String,
    /// At which port.
    #[cfg_attr(feature = "schemas", schema(example = 3128, minimum = 1, maximum = 65535))]
    pub port: u16,
    /// As whom it is asked; `null` = as nobody.
    pub username: Option<String>,
    /// Whether a password is kept for it.
    pub has_password: bool,
    /// Whether requests may go through it. Accounts whose proxy is switched off are passed over: they go no other way.
    pub enabled: bool,
    /// How it stands.
    pub state: ProxyState,
    /// What keeps requests from going through it, as a whole or to one provider.
    pub rests: Vec<ProxyRest>,
    /// Outcome of the last test.
    pub last_test: Option<ProxyTest>,
    /// When it last came back: by a test that went well, or by the request that ended its rest.
    pub last_success_at: Option<DateTime<Utc>>,
    /// Who names it.
    pub used_by: ProxyUsers,
    /// When it was added.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// How a proxy stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ProxyState {
    /// Nothing is known against it.
    Ready,
    /// A provider refuses requests that come from it; it is used for the others.
    Partial,
    /// It has failed, and nothing goes through it for a while.
    SetAside,
    /// That time is over: one request at a time tries it.
    HalfOpen,
    /// A person has switched it off.
    Disabled,
}

/// What keeps requests from going through a proxy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct ProxyRest {
    /// The provider that refuses what comes from there; `null` = the proxy itself has failed.
    #[cfg_attr(feature = "schemas", schema(value_type = Option<crate::schema::Provider>))]
    pub provider: Option<Provider>,
    /// Why: `proxy_unavailable`, or `challenge` where a provider refuses the place.
    pub cause: FailureCause,
    /// In words.
    #[cfg_attr(feature = "schemas", schema(example = "the proxy did not answer within 5 s"))]
    pub message: String,
    /// Failures in a row.
    #[cfg_attr(feature = "schemas", schema(example = 2))]
    pub failures: u16,
    /// When it failed.
    pub since: DateTime<Utc>,
    /// Until when nothing goes through it; then one request tries.
    pub until: DateTime<Utc>,
}

/// Who is reached through a proxy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct ProxyUsers {
    /// Accounts that name it themselves.
    pub accounts: Vec<ProxyUser>,
    /// Pools that name it for their accounts.
    pub pools: Vec<ProxyUser>,
    /// Whether it is the organisation's default.
    pub default: bool,
    /// How many accounts are reached through it, by whichever of these.
    #[cfg_attr(feature = "schemas", schema(example = 3))]
    pub reaches: u64,
}

/// An account or a pool by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct ProxyUser {
    /// Identifier.
    pub id: Uuid,
    /// Name as shown.
    pub name: String,
}

/// A new proxy.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CreateProxy {
    /// Name as shown, 1–100 characters; no other proxy of the organisation has it.
    #[cfg_attr(feature = "schemas", schema(example = "Frankfurt", min_length = 1, max_length = 100))]
    pub name: String,
    /// What it speaks.
    #[cfg_attr(feature = "schemas", schema(value_type = crate::schema::ProxyScheme))]
    pub scheme: Scheme,
    /// Where it is: a name or an address, without scheme and port.
    #[cfg_attr(feature = "schemas", schema(example = "proxy.example.com", min_length = 1, max_length = 253))]
    pub host: String,
    /// At which port.
    #[cfg_attr(feature = "schemas", schema(example = 3128, minimum = 1, maximum = 65535))]
    pub port: u16,
    /// As whom it is asked, 1–255 bytes; absent = as nobody. No colon, except for socks5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemas", schema(nullable = false, min_length = 1, max_length = 255))]
    pub username: Option<String>,
    /// With which password, 1–255 bytes; needed beside a user name for socks5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemas", schema(value_type = Option<String>, format = Password, nullable = false, min_length = 1, max_length = 255))]
    pub password: Option<Secret>,
    /// Whether requests may go through it; true when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemas", schema(nullable = false, example = true))]
    pub enabled: Option<bool>,
}

/// A change of a proxy. What is absent stays.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct UpdateProxy {
    /// Name as shown, 1–100 characters.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[cfg_attr(
        feature = "schemas",
        schema(nullable = false, example = "Frankfurt", min_length = 1, max_length = 100)
    )]
    pub name: Option<String>,
    /// What it speaks. Another scheme, host or port needs the password again: it is only ever shown to whom it is for.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[cfg_attr(feature = "schemas", schema(nullable = false, value_type = Option<crate::schema::ProxyScheme>))]
    pub scheme: Option<Scheme>,
    /// Where it is.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[cfg_attr(
        feature = "schemas",
        schema(nullable = false, example = "proxy.example.com", min_length = 1, max_length = 253)
    )]
    pub host: Option<String>,
    /// At which port.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[cfg_attr(feature = "schemas", schema(nullable = false, example = 3128, minimum = 1, maximum = 65535))]
    pub port: Option<u16>,
    /// As whom it is asked; `null` = as nobody, which forgets the password too.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    #[cfg_attr(feature = "schemas", schema(min_length = 1, max_length = 255))]
    pub username: Patch<String>,
    /// With which password; `null` = without.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    #[cfg_attr(feature = "schemas", schema(value_type = Option<String>, format = Password, min_length = 1, max_length = 255))]
    pub password: Patch<Secret>,
    /// Whether requests may go through it.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[cfg_attr(feature = "schemas", schema(nullable = false, example = true))]
    pub enabled: Option<bool>,
}

/// What a proxy is tried with: the address of a provider, or an address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct TestProxy {
    /// The provider whose usual address is connected to; `anthropic` where this and `url` are absent.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[cfg_attr(feature = "schemas", schema(nullable = false, value_type = Option<crate::schema::Provider>))]
    pub provider: Option<Provider>,
    /// The address that is connected to, by the rules for base URLs of accounts. Not beside `provider`.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[cfg_attr(feature = "schemas", schema(nullable = false, example = "https://api.anthropic.com"))]
    pub url: Option<String>,
}

/// What happened when somewhere was connected to through a proxy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct ProxyTest {
    /// Whether the target was reached, with TLS where its address says so.
    pub ok: bool,
    /// Whether the proxy itself does its work; one that does may still not lead to the target.
    pub proxy_answered: bool,
    /// Milliseconds until that was clear.
    #[cfg_attr(feature = "schemas", schema(example = 84))]
    pub latency_ms: u64,
    /// What was connected to.
    #[cfg_attr(feature = "schemas", schema(example = "https://api.anthropic.com"))]
    pub target: String,
    /// What went wrong; `null` when nothing did.
    pub failure: Option<ProxyFailure>,
    /// The outcome in words.
    #[cfg_attr(feature = "schemas", schema(example = "The proxy connects to https://api.anthropic.com."))]
    pub message: String,
    /// When it was tried.
    pub at: DateTime<Utc>,
}

/// What can go wrong on the way through a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ProxyFailure {
    /// Nobody knows the proxy's name.
    NameNotFound,
    /// The proxy is at a private or reserved address that the operator has not allowed.
    AddressForbidden,
    /// Nothing listens there, or no route leads there.
    ConnectionRefused,
    /// The proxy's certificate is not trusted, or it speaks no TLS.
    Tls,
    /// The proxy says nothing.
    Timeout,
    /// The proxy broke the connection off.
    BrokenOff,
    /// What listens there is no proxy of this kind.
    NotAProxy,
    /// The proxy does not accept the user name and password: 407, or SOCKS authentication.
    Authentication,
    /// The proxy does not connect to the target; `message` has its status.
    TunnelRefused,
    /// The target is where nothing may be sent.
    TargetForbidden,
    /// TLS with the target failed inside the tunnel.
    TargetTls,
    /// The password cannot be opened: it has to be entered again.
    Sealed,
}
