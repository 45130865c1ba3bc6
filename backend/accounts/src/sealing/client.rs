//! Sealing of the secrets with which this installation presents itself to issuers of providers.

use super::{SealError, SealingKey};
use causeway_domain::provider::Provider;
use zeroize::Zeroizing;

/// Provider and token endpoint; neither text can contain a zero byte, so no two places read the same.
pub(super) fn place(provider: Provider, token_endpoint: &str) -> Vec<u8> {
    let mut data = b"causeway provider 1\0".to_vec();
    data.extend_from_slice(provider.as_str().as_bytes());
    data.push(0);
    data.extend_from_slice(token_endpoint.as_bytes());
    data
}

impl SealingKey {
    /// Seals a client secret for the token endpoint that it is sent to.
    pub fn seal_client_secret(
        &self,
        provider: Provider,
        token_endpoint: &str,
        secret: &[u8],
    ) -> Result<Vec<u8>, SealError> {
        self.close(&place(provider, token_endpoint), secret)
    }

    /// Opens one, for that endpoint.
    pub fn open_client_secret(
        &self,
        provider: Provider,
        token_endpoint: &str,
        envelope: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, SealError> {
        self.unclose(&place(provider, token_endpoint), envelope)
    }
}
