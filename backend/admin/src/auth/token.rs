//! Access tokens: JWTs that name a person, a session and an organisation. They grant nothing by themselves: role and
//! membership are looked up.

use crate::error::ApiError;
use causeway_accounts::MasterKey;
use causeway_domain::{OrgId, UserId};
use chrono::{DateTime, Utc};
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode,
    errors::{Error, ErrorKind},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Seconds that an access token is good for.
pub const LIFE_SECONDS: u64 = 15 * 60;

const AUDIENCE: &str = "causeway-admin";

/// Signs and reads access tokens.
pub struct AccessKeys {
    sign: EncodingKey,
    verify: DecodingKey,
    rules: Validation,
}

/// What an access token says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claims {
    /// Who.
    pub user: UserId,
    /// In which session.
    pub session: Uuid,
    /// In which organisation, unless the call names another.
    pub org: OrgId,
}

/// Why an access token says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unread {
    /// Its time is over, or it is no token at all: that happens.
    Stale,
    /// It is a token, and not as we make them: somebody has made it up, or changed it. What is wrong with it.
    Forged(&'static str),
}

impl Unread {
    fn of(token: &str, error: &Error) -> Self {
        // A JSON object in base64 begins like this.
        if !token.starts_with("eyJ") || token.split('.').count() != 3 {
            return Self::Stale;
        }
        match error.kind() {
            ErrorKind::ExpiredSignature => Self::Stale,
            ErrorKind::InvalidAlgorithm => Self::Forged("it names another algorithm"),
            ErrorKind::InvalidSignature => Self::Forged("its signature does not fit"),
            _ => Self::Forged("it does not say what our tokens say"),
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Wire {
    sub: Uuid,
    sid: Uuid,
    org: Uuid,
    aud: String,
    iat: i64,
    exp: i64,
}

impl AccessKeys {
    /// Derives the key.
    pub fn new(master: &MasterKey) -> Self {
        let key = master.derive("admin access token 1");
        let mut rules = Validation::new(Algorithm::HS256);
        rules.set_audience(&[AUDIENCE]);
        rules.set_required_spec_claims(&["exp", "aud", "sub"]);
        // Instances whose clocks differ a little.
        rules.leeway = 5;
        Self { sign: EncodingKey::from_secret(&*key), verify: DecodingKey::from_secret(&*key), rules }
    }

    /// Makes a token.
    pub fn issue(&self, claims: Claims, now: DateTime<Utc>) -> Result<String, ApiError> {
        let issued = now.timestamp();
        let wire = Wire {
            sub: claims.user.0,
            sid: claims.session,
            org: claims.org.0,
            aud: AUDIENCE.to_owned(),
            iat: issued,
            exp: issued.saturating_add_unsigned(LIFE_SECONDS),
        };
        encode(&Header::new(Algorithm::HS256), &wire, &self.sign).map_err(ApiError::internal)
    }

    /// Reads a token that is ours and whose time is not over.
    pub fn read(&self, token: &str) -> Result<Claims, Unread> {
        let read = decode(token, &self.verify, &self.rules);
        let wire: Wire = read.map_err(|error| Unread::of(token, &error))?.claims;
        Ok(Claims { user: UserId(wire.sub), session: wire.sid, org: OrgId(wire.org) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(byte: u8) -> AccessKeys {
        let mut secret = vec![byte; 32];
        secret[0] = 0;
        AccessKeys::new(&MasterKey::new(secret.into()).unwrap())
    }

    fn claims() -> Claims {
        Claims {
            user: UserId(Uuid::from_u128(1)),
            session: Uuid::from_u128(2),
            org: OrgId(Uuid::from_u128(3)),
        }
    }

    #[test]
    fn a_token_says_what_was_put_into_it_until_its_time_is_over() {
        let keys = keys(1);
        assert_eq!(keys.read(&keys.issue(claims(), Utc::now()).unwrap()).unwrap(), claims());
        let old = Utc::now() - chrono::Duration::seconds(960);
        assert_eq!(keys.read(&keys.issue(claims(), old).unwrap()), Err(Unread::Stale));
    }

    #[test]
    fn tokens_of_others_and_of_no_one_are_refused() {
        let token = keys(1).issue(claims(), Utc::now()).unwrap();
        assert!(keys(2).read(&token).is_err());
        let unsigned = format!("eyJhbGciOiJub25lIn0.{}.", token.split('.').nth(1).unwrap());
        assert!(matches!(keys(1).read(&unsigned), Err(Unread::Forged(_))));
        for none in ["", "undefined", "a.b.c"] {
            assert_eq!(keys(1).read(none), Err(Unread::Stale), "{none}");
        }
    }

    #[test]
    fn another_algorithm_audience_or_organisation_is_refused() {
        let keys = keys(1);
        let wire = |aud: &str, exp: i64| Wire {
            sub: Uuid::from_u128(1),
            sid: Uuid::from_u128(2),
            org: Uuid::from_u128(3),
            aud: aud.to_owned(),
            iat: 0,
            exp,
        };
        let later = Utc::now().timestamp() + 60;
        let sign = |algorithm, wire: &Wire| encode(&Header::new(algorithm), wire, &keys.sign).unwrap();
        assert!(keys.read(&sign(Algorithm::HS256, &wire(AUDIENCE, later))).is_ok());
        // The right key, and yet.
        for algorithm in [Algorithm::HS384, Algorithm::HS512] {
            let read = keys.read(&sign(algorithm, &wire(AUDIENCE, later)));
            assert_eq!(read, Err(Unread::Forged("it names another algorithm")), "{algorithm:?}");
        }
        assert!(keys.read(&sign(Algorithm::HS256, &wire("causeway-relay", later))).is_err());
        assert!(keys.read(&sign(Algorithm::HS256, &wire(AUDIENCE, later - 120))).is_err());
        // The signature of one over what another says.
        let (mine, other) = (sign(Algorithm::HS256, &wire(AUDIENCE, later)), {
            let wire = Wire { org: Uuid::from_u128(4), ..wire(AUDIENCE, later) };
            sign(Algorithm::HS256, &wire)
        });
        let (mine, other): (Vec<_>, Vec<_>) = (mine.split('.').collect(), other.split('.').collect());
        assert!(keys.read(&format!("{}.{}.{}", mine[0], other[1], mine[2])).is_err());
        for claim in ["sub", "aud", "exp", "org", "sid"] {
            let mut wire = serde_json::to_value(wire(AUDIENCE, later)).unwrap();
            wire.as_object_mut().unwrap().remove(claim);
            let token = encode(&Header::new(Algorithm::HS256), &wire, &keys.sign).unwrap();
            assert!(keys.read(&token).is_err(), "without {claim}");
        }
    }
}
