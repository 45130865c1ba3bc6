//! A scripted upstream: it answers as a provider does, does wrong what it is told to, and keeps a truth ledger of what
//! it sent and what it would bill. Tests run it in-process, the demo and the benchmark as a program.
//!
//! It deliberately shares no code with the relay: a misreading of the protocol there must not be repeated here. It
//! knows no prices. Usage figures come from a seed ([`draw`]), never from the text.
//!
//! It is an identity provider too ([`issuer`]), for what signs people in elsewhere, and an issuer of access to accounts
//! ([`oauth`], [`ServiceAccounts`]), for what calls providers on somebody's behalf. Beside it there are proxies to go
//! through ([`TestProxy`]).
//!
//! One provider's dialects are one module ([`anthropic`], [`openai`], [`gemini`]), and so is one platform that speaks one
//! in a manner of its own ([`bedrock`], [`vertex`]); everything else (ledger, scripts, playing of streams, listeners,
//! raw-socket faults) is shared by all of them. Raw-socket faults know the Messages dialect only.

mod answer;
mod anthropic;
mod bearer;
mod bedrock;
mod check;
mod cli;
mod config;
mod control;
mod draw;
mod endpoint;
mod fault;
mod gemini;
pub mod issuer;
mod ledger;
mod listen;
mod moments;
pub mod oauth;
mod openai;
mod play;
mod proxy;
mod raw;
mod receive;
mod reply;
mod script;
mod service_account;
mod tls;
mod vertex;
mod wish;

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, atomic::AtomicU64},
};

use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub use self::{
    bedrock::AWS_SECRET,
    cli::{Args, run},
    config::{LedgerDetail, SimulatorConfig},
    ledger::{Entry, Ledger, Outcome, Tokens},
    proxy::{ProxyFault, ProxyKind, SecureProxy, TestProxy, Tunnel},
    raw::{RawFault, RawFront},
    script::{ChosenTokens, Cut, CutHow, ErrorEvent, Omit, Pause, Refusal, Rule, Script, ScriptError, Shape},
    service_account::{ServiceAccount, ServiceAccounts},
};

/// A running simulator. Dropping it stops it.
pub struct Simulator {
    shared: Arc<Shared>,
    addr: SocketAddr,
    tls: Option<tls::Front>,
}

/// What every handler sees.
pub(crate) struct Shared {
    pub(crate) config: SimulatorConfig,
    pub(crate) ledger: Ledger,
    pub(crate) scripts: script::Queue,
    pub(crate) issuer: Arc<issuer::Issuer>,
    pub(crate) bearers: Arc<bearer::Bearers>,
    pub(crate) oauth: oauth::AccountIssuer,
    pub(crate) service_accounts: ServiceAccounts,
    /// The certificate authority of the TLS front.
    pub(crate) ca_pem: Option<String>,
    pub(crate) connections: AtomicU64,
    pub(crate) stop: CancellationToken,
    pub(crate) tasks: TaskTracker,
    /// Raw addresses opened over HTTP, which live as long as the simulator.
    pub(crate) fronts: Mutex<Vec<RawFront>>,
}

impl Simulator {
    /// Bind and serve, on the current runtime.
    ///
    /// # Errors
    /// When the address cannot be bound or the certificate cannot be made.
    #[expect(clippy::unused_async, reason = "needs a runtime, and says so by being async")]
    pub async fn start(config: SimulatorConfig) -> io::Result<Self> {
        let listener = listen::bind(config.listen)?;
        let addr = listener.local_addr()?;
        let front = if config.tls { Some(tls::Front::bind(addr.ip())?) } else { None };
        let base = format!("http://{addr}");
        let bearers = Arc::<bearer::Bearers>::default();
        let shared = Arc::new(Shared {
            ledger: Ledger::new(config.detail, config.ledger_capacity, config.seed),
            scripts: script::Queue::default(),
            issuer: Arc::new(issuer::Issuer::new(&base)?),
            oauth: oauth::AccountIssuer::new(&base, Arc::clone(&bearers))?,
            service_accounts: ServiceAccounts::new(&base, Arc::clone(&bearers)),
            bearers,
            ca_pem: front.as_ref().map(|front| front.ca_pem.clone()),
            connections: AtomicU64::new(0),
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
            fronts: Mutex::default(),
            config,
        });
        let router = anthropic::router(&shared)
            .merge(bedrock::router(&shared))
            .merge(vertex::router(&shared))
            .merge(openai::router(&shared))
            .merge(gemini::router(&shared))
            .merge(control::router(&shared))
            .merge(issuer::router(&shared.issuer))
            .merge(oauth::router(&shared))
            .merge(service_account::router(&shared));
        shared.tasks.spawn(listen::serve(listener, None, router.clone(), Arc::clone(&shared)));
        let tls = match front {
            Some(mut front) => {
                let listener = front.listener()?;
                let acceptor = front.acceptor.clone();
                let served = listen::serve(listener, Some(acceptor), router, Arc::clone(&shared));
                shared.tasks.spawn(served);
                Some(front)
            }
            None => None,
        };
        Ok(Self { shared, addr, tls })
    }

    /// Where it listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// `http://host:port`: a base URL for every dialect, without a version.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// `https://localhost:port` of the TLS front, where one was asked for.
    #[must_use]
    pub fn tls_url(&self) -> Option<String> {
        self.tls.as_ref().map(|front| format!("https://localhost:{}", front.addr.port()))
    }

    /// The certificate authority to trust for [`Self::tls_url`], PEM.
    #[must_use]
    pub fn ca_pem(&self) -> Option<&str> {
        self.shared.ca_pem.as_deref()
    }

    /// The truth ledger.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        &self.shared.ledger
    }

    /// The identity provider.
    #[must_use]
    pub fn issuer(&self) -> &issuer::Issuer {
        &self.shared.issuer
    }

    /// The issuer of access to accounts.
    #[must_use]
    pub fn oauth(&self) -> &oauth::AccountIssuer {
        &self.shared.oauth
    }

    /// The service accounts of the cloud platform.
    #[must_use]
    pub fn service_accounts(&self) -> &ServiceAccounts {
        &self.shared.service_accounts
    }

    /// Queue a rule for requests to come.
    pub fn queue(&self, rule: Rule) {
        self.shared.scripts.push(rule);
    }

    /// Queue a script for the next request, in text (see [`Script::parse`]).
    ///
    /// # Errors
    /// When the text is not understood.
    pub fn next(&self, script: &str) -> Result<(), ScriptError> {
        self.queue(Rule::once(Script::parse(script)?));
        Ok(())
    }

    /// Forget all rules.
    pub fn clear_rules(&self) {
        self.shared.scripts.clear();
    }

    /// How many connections were accepted so far, all listeners together.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.shared.connections.load(std::sync::atomic::Ordering::Relaxed)
    }

    /// Open a further address that misbehaves below HTTP, with the same keys, figures and ledger.
    ///
    /// # Errors
    /// When no port can be bound.
    pub fn raw(&self, fault: RawFault) -> io::Result<RawFront> {
        RawFront::start(fault, Arc::clone(&self.shared))
    }

    /// Close every listener and connection, and wait for it.
    pub async fn stop(self) {
        self.shared.stop.cancel();
        self.shared.tasks.close();
        self.shared.tasks.wait().await;
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.shared.stop.cancel();
    }
}
