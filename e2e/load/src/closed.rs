//! Closed loop: every connection sends its next request when it has the answer to the last. For throughput and CPU.

use crate::times::Times;
use anyhow::{Context, Result, ensure};
use causeway_rig::wire::{Inbox, Target};
use std::time::{Duration, Instant};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
};

/// What a phase did.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// Answers with status 200.
    pub(crate) ok: u64,
    /// Others.
    pub(crate) failed: u64,
    /// One of them, as an example.
    pub(crate) failure: Option<String>,
    /// From the first request to the last answer.
    pub(crate) took: Duration,
    /// Of answers with status 200.
    pub(crate) times: Times,
}

impl Outcome {
    /// Takes what another connection did in.
    pub(crate) fn merge(&mut self, other: Self) {
        self.ok += other.ok;
        self.failed += other.failed;
        self.failure = self.failure.take().or(other.failure);
        self.times.merge(other.times);
    }

    /// Notes one answer.
    pub(crate) fn note(&mut self, status: u16, body: &[u8], time: Duration) {
        if status == 200 {
            self.ok += 1;
            self.times.push(time);
        } else {
            self.failed += 1;
            self.failure.get_or_insert_with(|| format!("{status}: {}", String::from_utf8_lossy(body)));
        }
    }
}

/// Makes so many connections.
pub(crate) async fn connect(address: &str, connections: usize) -> Result<Vec<TcpStream>> {
    let mut open = Vec::with_capacity(connections);
    for _ in 0..connections {
        let stream = TcpStream::connect(address).await.with_context(|| format!("connecting to {address}"))?;
        stream.set_nodelay(true)?;
        open.push(stream);
    }
    Ok(open)
}

/// Connections that stay open from phase to phase, so that none measures its connecting.
pub(crate) struct Fleet {
    connections: Vec<TcpStream>,
    request: Vec<u8>,
}

impl Fleet {
    /// Connects.
    pub(crate) async fn connect(target: &Target, connections: usize) -> Result<Self> {
        let connections = connect(&target.address, connections).await?;
        Ok(Self { connections, request: target.request.clone() })
    }

    /// Sends for so long, then waits for the answers that are still to come: every request sent is counted.
    pub(crate) async fn run(self, duration: Duration) -> Result<(Self, Outcome)> {
        let begun = Instant::now();
        let deadline = begun + duration;
        let mut running = JoinSet::new();
        for stream in self.connections {
            running.spawn(one(stream, self.request.clone(), deadline));
        }
        let mut all = Outcome::default();
        let mut connections = Vec::new();
        while let Some(ended) = running.join_next().await {
            let (stream, outcome) = ended??;
            connections.push(stream);
            all.merge(outcome);
        }
        all.took = begun.elapsed();
        Ok((Self { connections, request: self.request }, all))
    }
}

async fn one(mut stream: TcpStream, request: Vec<u8>, deadline: Instant) -> Result<(TcpStream, Outcome)> {
    let mut outcome = Outcome { times: Times::with_capacity(4096), ..Outcome::default() };
    let mut inbox = Inbox::roomy();
    let mut sent = Instant::now();
    while sent < deadline {
        stream.write_all(&request).await?;
        let answer = loop {
            ensure!(stream.read_buf(&mut inbox.bytes).await? > 0, "the connection was closed by the server");
            if let Some(answer) = inbox.take(false)? {
                break answer;
            }
        };
        let now = Instant::now();
        outcome.note(answer.status, &answer.body, now - sent);
        sent = now;
    }
    Ok((stream, outcome))
}
