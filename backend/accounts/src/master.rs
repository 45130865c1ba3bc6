//! The one secret of an installation, from which every other key is derived with a label of its own.

use hkdf::Hkdf;
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use zeroize::Zeroizing;

/// Fewest characters that are accepted: a hexadecimal text of this length has 128 bits.
pub const FEWEST_CHARS: usize = 32;

/// `CAUSEWAY_SECRET_KEY`. It is never used as a key itself.
#[derive(Clone)]
pub struct MasterKey(SecretString);

/// The setting is missing or too easy to guess.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "CAUSEWAY_SECRET_KEY {0}; it must have at least 32 random characters, such as the output of `openssl rand -hex 32`"
)]
pub struct BadMasterKey(&'static str);

impl MasterKey {
    /// Checks the setting.
    pub fn parse(setting: Option<&SecretString>) -> Result<Self, BadMasterKey> {
        let secret = setting.ok_or(BadMasterKey("is not set"))?;
        let text = secret.expose_secret();
        if text.is_empty() {
            return Err(BadMasterKey("is empty"));
        }
        if text.chars().count() < FEWEST_CHARS {
            return Err(BadMasterKey("is too short"));
        }
        if text.chars().all(|c| text.starts_with(c)) {
            return Err(BadMasterKey("is one character repeated"));
        }
        Ok(Self(secret.clone()))
    }

    /// A key for one purpose. Labels are constants of the code that uses the key, and never change.
    pub fn derive(&self, label: &str) -> Zeroizing<[u8; 32]> {
        let mut key = Zeroizing::new([0; 32]);
        let hkdf = Hkdf::<Sha256>::new(Some(b"causeway"), self.0.expose_secret().as_bytes());
        // Fails only for more than 255 blocks of output, and this is one.
        if hkdf.expand(label.as_bytes(), &mut *key).is_err() {
            unreachable!("32 bytes are one block of HKDF-SHA-256");
        }
        key
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<MasterKey, BadMasterKey> {
        MasterKey::parse(Some(&text.into()))
    }

    #[test]
    fn a_bad_secret_is_refused_by_the_name_of_its_variable() {
        for bad in [MasterKey::parse(None), parse(""), parse("short"), parse(&"a".repeat(64))] {
            assert!(bad.err().unwrap().to_string().starts_with("CAUSEWAY_SECRET_KEY "));
        }
    }

    #[test]
    fn each_label_gives_another_key_and_always_the_same() {
        let master = parse("0123456789abcdef0123456789abcdef").unwrap();
        assert_eq!(master.derive("a"), master.derive("a"));
        assert_ne!(master.derive("a"), master.derive("b"));
    }
}
