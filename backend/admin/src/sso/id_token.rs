//! Whether an ID token can be believed: OpenID Connect Core 1.0, section 3.1.3.7, all of it, and only signatures that
//! need a key which the issuer keeps to itself.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{
    Algorithm, DecodingKey, Validation, decode, decode_header,
    errors::ErrorKind,
    jwk::{Jwk, PublicKeyUse},
};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256, Sha384, Sha512};

/// Seconds that clocks may differ.
const LEEWAY: u64 = 60;

/// Neither `none` nor those with a secret that both sides know: our client secret is no proof of who the issuer is.
const ACCEPTED: [Algorithm; 9] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];

/// What a token has to say.
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    pub(super) client_id: &'a str,
    pub(super) nonce: &'a str,
    pub(super) access_token: Option<&'a str>,
    /// Seconds since the epoch.
    pub(super) now: i64,
}

/// The claims of a token that can be believed, or why it cannot.
pub(super) fn verify(
    token: &str,
    keys: &[Value],
    expected: &Expected<'_>,
) -> Result<Map<String, Value>, &'static str> {
    let header = decode_header(token)
        .map_err(|_| "it is not a token that is signed in a way that is accepted here")?;
    if !ACCEPTED.contains(&header.alg) {
        return Err("it is not signed in a way that is accepted here");
    }
    if header.crit.is_some() {
        return Err("it demands extensions that are not known here");
    }
    let mut rules = Validation::new(header.alg);
    rules.set_issuer(&[expected.issuer]);
    rules.set_audience(&[expected.client_id]);
    rules.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    rules.validate_nbf = true;
    rules.leeway = LEEWAY;
    let fitting =
        keys.iter().filter_map(|key| serde_json::from_value::<Jwk>(key.clone()).ok()).filter(|key| {
            let named = header.kid.is_none() || key.common.key_id == header.kid;
            named && key.common.public_key_use != Some(PublicKeyUse::Encryption)
        });
    let mut reason = "it is signed by a key that the issuer does not publish";
    for key in fitting {
        let Ok(key) = DecodingKey::from_jwk(&key) else { continue };
        match decode::<Map<String, Value>>(token, &key, &rules) {
            Ok(read) => {
                confirm(&read.claims, header.alg, expected)?;
                return Ok(read.claims);
            }
            Err(error) => reason = why(error.kind()),
        }
    }
    Err(reason)
}

/// What the library does not look at.
fn confirm(claims: &Map<String, Value>, alg: Algorithm, expected: &Expected<'_>) -> Result<(), &'static str> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let several = claims.get("aud").and_then(Value::as_array).is_some_and(|aud| aud.len() > 1);
    match claims.get("azp") {
        None if several => return Err("it is for several parties and does not say for whom it was issued"),
        Some(party) if party.as_str() != Some(expected.client_id) => {
            return Err("it was issued for another party");
        }
        _ => {}
    }
    let leeway = i64::try_from(LEEWAY).unwrap_or(0);
    match claims.get("iat").and_then(Value::as_i64) {
        None => return Err("it does not say when it was issued"),
        Some(issued) if issued > expected.now.saturating_add(leeway) => {
            return Err("it was issued in the future");
        }
        Some(_) => {}
    }
    if text("nonce") != Some(expected.nonce) {
        return Err("it does not answer this sign-in (its nonce is another one)");
    }
    if !text("sub").is_some_and(|sub| (1..=255).contains(&sub.len())) {
        return Err("it does not say whom it is about");
    }
    if let (Some(hash), Some(token)) = (claims.get("at_hash"), expected.access_token)
        && hash.as_str() != Some(&half_hash(alg, token))
    {
        return Err("it belongs to another access token");
    }
    Ok(())
}

/// The left half of the hash that the algorithm uses.
fn half_hash(alg: Algorithm, token: &str) -> String {
    let token = token.as_bytes();
    let hash = match alg {
        Algorithm::RS384 | Algorithm::PS384 | Algorithm::ES384 => Sha384::digest(token).to_vec(),
        Algorithm::RS512 | Algorithm::PS512 | Algorithm::EdDSA => Sha512::digest(token).to_vec(),
        _ => Sha256::digest(token).to_vec(),
    };
    URL_SAFE_NO_PAD.encode(&hash[..hash.len() / 2])
}

fn why(kind: &ErrorKind) -> &'static str {
    match kind {
        ErrorKind::ExpiredSignature => "it has expired",
        ErrorKind::ImmatureSignature => "it is not valid yet",
        ErrorKind::InvalidIssuer => "it is of another issuer",
        ErrorKind::InvalidAudience => "it is for somebody else",
        ErrorKind::InvalidSignature => "its signature does not fit",
        ErrorKind::MissingRequiredClaim(_) => "it lacks issuer, audience, subject or expiry",
        _ => "it cannot be read with the issuer's keys",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_of_an_access_token_is_the_one_of_the_specification() {
        // OpenID Connect Core 1.0, appendix A.3.
        let token = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y";
        assert_eq!(half_hash(Algorithm::RS256, token), "77QmUPtjPfzWtF2AnpK9RQ");
    }
}
