//! Keys of sign-in that are derived from the installation's secret: what follows from a refresh token, which devices are
//! known, and how recovery codes are stored. One key for each.

use causeway_accounts::MasterKey;
use causeway_domain::UserId;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

type Key = Zeroizing<[u8; 32]>;

/// The keys.
pub(crate) struct SignInKeys {
    successor: Key,
    device: Key,
    recovery: Key,
}

impl SignInKeys {
    /// Derives them, but for that of recovery codes, which outlives the installation's secret.
    pub(crate) fn new(master: &MasterKey, recovery: Key) -> Self {
        Self {
            successor: master.derive("refresh token successor 1"),
            device: master.derive("known device 1"),
            recovery,
        }
    }

    /// The refresh token that follows this one. Every instance finds the same, and nobody without the key finds any.
    pub(crate) fn successor(&self, token: &str) -> String {
        hex::encode(tag(&self.successor, &[token.as_bytes()]))
    }

    /// A mark for a device that the person with this address has signed in from.
    pub(crate) fn mark_device(&self, email: &str) -> String {
        let nonce = hex::encode(rand::random::<[u8; 16]>());
        let tag = hex::encode(self.device_tag(email, &nonce));
        format!("{nonce}.{tag}")
    }

    /// The name of the device, when the mark is one of ours for this address.
    pub(crate) fn known_device<'a>(&self, mark: &'a str, email: &str) -> Option<&'a str> {
        let (nonce, sent) = mark.split_once('.')?;
        let sent = hex::decode(sent).ok()?;
        let good = nonce.len() == 32 && nonce.bytes().all(|b| b.is_ascii_hexdigit());
        (good && hmac_of(&self.device, &device_parts(email, nonce)).verify_slice(&sent).is_ok())
            .then_some(nonce)
    }

    /// How a recovery code is stored.
    pub(crate) fn recovery_hash(&self, user: UserId, code: &str) -> [u8; 32] {
        tag(&self.recovery, &[user.0.as_bytes(), code.as_bytes()])
    }

    fn device_tag(&self, email: &str, nonce: &str) -> [u8; 32] {
        hmac_of(&self.device, &device_parts(email, nonce)).finalize().into_bytes().into()
    }
}

/// The address as a hash: of fixed length, so that it and the nonce cannot run into each other.
fn device_parts(email: &str, nonce: &str) -> [Vec<u8>; 2] {
    [Sha256::digest(email.to_lowercase()).to_vec(), nonce.as_bytes().to_vec()]
}

fn tag(key: &Key, parts: &[&[u8]]) -> [u8; 32] {
    hmac_of(key, parts).finalize().into_bytes().into()
}

fn hmac_of(key: &Key, parts: &[impl AsRef<[u8]>]) -> Hmac<Sha256> {
    // As HMAC itself does with a key that is shorter than a block.
    let mut block = Zeroizing::new([0; 64]);
    block[..key.len()].copy_from_slice(&**key);
    let mut mac = Hmac::<Sha256>::new((&*block).into());
    for part in parts {
        mac.update(part.as_ref());
    }
    mac
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn keys(byte: u8) -> SignInKeys {
        let mut secret = vec![byte; 32];
        secret[0] = 0;
        SignInKeys::new(&MasterKey::new(secret.into()).unwrap(), Key::new([byte; 32]))
    }

    #[test]
    fn what_follows_from_a_token_is_always_the_same_and_never_the_token() {
        let next = keys(1).successor("a");
        assert_eq!(next, keys(1).successor("a"));
        assert!(next != keys(1).successor(&next) && next != keys(2).successor("a") && next.len() == 64);
    }

    #[test]
    fn a_device_is_known_to_one_address_of_one_installation() {
        let mark = keys(1).mark_device("Ada@example.com");
        assert!(keys(1).known_device(&mark, "ada@EXAMPLE.com").is_some());
        assert!(keys(1).known_device(&mark, "bob@example.com").is_none());
        assert!(keys(2).known_device(&mark, "ada@example.com").is_none());
        let forged = mark.replace('.', "0.");
        for bad in ["", ".", "x.y", forged.as_str()] {
            assert!(keys(1).known_device(bad, "ada@example.com").is_none(), "{bad}");
        }
    }

    #[test]
    fn one_persons_recovery_code_is_not_anothers() {
        let hash = |user| keys(1).recovery_hash(UserId(Uuid::from_u128(user)), "code");
        assert_eq!(hash(1), hash(1));
        assert_ne!(hash(1), hash(2));
    }
}
