//! One Causeway with a database of its own, and the simulator as its provider.

mod looking;

pub(crate) use looking::tokens;

use crate::redis::Server;
use causeway_accounts::{AddressPolicy, AuthHeader, Binding, Catalogue, Credential, MasterKey, SealingKey};
use causeway_domain::{
    AccountId, KeyId, Limits, OrgId, UserId,
    model::ModelPolicy,
    price::{PriceBook, PriceTable},
    provider::Provider,
    secret,
};
use causeway_relay::{Relay, RelayArgs};
use causeway_simulator::{Rule, Simulator, SimulatorConfig};
use causeway_store::{
    Store, StoreArgs, TenantTx, accounts, cooldowns, keys, organisations, policy, testing, users,
};
use chrono::{DateTime, Utc};
use clap::Parser;
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::pki_types::{CertificateDer, pem::PemObject};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::{convert::Infallible, future::Future, sync::Arc, time::Duration};
use tokio::net::TcpListener;
use uuid::Uuid;

/// The model that most tests ask for, and its section in the price table.
pub(crate) const MODEL: &str = "claude-haiku-4-5";

/// A running relay with one organisation, one account at the simulator, and as many keys as a test makes.
pub(crate) struct App {
    pub(crate) store: Store,
    pub(crate) sim: Simulator,
    pub(crate) relay: Arc<Relay>,
    pub(crate) url: String,
    pub(crate) http: reqwest::Client,
    pub(crate) prices: Arc<PriceBook>,
    pub(crate) org: OrgId,
    pub(crate) user: UserId,
    pub(crate) account: AccountId,
    pub(crate) sealing: SealingKey,
    pub(crate) catalogue: Catalogue,
    pub(crate) addresses: AddressPolicy,
}

/// A key that was issued.
#[derive(Clone)]
pub(crate) struct Key {
    pub(crate) id: KeyId,
    pub(crate) secret: String,
}

#[derive(Parser)]
struct Defaults {
    #[command(flatten)]
    relay: RelayArgs,
}

/// The settings of the relay as they are by default.
pub(crate) fn defaults() -> RelayArgs {
    Defaults::parse_from(["test"]).relay
}

/// Runs a test against a fresh installation.
pub(crate) async fn run<F, T>(test: F)
where
    F: FnOnce(Arc<App>) -> T + Send + 'static,
    T: Future<Output = ()> + Send + 'static,
{
    run_with(defaults(), SimulatorConfig::default(), test).await;
}

/// The same with other settings.
pub(crate) async fn run_with<F, T>(args: RelayArgs, simulator: SimulatorConfig, test: F)
where
    F: FnOnce(Arc<App>) -> T + Send + 'static,
    T: Future<Output = ()> + Send + 'static,
{
    run_on(args, simulator, AddressPolicy::new(vec![], true), test).await;
}

/// The same where other addresses may be reached, and other certificates are believed. Those of the simulator always are.
pub(crate) async fn run_on<F, T>(
    args: RelayArgs,
    simulator: SimulatorConfig,
    addresses: AddressPolicy,
    test: F,
) where
    F: FnOnce(Arc<App>) -> T + Send + 'static,
    T: Future<Output = ()> + Send + 'static,
{
    testing::with_store(async |store, _| {
        let app = Arc::new(App::start(store, args, simulator, addresses).await);
        test(app.clone()).await;
        assert_eq!(app.sim.ledger().leaks(), [], "what must not cross the relay did");
        app.relay.close(Duration::from_secs(5)).await;
    })
    .await;
}

/// Runs a test against a Redis of its own.
pub(crate) async fn run_alone<F, T>(redis: Server, test: F)
where
    F: FnOnce(Arc<App>, Server) -> T + Send + 'static,
    T: Future<Output = ()> + Send + 'static,
{
    testing::with_store(async |_, settings| {
        let settings = StoreArgs { redis_url: Some(redis.url().into()), ..settings };
        let store = Store::connect(&settings).await.unwrap();
        let app = Arc::new(
            App::start(store, defaults(), SimulatorConfig::default(), AddressPolicy::new(vec![], true)).await,
        );
        test(app.clone(), redis).await;
        app.relay.close(Duration::from_secs(1)).await;
    })
    .await;
}

