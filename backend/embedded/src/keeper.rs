//! Keeps one service running: adopts or starts it, notices its death, starts it again, and stops it at the end.
//!
//! Services outlive every task of the server (the last settlement goes to them), which is why they are watched here
//! and not in the server's task tracker.

use crate::process::Process;
use anyhow::{Result, bail};
use nix::{sys::signal::Signal, unistd::Pid};
use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};
use tokio::{sync::watch, task::JoinHandle, time::Instant};
use tokio_util::sync::CancellationToken;

/// How long a service may take to answer: recovery after a crash reads the journal.
const READY_WITHIN: Duration = Duration::from_secs(90);
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
const STOP_WITHIN: Duration = Duration::from_secs(30);

/// A program that can be kept.
pub(crate) trait Service: Send + Sync + 'static {
    /// For messages.
    fn name(&self) -> &'static str;
    /// Starts it.
    fn spawn(&self) -> Result<Process>;
    /// A process left behind by a predecessor that was killed.
    fn survivor(&self) -> Option<Pid>;
    /// Whether it answers to our password.
    fn answers(&self) -> impl Future<Output = Result<()>> + Send;
    /// What makes it stop, soon but cleanly.
    fn stop_signal(&self) -> Signal;
    /// What it said last.
    fn last_words(&self) -> String;
}

/// A service being kept. Must be stopped: dropping it leaves the service running.
pub(crate) struct Keeper<S: Service> {
    service: Arc<S>,
    stop: CancellationToken,
    /// The signal that ends it, while it shall be away.
    away: watch::Sender<Option<Signal>>,
    /// Whether it is.
    gone: watch::Receiver<bool>,
    deaths: Arc<AtomicU32>,
    task: JoinHandle<()>,
}

impl<S: Service> Keeper<S> {
    /// Adopts a survivor that answers, ends one that does not, and else starts the service. It may not answer yet.
    pub(crate) async fn start(service: Arc<S>) -> Result<Self> {
        let process = match service.survivor() {
            Some(pid) => adopt_or_end(&*service, pid).await?,
            None => service.spawn()?,
        };
        let (stop, deaths) = (CancellationToken::new(), Arc::new(AtomicU32::new(0)));
        let (away, wanted) = watch::channel(None);
        let (tell, gone) = watch::channel(false);
        let orders = Orders { stop: stop.clone(), away: wanted, gone: tell };
        let task = tokio::spawn(keep(Arc::clone(&service), process, orders, Arc::clone(&deaths)));
        Ok(Self { service, stop, away, gone, deaths, task })
    }

    /// Ends the service by this signal, waits for its end, and leaves it away.
    pub(crate) async fn take_down(&self, how: Signal) {
        self.away.send_replace(Some(how));
        // An error means that the keeper has ended, and the service with it.
        let _ = self.gone.clone().wait_for(|gone| *gone).await;
    }

    /// Starts it again, and waits until it answers.
    pub(crate) async fn bring_back(&self) -> Result<()> {
        self.away.send_replace(None);
        let _ = self.gone.clone().wait_for(|gone| !*gone).await;
        self.ready().await
    }

    /// Waits until the service answers, or says why it does not.
    pub(crate) async fn ready(&self) -> Result<()> {
        let begun = Instant::now();
        loop {
            let Err(error) = self.service.answers().await else { return Ok(()) };
            let name = self.service.name();
            if self.deaths.load(Ordering::Relaxed) > 0 {
                bail!("{name} ended while starting. It said:\n{}", self.service.last_words());
            }
            if begun.elapsed() > READY_WITHIN {
                bail!(
                    "{name} did not answer within {READY_WITHIN:?}: {error:#}\n{}",
                    self.service.last_words()
                );
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    }

    /// What is being kept.
    pub(crate) fn service(&self) -> &S {
        &self.service
    }

    /// Stops the service and waits for its end.
    pub(crate) async fn stop(self) {
        self.stop.cancel();
        if let Err(error) = self.task.await {
            tracing::error!("the keeper of {} failed: {error}", self.service.name());
        }
    }
}

/// Ends what a killed predecessor left running.
pub(crate) async fn end_survivor(survivor: Option<Pid>, how: Signal) {
    if let Some(pid) = survivor {
        Process::Adopted(pid).stop(how, STOP_WITHIN).await;
    }
}

async fn adopt_or_end<S: Service>(service: &S, pid: Pid) -> Result<Process> {
    let name = service.name();
    // It may be starting or recovering; that is not a reason to end it.
    for _ in 0..40 {
        if service.answers().await.is_ok() {
            tracing::info!(%pid, "{name} was left running by a process that was killed; using it");
            return Ok(Process::Adopted(pid));
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    tracing::warn!(%pid, "{name} was left running by a process that was killed and does not answer; ending it");
    Process::Adopted(pid).stop(service.stop_signal(), STOP_WITHIN).await;
    service.spawn()
}

/// What a keeper is told, and tells.
struct Orders {
    stop: CancellationToken,
    away: watch::Receiver<Option<Signal>>,
    gone: watch::Sender<bool>,
}

impl Orders {
    /// The signal by which the service shall go, once it shall.
    async fn go(&mut self) -> Signal {
        if self.away.wait_for(Option::is_some).await.is_err() {
            std::future::pending::<()>().await;
        }
        let how = *self.away.borrow();
        how.unwrap_or(Signal::SIGKILL)
    }

    /// Until it may come back.
    async fn come_back(&mut self) {
        if self.away.wait_for(Option::is_none).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

async fn keep<S: Service>(service: Arc<S>, mut process: Process, mut orders: Orders, deaths: Arc<AtomicU32>) {
    let name = service.name();
    let stop = orders.stop.clone();
    let mut pause = FIRST_PAUSE;
    loop {
        let started = Instant::now();
        tokio::select! {
            biased;
            () = stop.cancelled() => {
                process.stop(service.stop_signal(), STOP_WITHIN).await;
                return;
            }
            how = orders.go() => {
                process.stop(how, STOP_WITHIN).await;
                orders.gone.send_replace(true);
                tokio::select! {
                    biased;
                    () = stop.cancelled() => return,
                    () = orders.come_back() => {}
                }
            }
            how = process.gone() => {
                deaths.fetch_add(1, Ordering::Relaxed);
                if started.elapsed() > Duration::from_secs(60) {
                    pause = FIRST_PAUSE;
                }
                tracing::error!(
                    "{name} has died ({how}); starting it again in {pause:?}. It said:\n{}",
                    service.last_words()
                );
                tokio::select! {
                    biased;
                    () = stop.cancelled() => return,
                    () = tokio::time::sleep(pause) => pause = (pause * 2).min(LONGEST_PAUSE),
                }
            }
        }
        process = loop {
            match service.spawn() {
                Ok(process) => break process,
                Err(error) => tracing::error!("{name} cannot be started: {error:#}; next try in {pause:?}"),
            }
            tokio::select! {
                biased;
                () = stop.cancelled() => return,
                () = tokio::time::sleep(pause) => pause = (pause * 2).min(LONGEST_PAUSE),
            }
        };
        orders.gone.send_replace(false);
    }
}
