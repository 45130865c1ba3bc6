//! The load: requests by the clock, whatever the answers do, and many different ones as fast as some lines can.

use anyhow::{Context, Result, ensure};
use causeway_rig::wire::{Inbox, Target};
use memchr::memmem;
use std::time::{Duration, Instant};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
};

/// Lines to each instance of what goes as fast as it can.
const LINES: usize = 12;
/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// What came of one request by the clock.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample {
    /// Until the first byte.
    pub(super) first: Duration,
    status: u16,
    ended: bool,
}

impl Sample {
    /// It was answered to the end.
    pub(super) fn is_whole(&self) -> bool {
        self.status == 200 && self.ended
    }
}

/// The answer to one of many.
#[derive(Debug)]
pub(super) struct Sent {
    pub(super) status: u16,
    body: Vec<u8>,
}

impl Sent {
    /// What it said.
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// So many requests a second for so long, to each target in turn. Each has a connection that no other waits for.
pub(super) async fn by_the_clock(targets: &[Target], rate: f64, time: Duration) -> Result<Vec<Sample>> {
    let (step, begun) = (Duration::from_secs_f64(1.0 / rate), Instant::now());
    let (mut running, mut samples, mut due) = (JoinSet::new(), Vec::new(), Duration::ZERO);
    let mut idle: Vec<Vec<TcpStream>> = targets.iter().map(|_| Vec::new()).collect();
    let mut take = |ended: Result<Result<(usize, TcpStream, Sample)>, tokio::task::JoinError>,
                    idle: &mut Vec<Vec<TcpStream>>|
     -> Result<()> {
        let (index, line, sample) = ended??;
        idle[index].push(line);
        samples.push(sample);
        Ok(())
    };
    for (n, index) in (0..targets.len()).cycle().enumerate() {
        if due >= time {
            break;
        }
        tokio::time::sleep_until((begun + due).into()).await;
        while let Some(ended) = running.try_join_next() {
            take(ended, &mut idle)?;
        }
        let (target, line) = (targets[index].clone(), idle[index].pop());
        running.spawn(async move {
            let mut line = match line {
                Some(line) => line,
                None => open(&target.address).await?,
            };
            let sent = Instant::now();
            let (status, body, first) = exchange(&mut line, &target.request).await?;
            let ended = memmem::find(&body, b"message_stop").is_some();
            Ok((index, line, Sample { first: first - sent, status, ended }))
        });
        due = step * u32::try_from(n + 1).unwrap_or(u32::MAX);
    }
    while let Some(ended) = running.join_next().await {
        take(ended, &mut idle)?;
    }
    Ok(samples)
}

/// Sends all of these, each to its instance.
pub(super) async fn all(addresses: &[String], requests: Vec<(usize, Vec<u8>)>) -> Result<Vec<Sent>> {
    let lines = addresses.len() * LINES;
    let mut shares: Vec<Vec<Vec<u8>>> = (0..lines).map(|_| Vec::new()).collect();
    for (n, (instance, request)) in requests.into_iter().enumerate() {
        shares[instance * LINES + n / addresses.len() % LINES].push(request);
    }
    let mut running = JoinSet::new();
    for (n, share) in shares.into_iter().enumerate() {
        let address = addresses[n / LINES].clone();
        running.spawn(async move {
            let (mut line, mut sent) = (open(&address).await?, Vec::new());
            for request in share {
                let (status, body, _) = exchange(&mut line, &request).await?;
                sent.push(Sent { status, body });
            }
            anyhow::Ok(sent)
        });
    }
    let mut sent = Vec::new();
    while let Some(ended) = running.join_next().await {
        sent.extend(ended??);
    }
    Ok(sent)
}

/// The smallest value that at least this share does not exceed.
pub(super) fn quantile(values: &[f64], share: f64) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    let rank = (share * values.len() as f64).ceil() as usize;
    values.get(rank.saturating_sub(1)).copied().unwrap_or(f64::NAN)
}

async fn open(address: &str) -> Result<TcpStream> {
    let line = TcpStream::connect(address).await.with_context(|| format!("connecting to {address}"))?;
    line.set_nodelay(true)?;
    Ok(line)
}

/// Sends and receives: status, body, and when the first byte came.
async fn exchange(line: &mut TcpStream, request: &[u8]) -> Result<(u16, Vec<u8>, Instant)> {
    let asked = async {
        line.write_all(request).await?;
        let (mut inbox, mut first) = (Inbox::default(), None);
        loop {
            ensure!(line.read_buf(&mut inbox.bytes).await? > 0, "the connection was closed by the server");
            let first = *first.get_or_insert_with(Instant::now);
            if let Some(answer) = inbox.take(true)? {
                return Ok((answer.status, answer.body, first));
            }
        }
    };
    tokio::time::timeout(PATIENCE, asked).await.context("waiting for an answer")?
}
