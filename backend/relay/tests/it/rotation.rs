//! Exchanging the installation's secret while requests are relayed: none fails, nothing stays sealed with the old one, and
//! whoever is interrupted goes on.

use crate::{
    app::{self, App, Key, defaults, hello, serve},
    proxies,
};
use causeway_accounts::{
    AddressPolicy, AuthHeader, Binding, Credential, MasterKey, SealError, SealingKey, SecretPlace,
    rotation::{self, Pace, Report, RotationError},
    sealing::RECOVERY_CODES,
};
use causeway_domain::{AccountId, Limits, provider::Provider, proxy::Scheme, sso::RoleMapping};
use causeway_relay::Relay;
use causeway_store::{
    PersonTx, accounts, facts,
    global_prices::GlobalTx,
    providers::StoredProvider,
    proxies::origin,
    sealed::{self, Kind, Place},
    sso, totp,
};
use chrono::Utc;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};
use uuid::Uuid;

const ACCOUNTS: usize = 30;
const ISSUER: &str = "https://id.example.com";
const FAST: Pace = Pace { batch: 7, settle: Duration::from_millis(250) };

/// The same as the one of [`App`].
fn old() -> MasterKey {
    MasterKey::new(b"0123456789abcdef0123456789abcdef".to_vec().into()).unwrap()
}

fn new() -> MasterKey {
    MasterKey::new(b"fedcba9876543210fedcba9876543210".to_vec().into()).unwrap()
}

fn both() -> SealingKey {
    SealingKey::with_previous(&new(), Some(&old()))
}

fn place(app: &App, account: AccountId, origin: &str) -> Vec<u8> {
    let binding = Binding { org: app.org, account, provider: Provider::ANTHROPIC, origin };
    let credential = Credential::api_key(AuthHeader::XApiKey, "sk-sim-edited").unwrap();
    both().seal(&binding, &credential).unwrap()
}

/// One of everything that is sealed, with the old key, besides the accounts.
async fn furnish(app: &App) -> Uuid {
    app.sealing.confirm(&app.store.app).await.unwrap();
    for _ in 1..ACCOUNTS {
        app.add_account(&app.sim.url(), "sk-sim-test").await;
    }
    app.sealing.keep(&app.store.app, RECOVERY_CODES, &[7; 32]).await.unwrap();
    let mut tx = PersonTx::begin(&app.store.app, app.user).await.unwrap();
    totp::enrol(&mut tx, &app.sealing.seal_authenticator(app.user, b"shared").unwrap()).await.unwrap();
    tx.commit().await.unwrap();
    let id = Uuid::now_v7();
    let place = SecretPlace::oidc(app.org, id, ISSUER);
    let provider = sso::providers::Provider {
        id,
        name: "Issuer".to_owned(),
        issuer: ISSUER.to_owned(),
        client_id: "causeway".to_owned(),
        client_secret: Some(app.sealing.seal_secret(&place, b"hush").unwrap()),
        scopes: vec!["openid".to_owned()],
        groups_claim: "groups".to_owned(),
        role_mapping: RoleMapping(vec![]),
        default_role: None,
        auto_join: false,
        enabled: true,
        created_at: Utc::now(),
        updated_at: Utc::now(),
    };
    let mut tx = app.tx().await;
    sso::providers::insert(&mut tx, &provider, app.user).await.unwrap();
    app.commit(tx).await;
    proxies::add(app, Scheme::Socks5, ("proxy.example", 1080), Some(("ada", "hush"))).await;
    let sealed = app.sealing.seal_client_secret(Provider::CODEX, &endpoint(app), b"hush").unwrap();
    let stored = StoredProvider { client_secret: Some(sealed), ..StoredProvider::new(Provider::CODEX) };
    let mut tx = GlobalTx::begin(&app.store.operator).await.unwrap();
    tx.put_provider(&stored, app.user).await.unwrap();
    tx.commit().await.unwrap();
    id
}

fn endpoint(app: &App) -> String {
    app.catalogue.entry(Provider::CODEX).unwrap().preset.oauth.as_ref().unwrap().token.clone()
}

/// An instance that has been restarted with both keys.
async fn instance(app: &App, sealing: SealingKey) -> (Arc<Relay>, String) {
    sealing.confirm(&app.store.app).await.unwrap();
    let addresses = AddressPolicy::new(vec![], true);
    let (prices, catalogue) = (app.prices.clone(), app.catalogue.clone());
    let relay = Relay::start(app.store.clone(), defaults(), prices, sealing, addresses, catalogue);
    let relay = relay.await.unwrap();
    let url = serve(relay.clone()).await;
    (relay, url)
}

