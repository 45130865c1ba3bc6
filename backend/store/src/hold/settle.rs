//! Settling, checkpointing and confirming holds, in batches of one shard.

use super::{ShardKeys, ask::at_most};
use crate::{Cache, StoreResult};
use causeway_domain::RequestId;
use redis::{Cmd, ErrorKind, Script, ServerErrorKind};
use std::sync::LazyLock;
use uuid::Uuid;

static SETTLE: LazyLock<Script> = LazyLock::new(|| Script::new(with_holds!("settle.lua")));
static CHECKPOINT: LazyLock<Script> = LazyLock::new(|| Script::new(with_holds!("checkpoint.lua")));

/// What becomes of a hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettleMode {
    /// It reached a provider: the figures count and a row follows.
    Settle,
    /// It never did: everything is given back, and no row follows.
    Release,
}

/// The end of one request.
#[derive(Clone, Debug)]
pub struct Settlement {
    /// Which.
    pub request: RequestId,
    /// How.
    pub mode: SettleMode,
    /// Nano-dollars charged to the key.
    pub charged: i64,
    /// Nano-dollars at the provider's price, attempts that have failed at the same account included.
    pub real: i64,
    /// Tokens, all buckets.
    pub tokens: u64,
    /// What the row needs; opaque here.
    pub figures: String,
}

/// What the script found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettledAs {
    /// Settled by this call.
    Now,
    /// Settled before with the same figures: nothing was changed.
    Before,
    /// Redis has no such hold, or settled it with other figures: Redis lost it, or it was swept. The totals must be
    /// loaded anew.
    Missing,
    /// Redis has it, but of an earlier epoch, in which nothing counts any more. It is registered anew or it is over.
    OtherEpoch,
}

/// Settles requests of one shard. Returns the shard's sequence number, which only ever grows unless Redis has lost
/// something, and what became of each.
pub async fn settle(cache: &Cache, shard: u8, batch: &[Settlement]) -> StoreResult<(i64, Vec<SettledAs>)> {
    let keys = ShardKeys::of(shard);
    let figures: usize = batch.iter().map(|one| one.figures.len()).sum();
    let mut call = Cmd::with_capacity(10 + 2 * batch.len(), 250 + 80 * batch.len() + figures);
    call.arg("EVALSHA").arg(SETTLE.get_hash()).arg(5);
    call.arg(&keys.meta).arg(&keys.holds).arg(&keys.settled).arg(&keys.checks).arg(&keys.drafts);
    let mut numbers = Vec::with_capacity(25 * batch.len());
    for one in batch {
        numbers.push(u8::from(one.mode == SettleMode::Settle));
        for n in [one.charged, one.real, at_most(one.tokens)] {
            numbers.extend_from_slice(&n.to_le_bytes());
        }
    }
    call.arg(&keys.prefix).arg(numbers);
    let mut id = Uuid::encode_buffer();
    for one in batch {
        call.arg(&*one.request.0.simple().encode_lower(&mut id)).arg(&one.figures);
    }
    let mut connection = cache.connection.clone();
    let answer: Vec<i64> = match call.query_async(&mut connection).await {
        Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
            SETTLE.load_async(&mut connection).await?;
            call.query_async(&mut connection).await?
        }
        other => other?,
    };
    let results = answer.iter().skip(1).map(|n| match n {
        1 => SettledAs::Now,
        0 => SettledAs::Before,
        -2 => SettledAs::OtherEpoch,
        _ => SettledAs::Missing,
    });
    Ok((answer.first().copied().unwrap_or(0), results.collect()))
}

/// How a stream that is still running stands.
#[derive(Clone, Debug)]
pub struct Checkpoint {
    /// Which.
    pub request: RequestId,
    /// The figures, for the sweeper to settle from should this instance die.
    pub figures: String,
    /// What is to be reserved for it at least, where it has used more than that.
    pub at_least: Option<Growth>,
}

/// A reservation that grows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Growth {
    /// Nano-dollars to be charged.
    pub charged: i64,
    /// Nano-dollars at the provider's price.
    pub real: i64,
    /// Tokens, all buckets.
    pub tokens: u64,
}

/// Notes how streams stand that are still running.
pub async fn checkpoint(cache: &Cache, shard: u8, streams: &[Checkpoint]) -> StoreResult<()> {
    let keys = ShardKeys::of(shard);
    let mut call = CHECKPOINT.key(&keys.meta);
    call.key(&keys.holds).key(&keys.checks).key(&keys.settled).arg(&keys.prefix);
    for one in streams {
        let growth = one.at_least.unwrap_or_default();
        let numbers = [growth.charged, growth.real, at_most(growth.tokens)].map(i64::to_le_bytes);
        call.arg(one.request.0.simple().to_string()).arg(&one.figures).arg(numbers.as_flattened());
    }
    let () = call.invoke_async(&mut cache.connection.clone()).await?;
    Ok(())
}

/// Forgets settled holds whose rows are in Postgres.
pub async fn confirm(cache: &Cache, shard: u8, requests: &[RequestId]) -> StoreResult<()> {
    if requests.is_empty() {
        return Ok(());
    }
    let keys = ShardKeys::of(shard);
    let mut room = Uuid::encode_buffer();
    let ids: Vec<String> =
        requests.iter().map(|id| id.0.simple().encode_lower(&mut room).to_owned()).collect();
    // All at once: nobody must find a hold without its draft for longer than it takes to read both.
    let () = redis::pipe()
        .atomic()
        .hdel(&keys.holds, &ids)
        .ignore()
        .hdel(&keys.drafts, &ids)
        .ignore()
        .hdel(&keys.settled, &ids)
        .ignore()
        .hdel(&keys.checks, &ids)
        .ignore()
        .query_async(&mut cache.connection.clone())
        .await?;
    Ok(())
}
