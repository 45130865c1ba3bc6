//! Providers as the operator sees them: facts, and what this installation has changed of them.

use crate::{
    accounts::SignInWay,
    patch::{Patch, given, present},
    secret::Secret,
};
use causeway_domain::provider::Provider;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A provider with what was changed of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct OperatorProvider {
    /// Its name.
    #[cfg_attr(feature = "schemas", schema(value_type = crate::schema::Provider))]
    pub provider: Provider,
    /// Name as shown.
    #[cfg_attr(feature = "schemas", schema(example = "Anthropic"))]
    pub name: String,
    /// Where it comes from.
    pub source: ProviderSource,
    /// Whether accounts may be there; those that are there are not used otherwise.
    pub enabled: bool,
    /// Whether authorising it is with a consumer's subscription, which needs a confirmation first.
    pub subscription: bool,
    /// Ways to sign in to it that are open, the usual one first.
    pub sign_in: Vec<SignInWay>,
    /// Ways that are not: what is missing is the client id, or of a subscription the confirmation.
    pub closed: Vec<SignInWay>,
    /// With what this installation asks for authorisations.
    pub client_id: Option<String>,
    /// Whether it has a secret to go with it.
    pub has_client_secret: bool,
    /// What was confirmed before a subscription was switched on.
    pub confirmation: Option<ProviderConfirmation>,
    /// The facts as they count, in the form of `backend/accounts/providers`.
    #[cfg_attr(feature = "schemas", schema(value_type = Object))]
    pub preset: Value,
    /// What differs from what it is by itself, as a JSON merge patch (RFC 7396).
    #[cfg_attr(feature = "schemas", schema(value_type = Object))]
    pub changes: Value,
}

/// Where a provider comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ProviderSource {
    /// The product has it.
    Shipped,
    /// `PROVIDERS_FILE` adds it.
    File,
    /// An operator has added it.
    Operator,
}

/// What somebody has confirmed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct ProviderConfirmation {
    /// In words.
    pub text: String,
    /// By whom; `null` when that is not known any more.
    #[cfg_attr(feature = "schemas", schema(example = "Grace Hopper"))]
    pub by: Option<String>,
    /// When.
    pub at: DateTime<Utc>,
}

/// A change of a provider, or a new one. What is absent stays.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct SetProvider {
    /// Whether accounts may be there. A subscription needs a client id and a confirmation first.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[cfg_attr(feature = "schemas", schema(nullable = false, example = true))]
    pub enabled: Option<bool>,
    /// With what this installation asks for authorisations; `null` removes it.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    #[cfg_attr(feature = "schemas", schema(value_type = Option<String>, max_length = 500))]
    pub client_id: Patch<String>,
    /// The secret that goes with it; `null` removes it. Another token endpoint needs it again.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    #[cfg_attr(feature = "schemas", schema(value_type = Option<String>, format = Password, max_length = 2000))]
    pub client_secret: Patch<Secret>,
    /// That you may use this provider's subscriptions through this installation, in your own words; kept with your name and
    /// the time.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[cfg_attr(feature = "schemas", schema(nullable = false, min_length = 10, max_length = 2000))]
    pub confirmation: Option<String>,
    /// What differs from what it is by itself, as a JSON merge patch (RFC 7396), all of it anew; of a provider of your own the
    /// whole of it.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[cfg_attr(feature = "schemas", schema(nullable = false, value_type = Option<Object>))]
    pub changes: Option<Value>,
}