impl App {
    async fn start(
        store: Store,
        args: RelayArgs,
        simulator: SimulatorConfig,
        addresses: AddressPolicy,
    ) -> Self {
        let master = MasterKey::new(b"0123456789abcdef0123456789abcdef".to_vec().into()).unwrap();
        let sealing = SealingKey::new(&master);
        let sim = Simulator::start(simulator).await.unwrap();
        let prices =
            Arc::new(PriceBook::shipped(PriceTable::parse(causeway_domain::price::table::SHIPPED).unwrap()));
        let mut believed = addresses.authorities().to_vec();
        believed.extend(sim.ca_pem().map(certificate));
        let addresses = addresses.with_authorities(believed);
        let catalogue = Catalogue::shipped().unwrap();
        let relay = Relay::start(
            store.clone(),
            args,
            prices.clone(),
            sealing.clone(),
            addresses.clone(),
            catalogue.clone(),
        );
        let relay = relay.await.unwrap();
        let url = serve(relay.clone()).await;
        let (org, user) = (OrgId(Uuid::now_v7()), UserId(Uuid::now_v7()));
        let mut tx = TenantTx::begin(&store.app, org, Some(user)).await.unwrap();
        organisations::insert(&mut tx, "Test", chrono_tz::UTC).await.unwrap();
        let person = users::NewUser {
            id: user,
            email: "a@example.com",
            name: "A",
            password_hash: "x",
            is_operator: false,
        };
        users::insert(&mut tx, &person).await.unwrap();
        tx.commit().await.unwrap();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let mut app = Self {
            store,
            sim,
            relay,
            url,
            http,
            prices,
            org,
            user,
            account: AccountId(Uuid::nil()),
            sealing,
            catalogue,
            addresses,
        };
        app.account = app.add_account(&app.sim.url(), "sk-sim-test").await;
        app
    }

    /// Another instance on the same stores.
    pub(crate) async fn second_instance(&self) -> (Arc<Relay>, String) {
        self.second_instance_with(defaults()).await
    }

    /// The same with other settings.
    pub(crate) async fn second_instance_with(&self, args: RelayArgs) -> (Arc<Relay>, String) {
        let relay = Relay::start(
            self.store.clone(),
            args,
            self.prices.clone(),
            self.sealing.clone(),
            self.addresses.clone(),
            self.catalogue.clone(),
        );
        let relay = relay.await.unwrap();
        let url = serve(relay.clone()).await;
        (relay, url)
    }

    /// A transaction of the admin.
    pub(crate) async fn tx(&self) -> TenantTx {
        TenantTx::begin(&self.store.app, self.org, Some(self.user)).await.unwrap()
    }

    /// Commits and lets the relay know, as the admin does.
    pub(crate) async fn commit(&self, tx: TenantTx) {
        if let Some(change) = tx.commit().await.unwrap() {
            policy::publish(&self.store.cache, change).await.unwrap();
        }
    }

    /// Adds an account.
    pub(crate) async fn add_account(&self, base_url: &str, api_key: &str) -> AccountId {
        let credential = Credential::api_key(AuthHeader::XApiKey, api_key).unwrap();
        self.add_at(Provider::ANTHROPIC, base_url, &credential).await
    }

    /// The same at any provider.
    pub(crate) async fn add_at(
        &self,
        provider: Provider,
        base_url: &str,
        credential: &Credential,
    ) -> AccountId {
        let id = AccountId(Uuid::now_v7());
        let origin = url::Url::parse(base_url).unwrap().origin().ascii_serialization();
        let place = Binding { org: self.org, account: id, provider, origin: &origin };
        let sealed = self.sealing.seal(&place, credential).unwrap();
        let mut tx = self.tx().await;
        let account = accounts::NewAccount {
            id,
            name: "Simulator",
            provider,
            base_url,
            credential: &sealed,
            credential_hint: "",
            signed_in: &accounts::SignedIn {
                expires_at: credential.expires_at(),
                ..accounts::SignedIn::by(credential.kind())
            },
            owner: None,
            contributed_by: None,
            enabled: true,
            priority: 100,
            limits: &Limits::default(),
            timeouts: causeway_domain::timeouts::Timeouts::NONE,
            dedicated: false,
            proxy: Default::default(),
            created_by: self.user,
        };
        accounts::insert(&mut tx, &account).await.unwrap();
        self.commit(tx).await;
        id
    }

    /// Issues a key with limits.
    pub(crate) async fn key(&self, limits: Limits) -> Key {
        self.key_with(limits, ModelPolicy::default(), None).await
    }

    /// Issues a key with limits, models and an end.
    pub(crate) async fn key_with(
        &self,
        limits: Limits,
        models: ModelPolicy,
        expires_at: Option<DateTime<Utc>>,
    ) -> Key {
        let owner = keys::Owner { id: self.user, name: "A".to_owned(), role: None };
        self.issue(self.org, |key| {
            key.owner = Some(owner);
            (key.limits, key.models, key.expiry.at) = (limits, models, expires_at);
        })
        .await
    }

