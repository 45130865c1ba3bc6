//! Settings of the server itself. Other crates bring their own `Args`; everything is checked before anything starts,
//! and every problem names its variable and what it accepts.

use crate::http::tls::Tls;
use anyhow::{Context, Result, bail};
use base64::{Engine, engine::general_purpose};
use causeway_accounts::{MasterKey, SealingKey};
use secrecy::{ExposeSecret, SecretSlice, SecretString};
use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    time::Duration,
};
use url::{Host, Url};

/// Where and how Causeway is reached.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct HttpArgs {
    /// Address to listen on; 127.0.0.1 is this machine only, 0.0.0.0 all of its addresses.
    #[arg(long, env = "LISTEN", default_value = "127.0.0.1")]
    pub(crate) listen: IpAddr,

    /// Port to listen on.
    #[arg(long, env = "PORT", default_value_t = 3000, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) port: u16,

    /// The address that people and clients use, such as https://causeway.example.com; the only place where it is
    /// written. Required by `serve`; `up` has http://localhost:PORT by default.
    #[arg(long, env = "PUBLIC_URL")]
    pub(crate) public_url: Option<String>,

    /// Address and port of the metrics listener [default: 127.0.0.1:9464].
    #[arg(long, env = "METRICS_LISTEN")]
    pub(crate) metrics_listen: Option<SocketAddr>,

    /// Certificate chain (PEM), for TLS without a proxy in front. Goes with TLS_KEY.
    #[arg(long, env = "TLS_CERT")]
    pub(crate) tls_cert: Option<PathBuf>,

    /// Private key (PEM) of TLS_CERT.
    #[arg(long, env = "TLS_KEY")]
    pub(crate) tls_key: Option<PathBuf>,

    /// Seconds that live requests may go on after the first Ctrl-C or SIGTERM.
    #[arg(long, env = "SHUTDOWN_GRACE_SECONDS", default_value_t = 30)]
    pub(crate) shutdown_grace_seconds: u64,
}

/// The installation's secret.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct SecretArgs {
    /// At least 32 random bytes as hex or base64 (openssl rand -hex 32). Seals upstream credentials and signs
    /// sign-ins; losing it loses the stored credentials. `up` makes one by itself.
    #[arg(long, env = "CAUSEWAY_SECRET_KEY", hide_env_values = true)]
    pub(crate) secret_key: Option<SecretString>,

    /// The secret before, while CAUSEWAY_SECRET_KEY is being exchanged: what was sealed with it can be opened until
    /// `causeway rotate-key` has sealed everything anew.
    #[arg(long, env = "CAUSEWAY_PREVIOUS_SECRET_KEY", hide_env_values = true)]
    pub(crate) previous_secret_key: Option<SecretString>,
}

/// [`SecretArgs`] that have been checked.
#[derive(Clone)]
pub(crate) struct Secrets {
    pub(crate) master: MasterKey,
    pub(crate) previous: Option<MasterKey>,
}

/// [`HttpArgs`] that have been checked.
#[derive(Clone)]
pub(crate) struct Http {
    pub(crate) address: SocketAddr,
    pub(crate) public_url: Url,
    pub(crate) metrics: Option<SocketAddr>,
    pub(crate) tls: Option<Tls>,
    pub(crate) grace: Duration,
}

/// Collects what is wrong, so that a person hears of everything at once.
#[derive(Debug, Default)]
pub(crate) struct Problems(Vec<String>);

impl Problems {
    /// The value, or a note of why there is none.
    pub(crate) fn take<T, E: std::fmt::Display>(&mut self, result: Result<T, E>) -> Option<T> {
        result.map_err(|error| self.0.push(format!("{error:#}"))).ok()
    }

    /// Fails when there were any.
    pub(crate) fn check(self) -> Result<()> {
        match self.0.as_slice() {
            [] => Ok(()),
            [one] => bail!("{one}"),
            many => bail!("these settings need attention:\n  - {}", many.join("\n  - ")),
        }
    }
}

