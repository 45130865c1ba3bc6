//! Live streams, many at once: each event is noted as it comes.

use crate::closed::Outcome;
use anyhow::{Result, ensure};
use causeway_rig::wire::Inbox;
use memchr::memmem;
use std::{
    iter::repeat_n,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
};

/// Events of a stream, and how far apart they come.
pub(super) const EVENTS: usize = 64;
pub(super) const EVERY: Duration = Duration::from_millis(20);

/// What each of them has once.
const MARK: &[u8] = b"event: content_block_delta";

/// Streams begin over so long, and not all at one moment.
const SPREAD: Duration = Duration::from_secs(1);

/// Every connection plays so many streams, one after the other. The times are of events: by how much each is later than it
/// would be if it had come as fast as the fastest of its stream.
pub(super) async fn play(
    connections: Vec<TcpStream>,
    request: &[u8],
    each: u32,
) -> Result<(Vec<TcpStream>, Outcome)> {
    let begun = Instant::now();
    let count = u32::try_from(connections.len())?;
    let mut running = JoinSet::new();
    for (i, stream) in (0..count).zip(connections) {
        running.spawn(one(stream, request.to_vec(), each, SPREAD * i / count));
    }
    let (mut all, mut connections) = (Outcome::default(), Vec::new());
    while let Some(ended) = running.join_next().await {
        let (stream, outcome) = ended??;
        connections.push(stream);
        all.merge(outcome);
    }
    all.took = begun.elapsed();
    Ok((connections, all))
}

async fn one(
    mut stream: TcpStream,
    request: Vec<u8>,
    each: u32,
    wait: Duration,
) -> Result<(TcpStream, Outcome)> {
    tokio::time::sleep(wait).await;
    let (mut outcome, mut inbox) = (Outcome::default(), Inbox::roomy());
    for _ in 0..each {
        stream.write_all(&request).await?;
        let (mut came, mut seen) = (Vec::with_capacity(EVENTS), 0);
        let answer = loop {
            ensure!(stream.read_buf(&mut inbox.bytes).await? > 0, "the connection was closed by the server");
            let new = memmem::find_iter(&inbox.bytes[seen..], MARK).count();
            came.extend(repeat_n(Instant::now(), new));
            // The rest may be the beginning of another.
            seen = inbox.bytes.len().saturating_sub(MARK.len() - 1);
            if let Some(answer) = inbox.take(false)? {
                break answer;
            }
        };
        if answer.status == 200 {
            ensure!(came.len() == EVENTS, "a stream of {EVENTS} events had {}", came.len());
            outcome.ok += 1;
            late(&came).for_each(|time| outcome.times.push(time));
        } else {
            outcome.note(answer.status, &answer.body, Duration::ZERO);
        }
    }
    Ok((stream, outcome))
}

/// By how much each is behind the fastest.
fn late(came: &[Instant]) -> impl Iterator<Item = Duration> {
    let first = came.first().copied();
    let behind = came.iter().zip(0_u32..).map(move |(at, n)| {
        let since = first.map_or(Duration::ZERO, |first| *at - first);
        since.as_secs_f64() - (EVERY * n).as_secs_f64()
    });
    let least = behind.clone().fold(f64::INFINITY, f64::min);
    behind.map(move |time| Duration::from_secs_f64((time - least).max(0.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_as_late_as_it_is_behind_the_fastest() {
        let begun = Instant::now();
        let ms = |n| Duration::from_millis(n);
        let came = [begun + ms(3), begun + ms(21), begun + ms(47)];
        let late: Vec<u128> = late(&came).map(|time| (time.as_secs_f64() * 1e3).round() as u128).collect();
        assert_eq!(late, [2, 0, 6]);
    }
}
