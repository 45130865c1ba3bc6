//! Members of the organisation.

use crate::patch::given;
use causeway_domain::{Limits, Nanos, Role, UserId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct Member {
    /// Identifier of the person.
    #[cfg_attr(feature = "schemas", schema(value_type = uuid::Uuid))]
    pub id: UserId,
    /// Name as shown.
    #[cfg_attr(feature = "schemas", schema(example = "Ada Lovelace"))]
    pub name: String,
    /// E-mail address.
    #[cfg_attr(feature = "schemas", schema(example = "ada@example.com"))]
    pub email: String,
    /// Role in the organisation.
    #[cfg_attr(feature = "schemas", schema(value_type = crate::schema::Role))]
    pub role: Role,
    /// Limits over all of their keys. What is absent is unlimited.
    #[cfg_attr(feature = "schemas", schema(value_type = crate::schema::Limits))]
    pub limits: Limits,
    /// API keys they have.
    #[cfg_attr(feature = "schemas", schema(example = 3))]
    pub keys: u64,
    /// What they have used since the organisation's day began.
    pub usage: MemberUsage,
    /// Since when they are a member.
    pub joined_at: DateTime<Utc>,
}

/// What a member has used since the organisation's day began, as far as it is settled; a second or two behind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct MemberUsage {
    /// Requests.
    #[cfg_attr(feature = "schemas", schema(example = 12))]
    pub requests_today: u64,
    /// Tokens (all buckets).
    #[cfg_attr(feature = "schemas", schema(example = 90321))]
    pub tokens_today: u64,
    /// Dollars, as a decimal string.
    #[cfg_attr(feature = "schemas", schema(value_type = String, example = "0.4182"))]
    pub cost_usd_today: Nanos,
}

/// A change of a member. What is absent stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct UpdateMember {
    /// Role in the organisation, at most the caller's own. Owners are for owners to make and to change, and the last one
    /// stays one.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[cfg_attr(feature = "schemas", schema(nullable = false, value_type = Option<crate::schema::Role>))]
    pub role: Option<Role>,
    /// Limits over all of their keys, all of them anew.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[cfg_attr(feature = "schemas", schema(nullable = false, value_type = Option<crate::schema::Limits>))]
    pub limits: Option<Limits>,
}
