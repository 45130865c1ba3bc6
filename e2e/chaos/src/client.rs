//! A client: its connections, and one attempt on them.

use crate::{
    call::{Call, End, Intent, Key},
    world::Field,
};
use anyhow::{Result, ensure};
use causeway_rig::wire::{Answer, Inbox};
use std::{
    sync::{Arc, PoisonError},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(90);

/// A client with a connection to each instance, as a pool of one would keep them.
pub(crate) struct Client {
    field: Arc<Field>,
    lines: Vec<Option<TcpStream>>,
}

/// What an attempt came to.
#[derive(Debug)]
pub(crate) struct Told {
    /// Its number.
    pub(crate) mark: usize,
    /// How it ended.
    pub(crate) end: End,
    /// The answer where there was one.
    pub(crate) answer: Option<Answer>,
}

impl Client {
    /// Without connections yet.
    pub(crate) fn new(field: &Arc<Field>) -> Self {
        Self { field: field.clone(), lines: field.addresses.iter().map(|_| None).collect() }
    }

    /// Connects ahead, so that many can send at the same moment.
    pub(crate) async fn connect(&mut self, instance: usize) -> Result<()> {
        if self.lines[instance].is_none() {
            self.lines[instance] = Some(open(&self.field.addresses[instance]).await?);
        }
        Ok(())
    }

    /// One attempt.
    pub(crate) async fn ask(&mut self, instance: usize, key: &Key, call: &Call) -> Told {
        let mark = self.field.log.begin(instance, call.intent);
        if self.connect(instance).await.is_err() {
            self.field.log.end(mark, End::Unsent);
            return Told { mark, end: End::Unsent, answer: None };
        }
        let request = call.bytes(&self.field.addresses[instance], key, mark);
        let patience = match call.intent {
            Intent::Leave(after) | Intent::LeaveForGood(after) => after,
            Intent::Stay | Intent::Reset => PATIENCE,
        };
        // Taken out: whatever ends this early, the connection is closed and not used again.
        let line = self.lines[instance].take();
        let (end, answer) = match timeout(patience, exchange(line, &request)).await {
            Ok(Ok((line, answer))) => {
                self.lines[instance] = Some(line);
                let end = if rests(&answer) { End::Resting } else { End::Answered(answer.status) };
                if answer.status == 503 {
                    self.note(&answer);
                }
                (end, Some(answer))
            }
            Ok(Err(_)) => (End::Broken, None),
            Err(_) if patience < PATIENCE => (End::Left, None),
            Err(_) => (End::Broken, None),
        };
        self.field.log.end(mark, end);
        Told { mark, end, answer }
    }

    /// Counts what it says.
    fn note(&self, answer: &Answer) {
        let body: serde_json::Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let said = body["error"]["message"].as_str().unwrap_or_default().to_owned();
        let mut refusals = self.field.refusals.lock().unwrap_or_else(PoisonError::into_inner);
        *refusals.entry(said).or_default() += 1;
    }
}

/// Whether it says that no account can be asked now, and not that one is full.
fn rests(answer: &Answer) -> bool {
    let says = |code: &str| String::from_utf8_lossy(&answer.body).contains(code);
    matches!(answer.status, 429 | 503)
        && (says(r#""code":"accounts_cooling""#) || says(r#""code":"accounts_unavailable""#))
}

async fn open(address: &str) -> Result<TcpStream> {
    let stream = timeout(Duration::from_secs(10), TcpStream::connect(address)).await??;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Sends and reads to the end of the answer.
async fn exchange(line: Option<TcpStream>, request: &[u8]) -> Result<(TcpStream, Answer)> {
    let Some(mut line) = line else { anyhow::bail!("not connected") };
    line.write_all(request).await?;
    let mut inbox = Inbox::default();
    loop {
        ensure!(line.read_buf(&mut inbox.bytes).await? > 0, "closed by the server");
        if let Some(answer) = inbox.take(true)? {
            return Ok((line, answer));
        }
    }
}