    /// Issues a key of any organisation.
    pub(crate) async fn issue(&self, org: OrgId, set: impl FnOnce(&mut keys::Key)) -> Key {
        let id = KeyId(Uuid::now_v7());
        let random: Vec<u8> = (0..6).flat_map(|_| Uuid::new_v4().into_bytes()).collect();
        let secret = secret::key_from_random(&random).unwrap();
        testing::logs::secret(&secret);
        let mut key = keys::Key::new(id, "test", &secret[..secret::KEY_SHOWN_CHARS]);
        set(&mut key);
        let hash = Sha256::digest(secret.as_bytes()).into();
        let mut tx = TenantTx::begin(&self.store.app, org, Some(self.user)).await.unwrap();
        let new = keys::NewKey { key: &key, hash, created_by: self.user, batch: None };
        keys::insert(&mut tx, &new).await.unwrap();
        self.commit(tx).await;
        Key { id, secret }
    }

    /// Changes a key.
    pub(crate) async fn change_key(&self, key: &Key, change: impl FnOnce(&mut keys::Key)) {
        let mut tx = self.tx().await;
        let mut row = keys::get(&mut tx, key.id, None, true).await.unwrap();
        change(&mut row);
        keys::update(&mut tx, &row).await.unwrap();
        self.commit(tx).await;
    }

    /// Sends a request to Messages.
    pub(crate) async fn post(&self, key: &Key, body: &Value) -> reqwest::Response {
        self.post_to(&self.url, key, body).await
    }

    /// The same at another instance.
    pub(crate) async fn post_to(&self, url: &str, key: &Key, body: &Value) -> reqwest::Response {
        self.http
            .post(format!("{url}/api/v1/messages"))
            .header("x-api-key", &key.secret)
            .header("anthropic-version", "2023-06-01")
            .json(body)
            .send()
            .await
            .unwrap()
    }

    /// Switches an account off.
    pub(crate) async fn disable_account(&self, id: AccountId) {
        let mut tx = self.tx().await;
        let mut row = accounts::get(&mut tx, id, true).await.unwrap();
        row.enabled = false;
        accounts::update(&mut tx, &row).await.unwrap();
        self.commit(tx).await;
    }

    /// How long an answer is read on after its client has left.
    pub(crate) async fn set_drain(&self, ms: i32) {
        let mut tx = self.tx().await;
        let mut org = organisations::get(&mut tx, true).await.unwrap();
        org.drain_ms = ms;
        organisations::update(&mut tx, &org).await.unwrap();
        self.commit(tx).await;
    }

    /// As if Redis had lost everything of this organisation.
    pub(crate) async fn lose_redis(&self) {
        testing::lose(&self.store.cache, self.org).await;
    }
}

/// A certificate from its PEM.
pub(crate) fn certificate(pem: &str) -> CertificateDer<'static> {
    CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()
}

/// A short request.
pub(crate) fn hello(stream: bool) -> Value {
    json!({"model": MODEL, "max_tokens": 1000, "stream": stream,
           "messages": [{"role": "user", "content": "Say hello to everyone who reads this, and to me as well."}]})
}

/// The same that tells the simulator what to do.
pub(crate) fn scripted(stream: bool, script: &str) -> Value {
    let mut body = hello(stream);
    body["metadata"] = json!({"user_id": format!("sim:{script}")});
    body
}

pub(crate) async fn serve(relay: Arc<Relay>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((socket, peer)) = listener.accept().await {
            let relay = relay.clone();
            socket.set_nodelay(true).unwrap();
            tokio::spawn(async move {
                let service = hyper::service::service_fn(move |request| {
                    let relay = relay.clone();
                    async move { Ok::<_, Infallible>(relay.serve(request, peer.ip()).await) }
                });
                let mut server = hyper::server::conn::http1::Builder::new();
                let connection =
                    server.timer(TokioTimer::new()).serve_connection(TokioIo::new(socket), service);
                let _ = connection.with_upgrades().await;
            });
        }
    });
    url
}

impl App {
    /// Ends what cools, as a person does in the admin, and waits until the relay knows.
    pub(crate) async fn recover(&self) {
        self.cooldowns(1).await;
        self.reset(self.account).await;
    }

    /// The same for any account, whether it cools or not.
    pub(crate) async fn reset(&self, account: AccountId) {
        let mut tx = self.tx().await;
        cooldowns::reset(&mut tx, account).await.unwrap();
        self.commit(tx).await;
        cooldowns::announce(&self.store.cache, &[(self.org, account, None)]).await.unwrap();
        tokio::time::sleep(Duration::from_millis(600)).await;
    }

    /// What the provider does with the next requests that come with a key.
    pub(crate) fn script(&self, api_key: &str, times: u32, script: &str) {
        let rule = Rule::on_key(api_key, script.parse().unwrap());
        self.sim.queue(Rule { times: Some(times), ..rule });
    }
}
