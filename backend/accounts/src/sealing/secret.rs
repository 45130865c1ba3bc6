//! Sealing of secrets that are no credentials of upstream accounts, each bound to what it is for.

use super::{SealError, SealingKey};
use causeway_domain::{OrgId, ProxyId};
use uuid::Uuid;
use zeroize::Zeroizing;

/// Where a secret belongs.
#[derive(Clone, Copy, Debug)]
pub struct SecretPlace<'a> {
    /// What kind of secret; a constant of the code that seals it.
    pub kind: &'static str,
    /// Organisation.
    pub org: OrgId,
    /// The thing it belongs to.
    pub id: Uuid,
    /// Whom it is sent to.
    pub origin: &'a str,
}

/// Of the client secrets of single sign-on.
pub(super) const OIDC: &str = "oidc client secret";
/// Of the passwords at proxies.
const PROXY: &str = "proxy password";

impl<'a> SecretPlace<'a> {
    /// The client secret at an organisation's issuer for single sign-on.
    pub fn oidc(org: OrgId, provider: Uuid, issuer: &'a str) -> Self {
        Self { kind: OIDC, org, id: provider, origin: issuer }
    }

    /// The password at an organisation's proxy; `origin` is the proxy's own.
    pub fn proxy(org: OrgId, proxy: ProxyId, origin: &'a str) -> Self {
        Self { kind: PROXY, org, id: proxy.0, origin }
    }

    /// Neither text can contain a zero byte, so no two places read the same.
    pub(super) fn associated_data(&self) -> Vec<u8> {
        let mut data = b"causeway secret 1\0".to_vec();
        data.extend_from_slice(self.kind.as_bytes());
        data.push(0);
        data.extend_from_slice(self.org.0.as_bytes());
        data.extend_from_slice(self.id.as_bytes());
        data.extend_from_slice(self.origin.as_bytes());
        data
    }
}

impl SealingKey {
    /// Seals a secret for one place.
    pub fn seal_secret(&self, place: &SecretPlace<'_>, secret: &[u8]) -> Result<Vec<u8>, SealError> {
        self.close(&place.associated_data(), secret)
    }

    /// Opens a secret at the place it was sealed for.
    pub fn open_secret(
        &self,
        place: &SecretPlace<'_>,
        envelope: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, SealError> {
        self.unclose(&place.associated_data(), envelope)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MasterKey;

    #[test]
    fn a_secret_opens_only_where_it_was_sealed() {
        let key =
            SealingKey::new(&MasterKey::new(b"0123456789abcdef0123456789abcdef".to_vec().into()).unwrap());
        let place = SecretPlace {
            kind: "client secret",
            org: OrgId(Uuid::from_u128(1)),
            id: Uuid::from_u128(2),
            origin: "https://id.example.com",
        };
        let envelope = key.seal_secret(&place, b"hush").unwrap();
        assert_eq!(key.open_secret(&place, &envelope).unwrap().as_slice(), b"hush");
        for other in [
            SecretPlace { kind: "another", ..place },
            SecretPlace { org: OrgId(Uuid::from_u128(3)), ..place },
            SecretPlace { id: Uuid::from_u128(3), ..place },
            SecretPlace { origin: "https://evil.example", ..place },
        ] {
            assert!(matches!(key.open_secret(&other, &envelope), Err(SealError::Damaged)), "{other:?}");
        }
    }
}
