//! The HTTP proxy: `CONNECT host:port`, or a whole address in the first line, which is forwarded without what concerns
//! the proxy and with the end of the connection announced, so that each request is seen here.

use std::io;

use base64::{Engine, engine::general_purpose::STANDARD};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use url::Url;

use super::{Inner, ProxyFault, tunnel};

const LONGEST_HEAD: usize = 64 * 1024;

pub(super) async fn speak(inner: &Inner, fault: Option<ProxyFault>, mut io: TcpStream) -> io::Result<()> {
    let mut buffer = Vec::new();
    let end = loop {
        if let Some(at) = memchr::memmem::find(&buffer, b"\r\n\r\n") {
            break at + 4;
        }
        if buffer.len() > LONGEST_HEAD || io.read_buf(&mut buffer).await? == 0 {
            return Ok(());
        }
    };
    let rest = buffer.split_off(end);
    let head = String::from_utf8_lossy(&buffer).into_owned();
    if !admitted(inner, &head) {
        inner.stranger();
        let status = "407 Proxy Authentication Required\r\nproxy-authenticate: Basic realm=\"simulator\"";
        return refuse(&mut io, status).await;
    }
    match fault {
        Some(ProxyFault::Unreachable) => return refuse(&mut io, "502 Bad Gateway").await,
        Some(ProxyFault::Forbidden) => return refuse(&mut io, "403 Forbidden").await,
        _ => {}
    }
    let mut words = head.split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let (target, first) = if method == "CONNECT" {
        (target.to_owned(), None)
    } else {
        let Some((target, first)) = forwarded(&head, method, target) else {
            return refuse(&mut io, "400 Bad Request").await;
        };
        (target, Some(first))
    };
    let Ok(mut far) = tunnel::dial(inner, &target).await else {
        return refuse(&mut io, "502 Bad Gateway").await;
    };
    match first {
        None => io.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await?,
        Some(first) => far.write_all(first.as_bytes()).await?,
    }
    far.write_all(&rest).await?;
    tunnel::carry(inner, fault, target, io, far).await
}

async fn refuse(io: &mut TcpStream, status: &str) -> io::Result<()> {
    let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    io.write_all(answer.as_bytes()).await?;
    io.shutdown().await
}

fn admitted(inner: &Inner, head: &str) -> bool {
    let Some((user, password)) = &inner.login else { return true };
    let right = format!("Basic {}", STANDARD.encode(format!("{user}:{password}")));
    fields(head)
        .any(|(name, value)| name.eq_ignore_ascii_case("proxy-authorization") && value.trim() == right)
}

/// The target and the head that it gets.
fn forwarded(head: &str, method: &str, address: &str) -> Option<(String, String)> {
    let url = Url::parse(address).ok().filter(|url| url.scheme() == "http")?;
    let target = format!("{}:{}", url.host_str()?, url.port_or_known_default()?);
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    let mut out = format!("{method} {}{query} HTTP/1.1\r\n", url.path());
    for (name, value) in fields(head) {
        let lower = name.to_ascii_lowercase();
        if !lower.starts_with("proxy-") && lower != "connection" {
            out.push_str(&format!("{name}:{value}\r\n"));
        }
    }
    out.push_str("connection: close\r\n\r\n");
    Some((target, out))
}

fn fields(head: &str) -> impl Iterator<Item = (&str, &str)> {
    head.split("\r\n").skip(1).filter_map(|line| line.split_once(':'))
}
