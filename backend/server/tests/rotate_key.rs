//! `causeway rotate-key`, as an operator types it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use causeway_accounts::{AuthHeader, Binding, Credential, MasterKey, SealError, SealingKey};
use causeway_domain::{
    AccountId, KeyId, Limits, OrgId, PoolId, UserId,
    pool::{Member, Strategy},
    provider::Provider,
    proxy::Choice,
    secret,
    timeouts::Timeouts,
};
use causeway_simulator::{Simulator, SimulatorConfig};
use causeway_store::{Store, StoreArgs, TenantTx, accounts, keys, organisations, pools, testing, users};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use secrecy::ExposeSecret;
use serde_json::json;
use sha2::{Digest, Sha256};
use sqlx::{Connection, Executor, PgConnection, Row};
use std::{
    io::{BufRead, BufReader},
    net::TcpListener,
    os::unix::process::ExitStatusExt,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};
use uuid::Uuid;

const OLD: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const NEW: &str = "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210";
const THIRD: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

fn key(text: &str) -> SealingKey {
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    let bytes: Vec<u8> = text.as_bytes().chunks(2).map(byte).collect();
    SealingKey::new(&MasterKey::new(bytes.into()).unwrap())
}

/// The binary with nothing in its environment but the stores and these.
fn causeway(args: &StoreArgs, command: &str, variables: &[(&str, &str)]) -> Command {
    let mut child = Command::new(env!("CARGO_BIN_EXE_causeway"));
    child.env_clear().arg(command);
    child.env("DATABASE_URL", args.database_url.as_ref().unwrap().expose_secret());
    child.env("REDIS_URL", args.redis_url.as_ref().unwrap().expose_secret());
    child.envs(variables.iter().copied());
    child
}

/// The same, to its end.
async fn run(args: &StoreArgs, command: &str, variables: &[(&str, &str)]) -> (bool, String) {
    let mut child = causeway(args, command, variables);
    let output = tokio::task::spawn_blocking(move || child.output().unwrap()).await.unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8(said).unwrap();
    for secret in [OLD, NEW, THIRD] {
        assert!(!said.contains(secret), "{said}");
    }
    (output.status.success(), said)
}

fn free_port() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_do_not_fit_are_refused_by_name_and_the_old_one_is_afterwards() {
    testing::with_store(|store: Store, args| async move {
        key(OLD).confirm(&store.app).await.unwrap();
        let (own, previous) = ("CAUSEWAY_SECRET_KEY", "CAUSEWAY_PREVIOUS_SECRET_KEY");
        for (variables, said) in [
            (vec![(own, NEW)], previous),
            (vec![(previous, OLD)], "CAUSEWAY_SECRET_KEY is not set"),
            (vec![(own, NEW), (previous, "short")], previous),
            (vec![(own, NEW), (previous, NEW)], "are the same"),
            (vec![(own, NEW), (previous, THIRD)], key(OLD).fingerprint().as_str()),
        ] {
            let (good, output) = run(&args, "rotate-key", &variables).await;
            assert!(!good && output.contains(said), "{said}: {output}");
        }
        key(OLD).confirm(&store.app).await.unwrap();

        let (good, output) = run(&args, "rotate-key", &[(own, NEW), (previous, OLD)]).await;
        assert!(good, "{output}");
        for said in
            [key(OLD).fingerprint(), key(NEW).fingerprint(), "credentials of upstream accounts".to_owned()]
        {
            assert!(output.contains(&said), "{said}: {output}");
        }
        key(NEW).confirm(&store.app).await.unwrap();

        let ports = (free_port(), format!("127.0.0.1:{}", free_port()));
        let places = [
            (own, OLD),
            ("PUBLIC_URL", "http://localhost:3000"),
            ("PORT", ports.0.as_str()),
            ("METRICS_LISTEN", ports.1.as_str()),
        ];
        let (good, output) = run(&args, "serve", &places).await;
        assert!(!good && output.contains(&key(NEW).fingerprint()), "{output}");
    })
    .await;
}

/// So many accounts, of which so many are sealed anew before the rotation is stopped.
const ACCOUNTS: usize = 24;
const BEFORE: usize = 10;

/// A process that ends with the test.
struct Running(Child);

impl Running {
    /// Starts the server, and waits until it is ready.
    fn serve(args: &StoreArgs, port: u16, variables: &[(&str, &str)]) -> Self {
        let mut command = causeway(args, "serve", variables);
        command
            .env("PUBLIC_URL", format!("http://localhost:{port}"))
            .env("METRICS_LISTEN", "127.0.0.1:0")
            .env("UPSTREAM_ALLOW_PRIVATE", "127.0.0.0/8")
            .env("PORT", port.to_string());
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
        let running = Self(child);
        assert!(lines.any(|line| line.contains("Causeway is ready")), "ended before it was ready");
        std::thread::spawn(move || lines.for_each(drop));
        running
    }

    fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(i32::try_from(self.0.id()).unwrap()), signal).unwrap();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// An organisation with accounts that are sealed with the old key, and a key whose requests go to all of them in turn.
struct Team {
    org: OrgId,
    accounts: Vec<AccountId>,
    origin: String,
    key: String,
}

impl Team {
    async fn new(store: &Store, upstream: &str) -> Self {
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
        let mut ids = Vec::new();
        for _ in 0..ACCOUNTS {
            let id = AccountId(Uuid::now_v7());
            let binding = Binding { org, account: id, provider: Provider::ANTHROPIC, origin: upstream };
            let credential = Credential::api_key(AuthHeader::XApiKey, &format!("sk-sim-{}", id.0)).unwrap();
            let account = accounts::NewAccount {
                id,
                name: "Simulated",
                provider: Provider::ANTHROPIC,
                base_url: upstream,
                credential: &key(OLD).seal(&binding, &credential).unwrap(),
                credential_hint: "",
                signed_in: &accounts::SignedIn::by("api_key"),
                owner: None,
                contributed_by: None,
                enabled: true,
                priority: 100,
                limits: &Limits::default(),
                timeouts: Timeouts::NONE,
                dedicated: false,
                proxy: Choice::default(),
                created_by: user,
            };
            accounts::insert(&mut tx, &account).await.unwrap();
            ids.push(id);
        }
        let members = ids.iter().map(|id| Member { account: *id, weight: 1, priority: 0 });
        let pool = pools::Pool {
            id: PoolId(Uuid::now_v7()),
            name: "All".to_owned(),
            strategy: Strategy::RoundRobin,
            sticky_seconds: None,
            active: None,
            proxy: Choice::default(),
            members: members.collect(),
            keys: 0,
            created_at: chrono::Utc::now(),
            updated_at: chrono::Utc::now(),
        };
        pools::insert(&mut tx, &pool).await.unwrap();
        let random: Vec<u8> = (0..6).flat_map(|_| Uuid::new_v4().into_bytes()).collect();
        let issued = secret::key_from_random(&random).unwrap();
        testing::logs::secret(&issued);
        let mut row = keys::Key::new(KeyId(Uuid::now_v7()), "test", &issued[..secret::KEY_SHOWN_CHARS]);
        row.pools = vec![pool.id];
        let hash = Sha256::digest(issued.as_bytes()).into();
        keys::insert(&mut tx, &keys::NewKey { key: &row, hash, created_by: user, batch: None })
            .await
            .unwrap();
        let _ = tx.commit().await.unwrap();
        Self { org, accounts: ids, origin: upstream.to_owned(), key: issued }
    }

    /// How many of the accounts a key alone opens; every other one says that it is another's.
    async fn opened_by(&self, database: &mut PgConnection, by: &str) -> usize {
        let mut opened = 0;
        for id in &self.accounts {
            let row = sqlx::query("select credential from upstream_accounts where id = $1").bind(id.0);
            let envelope: Vec<u8> = row.fetch_one(&mut *database).await.unwrap().get(0);
            let place =
                Binding { org: self.org, account: *id, provider: Provider::ANTHROPIC, origin: &self.origin };
            match key(by).open(&place, &envelope) {
                Ok(credential) => {
                    assert_eq!(
                        credential,
                        Credential::api_key(AuthHeader::XApiKey, &format!("sk-sim-{}", id.0)).unwrap()
                    );
                    opened += 1;
                }
                Err(error) => assert!(matches!(error, SealError::OtherKey), "{error}"),
            }
        }
        opened
    }
}

/// Requests that go on until they are told to stop.
struct Load {
    stop: Arc<AtomicBool>,
    served: Arc<AtomicUsize>,
    clients: Vec<tokio::task::JoinHandle<()>>,
}

