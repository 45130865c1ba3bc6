//! API keys, which clients of the relay present. The secret is shown once, when the key is issued.

mod batch;
mod query;

pub use batch::{CreateKeys, DeleteKeys, IssuedKeys, KeyRules, UpdateKeys};
pub use query::{KeyExport, KeyQuery};

use crate::{
    patch::{Patch, given, present},
    secret::Secret,
};
use causeway_domain::{
    AccountId, AddressRules, KeyId, Limits, Multiplier, Nanos, PoolId, Services, UserId, model::ModelPolicy,
};
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
    /// The machine or program it is for.
    #[cfg_attr(feature = "schemas", schema(example = "ThinkPad"))]
    pub device: String,
    /// Words to find it by.
    #[cfg_attr(feature = "schemas", schema(example = json!(["research"])))]
    pub tags: Vec<String>,
    /// The first characters of the secret, to recognise it by.
    #[cfg_attr(feature = "schemas", schema(example = "cw_9fK2mQxa"))]
    pub prefix: String,
    /// The secret before, after a rotation.
    pub previous: Option<PreviousSecret>,
    /// Whose it is; `null` when it is nobody's, or that person is gone.
    pub owner: Option<KeyOwner>,
    /// Whether it works at this moment.
    pub status: KeyStatus,
    /// Whether it is switched on.
    pub enabled: bool,
    /// When it stops working; `null` is never.
    pub expires_at: Option<DateTime<Utc>>,
    /// How many days after its first use it stops working; `null` is never.
    #[cfg_attr(feature = "schemas", schema(example = 30))]
    pub expires_after_first_use_days: Option<u32>,
    /// When that first use was. Only noted of keys that end by it.
    pub first_used_at: Option<DateTime<Utc>>,
    /// The earlier of both ends, as far as it is known.
    pub ends_at: Option<DateTime<Utc>>,
    /// Its limits. What is absent is unlimited.
    #[cfg_attr(feature = "schemas", schema(value_type = crate::schema::Limits))]
    pub limits: Limits,
    /// The limits that hold: for a member's key the tighter of its own and what members may give their keys.
    #[cfg_attr(feature = "schemas", schema(value_type = crate::schema::Limits))]
    pub effective_limits: Limits,
    /// What it is charged for a dollar of cost, as a decimal string; on top of the organisation's multipliers.
    #[cfg_attr(feature = "schemas", schema(value_type = String, example = "1"))]
    pub multiplier: Multiplier,
    /// The models it may use.
    #[cfg_attr(feature = "schemas", schema(value_type = crate::schema::ModelPolicy))]
    pub models: ModelPolicy,
    /// The one account it is bound to; `null` is any.
    #[cfg_attr(feature = "schemas", schema(value_type = Option<uuid::Uuid>))]
    pub account_id: Option<AccountId>,
    /// The pools that it may use, in order; empty is every account that is not dedicated.
    #[serde(default)]
    #[cfg_attr(feature = "schemas", schema(value_type = Vec<uuid::Uuid>))]
    pub pool_ids: Vec<PoolId>,
    /// Those of them that are gone, as a deleted key's can be by the time it is restored: nothing is served by these, and
    /// by nothing at all where it names no others.
    #[serde(default)]
    #[cfg_attr(feature = "schemas", schema(value_type = Vec<uuid::Uuid>))]
    pub missing_pool_ids: Vec<PoolId>,
    /// Where it may be used from.
    #[cfg_attr(feature = "schemas", schema(value_type = crate::schema::AddressRules))]
    pub addresses: AddressRules,
    /// What it may be used for.
    #[cfg_attr(feature = "schemas", schema(value_type = crate::schema::Services))]
    pub services: Services,
    /// What it has used so far.
    pub usage: KeyUsage,
    /// When it was issued.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
    /// When it was deleted; such a key can be restored for a time.
    pub deleted_at: Option<DateTime<Utc>>,
}

