//! Invitations into the organisation: for one address, once.

use crate::{patch::given, secret::Secret};
use causeway_domain::{Role, UserId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// An invitation that nobody has accepted yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct Invitation {
    /// Identifier.
    pub id: Uuid,
    /// For whom: nobody with another address can use it.
    #[cfg_attr(feature = "schemas", schema(example = "grace@example.com"))]
    pub email: String,
    /// The role that it leads to.
    #[cfg_attr(feature = "schemas", schema(value_type = crate::schema::Role))]
    pub role: Role,
    /// Who invited; `null` when that person is gone.
    pub invited_by: Option<Inviter>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When its present link was made.
    pub sent_at: DateTime<Utc>,
    /// Whether that link was mailed; otherwise it was shown.
    pub mailed: bool,
    /// Until when the link is good.
    pub expires_at: DateTime<Utc>,
}

/// Who invited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct Inviter {
    /// Identifier.
    #[cfg_attr(feature = "schemas", schema(value_type = uuid::Uuid))]
    pub id: UserId,
    /// Name as shown.
    #[cfg_attr(feature = "schemas", schema(example = "Ada Lovelace"))]
    pub name: String,
}

/// How a link reaches the person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// It is mailed, and shown to nobody else.
    Mail,
    /// It is in the answer, to be handed over.
    Link,
}

/// A new invitation.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CreateInvitation {
    /// For whom.
    #[cfg_attr(feature = "schemas", schema(example = "grace@example.com", max_length = 254))]
    pub email: String,
    /// The role that it leads to, at most the caller's own; `member` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[cfg_attr(feature = "schemas", schema(nullable = false, value_type = Option<crate::schema::Role>))]
    pub role: Option<Role>,
    /// Days for which it is good; 7 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[cfg_attr(feature = "schemas", schema(nullable = false, example = 7, minimum = 1, maximum = 90))]
    pub expires_in_days: Option<u16>,
    /// How the link reaches the person; by mail where the installation sends mail, when absent.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[cfg_attr(feature = "schemas", schema(nullable = false))]
    pub delivery: Option<Delivery>,
}

/// A new link for an invitation, or a reminder of an invitation to share: either gives it more time.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct ResendInvitation {
    /// Days for which it is good; 7 when absent.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[cfg_attr(feature = "schemas", schema(nullable = false, example = 7, minimum = 1, maximum = 90))]
    pub expires_in_days: Option<u16>,
    /// How the link reaches the person; by mail where the installation sends mail, when absent.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[cfg_attr(feature = "schemas", schema(nullable = false))]
    pub delivery: Option<Delivery>,
}

/// An invitation that was made or sent anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct SentInvitation {
    /// The invitation.
    #[serde(flatten)]
    pub invitation: Invitation,
    /// The link to hand over; `null` when it was mailed. It is stored only as a hash and never shown again.
    #[cfg_attr(feature = "schemas", schema(value_type = Option<String>, example = "https://causeway.example.com/web/accept#4f0c…"))]
    pub link: Option<Secret>,
}
