//! The keys that an instance opens with: the one in force, and while it is exchanged the one before it.

use super::{KEY_ID, NONCE, SealError, VERSION};
use crate::MasterKey;
use aes_gcm::{
    Aes256Gcm, Nonce,
    aead::{Aead, KeyInit, Payload},
};
use sha2::{Digest, Sha256};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};
use zeroize::Zeroizing;

/// One key, with the name it has in envelopes.
#[derive(Clone)]
struct One {
    cipher: Aes256Gcm,
    id: [u8; KEY_ID],
}

/// The key that seals. Cheap to clone; clones agree on which of two keys that is.
#[derive(Clone)]
pub struct SealingKey {
    own: One,
    previous: Option<One>,
    /// Until a rotation begins the previous one still seals: an instance that does not know the new key yet must be able
    /// to open what this one writes.
    previous_seals: Arc<AtomicBool>,
}

impl One {
    fn new(master: &MasterKey) -> Self {
        let key = master.derive("credential sealing 1");
        let mut id = [0; KEY_ID];
        // Of a key derived for nothing else, so that the name says nothing about the key that seals.
        let name = Sha256::digest(master.derive("credential sealing 1, name").as_slice());
        id.copy_from_slice(&name[..KEY_ID]);
        Self { cipher: Aes256Gcm::new((&*key).into()), id }
    }
}

impl SealingKey {
    /// Derives the key.
    pub fn new(master: &MasterKey) -> Self {
        Self { own: One::new(master), previous: None, previous_seals: Arc::default() }
    }

    /// The same, and opens also what was sealed with the key before it.
    pub fn with_previous(master: &MasterKey, previous: Option<&MasterKey>) -> Self {
        let key = Self::new(master);
        let previous = previous.map(One::new).filter(|previous| previous.id != key.own.id);
        Self { previous, ..key }
    }

    /// What the key is called; not secret.
    pub fn fingerprint(&self) -> String {
        hex::encode(self.own.id)
    }

    /// What the key before it is called, if there is one.
    pub fn previous_fingerprint(&self) -> Option<String> {
        self.previous.as_ref().map(|previous| hex::encode(previous.id))
    }

    /// How every envelope of this key begins.
    pub(crate) fn head(&self) -> Vec<u8> {
        [&[VERSION], self.own.id.as_slice()].concat()
    }

    pub(super) fn let_previous_seal(&self, previous: bool) {
        self.previous_seals.store(previous, Ordering::Relaxed);
    }

    fn sealing(&self) -> &One {
        let previous = self.previous.as_ref().filter(|_| self.previous_seals.load(Ordering::Relaxed));
        previous.unwrap_or(&self.own)
    }

    pub(super) fn close(&self, place: &[u8], plain: &[u8]) -> Result<Vec<u8>, SealError> {
        let key = self.sealing();
        let nonce: [u8; NONCE] = rand::random();
        let payload = Payload { msg: plain, aad: place };
        let sealed = key.cipher.encrypt(&Nonce::from(nonce), payload).map_err(|_| SealError::Damaged)?;
        let mut envelope = Vec::with_capacity(1 + KEY_ID + NONCE + sealed.len());
        envelope.push(VERSION);
        envelope.extend_from_slice(&key.id);
        envelope.extend_from_slice(&nonce);
        envelope.extend_from_slice(&sealed);
        Ok(envelope)
    }

    pub(super) fn unclose(&self, place: &[u8], envelope: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let rest = envelope.strip_prefix(&[VERSION]).ok_or(SealError::Damaged)?;
        let (id, rest) = rest.split_first_chunk::<KEY_ID>().ok_or(SealError::Damaged)?;
        let (nonce, sealed) = rest.split_first_chunk::<NONCE>().ok_or(SealError::Damaged)?;
        let mut known = std::iter::once(&self.own).chain(&self.previous);
        let key = known.find(|key| key.id == *id).ok_or(SealError::OtherKey)?;
        let payload = Payload { msg: sealed, aad: place };
        let plain = key.cipher.decrypt(&Nonce::from(*nonce), payload).map_err(|_| SealError::Damaged)?;
        Ok(Zeroizing::new(plain))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn master(text: &str) -> MasterKey {
        MasterKey::new(text.as_bytes().to_vec().into()).unwrap()
    }

    #[test]
    fn the_key_before_opens_and_seals_only_while_it_is_told_to() {
        let (old, new) =
            (master("0123456789abcdef0123456789abcdef"), master("fedcba9876543210fedcba9876543210"));
        let (before, after) = (SealingKey::new(&old), SealingKey::new(&new));
        let ring = SealingKey::with_previous(&new, Some(&old));
        let envelope = before.close(b"here", b"hush").unwrap();
        assert_eq!(ring.unclose(b"here", &envelope).unwrap().as_slice(), b"hush");
        assert!(matches!(ring.unclose(b"there", &envelope), Err(SealError::Damaged)));
        assert!(matches!(after.unclose(b"here", &envelope), Err(SealError::OtherKey)));
        let clone = ring.clone();
        clone.let_previous_seal(true);
        assert!(before.unclose(b"here", &ring.close(b"here", b"hush").unwrap()).is_ok());
        ring.let_previous_seal(false);
        assert!(after.unclose(b"here", &clone.close(b"here", b"hush").unwrap()).is_ok());
    }

    #[test]
    fn the_same_key_twice_is_one_key() {
        let key = master("0123456789abcdef0123456789abcdef");
        assert_eq!(SealingKey::with_previous(&key, Some(&key)).previous_fingerprint(), None);
    }
}
