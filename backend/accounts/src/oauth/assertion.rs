//! Service accounts: an assertion that is signed with the account's key (RFC 7523), for an access token.

use super::{
    call,
    reading::tokens,
    token::{GrantError, TokenClient, Tokens},
};
use crate::{ServiceAccountKey, catalogue::oauth::TokenBody};
use aws_lc_rs::{
    rand::SystemRandom,
    signature::{RSA_PKCS1_SHA256, RsaKeyPair},
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use chrono::Utc;
use serde_json::json;
use zeroize::Zeroizing;

const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";
/// How long an assertion is good for: the longest that is allowed.
const SECONDS: i64 = 3600;

impl TokenClient {
    /// Has an access token for a service account.
    pub async fn assertion(&self, key: &ServiceAccountKey) -> Result<Tokens, GrantError> {
        let now = Utc::now();
        let assertion = signed(key, now.timestamp()).ok_or_else(|| GrantError::Dead {
            reason: "private_key is not an RSA key that can sign".to_owned(),
        })?;
        let fields = [("grant_type", GRANT), ("assertion", assertion.as_str())];
        let answer = call::post(self, &key.token_uri, TokenBody::Form, &fields).await?;
        tokens(answer, now).map_err(|error| match error {
            // Told with the same code as a key that was deleted, but the fault is our clock's.
            GrantError::Dead { reason } if reason.contains("timeframe") => {
                GrantError::Unavailable { reason, retry_after: None }
            }
            other => other,
        })
    }
}

fn signed(key: &ServiceAccountKey, now: i64) -> Option<String> {
    let encode = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let header = encode(json!({"alg": "RS256", "typ": "JWT", "kid": key.private_key_id}));
    let claims = encode(json!({
        "iss": key.client_email, "aud": key.token_uri, "scope": SCOPE, "iat": now, "exp": now + SECONDS,
    }));
    let input = format!("{header}.{claims}");
    let lines = key.private_key.lines().map(str::trim).filter(|line| !line.starts_with("-----"));
    let pem: Zeroizing<String> = Zeroizing::new(lines.collect());
    let der = Zeroizing::new(STANDARD.decode(pem.as_bytes()).ok()?);
    let pair = RsaKeyPair::from_pkcs8(&der).ok()?;
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), input.as_bytes(), &mut signature).ok()?;
    Some(format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature)))
}
