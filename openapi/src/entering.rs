//! What stands between a person and an organisation: that it is suspended, or that they are inside as its operator.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// That an organisation is suspended. Its requests are refused, and its people can read and change nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct Suspended {
    /// Since when.
    pub since: DateTime<Utc>,
    /// Why, as the operator says; empty where they do not.
    #[cfg_attr(feature = "schemas", schema(example = "Invoice 2026-117 is unpaid"))]
    pub reason: String,
}

/// That the caller is inside an organisation as an operator of the installation, and no member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct Entered {
    /// What they may do there.
    pub access: Access,
    /// Why, as they said; the organisation sees it.
    #[cfg_attr(feature = "schemas", schema(example = "Support request 4711"))]
    pub reason: String,
    /// Until when.
    pub until: DateTime<Utc>,
}

/// What an operator may do inside an organisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// What a viewer may: read.
    Read,
    /// What an admin may.
    Admin,
}

/// How to enter an organisation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Enter {
    /// What for; reading when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemas", schema(nullable = false))]
    pub access: Option<Access>,
    /// Why, 1–500 characters. The organisation finds it in its audit log.
    #[cfg_attr(
        feature = "schemas",
        schema(example = "Support request 4711", min_length = 1, max_length = 500)
    )]
    pub reason: String,
    /// For how long, 5–480; an hour when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemas", schema(nullable = false, example = 60, minimum = 5, maximum = 480))]
    pub minutes: Option<u16>,
}
