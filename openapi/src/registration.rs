//! Registration as the organisation sees it: its rules for coming in, the links it has opened, and who waits.

use crate::{patch::given, secret::Secret};
use causeway_domain::Role;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Who may come in by a registration link.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RegistrationRule {
    /// Nobody: people are invited.
    #[default]
    Closed,
    /// Whoever confirms an address of certain domains, by a code that is mailed there.
    Domain,
    /// Whom an administrator lets in.
    Approval,
}

/// The organisation's rules for coming in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct SignInRules {
    /// Who may come in by a registration link.
    pub registration: RegistrationRule,
    /// Domains of the addresses that are accepted, where the rule is `domain`.
    #[cfg_attr(feature = "schemas", schema(example = json!(["example.com"])))]
    pub registration_domains: Vec<String>,
    /// Whether members must have a second factor.
    pub require_totp: bool,
}

/// A change of the rules. What is absent stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct UpdateSignInRules {
    /// Who may come in by a registration link. `domain` needs an installation that sends mail.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[cfg_attr(feature = "schemas", schema(nullable = false))]
    pub registration: Option<RegistrationRule>,
    /// Domains of the addresses that are accepted, at most 20, all of them anew.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[cfg_attr(feature = "schemas", schema(nullable = false, example = json!(["example.com"]), max_items = 20))]
    pub registration_domains: Option<Vec<String>>,
    /// Whether members must have a second factor.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[cfg_attr(feature = "schemas", schema(nullable = false))]
    pub require_totp: Option<bool>,
}

/// A registration link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct RegistrationLink {
    /// Identifier.
    pub id: Uuid,
    /// What it is for.
    #[cfg_attr(feature = "schemas", schema(example = "Summer school"))]
    pub name: String,
    /// The role that it leads to.
    #[cfg_attr(feature = "schemas", schema(value_type = crate::schema::Role))]
    pub role: Role,
    /// People that it lets in at most.
    #[cfg_attr(feature = "schemas", schema(example = 25))]
    pub max_uses: u32,
    /// People that it has let in.
    #[cfg_attr(feature = "schemas", schema(example = 3))]
    pub used: u32,
    /// Name of who opened it; empty when they are gone.
    #[cfg_attr(feature = "schemas", schema(example = "Ada Lovelace"))]
    pub created_by: String,
    /// When it was opened.
    pub created_at: DateTime<Utc>,
    /// Until when it is good.
    pub expires_at: DateTime<Utc>,
    /// When it was closed; `null` when it was not.
    pub closed_at: Option<DateTime<Utc>>,
}

/// A new registration link.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CreateRegistrationLink {
    /// What it is for, at most 100 characters.
    #[serde(default)]
    #[cfg_attr(feature = "schemas", schema(example = "Summer school", max_length = 100))]
    pub name: String,
    /// The role that it leads to: `viewer` or `member`, which is meant when absent.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[cfg_attr(feature = "schemas", schema(nullable = false, value_type = Option<crate::schema::Role>))]
    pub role: Option<Role>,
    /// People that it lets in at most.
    #[cfg_attr(feature = "schemas", schema(example = 25, minimum = 1, maximum = 10000))]
    pub max_uses: u32,
    /// Days for which it is good; 7 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[cfg_attr(feature = "schemas", schema(nullable = false, example = 7, minimum = 1, maximum = 90))]
    pub expires_in_days: Option<u16>,
}

/// A registration link that was opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct OpenedRegistrationLink {
    /// The link as listed.
    #[serde(flatten)]
    pub details: RegistrationLink,
    /// The link itself. It is stored only as a hash and never shown again.
    #[cfg_attr(feature = "schemas", schema(value_type = String, example = "https://causeway.example.com/web/register#4f0c…"))]
    pub link: Secret,
}

/// Somebody who asks to be let in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct RegistrationRequest {
    /// Identifier.
    pub id: Uuid,
    /// Name as they wrote it.
    #[cfg_attr(feature = "schemas", schema(example = "Grace Hopper"))]
    pub name: String,
    /// E-mail address as they wrote it: nobody has confirmed it.
    #[cfg_attr(feature = "schemas", schema(example = "grace@example.com"))]
    pub email: String,
    /// The role that they would have.
    #[cfg_attr(feature = "schemas", schema(value_type = crate::schema::Role))]
    pub role: Role,
    /// What the link is for that they used.
    #[cfg_attr(feature = "schemas", schema(example = "Summer school"))]
    pub link: String,
    /// Network address that they asked from.
    #[cfg_attr(feature = "schemas", schema(example = "203.0.113.7"))]
    pub address: String,
    /// When they asked.
    pub created_at: DateTime<Utc>,
}

/// What an administrator decides about a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct DecideRegistration {
    /// Whether to let the person in.
    pub approve: bool,
}
