//! Pools before three instances: B8 (a third of the accounts fails and one hangs), and ten thousand sessions of which each
//! stays with its account and moves once when that dies. `causeway-bench --pools` does this and nothing else.

mod load;
mod world;

use crate::{
    Args,
    verdict::{self, Verdict},
};
use anyhow::Result;
use load::{Sample, Sent};
use serde::Serialize;
use serde_json::json;
use std::{collections::HashMap, fmt::Write as _, time::Duration};
use tokio::runtime::Runtime;
use world::World;

/// Accounts of the pool.
const ACCOUNTS: usize = 20;
/// Of them fail, every third one.
const FAILING: [usize; 6] = [0, 3, 6, 9, 12, 15];
/// The one that hangs, after a while.
const HANGING: usize = 19;
/// What a first byte may take at an account, in seconds; who waits longer than [`DELAYED`] has waited for one that hangs.
const FIRST_BYTE: u64 = 2;
const DELAYED: Duration = Duration::from_millis(1_500);
/// How often direct, healthy and failing follow each other.
const ROUNDS: usize = 4;
/// Requests a second, over all instances.
const RATE: f64 = 150.0;
/// Beyond a round trip and the failing account's own answer, in microseconds.
const SLACK: f64 = 2_000.0;
const SESSIONS: usize = 10_000;
/// The account that dies under them.
const DEAD: usize = 7;

/// Everything.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    verdicts: Vec<Verdict>,
    notes: Vec<String>,
}

impl Report {
    /// Whether every goal was met.
    pub(crate) fn is_met(&self) -> bool {
        self.verdicts.iter().all(|verdict| verdict.met)
    }

    /// As a table.
    pub(crate) fn markdown(&self) -> String {
        let mut out = verdict::table(&self.verdicts);
        for note in &self.notes {
            let _ = writeln!(out, "\n{note}");
        }
        out
    }

    fn count(&mut self, what: impl Into<String>, goal: usize, is: usize) {
        self.verdicts.push(Verdict::count(what, goal as u64, is as u64));
    }
}

/// Runs both.
pub(crate) fn run(args: &Args, runtime: &Runtime) -> Result<Report> {
    let world = World::start(args)?;
    let mut report = Report { verdicts: Vec::new(), notes: Vec::new() };
    runtime.block_on(outage(&world, args.seconds, &mut report))?;
    runtime.block_on(world.recover())?;
    runtime.block_on(sessions(&world, &mut report))?;
    Ok(report)
}

/// B8.
async fn outage(world: &World, seconds: f64, report: &mut Report) -> Result<()> {
    let time = Duration::from_secs_f64(seconds * 2.0);
    let through = world.instances(&world.spread);
    let (mut direct, mut healthy, mut failing) = (Vec::new(), Vec::new(), Vec::new());
    let (mut begun, mut waiting, mut refused) = (0, 0, 0);
    // What is compared is measured in turns, so that a machine which grows slower meanwhile is so for all of it.
    for _ in 0..ROUNDS {
        world.recover().await?;
        direct.extend(load::by_the_clock(&[world.direct()], RATE, time).await?);
        healthy.extend(load::by_the_clock(&through, RATE, time).await?);

        world.forget()?;
        for (n, account) in FAILING.into_iter().enumerate() {
            world.script(account, ["status=429", "status=529"][n % 2])?;
        }
        let hang = async {
            tokio::time::sleep(time / 4).await;
            world.script(HANGING, "delay=600000")
        };
        let (samples, hung) = tokio::join!(load::by_the_clock(&through, RATE, time), hang);
        hung?;
        failing.extend(samples?);
        let entries = world.entries()?;
        begun += entries.iter().filter(|entry| entry.status == Some(200)).count();
        waiting += entries.iter().filter(|entry| entry.status.is_none()).count();
        refused += entries.iter().filter(|entry| matches!(entry.status, Some(429 | 529))).count();
    }

    let good = |all: &[Sample]| all.iter().filter(|sample| sample.is_whole()).count();
    report.count("B8: requests answered whole", failing.len(), good(&failing));
    report.count("B8: answers begun, none a second time", failing.len(), begun);
    let delayed = failing.iter().filter(|sample| sample.first >= DELAYED).count();
    report.count("B8: requests delayed by the account that hangs, of those sent to it", waiting, delayed);
    let [direct, before, during] = [direct, healthy, failing].map(|samples| quick(&samples));
    let (own, trip) = (load::quantile(&direct, 0.99), load::quantile(&direct, 0.5));
    let added = load::quantile(&during, 0.99) - load::quantile(&before, 0.99);
    report.verdicts.push(Verdict::at_most(
        "B8: µs added to p99 of the first byte",
        own + trip + SLACK,
        added,
        0,
    ));
    report.notes.push(format!(
        "B8: {RATE:.0} requests/s over three instances; first byte in µs, p50 / p99: direct {trip:.0} / {own:.0}, all \
         accounts well {:.0} / {:.0}, {} failing and one hanging {:.0} / {:.0}. {refused} requests were refused by a failing \
         account and answered by another; the goal is a failing account's own answer (direct p99), a round trip (direct \
         p50) and 2 ms.",
        load::quantile(&before, 0.5),
        load::quantile(&before, 0.99),
        FAILING.len(),
        load::quantile(&during, 0.5),
        load::quantile(&during, 0.99),
    ));
    Ok(())
}

