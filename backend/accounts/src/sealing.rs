//! Sealing credentials: AES-256-GCM, bound to the place that the credential is for.
//!
//! An envelope is `1 | key id (8) | nonce (12) | ciphertext and tag`. Organisation, account, provider and the origin
//! of the base URL are associated data: an envelope moved to another row, or an account pointed at another server,
//! does not open. So whoever can write to the database cannot have a credential sent to themselves.

mod client;
mod secret;

pub use secret::SecretPlace;

use crate::{Credential, MasterKey};
use aes_gcm::{
    Aes256Gcm, Nonce,
    aead::{Aead, KeyInit, Payload},
};
use causeway_domain::{AccountId, OrgId, UserId, provider::Provider};
use causeway_store::{AppDb, StoreError, facts};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

const VERSION: u8 = 1;
const KEY_ID: usize = 8;
const NONCE: usize = 12;

/// The key that seals, with the name it has in envelopes.
#[derive(Clone)]
pub struct SealingKey {
    cipher: Aes256Gcm,
    id: [u8; KEY_ID],
}

/// Where a credential belongs.
#[derive(Clone, Copy, Debug)]
pub struct Binding<'a> {
    /// Organisation.
    pub org: OrgId,
    /// Account.
    pub account: AccountId,
    /// Kind of provider.
    pub provider: Provider,
    /// Origin of the base URL: scheme, host and port.
    pub origin: &'a str,
}

/// Why an envelope does not open, or the key does not fit.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// Sealed with another `CAUSEWAY_SECRET_KEY`.
    #[error("the credential was sealed with another CAUSEWAY_SECRET_KEY")]
    OtherKey,
    /// Damaged, or moved from where it belongs.
    #[error("the sealed credential is damaged, or belongs to another account or address")]
    Damaged,
    /// The database was set up with another key.
    #[error(
        "CAUSEWAY_SECRET_KEY is not the one that this database was set up with (the database has fingerprint {stored}, this key has {own}); stored credentials cannot be opened with it"
    )]
    Misfit {
        /// Fingerprint in the database.
        stored: String,
        /// Fingerprint of the key given.
        own: String,
    },
    /// The database could not be asked.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl SealingKey {
    /// Derives the key.
    pub fn new(master: &MasterKey) -> Self {
        let key = master.derive("credential sealing 1");
        let mut id = [0; KEY_ID];
        // Of a key derived for nothing else, so that the name says nothing about the key that seals.
        let name = Sha256::digest(master.derive("credential sealing 1, name").as_slice());
        id.copy_from_slice(&name[..KEY_ID]);
        Self { cipher: Aes256Gcm::new((&*key).into()), id }
    }

    /// What the key is called; not secret.
    pub fn fingerprint(&self) -> String {
        hex::encode(self.id)
    }

    /// Fails when the database was set up with another key. To be called before anything is served.
    pub async fn confirm(&self, db: &AppDb) -> Result<(), SealError> {
        let own = self.fingerprint();
        let stored = facts::establish(db, "sealing key", &own).await?;
        if stored == own { Ok(()) } else { Err(SealError::Misfit { stored, own }) }
    }

    /// Seals a credential for one place.
    pub fn seal(&self, place: &Binding<'_>, credential: &Credential) -> Result<Vec<u8>, SealError> {
        let plain = Zeroizing::new(serde_json::to_vec(credential).map_err(|_| SealError::Damaged)?);
        self.close(&place.associated_data(), &plain)
    }

    /// Opens an envelope at the place it was sealed for.
    pub fn open(&self, place: &Binding<'_>, envelope: &[u8]) -> Result<Credential, SealError> {
        let plain = self.unclose(&place.associated_data(), envelope)?;
        serde_json::from_slice(&plain).map_err(|_| SealError::Damaged)
    }

    /// Seals the secret that a person shares with their authenticator app.
    pub fn seal_authenticator(&self, user: UserId, secret: &[u8]) -> Result<Vec<u8>, SealError> {
        self.close(&authenticator_of(user), secret)
    }

    /// Opens it, for that person.
    pub fn open_authenticator(&self, user: UserId, envelope: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        self.unclose(&authenticator_of(user), envelope)
    }

    fn close(&self, place: &[u8], plain: &[u8]) -> Result<Vec<u8>, SealError> {
        let nonce: [u8; NONCE] = rand::random();
        let payload = Payload { msg: plain, aad: place };
        let sealed = self.cipher.encrypt(&Nonce::from(nonce), payload).map_err(|_| SealError::Damaged)?;
        let mut envelope = Vec::with_capacity(1 + KEY_ID + NONCE + sealed.len());
        envelope.push(VERSION);
        envelope.extend_from_slice(&self.id);
        envelope.extend_from_slice(&nonce);
        envelope.extend_from_slice(&sealed);
        Ok(envelope)
    }

    fn unclose(&self, place: &[u8], envelope: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let rest = envelope.strip_prefix(&[VERSION]).ok_or(SealError::Damaged)?;
        let (id, rest) = rest.split_first_chunk::<KEY_ID>().ok_or(SealError::Damaged)?;
        let (nonce, sealed) = rest.split_first_chunk::<NONCE>().ok_or(SealError::Damaged)?;
        if *id != self.id {
            return Err(SealError::OtherKey);
        }
        let payload = Payload { msg: sealed, aad: place };
        let plain = self.cipher.decrypt(&Nonce::from(*nonce), payload).map_err(|_| SealError::Damaged)?;
        Ok(Zeroizing::new(plain))
    }
}

