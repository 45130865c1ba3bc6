//! The relay: the hot path from a client's request to a provider's answer.
//!
//! [`Relay::serve`] reads top to bottom. Each stage needs what the last one returned, so none can be left out or put
//! in another order: `identify → parse → plan → reserve → send → forward`. What it deliberately does not do: read the
//! admin's tables, keep state of a request anywhere but in its own values, or decide that cached policy is current
//! (the reservation script does). What few requests need is boxed where they need it: otherwise the future of every
//! request would have room for it.

pub mod args;
mod arrival;
mod ask;
pub mod body;
mod call;
mod choice;
mod conversation;
mod count;
mod directory;
mod drain;
mod error;
mod facts;
mod failover;
mod grant;
mod halt;
mod health;
mod history;
mod hold;
mod identify;
mod ledger;
mod load;
mod local;
mod plan;
mod queue;
mod recent;
mod refusals;
mod reserve;
mod route;
mod scopes;
mod settle;
mod socket;
mod stream;
pub mod tap;
mod tenant;
mod trail;
mod translate;
mod upkeep;
mod upstream;
mod verdict;
mod way;

pub use args::RelayArgs;
pub use arrival::Play;
pub use body::RelayBody;
pub use error::RelayError;
pub use route::is_ours;
pub use verdict::CooldownLength;

use arrival::Arrival;
use causeway_accounts::{AddressPolicy, Catalogue, Refresher, SealingKey, oauth::TokenClient};
use causeway_dialect::{Dialect, request::Endpoint};
use causeway_domain::{KeyId, OrgId, RequestId, price::PriceBook};
use causeway_store::{Store, StoreError};
use chrono::{DateTime, Utc};
use http::{HeaderName, HeaderValue, Method, Request, Response, header::Entry};
use http_body::Body;
use identify::Caller;
use ledger::Ledger;
use metrics::{Counter, Histogram, counter, histogram};
use plan::Talk;
use route::Route;
use std::{fmt::Display, net::IpAddr, sync::Arc, time::Duration};
use tenant::Tenant;
use uuid::Uuid;

/// How long after its last sign of life an instance counts as dead.
pub const LEASE: Duration = Duration::from_millis(causeway_store::boots::LEASE_MS);

/// How often a request begins anew because the policy changed under it.
const RESTARTS: usize = 16;

/// What a request is called: by us, and by whoever answered it.
const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const REQUEST_ID: HeaderName = HeaderName::from_static("request-id");

const CHANGING: RelayError =
    RelayError::Unavailable("the settings of this organisation keep changing; try again");

/// The relay of one instance.
pub struct Relay {
    store: Store,
    args: RelayArgs,
    prices: Arc<PriceBook>,
    directory: Arc<directory::Directory>,
    refresher: Refresher,
    upstream: upstream::Upstream,
    health: Arc<health::Health>,
    whereabouts: conversation::Whereabouts,
    ledger: Arc<Ledger>,
    bodies: call::BodyBudget,
    loads: load::Loads,
    halts: Arc<halt::Halts>,
    sockets: Arc<socket::Sockets>,
    refusals: refusals::Refusals,
    sweeper: tokio::sync::Mutex<ledger::Sweeper>,
    meters: Meters,
}

/// Handles of metrics, looked up once.
struct Meters {
    served: Counter,
    first_byte: Histogram,
}

impl Relay {
    /// Starts the ledger's tasks and prepares the connections. A metrics recorder should be installed before.
    pub async fn start(
        store: Store,
        args: RelayArgs,
        prices: Arc<PriceBook>,
        sealing: SealingKey,
        addresses: AddressPolicy,
        catalogue: Catalogue,
    ) -> Result<Arc<Self>, StoreError> {
        let issuers = TokenClient::new(addresses.clone());
        let refresher =
            Refresher::new(store.clone(), sealing.clone(), catalogue.clone(), issuers, args.refresh_pace());
        let directory = directory::Directory::new(store.clone(), sealing, addresses.clone(), catalogue);
        let directory = Arc::new(directory);
        let known = directory.clone();
        let forget_policies = Box::new(move || known.forget());
        let ledger = Ledger::start(&store, args.ledger_capacity, forget_policies).await?;
        tracing::info!(instance = &**ledger.boot(), "the relay has started");
        let halts = Arc::new(halt::Halts::default());
        ledger.clone().spawn(halt::run(halts.clone(), store.relay.clone(), ledger.closing()));
        Ok(Arc::new(Self {
            upstream: upstream::Upstream::new(&args, &addresses),
            health: health::Health::start(&store, verdict::Table::new(&args.cooldowns)).await?,
            whereabouts: conversation::Whereabouts::new(),
            directory,
            refresher,
            ledger,
            halts,
            sockets: socket::Sockets::new(&args),
            refusals: refusals::Refusals::default(),
            bodies: call::BodyBudget::new(&args),
            loads: load::Loads::new(),
            sweeper: tokio::sync::Mutex::default(),
            meters: Meters {
                served: counter!("causeway_relay_requests_total"),
                first_byte: histogram!("causeway_relay_first_byte_seconds"),
            },
            store,
            args,
            prices,
        }))
    }

