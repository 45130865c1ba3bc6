//! Open loop: requests leave by the clock, whatever the server does, so that a slow answer cannot slow the questions
//! down and hide itself. For latency. Plain threads: a sleeping thread is woken closer to its time than a timer wheel
//! allows.

use crate::closed::Outcome;
use anyhow::{Context, Result, ensure};
use causeway_rig::wire::{Inbox, Target};
use std::{
    io::{Read, Write},
    net::TcpStream,
    thread,
    time::{Duration, Instant},
};

/// One connection, one request at a time, until the deadline.
pub(crate) fn one_by_one(target: &Target, duration: Duration) -> Result<Outcome> {
    let mut line = Line::open(target)?;
    line.exchange()?;
    let (begun, mut outcome) = (Instant::now(), Outcome::default());
    while begun.elapsed() < duration {
        let sent = Instant::now();
        let (status, body, first) = line.exchange()?;
        outcome.note(status, &body, first - sent);
    }
    // The first one only opened the way, but it was sent and must be found in the ledger.
    outcome.ok += 1;
    outcome.took = begun.elapsed();
    Ok(outcome)
}

/// `rate` requests a second over `lines` connections for so long.
pub(crate) fn by_the_clock(target: &Target, lines: u32, rate: f64, duration: Duration) -> Result<Outcome> {
    let opened = (0..lines).map(|_| Line::open(target)).collect::<Result<Vec<_>>>()?;
    let step = Duration::from_secs_f64(f64::from(lines) / rate);
    let begun = Instant::now() + Duration::from_millis(20);
    let running: Vec<_> = opened
        .into_iter()
        .zip(0_u32..)
        .map(|(line, i)| {
            let first = begun + step * i / lines;
            thread::spawn(move || paced(line, first, step, begun + duration))
        })
        .collect();
    let mut all = Outcome::default();
    for line in running {
        match line.join() {
            Ok(outcome) => all.merge(outcome?),
            Err(_) => anyhow::bail!("a thread of the load client panicked"),
        }
    }
    all.took = begun.elapsed();
    Ok(all)
}

fn paced(mut line: Line, first: Instant, step: Duration, deadline: Instant) -> Result<Outcome> {
    // By default the kernel may wake a sleeper 50 µs late to save power.
    let _ = nix::sys::prctl::set_timerslack(1);
    let mut outcome = Outcome::default();
    let mut due = first;
    while due < deadline {
        let now = Instant::now();
        // Late because the last answer was: that wait counts. Late because the sleep was: that is the client's own.
        let sent = if now >= due {
            due
        } else {
            thread::sleep(due - now);
            Instant::now()
        };
        let (status, body, first) = line.exchange()?;
        outcome.note(status, &body, first - sent);
        due += step;
    }
    Ok(outcome)
}

/// A blocking connection.
struct Line {
    stream: TcpStream,
    request: Vec<u8>,
    inbox: Inbox,
    buffer: Vec<u8>,
}

impl Line {
    fn open(target: &Target) -> Result<Self> {
        let stream = TcpStream::connect(&target.address)
            .with_context(|| format!("connecting to {}", target.address))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        let request = target.request.clone();
        Ok(Self { stream, request, inbox: Inbox::default(), buffer: vec![0; 64 * 1024] })
    }

    /// Sends and receives; status, body of a refusal, and when the first byte came.
    fn exchange(&mut self) -> Result<(u16, Vec<u8>, Instant)> {
        self.stream.write_all(&self.request)?;
        let mut first = None;
        loop {
            let read = self.stream.read(&mut self.buffer).context("waiting for an answer")?;
            ensure!(read > 0, "the connection was closed by the server");
            let first = *first.get_or_insert_with(Instant::now);
            self.inbox.bytes.extend_from_slice(&self.buffer[..read]);
            if let Some(answer) = self.inbox.take(false)? {
                return Ok((answer.status, answer.body, first));
            }
        }
    }
}