impl Load {
    fn start(port: u16, key: &str) -> Self {
        let (stop, served) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let client = || {
            let (stop, served, key) = (stop.clone(), served.clone(), key.to_owned());
            tokio::spawn(async move {
                let http =
                    reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(60)).build().unwrap();
                let body = json!({"model": "claude-haiku-4-5", "max_tokens": 8,
                    "messages": [{"role": "user", "content": "Hello"}]});
                while !stop.load(Ordering::Relaxed) {
                    let request = http.post(format!("http://127.0.0.1:{port}/v1/messages"));
                    let request = request.header("x-api-key", &key).header("anthropic-version", "2023-06-01");
                    let answer = request.json(&body).send().await.unwrap();
                    let status = answer.status();
                    let text = answer.text().await.unwrap();
                    assert_eq!(status, 200, "{text}");
                    served.fetch_add(1, Ordering::Relaxed);
                }
            })
        };
        let clients = (0..3).map(|_| client()).collect();
        Self { stop, served, clients }
    }

    /// Waits until every account has had its turn since now. One that has failed has ended its client.
    async fn round(&self) {
        let until = self.served.load(Ordering::Relaxed) + 2 * ACCOUNTS;
        let all = async {
            while self.served.load(Ordering::Relaxed) < until {
                assert!(self.clients.iter().all(|client| !client.is_finished()), "a request has failed");
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), all).await.unwrap();
    }

    /// None of them has failed.
    async fn end(self) {
        self.stop.store(true, Ordering::Relaxed);
        for client in self.clients {
            client.await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_that_is_killed_in_the_middle_fails_no_request_and_a_second_one_finishes_it() {
    testing::with_store(|store: Store, args| async move {
        let (own, previous) = ("CAUSEWAY_SECRET_KEY", "CAUSEWAY_PREVIOUS_SECRET_KEY");
        let both = [(own, NEW), (previous, OLD)];
        let simulator = Simulator::start(SimulatorConfig::default()).await.unwrap();
        key(OLD).confirm(&store.app).await.unwrap();
        let team = Team::new(&store, &simulator.url()).await;
        let port = free_port().parse().unwrap();
        let mut server = Running::serve(&args, port, &both);
        let load = Load::start(port, &team.key);
        load.round().await;

        let url = args.database_url.as_ref().unwrap().expose_secret();
        let mut database = PgConnection::connect(url).await.unwrap();
        database.execute("set role causeway_jobs").await.unwrap();
        assert_eq!(team.opened_by(&mut database, OLD).await, ACCOUNTS);
        // It cannot go past an account that somebody else holds, however fast it is.
        let mut holder = PgConnection::connect(url).await.unwrap();
        holder.execute("set role causeway_jobs").await.unwrap();
        let mut held = holder.begin().await.unwrap();
        sqlx::query("select id from upstream_accounts where id = $1 for update")
            .bind(team.accounts[BEFORE].0)
            .execute(&mut *held)
            .await
            .unwrap();
        let mut command = causeway(&args, "rotate-key", &both);
        command.args(["--batch", "4"]).stdout(Stdio::null()).stderr(Stdio::null());
        let mut rotation = Running(command.spawn().unwrap());
        let half = async {
            while team.opened_by(&mut database, NEW).await < BEFORE {
                assert!(rotation.0.try_wait().unwrap().is_none(), "it has ended by itself");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), half).await.unwrap();
        assert!(rotation.0.try_wait().unwrap().is_none());
        rotation.signal(Signal::SIGKILL);
        assert_eq!(rotation.0.wait().unwrap().signal(), Some(9));
        held.rollback().await.unwrap();

        // Some are sealed with one key and some with the other, and all of them serve.
        load.round().await;
        let (old, new) = (team.opened_by(&mut database, OLD).await, team.opened_by(&mut database, NEW).await);
        // What the killed one had sent to the database already may still be done there.
        assert!(old + new == ACCOUNTS && (BEFORE..=BEFORE + 1).contains(&new), "{old} and {new}");
        let ports = (free_port(), format!("127.0.0.1:{}", free_port()));
        let alone = [
            (own, NEW),
            ("PUBLIC_URL", "http://localhost:3000"),
            ("PORT", ports.0.as_str()),
            ("METRICS_LISTEN", ports.1.as_str()),
        ];
        let (good, output) = run(&args, "serve", &alone).await;
        assert!(!good && output.contains(&key(OLD).fingerprint()), "one key is not enough yet: {output}");

        let mut finished = (false, String::new());
        for _ in 0..20 {
            finished = run(&args, "rotate-key", &both).await;
            // Until the database has noticed that the first one is gone.
            if !finished.1.contains("another rotate-key is running") {
                break;
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        assert!(finished.0, "{}", finished.1);
        assert!(finished.1.contains(&format!("{old} credentials of upstream accounts")), "{}", finished.1);
        assert_eq!(team.opened_by(&mut database, NEW).await, ACCOUNTS);
        assert_eq!(team.opened_by(&mut database, OLD).await, 0, "the old key opens nothing any more");
        load.round().await;
        load.end().await;
        server.signal(Signal::SIGTERM);
        assert!(server.0.wait().unwrap().success());

        // Without the old key.
        let port = free_port().parse().unwrap();
        let _server = Running::serve(&args, port, &[(own, NEW)]);
        let load = Load::start(port, &team.key);
        load.round().await;
        load.end().await;
    })
    .await;
}
