//! Pools: several upstream accounts that serve the same keys.

use crate::patch::{Patch, given, present};
use causeway_domain::{AccountId, PoolId, pool::Strategy, proxy::Choice};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A pool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct Pool {
    /// Identifier.
    #[cfg_attr(feature = "schemas", schema(value_type = uuid::Uuid))]
    pub id: PoolId,
    /// Name as shown; no other pool of the organisation has it.
    #[cfg_attr(feature = "schemas", schema(example = "Research"))]
    pub name: String,
    /// How it chooses among its accounts.
    #[cfg_attr(feature = "schemas", schema(value_type = crate::schema::PoolStrategy))]
    pub strategy: Strategy,
    /// For how many seconds after its last request a conversation stays with its account; 0 = it does not.
    #[cfg_attr(feature = "schemas", schema(example = 3600, minimum = 0, maximum = 604800))]
    pub sticky_seconds: u32,
    /// The account that a pool with the strategy `active_first` uses; `null` = none, and the pool serves nobody.
    #[cfg_attr(feature = "schemas", schema(value_type = Option<uuid::Uuid>))]
    pub active_account_id: Option<AccountId>,
    /// How requests of its accounts leave, where an account says nothing itself: `inherit` (as the organisation's default),
    /// `direct`, or the id of a proxy. Of several pools of an account that say something, the oldest counts.
    #[serde(default)]
    #[cfg_attr(feature = "schemas", schema(value_type = String, example = "inherit"))]
    pub proxy: Choice,
    /// The accounts, by priority.
    pub members: Vec<PoolMember>,
    /// How many keys name it.
    #[cfg_attr(feature = "schemas", schema(example = 12))]
    pub keys: u64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// An account in a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PoolMember {
    /// Which.
    #[cfg_attr(feature = "schemas", schema(value_type = uuid::Uuid))]
    pub account_id: AccountId,
    /// Its share, where the strategy weighs: 1–1000; 1 when absent.
    #[serde(default = "one")]
    #[cfg_attr(feature = "schemas", schema(default = 1, example = 1, minimum = 1, maximum = 1000))]
    pub weight: u16,
    /// Accounts with a smaller number are asked first, where the strategy has an order: 0–1000; 0 when absent.
    #[serde(default)]
    #[cfg_attr(feature = "schemas", schema(default = 0, example = 0, minimum = 0, maximum = 1000))]
    pub priority: u16,
}

fn one() -> u16 {
    1
}

/// A new pool. Its accounts are given as `members`, or in short as `account_ids`, in the order in which they are asked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CreatePool {
    /// Name as shown, 1–100 characters; no other pool of the organisation has it.
    #[cfg_attr(feature = "schemas", schema(example = "Research", min_length = 1, max_length = 100))]
    pub name: String,
    /// How it chooses; `round_robin` when absent.
    #[serde(default)]
    #[cfg_attr(feature = "schemas", schema(value_type = Option<crate::schema::PoolStrategy>, nullable = false))]
    pub strategy: Strategy,
    /// For how many seconds after its last request a conversation stays with its account, at most a week; 0 = it does
    /// not. An hour when absent.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[cfg_attr(feature = "schemas", schema(nullable = false, example = 3600, minimum = 0, maximum = 604800))]
    pub sticky_seconds: Option<u32>,
    /// The account that a pool with the strategy `active_first` uses: one of its own; the first when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemas", schema(value_type = Option<uuid::Uuid>))]
    pub active_account_id: Option<AccountId>,
    /// How requests of its accounts leave: `inherit`, `direct`, or the id of a proxy; `inherit` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[cfg_attr(feature = "schemas", schema(value_type = Option<String>, nullable = false, example = "inherit"))]
    pub proxy: Option<Choice>,
    /// The accounts with their shares, at most 200.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[cfg_attr(feature = "schemas", schema(nullable = false, max_items = 200))]
    pub members: Option<Vec<PoolMember>>,
    /// The accounts in short: all with the same share, and with priorities in this order. Not beside `members`.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[cfg_attr(feature = "schemas", schema(nullable = false, value_type = Option<Vec<uuid::Uuid>>, max_items = 200))]
    pub account_ids: Option<Vec<AccountId>>,
}

/// A change of a pool. What is absent stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct UpdatePool {
    /// Name as shown, 1–100 characters.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[cfg_attr(
        feature = "schemas",
        schema(nullable = false, example = "Research", min_length = 1, max_length = 100)
    )]
    pub name: Option<String>,
    /// How it chooses.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[cfg_attr(feature = "schemas", schema(nullable = false, value_type = Option<crate::schema::PoolStrategy>))]
    pub strategy: Option<Strategy>,
    /// For how many seconds after its last request a conversation stays with its account; 0 = it does not.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[cfg_attr(feature = "schemas", schema(nullable = false, example = 3600, minimum = 0, maximum = 604800))]
    pub sticky_seconds: Option<u32>,
    /// The account that a pool with the strategy `active_first` uses from the next request on, conversations that are
    /// under way included; `null` = none.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    #[cfg_attr(feature = "schemas", schema(value_type = Option<uuid::Uuid>))]
    pub active_account_id: Patch<AccountId>,
    /// How requests of its accounts leave: `inherit`, `direct`, or the id of a proxy.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[cfg_attr(feature = "schemas", schema(value_type = Option<String>, nullable = false, example = "direct"))]
    pub proxy: Option<Choice>,
    /// The accounts with their shares, all of them anew, at most 200.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[cfg_attr(feature = "schemas", schema(nullable = false, max_items = 200))]
    pub members: Option<Vec<PoolMember>>,
    /// The accounts in short, all of them anew. Not beside `members`.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[cfg_attr(feature = "schemas", schema(nullable = false, value_type = Option<Vec<uuid::Uuid>>, max_items = 200))]
    pub account_ids: Option<Vec<AccountId>>,
}
