//! Invitations to share an upstream account: somebody who has one at a provider is asked to lend it to the organisation,
//! and keeps it in their own hands. [`Share`] is such an invitation; what came of it is an [`Account`](crate::Account)
//! whose `contributed_by` is the person.

use crate::{
    accounts::Credential, invitations::Delivery, invitations::Inviter, patch::given, secret::Secret,
};
use causeway_domain::{AccountId, PoolId, UserId, provider::Provider};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use uuid::Uuid;

/// What became of an invitation to share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ShareState {
    /// It waits for the person.
    Open,
    /// It waited too long; a reminder gives it more time.
    Expired,
    /// They have shared an account.
    Accepted,
    /// They would rather not.
    Declined,
    /// It was taken back.
    Revoked,
}

/// An invitation to share an upstream account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct Share {
    /// Identifier.
    pub id: Uuid,
    /// Who is invited.
    #[cfg_attr(feature = "schemas", schema(example = "grace@example.com"))]
    pub email: String,
    /// The member with that address; `null` while they have not accepted their invitation into the organisation.
    pub person: Option<Inviter>,
    /// Kind of provider.
    #[cfg_attr(feature = "schemas", schema(value_type = crate::schema::Provider))]
    pub provider: Provider,
    /// What the account will be called; `null` = as the person likes.
    #[cfg_attr(feature = "schemas", schema(example = "Codex, Grace"))]
    pub name: Option<String>,
    /// The pools that it will be put into.
    #[cfg_attr(feature = "schemas", schema(value_type = Vec<uuid::Uuid>))]
    pub pool_ids: Vec<PoolId>,
    /// Where its API is, where the provider has no address of its own.
    #[cfg_attr(feature = "schemas", schema(example = "https://api.example.com"))]
    pub base_url: Option<String>,
    /// What the person is told.
    #[cfg_attr(feature = "schemas", schema(example = "For the research team, until March"))]
    pub message: String,
    /// What became of it.
    pub state: ShareState,
    /// Who invites; `null` when they are gone.
    pub invited_by: Option<Inviter>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When they were last told of it.
    pub sent_at: DateTime<Utc>,
    /// Whether that was by mail.
    pub mailed: bool,
    /// Until when it is good.
    pub expires_at: DateTime<Utc>,
    /// The account that they have shared; `null` once it is withdrawn or removed.
    #[cfg_attr(feature = "schemas", schema(value_type = Option<uuid::Uuid>))]
    pub account_id: Option<AccountId>,
}

/// A new invitation to share.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CreateShare {
    /// Who is invited: a member, or somebody who becomes a contributor by it.
    #[cfg_attr(feature = "schemas", schema(example = "grace@example.com", max_length = 254))]
    pub email: String,
    /// Kind of provider.
    #[cfg_attr(feature = "schemas", schema(value_type = crate::schema::Provider))]
    pub provider: Provider,
    /// What the account will be called, 1–100 characters; as the person likes when absent.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[cfg_attr(
        feature = "schemas",
        schema(nullable = false, example = "Codex, Grace", min_length = 1, max_length = 100)
    )]
    pub name: Option<String>,
    /// The pools that it will be put into, at most 10. Without one it serves every key that names neither account nor pool.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schemas", schema(value_type = Option<Vec<uuid::Uuid>>, max_items = 10))]
    pub pool_ids: Vec<PoolId>,
    /// Where its API is; needed where the provider has no address of its own. The person cannot choose it: whoever does
    /// sees what the organisation sends there.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[cfg_attr(feature = "schemas", schema(nullable = false, example = "https://api.example.com"))]
    pub base_url: Option<String>,
    /// What the person is told, at most 500 characters.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[cfg_attr(
        feature = "schemas",
        schema(example = "For the research team, until March", max_length = 500)
    )]
    pub message: String,
    /// Days for which it is good; 7 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[cfg_attr(feature = "schemas", schema(nullable = false, example = 7, minimum = 1, maximum = 90))]
    pub expires_in_days: Option<u16>,
    /// How the link reaches the person; by mail where the installation sends mail, when absent.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[cfg_attr(feature = "schemas", schema(nullable = false))]
    pub delivery: Option<Delivery>,
}

/// An invitation to share that was made, or that somebody was reminded of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct SentShare {
    /// The invitation.
    #[serde(flatten)]
    pub share: Share,
    /// The link to hand over; `null` when it was mailed. Of somebody who is no member yet it is their invitation into the
    /// organisation, which is never shown again.
    #[cfg_attr(feature = "schemas", schema(value_type = Option<String>, example = "https://causeway.example.com/web/share?invitation=019e…"))]
    pub link: Option<Secret>,
}

/// The account that somebody shares.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AcceptShare {
    /// Name as shown, 1–100 characters. Needed where the invitation has none, and refused where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[cfg_attr(
        feature = "schemas",
        schema(nullable = false, example = "Codex, Grace", min_length = 1, max_length = 100)
    )]
    pub name: Option<String>,
    /// What to sign in with. Either this or `authorization_id` is needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemas", schema(nullable = false))]
    pub credential: Option<Credential>,
    /// The authorisation that gives the credential, which is used up by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemas", schema(nullable = false))]
    pub authorization_id: Option<Uuid>,
    /// What fills the places in the provider's base URL, such as `region`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[cfg_attr(feature = "schemas", schema(value_type = Option<BTreeMap<String, String>>, example = json!({"region": "eu-central-1"})))]
    pub places: BTreeMap<String, String>,
}

/// A new credential for an account of one's own. One of the two is needed.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct RenewAccount {
    /// What to sign in with from now on.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemas", schema(nullable = false))]
    pub credential: Option<Credential>,
    /// The authorisation that gives it, which is used up by it. It must be of the identity that the account has.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemas", schema(nullable = false))]
    pub authorization_id: Option<Uuid>,
}

/// Who was reminded of an account that needs them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct RemindedPerson {
    /// Identifier.
    #[cfg_attr(feature = "schemas", schema(value_type = uuid::Uuid))]
    pub id: UserId,
    /// Name as shown.
    #[cfg_attr(feature = "schemas", schema(example = "Grace Hopper"))]
    pub name: String,
    /// Whether they were mailed; otherwise hand them the link.
    pub mailed: bool,
    /// Where they renew it. It is worth nothing to anybody else.
    #[cfg_attr(feature = "schemas", schema(example = "https://causeway.example.com/web/share?renew=019e…"))]
    pub link: String,
}