    /// Answers a request whose path [`is_ours`], and which came over a connection with `peer`. Never fails: what goes
    /// wrong is told in the caller's dialect.
    pub fn serve<B>(
        self: &Arc<Self>,
        request: Request<B>,
        peer: IpAddr,
    ) -> impl Future<Output = Response<RelayBody>>
    where
        B: Body<Data = bytes::Bytes>,
        B::Error: Display,
    {
        self.respond(request, Arrival::now(peer, None))
    }

    /// The same for a request from the playground: relayed, limited and billed like any other of its key, and looked on at.
    /// `peer` is where the person is.
    pub fn play<B>(
        self: &Arc<Self>,
        request: Request<B>,
        peer: IpAddr,
        play: Play,
    ) -> impl Future<Output = Response<RelayBody>>
    where
        B: Body<Data = bytes::Bytes>,
        B::Error: Display,
    {
        self.respond(request, Arrival::now(peer, Some(play)))
    }

    /// The names that a key may ask for, in alphabetical order, or why it may be used for nothing. For whoever may use the
    /// key without its secret.
    pub async fn models_of(
        &self,
        (org, key): (OrgId, KeyId),
        address: IpAddr,
    ) -> Result<Vec<String>, RelayError> {
        let caller = identify::inside(&self.directory, (org, key), address).await?;
        let (caller, tenant) = self.current(caller).await?;
        Ok(local::names(self, &tenant, &caller))
    }

    async fn respond<B>(self: &Arc<Self>, request: Request<B>, arrival: Arrival) -> Response<RelayBody>
    where
        B: Body<Data = bytes::Bytes>,
        B::Error: Display,
    {
        let head_only = request.method() == Method::HEAD;
        let path = request.uri().path();
        let route = route::find(request.method(), path);
        let dialect = match &route {
            Some(Route::Ask(asking)) => asking.dialect,
            _ => route::dialect(path, identify::is_openais(request.headers())),
        };
        let answer = self.answer(request, route, &arrival, dialect).await;
        let mut response = self.told(answer, dialect, &arrival);
        if head_only {
            response = body::without_body(response);
        }
        response
    }

    /// What came of a request, as its caller is told.
    fn told(
        &self,
        answer: Result<Response<RelayBody>, RelayError>,
        dialect: Dialect,
        arrival: &Arrival,
    ) -> Response<RelayBody> {
        let id = arrival.id;
        let mut response = match answer {
            Ok(response) => response,
            Err(error) => {
                tracing::info!(request = %id, reason = error.reason(), status = error.status().as_u16(), "refused");
                counter!("causeway_relay_refusals_total", "reason" => error.reason()).increment(1);
                error.render(dialect, id)
            }
        };
        self.meters.served.increment(1);
        self.meters.first_byte.record(arrival.received.elapsed());
        let mut text = Uuid::encode_buffer();
        if let Ok(value) = HeaderValue::from_str(id.0.hyphenated().encode_lower(&mut text)) {
            // Anthropic's clients show `request-id` in their errors; a provider's own stays.
            if let Entry::Vacant(vacant) = response.headers_mut().entry(REQUEST_ID) {
                vacant.insert(value.clone());
            }
            response.headers_mut().insert(X_REQUEST_ID, value);
        }
        response
    }

    async fn answer<B>(
        self: &Arc<Self>,
        request: Request<B>,
        route: Option<Route>,
        arrival: &Arrival,
        dialect: Dialect,
    ) -> Result<Response<RelayBody>, RelayError>
    where
        B: Body<Data = bytes::Bytes>,
        B::Error: Display,
    {
        let Some(route) = route else {
            return Err(RelayError::NotFound {
                method: request.method().to_string(),
                path: request.uri().path().to_owned(),
            });
        };
        let address = identify::address(&self.args.trusted_proxies, arrival.peer, request.headers());
        match route {
            Route::Greeting => Ok(local::greeting()),
            Route::Ask(asking) if asking.endpoint == Endpoint::CountTokens => {
                Box::pin(self.count_tokens(request, &asking, address, arrival)).await
            }
            Route::Ask(asking) => self.ask(request, &asking, address, arrival).await,
            Route::Socket => Box::pin(socket::open(self, request, address)).await,
            Route::Models | Route::Model(_) | Route::KeyInfo => {
                Box::pin(self.look_up(&request, route, address, arrival, dialect)).await
            }
        }
    }

