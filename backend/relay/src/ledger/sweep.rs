//! Settling what instances left behind when they died.

use crate::settle::{Draft, Ending, Figures};
use causeway_domain::RequestId;
use causeway_store::{
    Store, StoreResult, boots,
    hold::{self, OpenHold, SettleMode, Settlement},
    ledger::{self, Outcome, Revision, UsageEvent},
};
use std::time::{SystemTime, UNIX_EPOCH};

/// How long the mark of a release that came before its reservation is kept.
const MARK_MS: i64 = 120_000;

/// Settles the holds of dead instances and writes their rows. Safe to run anywhere, at any time, twice. Returns how
/// many requests were swept.
pub(crate) async fn sweep(store: &Store) -> StoreResult<usize> {
    let mut swept = 0;
    for shard in 0..64 {
        let holds = hold::open_holds(&store.cache, shard).await?;
        if holds.is_empty() {
            continue;
        }
        let dead =
            boots::dead(&store.cache, holds.iter().map(|h| h.boot.as_str()).filter(|b| *b != "-")).await?;
        let left: Vec<&OpenHold> = holds.iter().filter(|h| dead.contains(h.boot.as_str())).collect();
        swept += left.len();
        for some in left.chunks(200) {
            settle(store, shard, some).await?;
        }
        let marks: Vec<RequestId> =
            holds.iter().filter(|h| h.boot == "-" && h.at < now_ms() - MARK_MS).map(|h| h.request).collect();
        hold::confirm(&store.cache, shard, &marks).await?;
    }
    if swept > 0 {
        tracing::info!(swept, "settled requests that dead instances left behind");
        metrics::counter!("causeway_ledger_swept_total").increment(swept as u64);
    }
    Ok(swept)
}

fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

async fn settle(store: &Store, shard: u8, holds: &[&OpenHold]) -> StoreResult<()> {
    let mut events = Vec::new();
    let mut settlements = Vec::new();
    for hold in holds {
        let Some((event, figures)) = read(hold) else {
            tracing::error!(request = %hold.request, "a hold cannot be read; its reservation is given back");
            settlements.push(Settlement {
                request: hold.request,
                mode: SettleMode::Release,
                charged: 0,
                real: 0,
                tokens: 0,
                figures: String::new(),
            });
            continue;
        };
        if hold.settled.is_none() {
            settlements.push(Settlement {
                request: hold.request,
                mode: SettleMode::Settle,
                charged: figures.charged.0,
                real: figures.cost.0,
                tokens: figures.tokens.total(),
                figures: serde_json::to_string(&figures).unwrap_or_default(),
            });
        }
        events.push(event);
    }
    hold::settle(&store.cache, shard, &settlements).await?;
    ledger::write(&store.jobs, &events).await?;
    hold::confirm(&store.cache, shard, &events.iter().map(|e| e.request).collect::<Vec<_>>()).await
}

/// The row of a hold: its settled figures as they are, else those of its last checkpoint, else its estimated input.
fn read(hold: &OpenHold) -> Option<(UsageEvent, Figures)> {
    let draft: Draft = serde_json::from_str(&hold.payload).ok()?;
    let parse = |text: &Option<String>| text.as_deref().and_then(|t| serde_json::from_str::<Figures>(t).ok());
    let (figures, rev) = match parse(&hold.settled) {
        Some(settled) => (settled, Revision::Own),
        None => {
            let figures = parse(&hold.checkpoint).unwrap_or_else(|| {
                let lost = Ending {
                    status: 0,
                    outcome: Outcome::Interrupted,
                    reading: None,
                    error: Some("the instance that served this died".to_owned()),
                };
                draft.figures(hold.candidate, &lost)
            });
            (figures, Revision::Swept)
        }
    };
    Some((draft.event(hold.request, hold.candidate, figures.clone(), rev)?, figures))
}
