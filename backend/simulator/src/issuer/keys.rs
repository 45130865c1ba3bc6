//! Keys that sign, and how they are published. Straight from the primitives: a library's reading of the formats is what
//! the far end is tested with.

use std::io;

use aws_lc_rs::{
    hmac,
    rand::SystemRandom,
    rsa::KeySize,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// How tokens are signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Signing {
    /// ECDSA on P-256.
    #[default]
    Es256,
    /// RSA, PKCS #1.
    Rs256,
}

/// The key in use.
pub(crate) struct Keys {
    kid: String,
    pair: Pair,
}

enum Pair {
    Ec(EcdsaKeyPair),
    Rsa(Box<RsaKeyPair>),
}

impl Keys {
    pub(crate) fn new(signing: Signing) -> io::Result<Self> {
        let pair = match signing {
            Signing::Es256 => EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map(Pair::Ec),
            Signing::Rs256 => RsaKeyPair::generate(KeySize::Rsa2048).map(|pair| Pair::Rsa(Box::new(pair))),
        };
        Ok(Self { kid: super::random(), pair: pair.map_err(io::Error::other)? })
    }

    pub(crate) fn kid(&self) -> &str {
        &self.kid
    }

    pub(crate) fn alg(&self) -> &'static str {
        match self.pair {
            Pair::Ec(_) => "ES256",
            Pair::Rsa(_) => "RS256",
        }
    }

    /// As published.
    pub(crate) fn jwk(&self) -> Value {
        match &self.pair {
            Pair::Ec(pair) => {
                // 4, x, y.
                let point = pair.public_key().as_ref();
                let (x, y) = point[1..].split_at((point.len() - 1) / 2);
                json!({"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": self.kid,
                       "x": encode(x), "y": encode(y)})
            }
            Pair::Rsa(pair) => {
                let key = pair.public_key();
                let n = key.modulus().big_endian_without_leading_zero();
                let e = key.exponent().big_endian_without_leading_zero();
                json!({"kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.kid, "n": encode(n), "e": encode(e)})
            }
        }
    }

    /// A compact JWS of these claims.
    pub(crate) fn sign(&self, kid: &str, claims: &Value) -> io::Result<String> {
        let input = input(&json!({"alg": self.alg(), "typ": "JWT", "kid": kid}), claims);
        let random = SystemRandom::new();
        let signature = match &self.pair {
            Pair::Ec(pair) => {
                pair.sign(&random, input.as_bytes()).map_err(io::Error::other)?.as_ref().to_vec()
            }
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, input.as_bytes(), &mut signature)
                    .map_err(io::Error::other)?;
                signature
            }
        };
        Ok(format!("{input}.{}", encode(&signature)))
    }
}

/// The same with `alg` none.
pub(crate) fn unsigned(claims: &Value) -> String {
    format!("{}.", input(&json!({"alg": "none", "typ": "JWT"}), claims))
}

/// The same, signed with a secret that both sides know.
pub(crate) fn with_secret(kid: &str, secret: &str, claims: &Value) -> String {
    let input = input(&json!({"alg": "HS256", "typ": "JWT", "kid": kid}), claims);
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), input.as_bytes());
    format!("{input}.{}", encode(tag.as_ref()))
}

fn input(header: &Value, claims: &Value) -> String {
    format!("{}.{}", encode(header.to_string().as_bytes()), encode(claims.to_string().as_bytes()))
}

/// As in everything of JOSE.
pub(crate) fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