    /// What a key may ask us, and no provider.
    async fn look_up<B>(
        &self,
        request: &Request<B>,
        route: Route,
        address: IpAddr,
        arrival: &Arrival,
        dialect: Dialect,
    ) -> Result<Response<RelayBody>, RelayError> {
        let caller = self.presented(request, address, arrival).await?;
        let (caller, tenant) = self.current(caller).await?;
        // What a key may know of itself belongs to no dialect.
        if !matches!(route, Route::KeyInfo) {
            identify::speaks(&caller.principal, dialect)?;
        }
        match route {
            Route::Model(name) => local::one_model(dialect, self, &tenant, &caller, &name),
            Route::KeyInfo => local::key_info(self, &tenant, &caller).await,
            _ => local::models(dialect, self, &tenant, &caller, request.uri().query()),
        }
    }

    async fn count_tokens<B>(
        &self,
        request: Request<B>,
        asked: &route::Asking,
        address: IpAddr,
        arrival: &Arrival,
    ) -> Result<Response<RelayBody>, RelayError>
    where
        B: Body<Data = bytes::Bytes>,
        B::Error: Display,
    {
        let caller = self.caller(&request, address, arrival).await?;
        let (caller, tenant) = self.current(caller).await?;
        let call = call::Call::parse(&self.bodies, request, asked, arrival).await?;
        let plan = self.plan(&tenant, &caller, &call, Utc::now(), Talk::default())?;
        // Counting costs an account nothing, and is nobody's turn.
        choice::give_back(&tenant, &plan.turns);
        count::tokens(self, tenant.org, &call, &plan).await
    }

    /// The caller, with a key that may be used: checked before a body of any size is read. A key that ends some days after
    /// its first use has been used from here on.
    async fn caller<B>(
        &self,
        request: &Request<B>,
        address: IpAddr,
        arrival: &Arrival,
    ) -> Result<Caller, RelayError> {
        let mut caller = self.presented(request, address, arrival).await?;
        if identify::usable(&caller).is_err() {
            caller = Box::pin(self.current(caller)).await?.0;
        }
        if caller.principal.expiry.awaits_first_use() {
            let used = Box::pin(self.directory.first_used(&caller.hash, &caller.principal));
            caller.principal = used.await?;
            identify::usable(&caller)?;
        }
        Ok(caller)
    }

    /// The caller by the key that the request presents, or that it is sent with from within.
    async fn presented<B>(
        &self,
        request: &Request<B>,
        address: IpAddr,
        arrival: &Arrival,
    ) -> Result<Caller, RelayError> {
        match &arrival.play {
            None => identify::caller(&self.directory, request.headers(), request.uri(), address).await,
            // Boxed: the future of every request would have room for it.
            Some(play) => Box::pin(identify::inside(&self.directory, (play.org, play.key), address)).await,
        }
    }

    /// The caller and its organisation under the policy in force, for calls that reserve nothing.
    async fn current(&self, mut caller: Caller) -> Result<(Caller, Arc<Tenant>), RelayError> {
        for _ in 0..RESTARTS {
            let tenant = self.directory.tenant(caller.principal.org).await?;
            if self.is_current(&caller, &tenant).await? {
                identify::usable(&caller)?;
                return Ok((caller, tenant));
            }
            caller = self.renew(&caller, &tenant).await?;
        }
        Err(CHANGING)
    }

    async fn is_current(&self, caller: &Caller, tenant: &Tenant) -> Result<bool, RelayError> {
        let version = tenant.policy_version.min(caller.principal.policy_version);
        self.directory.is_current(tenant.org, version).await
    }

    /// The caller after its policy has been read anew.
    async fn renew(&self, caller: &Caller, tenant: &Tenant) -> Result<Caller, RelayError> {
        let behind = tenant.policy_version.min(caller.principal.policy_version);
        self.directory.refresh(&caller.hash, tenant.org, behind).await?;
        identify::known(&self.directory, caller.hash, caller.address).await
    }
}

/// When a request was accepted, as its row will say.
fn start_of(id: RequestId) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(id.started_ms()).unwrap_or_default()
}
