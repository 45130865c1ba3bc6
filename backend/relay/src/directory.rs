//! What the relay knows of keys and organisations: read from Postgres once, then kept until it is out of date.
//!
//! Nothing here decides that an entry is current. The version in force lives in Redis, is compared by the reservation
//! script, and a request that finds itself behind says so through [`Directory::refresh`].

use crate::error::RelayError;
use crate::tenant::Tenant;
use causeway_accounts::{AddressPolicy, Catalogue, SealingKey};
use causeway_domain::{KeyId, OrgId};
use causeway_store::{
    Store, first_use, policy,
    principal::{self, Principal},
    tenant::PolicyChange,
};
use moka::sync::Cache;
use std::{sync::Arc, time::Duration};
use tokio::sync::Mutex;

/// Caches of keys and organisations.
pub(crate) struct Directory {
    store: Store,
    sealing: SealingKey,
    addresses: AddressPolicy,
    catalogue: Catalogue,
    principals: Cache<[u8; 32], Arc<Principal>>,
    /// Hashes that no key has, so that a client with a wrong key does not ask Postgres every time.
    unknown: Cache<[u8; 32], ()>,
    tenants: Cache<OrgId, Arc<Tenant>>,
    /// One reload at a time for the organisations of a shard: a change wakes every running client at once.
    reloading: Vec<Mutex<()>>,
}

impl Directory {
    /// Empty.
    pub(crate) fn new(
        store: Store,
        sealing: SealingKey,
        addresses: AddressPolicy,
        catalogue: Catalogue,
    ) -> Self {
        let hour = Duration::from_secs(3600);
        Self {
            store,
            sealing,
            addresses,
            catalogue,
            principals: Cache::builder().max_capacity(100_000).time_to_idle(hour).build(),
            unknown: Cache::builder().max_capacity(100_000).time_to_live(Duration::from_secs(3)).build(),
            tenants: Cache::builder().max_capacity(20_000).time_to_idle(hour).build(),
            reloading: (0..64).map(|_| Mutex::new(())).collect(),
        }
    }

    /// The key with this hash.
    pub(crate) async fn principal(&self, hash: &[u8; 32]) -> Result<Option<Arc<Principal>>, RelayError> {
        if let Some(known) = self.principals.get(hash) {
            return Ok(Some(known));
        }
        if self.unknown.contains_key(hash) {
            return Ok(None);
        }
        let Some(found) = Box::pin(principal::by_hash(&self.store.relay, hash)).await? else {
            self.unknown.insert(*hash, ());
            return Ok(None);
        };
        let found = Arc::new(found);
        self.principals.insert(*hash, found.clone());
        Ok(Some(found))
    }

    /// What the secret of a key was made into, by which everything else here knows the key. Asked of Postgres each time.
    pub(crate) async fn hash(&self, org: OrgId, key: KeyId) -> Result<Option<[u8; 32]>, RelayError> {
        Ok(principal::hash_of(&self.store.relay, org, key).await?)
    }

    /// The key after its first use has been noted, from which its days are counted. Asked of Postgres once for each
    /// instance: what it says is kept with the key.
    pub(crate) async fn first_used(
        &self,
        hash: &[u8; 32],
        known: &Arc<Principal>,
    ) -> Result<Arc<Principal>, RelayError> {
        let mut used = Principal::clone(known);
        used.expiry.first_used_at = first_use::note(&self.store.jobs, used.key).await?;
        let used = Arc::new(used);
        // Not where a newer policy was read meanwhile: that one knows the first use by itself.
        self.principals.entry(*hash).and_upsert_with(|entry| match entry {
            Some(entry) if !Arc::ptr_eq(entry.value(), known) => entry.into_value(),
            _ => used.clone(),
        });
        Ok(used)
    }

    /// The organisation.
    pub(crate) async fn tenant(&self, org: OrgId) -> Result<Arc<Tenant>, RelayError> {
        if let Some(known) = self.tenants.get(&org) {
            return Ok(known);
        }
        let _one = self.reloading[usize::from(org.shard())].lock().await;
        if let Some(known) = self.tenants.get(&org) {
            return Ok(known);
        }
        Box::pin(self.load(org)).await
    }

    async fn load(&self, org: OrgId) -> Result<Arc<Tenant>, RelayError> {
        // Before the organisation is read: its policy is raised by a change of a provider.
        self.catalogue.refresh(&self.store.relay).await?;
        let row = principal::tenancy(&self.store.relay, org).await?;
        let row = row.ok_or(RelayError::Unavailable("the organisation of this API key is gone"))?;
        let tenant = Arc::new(Tenant::new(row, &self.sealing, &self.addresses, &self.catalogue));
        self.tenants.insert(org, tenant.clone());
        Ok(tenant)
    }

    /// Reads a key and its organisation anew, because version `behind` of the policy is no longer in force. If Redis
    /// has lost the version, it is told.
    pub(crate) async fn refresh(&self, hash: &[u8; 32], org: OrgId, behind: i64) -> Result<(), RelayError> {
        let version = {
            let _one = self.reloading[usize::from(org.shard())].lock().await;
            match self.tenants.get(&org) {
                Some(newer) if newer.policy_version > behind => newer.policy_version,
                _ => self.load(org).await?.policy_version,
            }
        };
        if self.principals.get(hash).is_some_and(|p| p.policy_version <= behind) {
            self.principals.invalidate(hash);
        }
        if version == behind {
            policy::publish(&self.store.cache, PolicyChange { org, version }).await?;
        }
        Ok(())
    }

    /// Reads everything anew from now on. Redis may have lost the news of a change, and with it the version that would
    /// have shown what is known here to be out of date.
    pub(crate) fn forget(&self) {
        self.principals.invalidate_all();
        self.unknown.invalidate_all();
        self.tenants.invalidate_all();
    }

    /// Compares with the version in force, for calls that reserve nothing. True when `version` is current.
    pub(crate) async fn is_current(&self, org: OrgId, version: i64) -> Result<bool, RelayError> {
        Ok(policy::current(&self.store.cache, org).await?.is_some_and(|now| now <= version))
    }
}
