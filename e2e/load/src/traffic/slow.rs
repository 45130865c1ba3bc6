//! What a stream costs in memory while nothing much happens: thousands that are slow, and some whose readers are.

use crate::watch;
use anyhow::{Context, Result, ensure};
use causeway_rig::wire::{Inbox, Target};
use std::{sync::Arc, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    sync::{Notify, Semaphore, mpsc},
    task::JoinSet,
};

/// Opened at one time.
const AT_ONCE: usize = 64;
/// Until what was needed to open them is given back.
const SETTLED: Duration = Duration::from_secs(2);
/// Enough for any of the streams.
const PATIENCE: Duration = Duration::from_secs(120);

/// How a stream is read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Reader {
    /// As it comes.
    Keen,
    /// Its head, and then nothing until memory has been looked at.
    Slow,
}

/// The memory of its own that a process needs for each of so many streams at once, in KiB. Each is read to its end.
pub(super) async fn memory(target: &Target, streams: usize, reader: Reader, process: u32) -> Result<f64> {
    let before = watch::own_memory(process);
    let (opened, mut openings) = mpsc::channel(streams);
    let (gate, go_on) = (Arc::new(Semaphore::new(AT_ONCE)), Arc::new(Notify::new()));
    let mut running = JoinSet::new();
    for _ in 0..streams {
        let (target, opened) = (target.clone(), opened.clone());
        let (gate, go_on) = (gate.clone(), go_on.clone());
        running.spawn(async move {
            // Heard from here on, even if it is said before anybody listens.
            let told = go_on.notified();
            tokio::pin!(told);
            told.as_mut().enable();
            let permit = gate.acquire().await?;
            let (stream, inbox) = open(&target, reader).await?;
            drop(permit);
            opened.send(()).await?;
            if reader == Reader::Slow {
                told.await;
            }
            read(stream, inbox).await
        });
    }
    drop(opened);
    let mut count = 0;
    while count < streams && openings.recv().await.is_some() {
        count += 1;
    }
    tokio::time::sleep(SETTLED).await;
    let during = watch::own_memory(process);
    // Whoever has not begun to listen yet has failed, and says so itself.
    go_on.notify_waiters();
    let all = async {
        while let Some(ended) = running.join_next().await {
            ended??;
        }
        anyhow::Ok(())
    };
    tokio::time::timeout(PATIENCE, all).await.context("the streams do not end")??;
    ensure!(count == streams, "{count} of {streams} streams were opened");
    Ok(during.saturating_sub(before) as f64 / streams as f64)
}

/// Asks, and reads until the head of the answer is there.
async fn open(target: &Target, reader: Reader) -> Result<(TcpStream, Inbox)> {
    let socket = TcpSocket::new_v4()?;
    if reader == Reader::Slow {
        socket.set_recv_buffer_size(16 * 1024)?;
    }
    let mut stream = socket.connect(target.address.parse()?).await.context("connecting")?;
    stream.write_all(&target.request).await?;
    let mut inbox = Inbox::default();
    while inbox.status().is_none() {
        ensure!(stream.read_buf(&mut inbox.bytes).await? > 0, "the connection was closed by the server");
        if let Some(answer) = inbox.take(false)? {
            let said = String::from_utf8_lossy(&answer.body).into_owned();
            anyhow::bail!("a stream was over before it was looked at: {} {said}", answer.status);
        }
    }
    Ok((stream, inbox))
}

async fn read(mut stream: TcpStream, mut inbox: Inbox) -> Result<()> {
    loop {
        ensure!(stream.read_buf(&mut inbox.bytes).await? > 0, "the connection was closed by the server");
        if let Some(answer) = inbox.take(true)? {
            ensure!(answer.status == 200, "{}: {}", answer.status, String::from_utf8_lossy(&answer.body));
            return Ok(());
        }
    }
}
