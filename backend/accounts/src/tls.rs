//! Whom TLS believes: the authorities of the web, and those that are given besides.

use crate::AddressPolicy;
use rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs};
use std::sync::{Arc, LazyLock};

/// With the authorities of the web alone.
static USUAL: LazyLock<Arc<ClientConfig>> =
    LazyLock::new(|| Arc::new(made(RootCertStore::from_iter(roots()))));

fn roots() -> impl Iterator<Item = rustls::pki_types::TrustAnchor<'static>> {
    webpki_roots::TLS_SERVER_ROOTS.iter().cloned()
}

/// How connections are secured.
pub fn config(addresses: &AddressPolicy) -> Arc<ClientConfig> {
    if addresses.authorities().is_empty() {
        return USUAL.clone();
    }
    let mut store = RootCertStore::from_iter(roots());
    store.add_parsable_certificates(addresses.authorities().iter().cloned());
    Arc::new(made(store))
}

fn made(store: RootCertStore) -> ClientConfig {
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().expect("the usual versions of TLS");
    builder.with_root_certificates(store).with_no_client_auth()
}
