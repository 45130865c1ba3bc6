//! The one secret of an installation, from which every other key is derived with a label of its own.

use hkdf::Hkdf;
use secrecy::{ExposeSecret, SecretSlice};
use sha2::Sha256;
use zeroize::Zeroizing;

/// Fewest bytes that are accepted.
pub const FEWEST_BYTES: usize = 32;

/// `CAUSEWAY_SECRET_KEY`, decoded. It is never used as a key itself.
#[derive(Clone)]
pub struct MasterKey(SecretSlice<u8>);

/// The secret is too easy to guess.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("CAUSEWAY_SECRET_KEY {0}; make one with: openssl rand -hex 32")]
pub struct BadMasterKey(&'static str);

impl MasterKey {
    /// Takes the decoded setting, unless it was typed rather than drawn.
    pub fn new(secret: SecretSlice<u8>) -> Result<Self, BadMasterKey> {
        let bytes = secret.expose_secret();
        if bytes.len() < FEWEST_BYTES {
            return Err(BadMasterKey("is shorter than 32 bytes"));
        }
        if bytes.iter().all(|b| bytes.starts_with(&[*b])) {
            return Err(BadMasterKey("is one byte repeated"));
        }
        Ok(Self(secret))
    }

    /// A key for one purpose. Labels are constants of the code that uses the key, and never change.
    pub fn derive(&self, label: &str) -> Zeroizing<[u8; 32]> {
        let mut key = Zeroizing::new([0; 32]);
        let hkdf = Hkdf::<Sha256>::new(Some(b"causeway"), self.0.expose_secret());
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

    fn key(bytes: &[u8]) -> Result<MasterKey, BadMasterKey> {
        MasterKey::new(bytes.to_vec().into())
    }

    #[test]
    fn a_secret_that_could_be_guessed_is_refused_by_the_name_of_its_variable() {
        for bad in [key(b""), key(b"short"), key(&[7; 64])] {
            assert!(bad.err().unwrap().to_string().starts_with("CAUSEWAY_SECRET_KEY "));
        }
    }

    #[test]
    fn each_label_gives_another_key_and_always_the_same() {
        let master = key(b"0123456789abcdef0123456789abcdef").unwrap();
        assert_eq!(master.derive("a"), master.derive("a"));
        assert_ne!(master.derive("a"), master.derive("b"));
    }
}
