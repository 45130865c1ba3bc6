//! API keys, which clients of the relay present. The secret is shown once, when the key is issued.

use crate::{
    patch::{Patch, given, present},
    secret::Secret,
};
use causeway_domain::{AccountId, KeyId, Limits, Multiplier, Nanos, UserId, model::ModelPolicy};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// An API key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct Key {
    /// Identifier.
    #[cfg_attr(feature = "schemas", schema(value_type = uuid::Uuid))]
    pub id: KeyId,
    /// Name as shown.
    #[cfg_attr(feature = "schemas", schema(example = "Ada's laptop"))]
    pub name: String,
    /// What it is for.
    #[cfg_attr(feature = "schemas", schema(example = "Claude Code"))]
    pub description: String,
    /// The first characters of the secret, to recognise it by.
    #[cfg_attr(feature = "schemas", schema(example = "cw_9fK2mQxa"))]
    pub prefix: String,
    /// Whose it is; `null` when that person is gone.
    pub owner: Option<KeyOwner>,
    /// Whether it works at this moment.
    pub status: KeyStatus,
    /// Whether it is switched on.
    pub enabled: bool,
    /// When it stops working; `null` is never.
    pub expires_at: Option<DateTime<Utc>>,
    /// Its limits. What is absent is unlimited.
    #[cfg_attr(feature = "schemas", schema(value_type = crate::schema::Limits))]
    pub limits: Limits,
    /// What it is charged for a dollar of cost, as a decimal string; on top of the organisation's multipliers.
    #[cfg_attr(feature = "schemas", schema(value_type = String, example = "1"))]
    pub multiplier: Multiplier,
    /// The models it may use.
    #[cfg_attr(feature = "schemas", schema(value_type = crate::schema::ModelPolicy))]
    pub models: ModelPolicy,
    /// The one account it is bound to; `null` is any.
    #[cfg_attr(feature = "schemas", schema(value_type = Option<uuid::Uuid>))]
    pub account_id: Option<AccountId>,
    /// What it has used so far.
    pub usage: KeyUsage,
    /// When it was issued.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// Whose a key is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct KeyOwner {
    /// Identifier.
    #[cfg_attr(feature = "schemas", schema(value_type = uuid::Uuid))]
    pub id: UserId,
    /// Name as shown.
    #[cfg_attr(feature = "schemas", schema(example = "Ada Lovelace"))]
    pub name: String,
    /// Whether they are a member still. Keys of who leaves or is removed are switched off.
    #[serde(default = "yes")]
    pub member: bool,
}

fn yes() -> bool {
    true
}

/// Whether a key works at this moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum KeyStatus {
    /// It works.
    Active,
    /// It is switched off.
    Disabled,
    /// Its time is over.
    Expired,
}

/// What a key has used, as far as it is settled; a second or two behind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct KeyUsage {
    /// Requests since the organisation's day began.
    #[cfg_attr(feature = "schemas", schema(example = 12))]
    pub requests_today: u64,
    /// Tokens (all buckets) since the organisation's day began.
    #[cfg_attr(feature = "schemas", schema(example = 90321))]
    pub tokens_today: u64,
    /// Dollars since the organisation's day began, as a decimal string.
    #[cfg_attr(feature = "schemas", schema(value_type = String, example = "0.4182"))]
    pub cost_usd_today: Nanos,
    /// Tokens (all buckets) over its whole life.
    #[cfg_attr(feature = "schemas", schema(example = 1904210))]
    pub tokens_total: u64,
    /// Dollars over its whole life, as a decimal string.
    #[cfg_attr(feature = "schemas", schema(value_type = String, example = "12.90"))]
    pub cost_usd_total: Nanos,
    /// When its last request began; `null` when it was never used.
    pub last_used_at: Option<DateTime<Utc>>,
}

/// A new key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CreateKey {
    /// Name as shown, 1–100 characters.
    #[cfg_attr(feature = "schemas", schema(example = "Ada's laptop", min_length = 1, max_length = 100))]
    pub name: String,
    /// What it is for, at most 1000 characters.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[cfg_attr(feature = "schemas", schema(example = "Claude Code", max_length = 1000))]
    pub description: String,
    /// Its limits. What is absent is unlimited.
    #[serde(default, skip_serializing_if = "Limits::is_empty")]
    #[cfg_attr(feature = "schemas", schema(value_type = crate::schema::Limits))]
    pub limits: Limits,
    /// What it is charged for a dollar of cost, "0" to "100"; "1" when absent. Only for those who may change
    /// everybody's keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemas", schema(value_type = Option<String>, example = "1.25"))]
    pub multiplier: Option<Multiplier>,
    /// The models it may use; all when absent.
    #[serde(default)]
    #[cfg_attr(feature = "schemas", schema(value_type = crate::schema::ModelPolicy))]
    pub models: ModelPolicy,
    /// Binds it to one account; any when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemas", schema(value_type = Option<uuid::Uuid>))]
    pub account_id: Option<AccountId>,
    /// When it stops working; never when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<DateTime<Utc>>,
    /// Whether it is switched on; true when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemas", schema(example = true))]
    pub enabled: Option<bool>,
}

/// A change of a key. What is absent stays. The secret cannot be changed: issue another key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct UpdateKey {
    /// Name as shown, 1–100 characters.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[cfg_attr(
        feature = "schemas",
        schema(nullable = false, example = "Ada's laptop", min_length = 1, max_length = 100)
    )]
    pub name: Option<String>,
    /// What it is for, at most 1000 characters.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[cfg_attr(feature = "schemas", schema(nullable = false, example = "Claude Code", max_length = 1000))]
    pub description: Option<String>,
    /// Its limits, all of them anew.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[cfg_attr(feature = "schemas", schema(nullable = false, value_type = Option<crate::schema::Limits>))]
    pub limits: Option<Limits>,
    /// What it is charged for a dollar of cost, "0" to "100". Only for those who may change everybody's keys.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[cfg_attr(feature = "schemas", schema(nullable = false, value_type = Option<String>, example = "1.25"))]
    pub multiplier: Option<Multiplier>,
    /// The models it may use, all of them anew.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[cfg_attr(feature = "schemas", schema(nullable = false, value_type = Option<crate::schema::ModelPolicy>))]
    pub models: Option<ModelPolicy>,
    /// The one account it is bound to; `null` is any.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    #[cfg_attr(feature = "schemas", schema(value_type = Option<uuid::Uuid>))]
    pub account_id: Patch<AccountId>,
    /// When it stops working; `null` is never.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    #[cfg_attr(feature = "schemas", schema(value_type = Option<DateTime<Utc>>))]
    pub expires_at: Patch<DateTime<Utc>>,
    /// Whether it is switched on.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[cfg_attr(feature = "schemas", schema(nullable = false, example = false))]
    pub enabled: Option<bool>,
}

/// A key that was just issued, with its secret, which is never shown again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct IssuedKey {
    /// The key.
    #[serde(flatten)]
    pub key: Key,
    /// What the client presents. Only its hash is stored.
    #[cfg_attr(feature = "schemas", schema(value_type = String, example = "cw_9fK2mQxaT0bU7cV3dW8eX4fY1gZ6hA5iB2jC9kD0lE7"))]
    pub secret: Secret,
}
