//! TLS with a certificate of one's own, for those without a proxy in front.
//!
//! Certificates are renewed every few weeks by some other program. The files are looked at every few seconds, and a new
//! certificate is what the next connection gets. One that cannot be used, or half of a pair, leaves the last good one.

use anyhow::{Context, Result};
use arc_swap::ArcSwap;
use rustls::{
    ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};
use tokio::{net::TcpStream, time::MissedTickBehavior};
use tokio_rustls::{TlsAcceptor, server::TlsStream};
use tokio_util::sync::CancellationToken;

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Turns accepted connections into encrypted ones.
#[derive(Clone)]
pub(crate) struct Tls {
    acceptor: TlsAcceptor,
    files: Arc<Files>,
}

/// Where the certificate is, and what was last read there.
#[derive(Debug)]
struct Files {
    certificate: PathBuf,
    key: PathBuf,
    current: ArcSwap<CertifiedKey>,
}

/// What shows that a file is another: replaced ones have another time, and nearly always another length.
type Mark = [Option<(SystemTime, u64)>; 2];

impl Tls {
    /// Reads certificate chain and key, both PEM.
    pub(crate) fn load(certificate: &Path, key: &Path) -> Result<Self> {
        let current = ArcSwap::from_pointee(read(certificate, key)?);
        let files = Arc::new(Files { certificate: certificate.into(), key: key.into(), current });
        let resolver: Arc<dyn ResolvesServerCert> = Arc::<Files>::clone(&files);
        let mut config = ServerConfig::builder().with_no_client_auth().with_cert_resolver(resolver);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(config)), files })
    }

    /// Shakes hands.
    pub(crate) async fn accept(&self, stream: TcpStream) -> std::io::Result<TlsStream<TcpStream>> {
        self.acceptor.accept(stream).await
    }

    /// Looks at the files until stopped.
    pub(crate) async fn watch(self, stop: CancellationToken) {
        let mut seen = self.files.mark();
        let mut ticks = tokio::time::interval(LOOK_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = ticks.tick() => {}
            }
            let now = self.files.mark();
            if now != seen {
                seen = now;
                self.files.read_again();
            }
        }
    }
}

impl Files {
    fn mark(&self) -> Mark {
        [&self.certificate, &self.key].map(|path| {
            let about = fs::metadata(path).ok()?;
            Some((about.modified().ok()?, about.len()))
        })
    }

    fn read_again(&self) {
        match read(&self.certificate, &self.key) {
            Ok(fresh) => {
                self.current.store(Arc::new(fresh));
                tracing::info!("the certificate of TLS_CERT was read anew");
            }
            Err(error) => {
                tracing::warn!(
                    "the certificate of TLS_CERT has changed and cannot be used; the last one stays in use: {error:#}"
                );
            }
        }
    }
}

impl ResolvesServerCert for Files {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current.load_full())
    }
}

fn read(certificate: &Path, key: &Path) -> Result<CertifiedKey> {
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .with_context(|| format!("TLS_CERT: reading certificates from {}", certificate.display()))?;
    let key_der = PrivateKeyDer::from_pem_file(key)
        .with_context(|| format!("TLS_KEY: reading a private key from {}", key.display()))?;
    let pair = CertifiedKey::from_der(chain, key_der, &aws_lc_rs::default_provider());
    pair.context("TLS_CERT and TLS_KEY do not belong together")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A certificate and its key, written where the first one was.
    fn write(directory: &Path, name: &str) -> (PathBuf, PathBuf) {
        let made = rcgen::generate_simple_self_signed(vec![name.to_owned()]).unwrap();
        let (certificate, key) = (directory.join("tls.pem"), directory.join("tls.key"));
        fs::write(&certificate, made.cert.pem()).unwrap();
        fs::write(&key, made.signing_key.serialize_pem()).unwrap();
        (certificate, key)
    }

    fn served(tls: &Tls) -> Vec<u8> {
        tls.files.current.load().end_entity_cert().unwrap().to_vec()
    }

    #[test]
    fn missing_certificate_names_setting_and_file() {
        let error = Tls::load(Path::new("/nonexistent.pem"), Path::new("/nonexistent.key")).err().unwrap();
        let error = error.to_string();
        assert!(error.contains("TLS_CERT") && error.contains("/nonexistent.pem"), "{error}");
    }

    #[tokio::test]
    async fn a_new_certificate_is_served_without_a_restart() {
        use rustls::pki_types::ServerName;
        let directory = tempfile::tempdir().unwrap();
        let (certificate, key) = write(directory.path(), "first.example");
        let tls = Tls::load(&certificate, &key).unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tls.clone();
        let accepting = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let _ = server.accept(stream).await;
            }
        });
        // A client that trusts exactly the certificate in the file, and connects by its name.
        let greets = |name: &'static str| {
            let certificate = certificate.clone();
            async move {
                let mut roots = rustls::RootCertStore::empty();
                roots.add(CertificateDer::from_pem_file(&certificate).unwrap()).unwrap();
                let config =
                    rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
                let stream = TcpStream::connect(address).await.unwrap();
                let name = ServerName::try_from(name).unwrap();
                tokio_rustls::TlsConnector::from(Arc::new(config)).connect(name, stream).await.is_ok()
            }
        };
        assert!(greets("first.example").await);
        write(directory.path(), "second.example");
        assert!(!greets("second.example").await, "nobody has looked yet");
        tls.files.read_again();
        assert!(greets("second.example").await);
        accepting.abort();
    }

    #[test]
    fn half_of_a_pair_leaves_the_last_good_one_in_use() {
        let directory = tempfile::tempdir().unwrap();
        let (certificate, key) = write(directory.path(), "first.example");
        let tls = Tls::load(&certificate, &key).unwrap();
        let (first, mark) = (served(&tls), tls.files.mark());
        let other = tempfile::tempdir().unwrap();
        let (half, _) = write(other.path(), "a-second-one.example");
        fs::copy(half, &certificate).unwrap();
        assert_ne!(tls.files.mark(), mark);
        tls.files.read_again();
        assert_eq!(served(&tls), first);
        fs::remove_file(&key).unwrap();
        tls.files.read_again();
        assert_eq!(served(&tls), first);
    }
}
