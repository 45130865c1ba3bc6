//! Reading on after the client has left, so that the bill equals the provider's: up to the organisation's patience,
//! then the provider is cut off as well and what was seen is counted conservatively. Where nothing was seen and limits are
//! strict, the most that it can cost is counted, so that leaving early is never cheaper than waiting
//! (`Draft::figures`).

use crate::{
    hold::Hold,
    settle::Ending,
    stream::{CHECKPOINT_EVERY, meter_for},
    upstream::{framing::Unframed, pool::CallError},
};
use causeway_dialect::meter::Meter;
use causeway_store::ledger::Outcome;
use http::Response;
use http_body::Body;
use http_body_util::BodyExt;
use std::future::Future;
use tokio::time::{Instant, timeout_at};

/// Why an answer is read on whose client has left.
pub(crate) const LEFT: &str = "the client left before the answer was whole";

/// Goes on waiting for the head of an answer, then reads it.
pub(crate) fn answer<F>(pending: F, mut hold: Hold)
where
    F: Future<Output = Result<Response<Unframed>, CallError>> + Send + 'static,
{
    let until = Instant::now() + hold.drain();
    hold.ledger().clone().spawn(async move {
        let hurry = hold.ledger().hurry();
        match hurry.run_until_cancelled(timeout_at(until, pending)).await {
            Some(Ok(Ok(response))) => {
                hold.head_arrived(&response);
                let status = response.status().as_u16();
                let meter = meter_for(&hold, response.headers());
                read_on(response.into_body(), meter, hold, status, until, LEFT).await;
            }
            Some(Ok(Err(CallError::Connect(_) | CallError::Proxy(_) | CallError::Stale(_)))) => {
                hold.unreached();
            }
            Some(Ok(Err(_)) | Err(_)) | None => hold.settle(&Ending {
                status: 0,
                outcome: Outcome::ClientLeft,
                reading: None,
                free: false,
                error: Some("the client left before the answer began".to_owned()),
            }),
        }
    });
}

/// Reads the rest of an answer that nobody waits for any more; `why` is noted in its row.
pub(crate) fn rest(body: Unframed, meter: Meter, hold: Hold, status: u16, why: &'static str) {
    let until = Instant::now() + hold.drain();
    hold.ledger().clone().spawn(read_on(body, meter, hold, status, until, why));
}

async fn read_on<B: Body + Unpin>(
    mut body: B,
    mut meter: Meter,
    hold: Hold,
    status: u16,
    until: Instant,
    why: &'static str,
) where
    B::Data: AsRef<[u8]>,
{
    let hurry = hold.ledger().hurry();
    let mut noted = Instant::now();
    while let Some(Ok(Some(Ok(frame)))) = hurry.run_until_cancelled(timeout_at(until, body.frame())).await {
        if let Some(data) = frame.data_ref() {
            meter.push(data.as_ref());
        }
        if meter.complete() {
            break;
        }
        if noted.elapsed() >= CHECKPOINT_EVERY {
            noted = Instant::now();
            hold.checkpoint(meter.peek());
        }
    }
    let reading = meter.finish();
    hold.settle(&Ending {
        status,
        outcome: Outcome::ClientLeft,
        reading: Some(reading),
        free: false,
        error: Some(why.to_owned()),
    });
}
