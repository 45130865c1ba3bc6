//! A person's own account: name and language, password, second factor, sessions. Apart from any organisation.

use crate::{patch::given, secret::Secret};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A change of one's own profile. What is absent stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct UpdateProfile {
    /// Name as shown.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[cfg_attr(
        feature = "schemas",
        schema(nullable = false, example = "Ada Lovelace", min_length = 1, max_length = 100)
    )]
    pub name: Option<String>,
    /// Language of the web admin and of mails: `en` or `zh`.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[cfg_attr(feature = "schemas", schema(nullable = false, example = "en"))]
    pub locale: Option<String>,
}

/// A new password in place of the old one.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ChangePassword {
    /// The old one.
    #[cfg_attr(feature = "schemas", schema(value_type = String, format = Password, max_length = 1024))]
    pub current_password: Secret,
    /// The new one: at least 10 characters, and not one that is guessed first.
    #[cfg_attr(feature = "schemas", schema(value_type = String, format = Password, example = "correct horse battery staple", min_length = 10, max_length = 1024))]
    pub new_password: Secret,
    /// Whether the other sessions end.
    #[serde(default = "yes")]
    #[cfg_attr(feature = "schemas", schema(default = true))]
    pub end_other_sessions: bool,
}

/// The second factor, as far as it may be shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct AuthenticatorState {
    /// Whether signing in needs a code.
    pub enabled: bool,
    /// Since when.
    pub enabled_at: Option<DateTime<Utc>>,
    /// Recovery codes that have not been used.
    #[cfg_attr(feature = "schemas", schema(example = 10))]
    pub recovery_codes_left: u32,
    /// Whether the organisation entered demands it.
    pub required: bool,
}

/// Begins to set up an authenticator app.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct StartEnrolment {
    /// One's own password; absent for a person who has none.
    #[serde(default)]
    #[cfg_attr(feature = "schemas", schema(value_type = String, format = Password, max_length = 1024))]
    pub password: Secret,
}

/// What an authenticator app needs. Shown once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct Enrolment {
    /// The shared secret in base32, for typing.
    #[cfg_attr(feature = "schemas", schema(value_type = String, example = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"))]
    pub secret: Secret,
    /// The same as an address, which apps on this device open.
    #[cfg_attr(feature = "schemas", schema(value_type = String, example = "otpauth://totp/Causeway:ada%40example.com?secret=…&issuer=Causeway"))]
    pub uri: Secret,
    /// The same as a picture to scan, an SVG.
    #[cfg_attr(feature = "schemas", schema(value_type = String, example = "<svg …"))]
    pub qr_svg: Secret,
}

/// A code of the app.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CodeOfApp {
    /// Six digits.
    #[cfg_attr(feature = "schemas", schema(value_type = String, example = "492039", max_length = 64))]
    pub code: Secret,
}

/// Ends the use of a second factor.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct StopAuthenticator {
    /// One's own password; absent for a person who has none.
    #[serde(default)]
    #[cfg_attr(feature = "schemas", schema(value_type = String, format = Password, max_length = 1024))]
    pub password: Secret,
    /// Six digits of the app, or a recovery code.
    #[cfg_attr(feature = "schemas", schema(value_type = String, example = "492039", max_length = 64))]
    pub code: Secret,
}

/// Codes that sign in without the app, each once. Shown once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct RecoveryCodes {
    /// The codes.
    #[cfg_attr(feature = "schemas", schema(value_type = Vec<String>, example = json!(["k7q2m-x4vjd"])))]
    pub codes: Vec<Secret>,
}

/// One of one's own sessions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct OwnSession {
    /// Identifier.
    pub id: Uuid,
    /// The browser or program, as far as it can be told.
    #[cfg_attr(feature = "schemas", schema(example = "Firefox"))]
    pub browser: String,
    /// The system it runs on; empty when it cannot be told.
    #[cfg_attr(feature = "schemas", schema(example = "Linux"))]
    pub system: String,
    /// The network address it was last renewed from; empty when unknown.
    #[cfg_attr(feature = "schemas", schema(example = "203.0.113.7"))]
    pub address: String,
    /// When it was begun.
    pub created_at: DateTime<Utc>,
    /// When it was last renewed, which an open page does every quarter of an hour.
    pub last_seen_at: DateTime<Utc>,
    /// Whether it is the one that asks.
    pub current: bool,
}

fn yes() -> bool {
    true
}
