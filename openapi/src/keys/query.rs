//! Which keys to read.

use super::KeyStatus;
use causeway_domain::UserId;
use serde::{Deserialize, Serialize};

/// Which keys to list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(default, deny_unknown_fields)]
pub struct KeyQuery {
    /// Whose keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemas", param(value_type = Option<uuid::Uuid>))]
    pub owner_id: Option<UserId>,
    /// Those that carry this tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemas", param(example = "research"))]
    pub tag: Option<String>,
    /// Those in this state; all but deleted ones when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<KeyStatus>,
    /// Part of the name, device, description or first characters, in any case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// Rows on a page, 1–200; 50 when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemas", param(minimum = 1, maximum = 200, example = 50))]
    pub limit: Option<u16>,
    /// `next_cursor` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// Which keys to write into a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(default, deny_unknown_fields)]
pub struct KeyExport {
    /// Whose keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemas", param(value_type = Option<uuid::Uuid>))]
    pub owner_id: Option<UserId>,
    /// Those that carry this tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemas", param(example = "research"))]
    pub tag: Option<String>,
    /// Those in this state; all but deleted ones when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<KeyStatus>,
    /// Part of the name, device, description or first characters, in any case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
}
