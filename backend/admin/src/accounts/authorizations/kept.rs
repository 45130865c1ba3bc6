//! What an authorisation has to remember until the person is back, and what came of it: both sealed, for one authorisation
//! of one organisation, and for the token endpoint that it is sent to.

use crate::{error::ApiError, state::AdminState};
use causeway_accounts::{Credential, SealError, SecretPlace};
use causeway_domain::{OrgId, proxy::Choice};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use zeroize::{Zeroize, Zeroizing};

/// What the tokens are had with.
#[derive(Serialize, Deserialize)]
pub(super) struct Kept {
    /// Of PKCE; empty where there is none.
    pub(super) verifier: String,
    /// Where the person was to be sent back to; empty of a device.
    pub(super) redirect: String,
    /// Of a device.
    pub(super) device_code: String,
    /// Of a device.
    pub(super) user_code: String,
    /// How the issuer is asked.
    #[serde(default)]
    pub(super) proxy: Choice,
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.verifier.zeroize();
        self.device_code.zeroize();
    }
}

/// Which authorisation, and where what is sealed goes.
#[derive(Clone, Copy)]
pub(super) struct Of<'a> {
    pub(super) org: OrgId,
    pub(super) id: Uuid,
    pub(super) token_endpoint: &'a str,
}

impl Of<'_> {
    fn place(&self, kind: &'static str) -> SecretPlace<'_> {
        SecretPlace { kind, org: self.org, id: self.id, origin: self.token_endpoint }
    }

    pub(super) fn seal(&self, state: &AdminState, kept: &Kept) -> Result<Vec<u8>, ApiError> {
        let plain = Zeroizing::new(serde_json::to_vec(kept).map_err(ApiError::internal)?);
        state.sealing.seal_secret(&self.place("authorization"), &plain).map_err(ApiError::internal)
    }

    pub(super) fn open(&self, state: &AdminState, envelope: &[u8]) -> Result<Kept, ApiError> {
        let plain = state
            .sealing
            .open_secret(&self.place("authorization"), envelope)
            .map_err(|error| stale(&error))?;
        serde_json::from_slice(&plain).map_err(ApiError::internal)
    }

    pub(super) fn seal_outcome(
        &self,
        state: &AdminState,
        credential: &Credential,
    ) -> Result<Vec<u8>, ApiError> {
        let plain = Zeroizing::new(serde_json::to_vec(credential).map_err(ApiError::internal)?);
        state.sealing.seal_secret(&self.place("authorized"), &plain).map_err(ApiError::internal)
    }

    pub(super) fn open_outcome(&self, state: &AdminState, envelope: &[u8]) -> Result<Credential, ApiError> {
        let plain =
            state.sealing.open_secret(&self.place("authorized"), envelope).map_err(|error| stale(&error))?;
        serde_json::from_slice(&plain).map_err(ApiError::internal)
    }
}

/// The provider's issuer, or the sealing key, was changed in between.
fn stale(error: &SealError) -> ApiError {
    tracing::info!(%error, "an authorisation cannot go on");
    ApiError::Conflict(
        "what this authorisation was begun with has changed meanwhile; begin it again".to_owned(),
    )
}
