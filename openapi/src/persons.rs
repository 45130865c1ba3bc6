//! People as the operator of the installation sees them.

use crate::{organization::OrganizationRef, patch::given};
use causeway_domain::{OrgId, Role, UserId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct Person {
    /// Identifier.
    #[cfg_attr(feature = "schemas", schema(value_type = uuid::Uuid))]
    pub id: UserId,
    /// E-mail address.
    #[cfg_attr(feature = "schemas", schema(example = "ada@example.com"))]
    pub email: String,
    /// Name as shown.
    #[cfg_attr(feature = "schemas", schema(example = "Ada Lovelace"))]
    pub name: String,
    /// Whether they run this installation.
    pub is_operator: bool,
    /// When they were locked out; `null` when they are not.
    pub disabled_at: Option<DateTime<Utc>>,
    /// When they first came.
    pub created_at: DateTime<Utc>,
    /// When they were last seen; `null` for never, or long ago.
    pub last_seen_at: Option<DateTime<Utc>>,
    /// Where they belong, by name.
    pub organizations: Vec<PersonOrganization>,
}

/// Where a person belongs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct PersonOrganization {
    /// The organisation.
    #[cfg_attr(feature = "schemas", schema(value_type = uuid::Uuid))]
    pub id: OrgId,
    /// Its name.
    #[cfg_attr(feature = "schemas", schema(example = "Analytical Engines"))]
    pub name: String,
    /// Role there.
    #[cfg_attr(feature = "schemas", schema(value_type = crate::schema::Role))]
    pub role: Role,
}

/// Whom to list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(default, deny_unknown_fields)]
pub struct PersonQuery {
    /// Part of the name or the e-mail address, in any case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// Only operators of the installation.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub operators: bool,
    /// Only people who are locked out.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub disabled: bool,
    /// Rows on a page, 1–200; 50 when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemas", param(minimum = 1, maximum = 200, example = 50))]
    pub limit: Option<u16>,
    /// `next_cursor` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// A change of a person. What is absent stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct UpdatePerson {
    /// Locks them out of everything, which ends their sessions, or lets them in again. Their API keys keep working: those
    /// are the organisations'.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[cfg_attr(feature = "schemas", schema(nullable = false))]
    pub disabled: Option<bool>,
    /// Lets them run this installation, or no longer. There is always one who can.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[cfg_attr(feature = "schemas", schema(nullable = false))]
    pub is_operator: Option<bool>,
}

/// Somebody who can give rights in an organisation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct Administrator {
    /// Name as shown.
    #[cfg_attr(feature = "schemas", schema(example = "Ada Lovelace"))]
    pub name: String,
    /// `admin` or `owner`.
    #[cfg_attr(feature = "schemas", schema(value_type = crate::schema::Role))]
    pub role: Role,
}

/// Who can give rights in the organisation entered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct Administrators {
    /// The organisation.
    pub organization: OrganizationRef,
    /// Owners first, then by name; at most 50.
    pub people: Vec<Administrator>,
}