impl HttpArgs {
    /// Checks everything; `default_url` is for when no PUBLIC_URL is given and one may be assumed.
    pub(crate) fn check(&self, problems: &mut Problems, default_url: Option<&str>) -> Option<Http> {
        let public_url = match (self.public_url.as_deref().filter(|v| !v.is_empty()), default_url) {
            (Some(url), _) => problems.take(parse_public_url(url)),
            (None, Some(default)) => problems.take(parse_public_url(default)),
            (None, None) => problems.take(Err::<Url, _>(
                "PUBLIC_URL is not set: the address that people and clients use, such as https://causeway.example.com",
            )),
        };
        let tls = match (&self.tls_cert, &self.tls_key) {
            (Some(certificate), Some(key)) => problems.take(Tls::load(certificate, key)).map(Some),
            (None, None) => Some(None),
            (Some(_), None) => problems.take(Err("TLS_CERT is set but TLS_KEY, its private key, is not")),
            (None, Some(_)) => problems.take(Err("TLS_KEY is set but TLS_CERT, its certificate, is not")),
        };
        Some(Http {
            address: SocketAddr::new(self.listen, self.port),
            public_url: public_url?,
            metrics: self.metrics_listen,
            tls: tls?,
            grace: Duration::from_secs(self.shutdown_grace_seconds),
        })
    }
}

impl Secrets {
    /// What seals, and opens.
    pub(crate) fn sealing(&self) -> SealingKey {
        SealingKey::with_previous(&self.master, self.previous.as_ref())
    }
}

impl SecretArgs {
    /// Those of a data directory.
    pub(crate) fn of(secrets: &causeway_embedded::secrets::Secrets) -> Self {
        Self { secret_key: Some(secrets.key.clone()), previous_secret_key: secrets.previous_key.clone() }
    }

    /// The keys, or how to make one.
    pub(crate) fn check(&self) -> Result<Secrets> {
        let master = match &self.secret_key {
            Some(key) if !key.expose_secret().is_empty() => MasterKey::new(decode_secret(key)?)?,
            _ => bail!("CAUSEWAY_SECRET_KEY is not set. Make one with: openssl rand -hex 32"),
        };
        let previous = self.previous_secret_key.as_ref().filter(|key| !key.expose_secret().is_empty());
        let previous = previous.map(|key| {
            let key = decode_secret(key).ok().and_then(|bytes| MasterKey::new(bytes).ok());
            key.context(
                "CAUSEWAY_PREVIOUS_SECRET_KEY is nothing that CAUSEWAY_SECRET_KEY can have been: at least 32 random \
                 bytes in hex or base64",
            )
        });
        Ok(Secrets { master, previous: previous.transpose()? })
    }
}

/// Reads hex or base64 of at least 32 bytes.
fn decode_secret(key: &SecretString) -> Result<SecretSlice<u8>> {
    let text = key.expose_secret().trim();
    let bytes = hex::decode(text)
        .ok()
        .or_else(|| general_purpose::STANDARD.decode(text).ok())
        .or_else(|| general_purpose::URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok());
    match bytes {
        Some(bytes) if bytes.len() >= 32 => Ok(bytes.into()),
        _ => bail!(
            "CAUSEWAY_SECRET_KEY must be at least 32 random bytes in hex or base64. Make one with: openssl rand -hex 32"
        ),
    }
}

fn parse_public_url(text: &str) -> Result<Url> {
    let expected = "PUBLIC_URL must be scheme, host and perhaps a port, such as https://causeway.example.com";
    let Ok(url) = Url::parse(text) else { bail!("{expected}; it is {text:?}") };
    let plain =
        url.path() == "/" && url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() || !plain {
        bail!("{expected}; it is {text:?}");
    }
    Ok(url)
}

impl Http {
    /// Combinations that work and are probably not meant.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        let https = self.public_url.scheme() == "https";
        let local = is_loopback(&self.public_url);
        if !https && !local {
            warnings.push(format!(
                "PUBLIC_URL {} is plain http: keys and passwords cross the network readable by anybody on the way. \
                 Put a TLS proxy in front, or set TLS_CERT and TLS_KEY",
                self.public_url
            ));
        }
        if local && !self.address.ip().is_loopback() {
            warnings.push(format!(
                "LISTEN is {}, which other machines can reach, but PUBLIC_URL {} only works on this one; set \
                 PUBLIC_URL to the address they use",
                self.address.ip(),
                self.public_url
            ));
        }
        if self.tls.is_some() && !https {
            warnings.push("TLS_CERT is set but PUBLIC_URL begins with http:".to_owned());
        }
        if self.metrics.is_some_and(|m| !m.ip().is_loopback()) {
            warnings.push(
                "METRICS_LISTEN can be reached by other machines, and metrics need no password".to_owned(),
            );
        }
        warnings
    }
}

/// Whether an address means this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests;