/// Opens everything there is with one key; says what did not open.
async fn closed_to(app: &App, key: &SealingKey, sign_on: Uuid) -> Vec<Place> {
    let mut closed = Vec::new();
    for kind in Kind::ALL {
        let page = sealed::page(&app.store.jobs, kind, b"nothing", None, 1000).await.unwrap();
        assert!(!page.is_empty(), "{kind:?}");
        for row in page {
            let opened = match &row.place {
                Place::Account { org, id, provider, base_url } => {
                    let place = Binding { org: *org, account: *id, provider: *provider, origin: base_url };
                    key.open(&place, &row.envelope).map(drop)
                }
                Place::Authenticator(user) => key.open_authenticator(*user, &row.envelope).map(drop),
                Place::SignOn { org, id, issuer } => {
                    assert_eq!(*id, sign_on);
                    key.open_secret(&SecretPlace::oidc(*org, *id, issuer), &row.envelope).map(drop)
                }
                Place::Proxy { org, id, scheme, host, port } => {
                    let origin = origin(*scheme, host, *port);
                    key.open_secret(&SecretPlace::proxy(*org, *id, &origin), &row.envelope).map(drop)
                }
                Place::Provider(provider) => {
                    key.open_client_secret(*provider, &endpoint(app), &row.envelope).map(drop)
                }
            };
            if opened.is_err() {
                closed.push(row.place);
            }
        }
    }
    closed
}

fn total(report: &Report) -> u64 {
    report.resealed.iter().sum()
}