/// A secret that was replaced by another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct PreviousSecret {
    /// Its first characters.
    #[cfg_attr(feature = "schemas", schema(example = "cw_4sW0pLeb"))]
    pub prefix: String,
    /// Until when it works beside the new one, or worked.
    pub until: DateTime<Utc>,
    /// Whether it works at this moment.
    #[cfg_attr(feature = "schemas", schema(example = true))]
    pub works: bool,
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
    /// It was deleted.
    Deleted,
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
    /// The machine or program it is for, at most 100 characters.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[cfg_attr(feature = "schemas", schema(example = "ThinkPad", max_length = 100))]
    pub device: String,
    /// Words to find it by, at most 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schemas", schema(example = json!(["research"]), max_items = 20))]
    pub tags: Vec<String>,
    /// Whose it is: the caller's when absent, nobody's when `null`. Others than the caller only for those who may change
    /// everybody's keys.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    #[cfg_attr(feature = "schemas", schema(value_type = Option<uuid::Uuid>))]
    pub owner_id: Patch<UserId>,
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
    /// Binds it to one account; any when absent. Not beside `pool_ids`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemas", schema(value_type = Option<uuid::Uuid>))]
    pub account_id: Option<AccountId>,
    /// The pools that it may use, at most 10: the next one when no account of those before can be used. Every account that
    /// is not dedicated when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schemas", schema(value_type = Vec<uuid::Uuid>, max_items = 10))]
    pub pool_ids: Vec<PoolId>,
    /// When it stops working; never when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<DateTime<Utc>>,
    /// How many days after its first use it stops working, 1–3650; never when absent. The earlier of both ends counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemas", schema(example = 30, minimum = 1, maximum = 3650))]
    pub expires_after_first_use_days: Option<u32>,
    /// Where it may be used from; anywhere when absent.
    #[serde(default, skip_serializing_if = "AddressRules::is_empty")]
    #[cfg_attr(feature = "schemas", schema(value_type = crate::schema::AddressRules))]
    pub addresses: AddressRules,
    /// What it may be used for; anything when absent.
    #[serde(default, skip_serializing_if = "Services::is_empty")]
    #[cfg_attr(feature = "schemas", schema(value_type = crate::schema::Services))]
    pub services: Services,
    /// Whether it is switched on; true when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemas", schema(example = true))]
    pub enabled: Option<bool>,
}

/// A change of a key. What is absent stays. The secret is changed by a rotation.
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
    /// The machine or program it is for, at most 100 characters.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[cfg_attr(feature = "schemas", schema(nullable = false, example = "ThinkPad", max_length = 100))]
    pub device: Option<String>,
    /// Words to find it by, all of them anew, at most 20.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[cfg_attr(feature = "schemas", schema(nullable = false, example = json!(["research"]), max_items = 20))]
    pub tags: Option<Vec<String>>,
    /// Whose it is from now on; `null` is nobody's. Only for those who may change everybody's keys.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    #[cfg_attr(feature = "schemas", schema(value_type = Option<uuid::Uuid>))]
    pub owner_id: Patch<UserId>,
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
    /// The pools that it may use, in order, all of them anew; empty is every account that is not dedicated.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[cfg_attr(feature = "schemas", schema(nullable = false, value_type = Option<Vec<uuid::Uuid>>, max_items = 10))]
    pub pool_ids: Option<Vec<PoolId>>,
    /// When it stops working; `null` is never.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    #[cfg_attr(feature = "schemas", schema(value_type = Option<DateTime<Utc>>))]
    pub expires_at: Patch<DateTime<Utc>>,
    /// How many days after its first use it stops working, 1–3650; `null` is never. Of a key that had no such end, the
    /// first use is the next one.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    #[cfg_attr(feature = "schemas", schema(value_type = Option<u32>, example = 30, minimum = 1, maximum = 3650))]
    pub expires_after_first_use_days: Patch<u32>,
    /// Where it may be used from, both lists anew.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[cfg_attr(feature = "schemas", schema(nullable = false, value_type = Option<crate::schema::AddressRules>))]
    pub addresses: Option<AddressRules>,
    /// What it may be used for, both lists anew.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[cfg_attr(feature = "schemas", schema(nullable = false, value_type = Option<crate::schema::Services>))]
    pub services: Option<Services>,
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

/// A new secret for a key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct RotateKey {
    /// Minutes for which the old secret works beside the new one, 0–43200; 0 ends it, and any before it, at once.
    #[cfg_attr(feature = "schemas", schema(example = 1440, minimum = 0, maximum = 43200))]
    pub overlap_minutes: u32,
}
