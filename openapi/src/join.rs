//! Coming in: what somebody who opens an invitation or a registration link sees and sends.

use crate::{
    auth::Session, keys::IssuedKey, organization::OrganizationRef, registration::RegistrationRule,
    secret::Secret,
};
use causeway_domain::Role;
use serde::{Deserialize, Serialize};

/// The token of a link.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ShownToken {
    /// What follows the `#` of the link.
    #[cfg_attr(feature = "schemas", schema(value_type = String, example = "4f0c…"))]
    pub token: Secret,
}

/// What an invitation leads to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct InvitationPreview {
    /// Name of the organisation.
    #[cfg_attr(feature = "schemas", schema(example = "Analytical Engines"))]
    pub organization: String,
    /// The role there.
    #[cfg_attr(feature = "schemas", schema(value_type = crate::schema::Role))]
    pub role: Role,
}

/// Accepting an invitation.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AcceptInvitation {
    /// What follows the `#` of the link.
    #[cfg_attr(feature = "schemas", schema(value_type = String, example = "4f0c…"))]
    pub token: Secret,
    /// The address that was invited.
    #[cfg_attr(feature = "schemas", schema(example = "grace@example.com", max_length = 254))]
    pub email: String,
    /// Name as shown; needed from who has no account yet, 1–100 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemas", schema(example = "Grace Hopper", max_length = 100))]
    pub name: Option<String>,
    /// The password of the person's account, or a new one, at least 10 characters.
    #[cfg_attr(feature = "schemas", schema(value_type = String, format = Password, example = "correct horse battery staple", max_length = 1024))]
    pub password: Secret,
    /// Language of the web admin for a new person: `en` or `zh`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemas", schema(example = "en"))]
    pub locale: Option<String>,
}

/// An invitation that was accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct AcceptedInvitation {
    /// The organisation.
    pub organization: OrganizationRef,
    /// Role there.
    #[cfg_attr(feature = "schemas", schema(value_type = crate::schema::Role))]
    pub role: Role,
    /// Signed in, where the person is new; others sign in themselves.
    pub session: Option<Session>,
}

/// What a registration link leads to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct RegistrationPreview {
    /// Name of the organisation.
    #[cfg_attr(feature = "schemas", schema(example = "Analytical Engines"))]
    pub organization: String,
    /// The role there.
    #[cfg_attr(feature = "schemas", schema(value_type = crate::schema::Role))]
    pub role: Role,
    /// What it takes to be let in.
    pub rule: RegistrationRule,
    /// Domains of the addresses that are accepted, where the rule is `domain`.
    #[cfg_attr(feature = "schemas", schema(example = json!(["example.com"])))]
    pub domains: Vec<String>,
}

/// Filling in the form of a registration link.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Register {
    /// What follows the `#` of the link.
    #[cfg_attr(feature = "schemas", schema(value_type = String, example = "4f0c…"))]
    pub token: Secret,
    /// E-mail address.
    #[cfg_attr(feature = "schemas", schema(example = "grace@example.com", max_length = 254))]
    pub email: String,
    /// Name as shown, 1–100 characters.
    #[cfg_attr(feature = "schemas", schema(example = "Grace Hopper", min_length = 1, max_length = 100))]
    pub name: String,
    /// Password, at least 10 characters. Somebody who has an account keeps the one of that account.
    #[cfg_attr(feature = "schemas", schema(value_type = String, format = Password, example = "correct horse battery staple", min_length = 10, max_length = 1024))]
    pub password: Secret,
    /// Language of the web admin: `en` or `zh`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemas", schema(example = "en"))]
    pub locale: Option<String>,
}

/// How far a registration is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RegistrationState {
    /// A code was mailed and is to be entered.
    Confirming,
    /// An administrator decides.
    Waiting,
    /// An administrator has let the person in; finishing issues the key.
    Approved,
    /// An administrator has refused.
    Refused,
    /// The person is a member and has had the key.
    Done,
}

/// A registration that has begun.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct Registered {
    /// With this the same browser goes on. It is stored only as a hash.
    #[cfg_attr(feature = "schemas", schema(value_type = String, example = "9b1d…"))]
    pub claim: Secret,
    /// How far it is.
    pub state: RegistrationState,
}

/// Going on with a registration.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ShownClaim {
    /// As the registration was answered with.
    #[cfg_attr(feature = "schemas", schema(value_type = String, example = "9b1d…"))]
    pub claim: Secret,
}

/// How far a registration is, asked by who has its claim.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct RegistrationProgress {
    /// Name of the organisation.
    #[cfg_attr(feature = "schemas", schema(example = "Analytical Engines"))]
    pub organization: String,
    /// How far it is.
    pub state: RegistrationState,
}

/// Finishing a registration.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct FinishRegistration {
    /// As the registration was answered with.
    #[cfg_attr(feature = "schemas", schema(value_type = String, example = "9b1d…"))]
    pub claim: Secret,
    /// The code that was mailed, where the rule is `domain`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemas", schema(value_type = Option<String>, example = "12345678"))]
    pub code: Option<Secret>,
}

/// A registration that is finished: a member with a key in hand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct FinishedRegistration {
    /// The organisation.
    pub organization: OrganizationRef,
    /// A first API key with its secret, which is never shown again; `null` where the role issues none, or where the
    /// person had an account already and an administrator let them in.
    pub key: Option<IssuedKey>,
    /// Signed in, where the person is new; others sign in themselves.
    pub session: Option<Session>,
}