/// First bytes of what did not wait for an account that hangs, in microseconds.
fn quick(samples: &[Sample]) -> Vec<f64> {
    let quick = samples.iter().filter(|sample| sample.first < DELAYED);
    quick.map(|sample| sample.first.as_secs_f64() * 1e6).collect()
}

/// Ten thousand sessions.
async fn sessions(world: &World, report: &mut Report) -> Result<()> {
    let began = std::time::Instant::now();
    let homes = round(world, 0).await?;
    let again = round(world, 1).await?;
    report.count("sessions with their account at the second request", SESSIONS, same(&homes, &again));
    world.script(DEAD, "status=401")?;
    let moved = round(world, 2).await?;
    let dead = World::key(DEAD);
    let of_dead = homes.values().filter(|home| **home == dead).count();
    let away = moved.iter().filter(|(n, now)| homes.get(*n) != Some(*now)).count();
    report.count("sessions that moved when their account died", of_dead, away);
    report.count("sessions left at the dead account", 0, moved.values().filter(|now| **now == dead).count());
    world.script_nothing()?;
    let after = round(world, 3).await?;
    report.count("sessions that moved once, and stay", SESSIONS, same(&moved, &after));
    let mut spread = HashMap::<&String, usize>::new();
    for home in homes.values() {
        *spread.entry(home).or_default() += 1;
    }
    report.notes.push(format!(
        "sessions: {} to {} at an account; {} requests in {:.0} s.",
        spread.values().min().unwrap_or(&0),
        spread.values().max().unwrap_or(&0),
        4 * SESSIONS,
        began.elapsed().as_secs_f64(),
    ));
    Ok(())
}

fn same(one: &HashMap<usize, String>, other: &HashMap<usize, String>) -> usize {
    one.iter().filter(|(n, account)| other.get(*n) == Some(*account)).count()
}

/// Every session asks once, at another instance than in the round before; by which account each was answered.
async fn round(world: &World, round: usize) -> Result<HashMap<usize, String>> {
    world.forget()?;
    let all = (0..SESSIONS).map(|n| {
        let instance = (n + round) % world.addresses.len();
        let body = json!({
            "model": world::MODEL, "max_tokens": 16,
            "messages": [{ "role": "user", "content": "How long is a causeway?" }],
            "metadata": { "user_id": format!("sim:tag=s{n}") },
        });
        let session = ("x-claude-code-session-id", format!("session-{n}"));
        (instance, world.request(instance, &world.sticky, Some(&session), &body.to_string()))
    });
    let sent: Vec<Sent> = load::all(&world.addresses, all.collect()).await?;
    let failed = sent.iter().find(|sent| sent.status != 200);
    if let Some(failed) = failed {
        anyhow::bail!("a session was answered with {}: {}", failed.status, failed.text());
    }
    let mut by = HashMap::new();
    for entry in world.entries()?.into_iter().filter(|entry| entry.status == Some(200)) {
        let number = entry.tag.as_deref().and_then(|tag| tag.strip_prefix('s')?.parse().ok());
        if let (Some(n), Some(key)) = (number, entry.key) {
            anyhow::ensure!(by.insert(n, key).is_none(), "session {n} was answered twice in round {round}");
        }
    }
    Ok(by)
}
