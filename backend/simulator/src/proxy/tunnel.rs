//! What both protocols end in: a target is dialled and bytes go both ways, counted.

use std::io;

use chrono::Utc;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{Inner, ProxyFault, Tunnel};

/// A connection to `host:port`, by the names that the proxy knows or by the resolver.
pub(super) async fn dial(inner: &Inner, target: &str) -> io::Result<TcpStream> {
    let name = target.rsplit_once(':').map_or(target, |(name, _)| name);
    let known = inner.state().names.get(name).copied();
    let far = match known {
        Some(addr) => TcpStream::connect(addr).await?,
        None => TcpStream::connect(target).await?,
    };
    far.set_nodelay(true)?;
    Ok(far)
}

/// Says nothing until the caller has had enough.
pub(super) async fn nothing(io: &mut TcpStream) -> io::Result<()> {
    while io.read(&mut [0; 1024]).await? > 0 {}
    Ok(())
}

/// An answer of some other server.
pub(super) async fn garbage(io: &mut TcpStream) -> io::Result<()> {
    io.read_u8().await?;
    io.write_all(b"220 mail.example ESMTP\r\n").await?;
    io.shutdown().await
}

pub(super) async fn carry(
    inner: &Inner,
    fault: Option<ProxyFault>,
    target: String,
    mut near: TcpStream,
    mut far: TcpStream,
) -> io::Result<()> {
    let tunnel = Standing::open(inner, target);
    let limit = match fault {
        Some(ProxyFault::Deaf) => return nothing(&mut near).await,
        Some(ProxyFault::Break { after }) => after,
        _ => u64::MAX,
    };
    {
        let (mut near_in, mut near_out) = near.split();
        let (mut far_in, mut far_out) = far.split();
        let up = async {
            let mut buffer = vec![0; 16 * 1024];
            loop {
                let count = near_in.read(&mut buffer).await?;
                if count == 0 {
                    return far_out.shutdown().await;
                }
                far_out.write_all(&buffer[..count]).await?;
                tunnel.count(|tunnel| tunnel.up += count as u64);
            }
        };
        let down = async {
            let (mut buffer, mut left) = (vec![0; 16 * 1024], limit);
            loop {
                let most = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
                if most == 0 {
                    return Err(io::ErrorKind::ConnectionReset.into());
                }
                let count = far_in.read(&mut buffer[..most]).await?;
                if count == 0 {
                    return near_out.shutdown().await;
                }
                near_out.write_all(&buffer[..count]).await?;
                left -= count as u64;
                tunnel.count(|tunnel| tunnel.down += count as u64);
            }
        };
        if let Err(error) = tokio::try_join!(up, down).map(|_| ()) {
            // Whoever is left learns of it as the other side did: by a reset, and after what was sent before.
            tokio::time::sleep(std::time::Duration::from_millis(3)).await;
            near.set_zero_linger()?;
            return Err(error);
        }
    }
    Ok(())
}

/// A tunnel on record; closed when dropped.
struct Standing<'a> {
    inner: &'a Inner,
    at: usize,
}

impl<'a> Standing<'a> {
    fn open(inner: &'a Inner, target: String) -> Self {
        let mut state = inner.state();
        state.tunnels.push(Tunnel { at: Utc::now(), target, up: 0, down: 0, open: true });
        Self { inner, at: state.tunnels.len() - 1 }
    }

    fn count(&self, change: impl FnOnce(&mut Tunnel)) {
        change(&mut self.inner.state().tunnels[self.at]);
    }
}

impl Drop for Standing<'_> {
    fn drop(&mut self) {
        self.count(|tunnel| tunnel.open = false);
    }
}
