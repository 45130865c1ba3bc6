//! Signing in. The access token travels in the answer and lives in memory; the refresh token is a cookie that only
//! the browser and `/admin/v1/auth` ever see.

use crate::{organization::OrganizationRef, secret::Secret};
use causeway_domain::{Role, UserId};
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
