//! Requests that are sent with a key and looked on at.

use causeway_domain::KeyId;
use causeway_openapi::{KeyModels, StartPlay};

use super::{Answer, Api};
use crate::core::events::Events;

impl Api {
    pub(crate) async fn key_models(self, id: KeyId) -> Answer<KeyModels> {
        self.0.get(&format!("/keys/{id}/models")).await
    }

    /// Events of [`causeway_openapi::PlayEvent`], until `left`: then the client has left.
    pub(crate) async fn play(self, id: KeyId, play: StartPlay, left: web_sys::AbortSignal) -> Answer<Events> {
        self.0.events(&format!("/keys/{id}/playground"), &play, left).await
    }
}
