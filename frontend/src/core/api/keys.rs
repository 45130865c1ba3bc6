//! Keys beyond a single one, over their life, and what members may give them.

use causeway_domain::{Ceilings, KeyId};
use causeway_openapi::{
    CreateKeys, DeleteKeys, IssuedKey, IssuedKeys, Key, KeyExport, KeyQuery, KeyRules, Page, RotateKey,
    UpdateKeys,
};
use gloo_net::http::Method;

use super::{Answer, Api};
use crate::core::download::File;

impl Api {
    pub(crate) async fn find_keys(self, query: KeyQuery) -> Answer<Page<Key>> {
        self.0.find("/keys", &query).await
    }

    pub(crate) async fn export_keys(self, export: KeyExport) -> Answer<File> {
        self.0.download("/keys/export", &export).await
    }

    /// `once` names this call: sent again, it issues nothing more.
    pub(crate) async fn issue_keys(self, keys: CreateKeys, once: String) -> Answer<IssuedKeys> {
        self.0.post_once("/keys/batch", &keys, once).await.map_err(|error| error.within("key."))
    }

    pub(crate) async fn change_keys(self, change: UpdateKeys) -> Answer<Page<Key>> {
        self.0.patch("/keys/batch", &change).await
    }

    pub(crate) async fn delete_keys(self, ids: Vec<KeyId>) -> Answer<()> {
        self.0.tell_of("/keys/batch/delete", &DeleteKeys { ids }).await
    }

    pub(crate) async fn restore_key(self, id: KeyId) -> Answer<Key> {
        self.0.post(&format!("/keys/{id}/restore"), &serde_json::Map::new()).await
    }

    pub(crate) async fn rotate_key(self, id: KeyId, overlap_minutes: u32) -> Answer<IssuedKey> {
        self.0.post(&format!("/keys/{id}/rotate"), &RotateKey { overlap_minutes }).await
    }

    pub(crate) async fn end_overlap(self, id: KeyId) -> Answer<()> {
        self.0.tell(Method::DELETE, &format!("/keys/{id}/overlap")).await
    }

    pub(crate) async fn key_rules(self) -> Answer<KeyRules> {
        self.0.get("/organization/key-ceilings").await
    }

    pub(crate) async fn set_key_rules(self, ceilings: Ceilings) -> Answer<KeyRules> {
        self.0.put("/organization/key-ceilings", &ceilings).await
    }
}
