//! The TLS front: the same answers over HTTP/1.1 or HTTP/2, chosen by ALPN, under a certificate authority made for this
//! run. Callers trust it through [`crate::Simulator::ca_pem`]; nothing is written to disk.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use rustls::{
    ServerConfig,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::listen;

pub(crate) struct Front {
    pub(crate) addr: SocketAddr,
    pub(crate) ca_pem: String,
    pub(crate) acceptor: TlsAcceptor,
    listener: Option<TcpListener>,
}

impl Front {
    /// Listen on a free port of this address, with a fresh certificate for it and for `localhost`.
    pub(crate) fn bind(ip: IpAddr) -> io::Result<Self> {
        let (config, ca_pem) = server_config(ip)?;
        let listener = listen::bind(SocketAddr::new(ip, 0))?;
        let addr = listener.local_addr()?;
        Ok(Self { addr, ca_pem, acceptor: TlsAcceptor::from(Arc::new(config)), listener: Some(listener) })
    }

    /// The bound listener, once.
    pub(crate) fn listener(&mut self) -> io::Result<TcpListener> {
        self.listener.take().ok_or_else(|| io::Error::other("the TLS front is already being served"))
    }
}

fn server_config(ip: IpAddr) -> io::Result<(ServerConfig, String)> {
    let mut authority = CertificateParams::new(Vec::new()).map_err(io::Error::other)?;
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    authority.distinguished_name.push(DnType::CommonName, "Causeway simulator");
    let authority_key = KeyPair::generate().map_err(io::Error::other)?;
    let ca_pem = authority.self_signed(&authority_key).map_err(io::Error::other)?.pem();
    let issuer = Issuer::new(authority, authority_key);

    let names = vec!["localhost".to_owned(), ip.to_string()];
    let key = KeyPair::generate().map_err(io::Error::other)?;
    let leaf = CertificateParams::new(names)
        .and_then(|params| params.signed_by(&key, &issuer))
        .map_err(io::Error::other)?;

    // Named here, because a process-wide default may not be installed when a test starts a simulator.
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], private)
        .map_err(io::Error::other)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok((config, ca_pem))
}