/// Sends requests, and makes the instance read everything anew all the time, until told to stop.
async fn load(app: Arc<App>, url: String, key: Arc<Key>, stop: Arc<AtomicBool>, served: Arc<AtomicUsize>) {
    for turn in 0.. {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let answer = app.post_to(&url, &key, &hello(false)).await;
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert_eq!(status, 200, "{text}");
        served.fetch_add(1, Ordering::Relaxed);
        if turn % 50 == 0 {
            let mut tx = app.tx().await;
            tx.bump_policy().await.unwrap();
            app.commit(tx).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_key_is_exchanged_under_load_and_no_request_fails() {
    app::run(|app| async move {
        let sign_on = furnish(&app).await;
        let ring = both();
        let (relay, url) = instance(&app, ring.clone()).await;
        let (key, stop) = (Arc::new(app.key(Limits::default()).await), Arc::new(AtomicBool::new(false)));
        let served = Arc::new(AtomicUsize::new(0));
        let clients: Vec<_> = (0..4)
            .map(|_| tokio::spawn(load(app.clone(), url.clone(), key.clone(), stop.clone(), served.clone())))
            .collect();

        // What is written before it begins must open where the new key is not known yet.
        let sealed = ring.seal_authenticator(app.user, b"early").unwrap();
        assert!(app.sealing.open_authenticator(app.user, &sealed).is_ok());
        let early = app.add_account(&app.sim.url(), "sk-sim-test").await;
        let begun = served.load(Ordering::Relaxed);
        // While it runs somebody edits a credential again and again, as a refresh does.
        let (editor, editing) = (app.clone(), stop.clone());
        let edits = tokio::spawn(async move {
            let mut edited = 0;
            while !editing.load(Ordering::Relaxed) {
                let mut tx = editor.tx().await;
                let mut account = accounts::get(&mut tx, early, true).await.unwrap();
                account.credential = place(&editor, early, &editor.sim.url());
                accounts::update(&mut tx, &account).await.unwrap();
                editor.commit(tx).await;
                edited += 1;
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            edited
        });
        let rotator = both();
        let report = rotation::run(&app.store.jobs, &rotator, &app.catalogue, FAST, |_| {}).await.unwrap();
        tokio::time::sleep(Duration::from_millis(300)).await;
        stop.store(true, Ordering::Relaxed);
        for client in clients {
            client.await.unwrap();
        }
        assert!(edits.await.unwrap() > 3);
        assert!(served.load(Ordering::Relaxed) > begun + 20, "{served:?} after {begun}");

        let [accounts, rest @ ..] = report.resealed;
        // The edited one may have been written with the new key before it was looked at.
        assert!(accounts >= ACCOUNTS as u64 && rest == [1, 1, 1, 1], "{report:?}");
        assert_eq!((report.kept, report.unreadable.len()), (1, 0));
        let (before, after) = (SealingKey::new(&old()), SealingKey::new(&new()));
        assert_eq!(closed_to(&app, &after, sign_on).await, []);
        assert_eq!(closed_to(&app, &before, sign_on).await.len(), ACCOUNTS + 1 + 4);
        let edited = sealed::page(&app.store.jobs, Kind::Accounts, b"nothing", None, 1000).await.unwrap();
        let edited = edited.iter().find(|row| row.place.id() == early.to_string()).unwrap();
        let origin = app.sim.url();
        let place = Binding { org: app.org, account: early, provider: Provider::ANTHROPIC, origin: &origin };
        let credential = after.open(&place, &edited.envelope).unwrap();
        assert_eq!(credential, Credential::api_key(AuthHeader::XApiKey, "sk-sim-edited").unwrap());
        assert!(after.keep(&app.store.app, RECOVERY_CODES, &[0; 32]).await.unwrap().iter().all(|b| *b == 7));
        assert!(matches!(
            before.keep(&app.store.app, RECOVERY_CODES, &[0; 32]).await,
            Err(SealError::OtherKey)
        ));

        // An instance starts without the old key, and not with it alone.
        let refused = before.confirm(&app.store.app).await.unwrap_err();
        assert!(refused.to_string().contains(&after.fingerprint()), "{refused}");
        let (alone, url) = instance(&app, after).await;
        assert_eq!(app.post_to(&url, &key, &hello(false)).await.status(), 200);
        for relay in [relay, alone] {
            relay.close(Duration::from_secs(5)).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_stopped_half_way_goes_on_from_there() {
    app::run(|app| async move {
        let sign_on = furnish(&app).await;
        let (report, mut stopped_at) = tokio::sync::mpsc::unbounded_channel();
        let (running, slow) = (app.clone(), Pace { batch: 1, ..FAST });
        let first = tokio::spawn(async move {
            let ring = both();
            let tell = |now: &Report| {
                let _ = report.send(now.resealed[0]);
            };
            rotation::run(&running.store.jobs, &ring, &running.catalogue, slow, tell).await
        });
        while stopped_at.recv().await.unwrap() < 10 {}
        first.abort();
        assert!(first.await.unwrap_err().is_cancelled());

        // Neither key alone is enough now, and each is told which is missing.
        let (before, after) = (SealingKey::new(&old()), SealingKey::new(&new()));
        assert!(matches!(before.confirm(&app.store.app).await, Err(SealError::Exchanged { next, .. })
            if next == after.fingerprint()));
        assert!(matches!(after.confirm(&app.store.app).await, Err(SealError::Misfit { stored, .. })
            if stored == before.fingerprint()));
        both().confirm(&app.store.app).await.unwrap();
        let left = closed_to(&app, &after, sign_on).await.len();
        assert!(left > 0 && left < ACCOUNTS + 3, "{left} of {ACCOUNTS}");

        let mut again = Err(RotationError::Busy);
        for _ in 0..100 {
            again = rotation::run(&app.store.jobs, &both(), &app.catalogue, FAST, |_| {}).await;
            if !matches!(again, Err(RotationError::Busy)) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert_eq!(total(&again.unwrap()), left as u64);
        assert_eq!(closed_to(&app, &after, sign_on).await, []);
        // And once more there is nothing to do.
        let nothing = rotation::run(&app.store.jobs, &both(), &app.catalogue, FAST, |_| {}).await.unwrap();
        assert_eq!((total(&nothing), nothing.kept, nothing.changed), (0, 0, 0));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_keys_and_a_second_rotation_at_once_are_refused_and_change_nothing() {
    app::run(|app| async move {
        let sign_on = furnish(&app).await;
        let third = MasterKey::new(b"another-secret-of-thirty-two-byt".to_vec().into()).unwrap();
        let run = async |key: &SealingKey| {
            rotation::run(&app.store.jobs, key, &app.catalogue, FAST, |_| {}).await.unwrap_err()
        };
        let wrong = run(&SealingKey::with_previous(&new(), Some(&third))).await;
        assert!(wrong.to_string().contains(&app.sealing.fingerprint()), "{wrong}");
        for one in [SealingKey::new(&new()), SealingKey::with_previous(&new(), Some(&new()))] {
            assert!(matches!(run(&one).await, RotationError::OneKey));
        }
        // Who was refused has let go of the turn when Postgres has noticed.
        let turn = loop {
            match sealed::turn(&app.store.jobs).await.unwrap() {
                Some(turn) => break turn,
                None => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        };
        assert!(matches!(run(&both()).await, RotationError::Busy));
        turn.end().await.unwrap();
        assert_eq!(closed_to(&app, &app.sealing, sign_on).await, []);
        assert_eq!(facts::get(&app.store.app, "next sealing key").await.unwrap(), None);

        // What neither key opens is told, left alone, and in nobody's way.
        let lost = app.add_account(&app.sim.url(), "sk-sim-test").await;
        let mut tx = app.tx().await;
        let mut account = accounts::get(&mut tx, lost, true).await.unwrap();
        *account.credential.last_mut().unwrap() ^= 1;
        accounts::update(&mut tx, &account).await.unwrap();
        app.commit(tx).await;
        let report = rotation::run(&app.store.jobs, &both(), &app.catalogue, FAST, |_| {}).await.unwrap();
        assert_eq!(report.unreadable.len(), 1);
        assert_eq!(report.unreadable[0].0.id(), lost.to_string());
        assert_eq!(closed_to(&app, &SealingKey::new(&new()), sign_on).await.len(), 1);
    })
    .await;
}
