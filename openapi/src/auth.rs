//! Signing in. The access token travels in the answer and lives in memory; the refresh token is a cookie that only
//! the browser and `/admin/v1/auth` ever see.

use crate::{
    entering::{Entered, Suspended},
    organization::OrganizationRef,
    secret::Secret,
};
use causeway_domain::{Role, UserId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// E-mail address and password.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// E-mail address, in any case.
    #[cfg_attr(feature = "schemas", schema(example = "ada@example.com", max_length = 254))]
    pub email: String,
    /// Password.
    #[cfg_attr(feature = "schemas", schema(value_type = String, format = Password, example = "correct horse battery staple", max_length = 1024))]
    pub password: Secret,
}

/// A session that has just begun or been renewed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct Session {
    /// Send as `Authorization: Bearer …`.
    #[cfg_attr(feature = "schemas", schema(value_type = String, example = "eyJhbGciOiJIUzI1NiJ9…"))]
    pub access_token: Secret,
    /// Always `Bearer`.
    #[cfg_attr(feature = "schemas", schema(example = "Bearer"))]
    pub token_type: String,
    /// Seconds until the access token expires; renew a little before.
    #[cfg_attr(feature = "schemas", schema(example = 900))]
    pub expires_in: u64,
    /// Who is signed in.
    pub user: User,
    /// The organisation entered: the only one, the last one used, or the one that `x-organization` names.
    pub organization: OrganizationRef,
    /// Role in that organisation.
    #[cfg_attr(feature = "schemas", schema(value_type = crate::schema::Role))]
    pub role: Role,
    /// Whether the person runs this installation, apart from any role.
    pub is_operator: bool,
    /// Whether the organisation demands a second factor that the person has not set up: until they do, nothing of it can
    /// be reached but their own profile.
    #[serde(default)]
    pub totp_required: bool,
    /// That the organisation is suspended; `null` when it is not.
    #[serde(default)]
    pub suspended: Option<Suspended>,
    /// That the person is inside as the operator and no member; `null` for members.
    #[serde(default)]
    pub entered: Option<Entered>,
}

/// A person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct User {
    /// Identifier.
    #[cfg_attr(feature = "schemas", schema(value_type = uuid::Uuid))]
    pub id: UserId,
    /// E-mail address.
    #[cfg_attr(feature = "schemas", schema(example = "ada@example.com"))]
    pub email: String,
    /// Name as shown.
    #[cfg_attr(feature = "schemas", schema(example = "Ada Lovelace"))]
    pub name: String,
    /// Language of the web admin: `en` or `zh`.
    #[cfg_attr(feature = "schemas", schema(example = "en"))]
    pub locale: String,
}

/// What signing in led to: a session, or the step before it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum SignedIn {
    /// A session has begun.
    Session(Box<Session>),
    /// The password was right, and a code of the person's authenticator is still to come.
    SecondStep(SecondStep),
}

/// The password was right, and a code is still to come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct SecondStep {
    /// Send it along with the code.
    #[cfg_attr(feature = "schemas", schema(value_type = String, example = "9f86d081…"))]
    pub challenge: Secret,
    /// Seconds in which the code has to come.
    #[cfg_attr(feature = "schemas", schema(example = 300))]
    pub expires_in: u64,
}

/// The second step of signing in.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct TakeSecondStep {
    /// The challenge that the first step was answered with.
    #[cfg_attr(feature = "schemas", schema(value_type = String, example = "9f86d081…", max_length = 128))]
    pub challenge: Secret,
    /// Six digits of the authenticator app, or a recovery code.
    #[cfg_attr(feature = "schemas", schema(value_type = String, example = "492039", max_length = 64))]
    pub code: Secret,
}

/// Somebody has forgotten their password.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ForgotPassword {
    /// E-mail address, in any case.
    #[cfg_attr(feature = "schemas", schema(example = "ada@example.com", max_length = 254))]
    pub email: String,
}

/// A new password, by a link.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ResetPassword {
    /// The token of the link.
    #[cfg_attr(feature = "schemas", schema(value_type = String, example = "Yk3v…", max_length = 128))]
    pub token: Secret,
    /// The new password: at least 10 characters, and not one that is guessed first.
    #[cfg_attr(feature = "schemas", schema(value_type = String, format = Password, example = "correct horse battery staple", min_length = 10, max_length = 1024))]
    pub password: Secret,
}

/// A link with which a person chooses a new password. To be handed to that person and nobody else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct ResetLink {
    /// The link. It works once.
    #[cfg_attr(feature = "schemas", schema(value_type = String, example = "https://causeway.example.com/web/reset-password#token=Yk3v…"))]
    pub url: Secret,
    /// Until when it works.
    pub expires_at: DateTime<Utc>,
}
