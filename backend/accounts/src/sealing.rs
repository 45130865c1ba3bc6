//! Sealing credentials: AES-256-GCM, bound to the place that the credential is for.
//!
//! An envelope is `1 | key id (8) | nonce (12) | ciphertext and tag`. Organisation, account, provider and the origin
//! of the base URL are associated data: an envelope moved to another row, or an account pointed at another server,
//! does not open. So whoever can write to the database cannot have a credential sent to themselves.

mod client;
mod fit;
mod kept;
mod ring;
mod secret;

pub(crate) use kept::KEPT;
pub use kept::RECOVERY_CODES;
pub use ring::SealingKey;
pub use secret::SecretPlace;

use crate::{BaseUrl, Credential};
use causeway_domain::{AccountId, OrgId, UserId, provider::Provider};
use causeway_store::{StoreError, proxies, sealed::Place};
use std::time::Duration;
use zeroize::Zeroizing;

const VERSION: u8 = 1;
const KEY_ID: usize = 8;
const NONCE: usize = 12;

/// How long it takes at most until an instance seals with a new key.
pub const FOLLOWED_WITHIN: Duration = Duration::from_secs(4);

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
        "CAUSEWAY_SECRET_KEY is not the one that this database was set up with (the database has fingerprint {stored}, this key has {own}); stored credentials cannot be opened with it. To exchange the key, give the one with fingerprint {stored} as CAUSEWAY_PREVIOUS_SECRET_KEY"
    )]
    Misfit {
        /// Fingerprint in the database.
        stored: String,
        /// Fingerprint of the key given.
        own: String,
    },
    /// A rotation to another key has begun.
    #[error(
        "a rotation to the key with fingerprint {next} has begun and is not done; CAUSEWAY_SECRET_KEY must be that key (this one has {own}), and CAUSEWAY_PREVIOUS_SECRET_KEY the one before it"
    )]
    Exchanged {
        /// Fingerprint of the key that is rotated to.
        next: String,
        /// Fingerprint of the key given.
        own: String,
    },
    /// The database could not be asked.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl SealingKey {
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

    /// Opens what is in a place and seals it with the key in force. `token_endpoint` is where a provider's client secret
    /// is sent.
    pub(crate) fn reseal(
        &self,
        place: &Place,
        token_endpoint: &str,
        envelope: &[u8],
    ) -> Result<Vec<u8>, SealError> {
        let data = match place {
            Place::Account { org, id, provider, base_url } => {
                let origin = BaseUrl::stored(base_url).map_err(|_| SealError::Damaged)?.origin();
                Binding { org: *org, account: *id, provider: *provider, origin: &origin }.associated_data()
            }
            Place::Authenticator(user) => authenticator_of(*user),
            Place::SignOn { org, id, issuer } => {
                SecretPlace { kind: secret::OIDC, org: *org, id: *id, origin: issuer }.associated_data()
            }
            Place::Provider(provider) => client::place(*provider, token_endpoint),
            Place::Proxy { org, id, scheme, host, port } => {
                let origin = proxies::origin(*scheme, host, *port);
                SecretPlace::proxy(*org, *id, &origin).associated_data()
            }
        };
        self.close(&data, &self.unclose(&data, envelope)?)
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
    use crate::{AuthHeader, MasterKey};
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
