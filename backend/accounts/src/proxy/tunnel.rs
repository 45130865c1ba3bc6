//! Asking a proxy for a tunnel: `CONNECT` (RFC 9110, 9.3.6), and SOCKS5. `CONNECT` is ours, because the
//! status of a refusal is worth telling, which the clients that others have written keep to themselves.

use super::{ProxyError, Through};
use base64::{Engine, engine::general_purpose::STANDARD};
use std::io;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_socks::{Error, tcp::Socks5Stream};
use zeroize::Zeroizing;

/// The largest head of an answer that is read, in bytes.
const LARGEST: usize = 16 * 1024;

/// User name and password.
type Login<'a> = Option<(&'a str, &'a str)>;

pub(super) async fn connect(
    mut stream: Through,
    host: &str,
    port: u16,
    login: Login<'_>,
) -> Result<Through, ProxyError> {
    let mut request = Zeroizing::new(format!("CONNECT {host}:{port} HTTP/1.1\r\nhost: {host}:{port}\r\n"));
    if let Some((user, password)) = login {
        let both = Zeroizing::new(STANDARD.encode(Zeroizing::new(format!("{user}:{password}")).as_bytes()));
        request.push_str("proxy-authorization: Basic ");
        request.push_str(&both);
        request.push_str("\r\n");
    }
    request.push_str("\r\n");
    stream.write_all(request.as_bytes()).await.map_err(ProxyError::Broke)?;
    stream.flush().await.map_err(ProxyError::Broke)?;
    let mut head = Vec::new();
    let end = loop {
        if let Some(at) = head.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
        if head.len() > LARGEST {
            return Err(ProxyError::NotAProxy("its answer does not end".to_owned()));
        }
        if head.len() >= 5 && !head.starts_with(b"HTTP/") {
            return Err(ProxyError::NotAProxy("it does not speak HTTP".to_owned()));
        }
        if stream.read_buf(&mut head).await.map_err(ProxyError::Broke)? == 0 {
            return Err(ProxyError::Broke(io::ErrorKind::UnexpectedEof.into()));
        }
    };
    let line = String::from_utf8_lossy(&head[..end]);
    let line = line.lines().next().unwrap_or_default();
    let status = line.strip_prefix("HTTP/1.").and_then(|rest| rest.get(2..5)?.parse::<u16>().ok());
    match status {
        // Nothing of the target's can have come yet: it has not been spoken to.
        Some(200..=299) if head.len() == end => Ok(stream),
        Some(200..=299) => Err(ProxyError::NotAProxy("it sends an answer where a tunnel begins".to_owned())),
        Some(407) => Err(ProxyError::Login("407")),
        Some(status) => Err(ProxyError::Refused(format!("HTTP status {status}"))),
        None => Err(ProxyError::NotAProxy("it does not speak HTTP/1".to_owned())),
    }
}

pub(super) async fn socks(
    stream: Through,
    host: &str,
    port: u16,
    login: Login<'_>,
) -> Result<Through, ProxyError> {
    // A name goes along as it is: the proxy looks it up.
    let target = (host.trim_start_matches('[').trim_end_matches(']'), port);
    let asked = match login {
        Some((user, password)) => {
            Socks5Stream::connect_with_password_and_socket(stream, target, user, password).await
        }
        None => Socks5Stream::connect_with_socket(stream, target).await,
    };
    asked.map(Socks5Stream::into_inner).map_err(|error| match error {
        Error::Io(error) => ProxyError::Broke(error),
        Error::PasswordAuthFailure(_)
        | Error::NoAcceptableAuthMethods
        | Error::UnknownAuthMethod
        | Error::AuthorizationRequired
        | Error::InvalidAuthValues(_) => ProxyError::Login("SOCKS authentication"),
        Error::GeneralSocksServerFailure
        | Error::ConnectionNotAllowedByRuleset
        | Error::NetworkUnreachable
        | Error::HostUnreachable
        | Error::ConnectionRefused
        | Error::TtlExpired => ProxyError::Refused(format!("SOCKS reply: {error}")),
        Error::InvalidTargetAddress(_) => ProxyError::TargetForbidden,
        other => ProxyError::NotAProxy(other.to_string()),
    })
}
