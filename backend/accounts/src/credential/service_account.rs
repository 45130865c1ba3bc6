//! The JSON file of a Google service account.

use serde::Deserialize;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// What of it is needed.
#[derive(Deserialize, Zeroize, ZeroizeOnDrop)]
pub struct ServiceAccountKey {
    /// Must be `service_account`.
    r#type: String,
    /// Whose project.
    pub project_id: String,
    /// Name of the key.
    pub private_key_id: String,
    /// The key itself: PKCS#8 in PEM.
    pub private_key: String,
    /// Name of the account.
    pub client_email: String,
    /// Where assertions become tokens.
    pub token_uri: String,
}

/// Why a file is not accepted, in words for the person who gave it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadServiceAccount(pub String);

impl ServiceAccountKey {
    /// Reads a file.
    pub fn read(json: &str) -> Result<Self, BadServiceAccount> {
        let bad = |text: &str| BadServiceAccount(text.to_owned());
        if json.len() > 20_000 {
            return Err(bad("is longer than any key file"));
        }
        // serde's own words could quote what is secret.
        let key: Self = serde_json::from_str(json).map_err(|_| {
            bad("is not the JSON file of a service account: project_id, private_key_id, private_key, client_email and token_uri are needed")
        })?;
        if key.r#type != "service_account" {
            return Err(bad("is not the key of a service account: its type is another"));
        }
        if !key.private_key.contains("PRIVATE KEY-----") {
            return Err(bad("private_key is not a key in PEM"));
        }
        Ok(key)
    }
}
