//! Many keys at once, and what members may give their own.

use super::{CreateKey, IssuedKey, UpdateKey};
use crate::secret::Secret;
use causeway_domain::{Ceilings, KeyId};
use serde::{Deserialize, Serialize};

/// Keys that are alike but for their number.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CreateKeys {
    /// How many, 1–500.
    #[cfg_attr(feature = "schemas", schema(example = 20, minimum = 1, maximum = 500))]
    pub count: u32,
    /// What each of them is. A number is added to the name: "Workshop 1", "Workshop 2" and so on.
    pub key: CreateKey,
}

/// Keys that were just issued, with their secrets, which are never shown again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct IssuedKeys {
    /// In the order of their numbers.
    pub keys: Vec<IssuedKey>,
    /// The same as a file of comma-separated values: name, secret, id, device, tags, when it ends.
    #[cfg_attr(feature = "schemas", schema(value_type = String, example = "name,secret,id,device,tags,expires_at"))]
    pub csv: Secret,
}

/// A change of several keys.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct UpdateKeys {
    /// Which, 1–500.
    #[cfg_attr(feature = "schemas", schema(value_type = Vec<uuid::Uuid>, min_items = 1, max_items = 500))]
    pub ids: Vec<KeyId>,
    /// What changes of each of them. Not `name`, by which they are told apart.
    pub change: UpdateKey,
}

/// Keys to be deleted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct DeleteKeys {
    /// Which, 1–500.
    #[cfg_attr(feature = "schemas", schema(value_type = Vec<uuid::Uuid>, min_items = 1, max_items = 500))]
    pub ids: Vec<KeyId>,
}

/// What members may give their own keys, and how the caller stands to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct KeyRules {
    /// What members may give their own keys. What is absent is not bounded.
    #[cfg_attr(feature = "schemas", schema(value_type = crate::schema::Ceilings))]
    pub ceilings: Ceilings,
    /// Whether the caller's keys are bound by it.
    #[cfg_attr(feature = "schemas", schema(example = true))]
    pub bound: bool,
    /// Keys that the caller has.
    #[cfg_attr(feature = "schemas", schema(example = 2))]
    pub own_keys: u64,
}
