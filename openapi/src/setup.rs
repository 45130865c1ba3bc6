//! The first start: whoever holds the one-time link makes the first organisation and its owner.

use crate::secret::Secret;
use serde::{Deserialize, Serialize};

/// Whether the installation waits for its first person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct SetupState {
    /// True until set-up is done; nobody can sign in before.
    pub required: bool,
}

/// The first organisation and its owner.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Setup {
    /// The token of the link that the server printed when it started.
    #[cfg_attr(feature = "schemas", schema(value_type = String, example = "Yk3v…"))]
    pub token: Secret,
    /// Name of the organisation.
    #[cfg_attr(
        feature = "schemas",
        schema(example = "Analytical Engines", min_length = 1, max_length = 100)
    )]
    pub organization: String,
    /// Name of its owner.
    #[cfg_attr(feature = "schemas", schema(example = "Ada Lovelace", min_length = 1, max_length = 100))]
    pub name: String,
    /// E-mail address of its owner.
    #[cfg_attr(feature = "schemas", schema(example = "ada@example.com", max_length = 254))]
    pub email: String,
    /// Password of its owner, at least 10 characters.
    #[cfg_attr(feature = "schemas", schema(value_type = String, format = Password, example = "correct horse battery staple", min_length = 10, max_length = 1024))]
    pub password: Secret,
    /// IANA time zone in which the organisation counts its days; UTC when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemas", schema(example = "Europe/Berlin"))]
    pub time_zone: Option<String>,
}
