//! The SOCKS5 proxy: RFC 1928, and RFC 1929 for the login. CONNECT only.

use std::{
    io,
    net::{Ipv4Addr, Ipv6Addr},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{Inner, ProxyFault, tunnel};

const VERSION: u8 = 5;
const NO_LOGIN: u8 = 0;
const LOGIN: u8 = 2;
const NONE_OF_THESE: u8 = 0xFF;

const DONE: u8 = 0;
const FAILURE: u8 = 1;
const NOT_ALLOWED: u8 = 2;
const UNREACHABLE: u8 = 4;
const NO_SUCH_COMMAND: u8 = 7;

pub(super) async fn speak(inner: &Inner, fault: Option<ProxyFault>, mut io: TcpStream) -> io::Result<()> {
    if !greeted(inner, &mut io).await? {
        inner.stranger();
        return io.shutdown().await;
    }
    let [_version, command, _, kind] = take(&mut io).await?;
    let host = match kind {
        1 => Ipv4Addr::from(take::<4>(&mut io).await?).to_string(),
        3 => text(&mut io).await?,
        4 => format!("[{}]", Ipv6Addr::from(take::<16>(&mut io).await?)),
        _ => return refuse(&mut io, FAILURE).await,
    };
    let target = format!("{host}:{}", io.read_u16().await?);
    match fault {
        _ if command != 1 => return refuse(&mut io, NO_SUCH_COMMAND).await,
        Some(ProxyFault::Unreachable) => return refuse(&mut io, FAILURE).await,
        Some(ProxyFault::Forbidden) => return refuse(&mut io, NOT_ALLOWED).await,
        _ => {}
    }
    let Ok(far) = tunnel::dial(inner, &target).await else { return refuse(&mut io, UNREACHABLE).await };
    reply(&mut io, DONE).await?;
    tunnel::carry(inner, fault, target, io, far).await
}

/// The choice of a method, and the login where there is one.
async fn greeted(inner: &Inner, io: &mut TcpStream) -> io::Result<bool> {
    let [version, count] = take(io).await?;
    if version != VERSION {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut offered = vec![0; usize::from(count)];
    io.read_exact(&mut offered).await?;
    let wanted = if inner.login.is_some() { LOGIN } else { NO_LOGIN };
    if !offered.contains(&wanted) {
        io.write_all(&[VERSION, NONE_OF_THESE]).await?;
        return Ok(false);
    }
    io.write_all(&[VERSION, wanted]).await?;
    let Some(login) = &inner.login else { return Ok(true) };
    let [_version] = take(io).await?;
    let said = (text(io).await?, text(io).await?);
    let right = said == *login;
    io.write_all(&[1, u8::from(!right)]).await?;
    Ok(right)
}

async fn refuse(io: &mut TcpStream, why: u8) -> io::Result<()> {
    reply(io, why).await?;
    io.shutdown().await
}

/// The address that it says to have used is nobody's business.
async fn reply(io: &mut TcpStream, what: u8) -> io::Result<()> {
    io.write_all(&[VERSION, what, 0, 1, 0, 0, 0, 0, 0, 0]).await
}

async fn take<const N: usize>(io: &mut TcpStream) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    io.read_exact(&mut bytes).await?;
    Ok(bytes)
}

async fn text(io: &mut TcpStream) -> io::Result<String> {
    let mut bytes = vec![0; usize::from(io.read_u8().await?)];
    io.read_exact(&mut bytes).await?;
    String::from_utf8(bytes).map_err(io::Error::other)
}