/// No credential's place begins like this.
fn authenticator_of(user: UserId) -> Vec<u8> {
    [b"causeway authenticator 1\0".as_slice(), user.0.as_bytes()].concat()
}

impl Binding<'_> {
    /// Fields of fixed length first; neither text can contain a zero byte, so no two places read the same.
    fn associated_data(&self) -> Vec<u8> {
        let mut data = b"causeway credential 1\0".to_vec();
        data.extend_from_slice(self.org.0.as_bytes());
        data.extend_from_slice(self.account.0.as_bytes());
        data.extend_from_slice(self.provider.as_str().as_bytes());
        data.push(0);
        data.extend_from_slice(self.origin.as_bytes());
        data
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::AuthHeader;
    use uuid::Uuid;

    fn key(text: &str) -> SealingKey {
        SealingKey::new(&MasterKey::new(text.as_bytes().to_vec().into()).unwrap())
    }

    fn place() -> Binding<'static> {
        Binding {
            org: OrgId(Uuid::from_u128(1)),
            account: AccountId(Uuid::from_u128(2)),
            provider: Provider::ANTHROPIC,
            origin: "https://api.anthropic.com",
        }
    }

    #[test]
    fn a_credential_opens_only_where_it_was_sealed() {
        let key = key("0123456789abcdef0123456789abcdef");
        let credential = Credential::api_key(AuthHeader::XApiKey, "sk-ant-secret").unwrap();
        let envelope = key.seal(&place(), &credential).unwrap();
        assert_eq!(key.open(&place(), &envelope).unwrap(), credential);
        let elsewhere = [
            Binding { org: OrgId(Uuid::from_u128(3)), ..place() },
            Binding { account: AccountId(Uuid::from_u128(3)), ..place() },
            Binding { provider: Provider::ANTHROPIC_COMPATIBLE, ..place() },
            Binding { origin: "https://api.anthropic.com.evil.example", ..place() },
        ];
        for other in elsewhere {
            assert!(matches!(key.open(&other, &envelope), Err(SealError::Damaged)), "{other:?}");
        }
    }

    #[test]
    fn an_authenticators_secret_opens_for_its_person_only() {
        let key = key("0123456789abcdef0123456789abcdef");
        let (one, two) = (UserId(Uuid::from_u128(1)), UserId(Uuid::from_u128(2)));
        let envelope = key.seal_authenticator(one, b"shared").unwrap();
        assert_eq!(key.open_authenticator(one, &envelope).unwrap().as_slice(), b"shared");
        assert!(matches!(key.open_authenticator(two, &envelope), Err(SealError::Damaged)));
        assert!(key.open(&place(), &envelope).is_err());
    }

    #[test]
    fn another_key_is_named_as_the_reason_and_damage_is_noticed() {
        let (one, two) = (key("0123456789abcdef0123456789abcdef"), key("fedcba9876543210fedcba9876543210"));
        let credential = Credential::api_key(AuthHeader::XApiKey, "sk-ant-secret").unwrap();
        let mut envelope = one.seal(&place(), &credential).unwrap();
        assert!(matches!(two.open(&place(), &envelope), Err(SealError::OtherKey)));
        *envelope.last_mut().unwrap() ^= 1;
        assert!(matches!(one.open(&place(), &envelope), Err(SealError::Damaged)));
        assert!(matches!(one.open(&place(), b""), Err(SealError::Damaged)));
    }

    #[test]
    fn the_same_credential_never_seals_to_the_same_bytes() {
        let key = key("0123456789abcdef0123456789abcdef");
        let credential = Credential::api_key(AuthHeader::XApiKey, "sk-ant-secret").unwrap();
        assert_ne!(key.seal(&place(), &credential).unwrap(), key.seal(&place(), &credential).unwrap());
    }
}
