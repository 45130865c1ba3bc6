//! Accounts that people have authorised, when their token is over: over three instances, with one Postgres, one Redis and
//! an issuer that ends a grant whose refresh token comes twice.

use crate::{
    app::{self, App, Key, defaults, hello},
    proxies,
};
use causeway_accounts::{Binding, Credential};
use causeway_domain::{
    AccountId,
    provider::Provider,
    proxy::{Choice, Scheme},
};
use causeway_relay::{Relay, RelayArgs};
use causeway_simulator::{
    ProxyFault, ProxyKind, Rule, SimulatorConfig, TestProxy,
    oauth::{GrantReport, OAuthTokens, Rotation},
};
use causeway_store::{
    accounts, audit,
    credentials::{self, Held},
    global_prices::GlobalTx,
    providers::StoredProvider,
};
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::{future::Future, sync::Arc, time::Duration};
use tokio::time::Instant;

const REQUESTS: usize = 100;
const CLIENT: &str = "us";
const OWNER: &str = "acct-ada";
/// How long an issuer that is away is left alone.
const PAUSE: u32 = 1;

/// Three instances, and an account at a provider whose issuer is the simulator's.
struct Scene {
    app: Arc<App>,
    urls: Vec<String>,
    relays: Vec<Arc<Relay>>,
    key: Key,
    provider: Provider,
    account: AccountId,
}

/// What a request was answered with.
struct Answer {
    status: u16,
    wait: Option<u64>,
    retries: bool,
    body: String,
    code: String,
    request_id: String,
}

/// Runs a test with an account whose token ends at a moment from now.
async fn scene<F, T>(ends_in: TimeDelta, test: F)
where
    F: FnOnce(Scene) -> T + Send + 'static,
    T: Future<Output = ()> + Send + 'static,
{
    let args = RelayArgs { refresh_retry_seconds: PAUSE, refresh_retry_most_seconds: PAUSE, ..defaults() };
    app::run_with(args.clone(), SimulatorConfig::default(), async move |app| {
        let provider = open(&app).await;
        app.disable_account(app.account).await;
        let tokens = app.sim.oauth().issue(OWNER, CLIENT);
        let account = app.add_at(provider, &app.sim.url(), &credential(&tokens, Utc::now() + ends_in)).await;
        let key = app.key(Default::default()).await;
        let (mut urls, mut relays) = (vec![app.url.clone()], vec![app.relay.clone()]);
        for _ in 1..3 {
            let (relay, url) = app.second_instance_with(args.clone()).await;
            relays.push(relay);
            urls.push(url);
        }
        let others = relays[1..].to_vec();
        test(Scene { app, urls, relays, key, provider, account }).await;
        for relay in others {
            relay.close(Duration::from_secs(5)).await;
        }
    })
    .await;
}

/// The provider, as an operator adds one.
async fn open(app: &App) -> Provider {
    let (provider, at) = ("sim".parse().unwrap(), app.sim.url());
    let changes = json!({
        "name": "Sim", "base_url": at, "auth": ["oauth_code"], "key_header": "bearer",
        "dialects": [{"dialect": "anthropic", "path": "/v1/messages"}], "rule_sets": ["common"],
        "oauth": {
            "authorize": format!("{at}/oauth/authorize"), "token": format!("{at}/oauth/token"),
            "redirects": [{"kind": "hosted"}],
        },
    });
    let client_id = Some(CLIENT.to_owned());
    let stored = StoredProvider { changes, client_id, ..StoredProvider::new(provider) };
    let mut tx = GlobalTx::begin(&app.store.operator).await.unwrap();
    tx.put_provider(&stored, app.user).await.unwrap();
    tx.commit().await.unwrap();
    provider
}

fn credential(tokens: &OAuthTokens, expires_at: DateTime<Utc>) -> Credential {
    Credential::Oauth {
        access: tokens.access.clone(),
        refresh: tokens.refresh.clone(),
        expires_at: Some(expires_at),
        subject: OWNER.to_owned(),
        headers: Default::default(),
        exchanged: None,
    }
}

fn over() -> TimeDelta {
    TimeDelta::minutes(-1)
}

/// What the issuer does with refreshes from now on.
fn fault(app: &App, script: &str) {
    app.sim.queue(Rule::on_token("/oauth/token", "refresh_token", script.parse().unwrap()));
}

impl Scene {
    async fn ask(&self, url: &str, stream: bool) -> Answer {
        let response = self.app.post_to(url, &self.key, &hello(stream)).await;
        let status = response.status().as_u16();
        let header = |name: &str| response.headers().get(name).map(|v| v.to_str().unwrap().to_owned());
        let (wait, retries) = (header("retry-after"), header("x-should-retry").as_deref() != Some("false"));
        let request_id = header("x-request-id").unwrap();
        let body = response.text().await.unwrap();
        let told: Value = serde_json::from_str(&body).unwrap_or_default();
        let code = told["error"]["causeway"]["code"].as_str().unwrap_or_default().to_owned();
        Answer { status, wait: wait.map(|w| w.parse().unwrap()), retries, body, code, request_id }
    }

    /// A hundred at once, over all instances, half of them streams.
    async fn burst(&self) -> Vec<Answer> {
        let ask = |i: usize| self.ask(&self.urls[i % self.urls.len()], i.is_multiple_of(2));
        join_all((0..REQUESTS).map(ask)).await
    }

    /// The same, all of them answered by the provider.
    async fn answered(&self) {
        for answer in self.burst().await {
            assert_eq!(answer.status, 200, "{}", answer.body);
            let whole = ["event: message_stop", "\"stop_reason\":\""];
            assert!(whole.iter().any(|end| answer.body.contains(end)), "{}", answer.body);
        }
    }

    async fn held(&self) -> Held {
        credentials::held(&self.app.store.jobs, self.app.org, self.account).await.unwrap().unwrap()
    }

    /// What is in force, opened.
    async fn credential(&self) -> (String, String) {
        let held = self.held().await;
        let origin = self.app.sim.url();
        let place =
            Binding { org: self.app.org, account: self.account, provider: self.provider, origin: &origin };
        let opened = self.app.sealing.open(&place, &held.credential).unwrap();
        let Credential::Oauth { access, refresh, .. } = &opened else { panic!("{}", opened.kind()) };
        (access.clone(), refresh.clone().unwrap())
    }

    fn grant(&self) -> GrantReport {
        self.app.sim.oauth().grant_of(OWNER).unwrap()
    }

    /// When the issuer was asked to refresh, and what it said.
    fn exchanges(&self) -> Vec<(DateTime<Utc>, u16)> {
        let all = self.app.sim.oauth().exchanges();
        all.iter().filter(|e| e.grant_type == "refresh_token").map(|e| (e.at, e.status)).collect()
    }

    /// The issuer has been asked once with success and never by two at a time, and takes the token that is kept.
    async fn alive_after_one(&self) {
        let grant = self.grant();
        assert_eq!((grant.refreshes, grant.at_once, grant.reuses, grant.dead), (1, 1, 0, None));
        let (_, refresh) = self.credential().await;
        let form = format!("grant_type=refresh_token&refresh_token={refresh}&client_id={CLIENT}");
        let request = self.app.http.post(format!("{}/oauth/token", self.app.sim.url()));
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(form);
        assert_eq!(request.send().await.unwrap().status(), 200);
        assert_eq!((self.grant().reuses, self.grant().dead), (0, None));
    }

    /// Everybody was told to come back, soon, and that it is nothing that a person must see to.
    fn told_to_wait(answers: &[Answer]) {
        for answer in answers {
            let told = (answer.status, answer.code.as_str(), answer.retries);
            assert_eq!(told, (429, "accounts_cooling", true), "{}", answer.body);
            assert!(answer.wait.is_some_and(|s| (1..=u64::from(PAUSE)).contains(&s)), "{:?}", answer.wait);
            assert!(answer.body.contains("can be used again in"), "{}", answer.body);
        }
    }

    /// Between two questions to the issuer there was the pause, however many wanted to ask.
    fn kept_its_pace(&self) {
        let asked = self.exchanges();
        for two in asked.windows(2) {
            assert!(two[1].0 - two[0].0 >= TimeDelta::seconds(PAUSE.into()), "{asked:?}");
        }
    }
}

#[tokio::test]
async fn a_hundred_requests_at_a_token_that_is_over_are_all_answered_after_one_refresh() {
    scene(over(), async |scene| {
        // Slow enough that everybody else comes while it is asked.
        fault(&scene.app, "delay=300");
        scene.answered().await;
        assert_eq!(scene.exchanges().len(), 1);
        assert_eq!(scene.held().await.version, 2);
        for row in scene.app.rows(REQUESTS).await {
            assert_eq!((row.outcome.as_str(), row.status), ("completed", 200));
        }
        assert_eq!(scene.app.open_holds().await, 0);
        scene.alive_after_one().await;
    })
    .await;
}

#[tokio::test]
async fn a_hundred_requests_whose_token_is_refused_before_its_time_are_all_answered_after_one_refresh() {
    scene(TimeDelta::hours(1), async |scene| {
        scene.app.sim.oauth().expire_access();
        fault(&scene.app, "delay=300");
        scene.answered().await;
        assert_eq!(scene.exchanges().len(), 1);
        scene.app.cooldowns(0).await;
        scene.alive_after_one().await;
    })
    .await;
}

#[tokio::test]
async fn while_the_issuer_is_away_requests_are_told_to_wait_nobody_storms_it_and_the_next_ones_are_answered()
{
    scene(over(), async |scene| {
        for outage in ["status=503", "status=502,html"] {
            fault(&scene.app, outage);
            Scene::told_to_wait(&scene.burst().await);
            let held = scene.held().await;
            assert!(!held.dead && held.after.is_some() && held.failures > 0, "{held:?}");
            assert!(held.reason.is_some());
            scene.app.sim.clear_rules();
        }
        // It is back. Nobody does anything but ask.
        let until = Instant::now() + Duration::from_secs(30);
        while scene.ask(&scene.urls[0], false).await.status != 200 {
            assert!(Instant::now() < until, "{:?}", scene.exchanges());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        scene.answered().await;
        assert_eq!(scene.exchanges().iter().filter(|(_, status)| *status == 200).count(), 1);
        scene.kept_its_pace();
        scene.app.cooldowns(0).await;
        let held = scene.held().await;
        assert_eq!((held.version, held.failures, held.after, held.reason), (2, 0, None, None));
        scene.alive_after_one().await;
    })
    .await;
}

#[tokio::test]
async fn after_an_outage_the_job_gets_the_token_before_anybody_asks() {
    scene(over(), async |scene| {
        fault(&scene.app, "status=503");
        Scene::told_to_wait(&scene.burst().await);
        scene.app.sim.clear_rules();
        let until = Instant::now() + Duration::from_secs(30);
        while scene.held().await.version == 1 {
            // Were two to lead at the same time, no harm would come of it.
            for swept in join_all(scene.relays.iter().map(|relay| relay.refresh_ahead())).await {
                assert!(swept.unwrap() <= 1);
            }
            assert!(Instant::now() < until, "{:?}", scene.exchanges());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        scene.answered().await;
        scene.kept_its_pace();
        scene.alive_after_one().await;
    })
    .await;
}

#[tokio::test]
async fn an_issuer_that_is_away_while_the_token_is_still_good_disturbs_no_request() {
    scene(TimeDelta::minutes(5), async |scene| {
        // An instance knows the provider once it was used.
        assert_eq!(scene.ask(&scene.urls[0], false).await.status, 200);
        fault(&scene.app, "status=503");
        assert_eq!(scene.relays[0].refresh_ahead().await.unwrap(), 1);
        let until = Instant::now() + Duration::from_secs(10);
        while scene.held().await.failures == 0 {
            assert!(Instant::now() < until, "{:?}", scene.exchanges());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        scene.answered().await;
        assert!(scene.exchanges().iter().all(|(_, status)| *status == 503));
        assert_eq!(scene.held().await.version, 1);
    })
    .await;
}

#[tokio::test]
async fn where_the_answer_has_no_refresh_token_the_old_one_is_kept() {
    scene(over(), async |scene| {
        scene.app.sim.oauth().change(|terms| terms.rotation = Rotation::Silent);
        let before = scene.credential().await;
        scene.answered().await;
        let after = scene.credential().await;
        assert!(before.0 != after.0 && before.1 == after.1);
        assert!(scene.held().await.expires_at.is_some_and(|end| end > Utc::now()));
        scene.alive_after_one().await;
    })
    .await;
}

#[tokio::test]
async fn a_grant_that_is_over_is_asked_for_once_and_says_so_until_a_person_authorises_anew() {
    scene(over(), async |scene| {
        let app = &scene.app;
        app.sim.oauth().kill(&scene.grant().id);
        let first = scene.burst().await;
        let later = scene.ask(&scene.urls[1], true).await;
        for answer in first.iter().chain([&later]) {
            let told = (answer.status, answer.code.as_str(), answer.retries, answer.wait);
            assert_eq!(told, (503, "credential_dead", false, None), "{}", answer.body);
            // Whose it was and what its issuer says is for those who may read the log.
            assert!(answer.body.contains("authorised anew"), "{}", answer.body);
            assert!(!answer.body.contains("revoked"), "{}", answer.body);
        }
        assert_eq!((scene.exchanges().len(), scene.grant().refused), (1, 1));
        let held = scene.held().await;
        assert!(held.dead);
        assert_eq!(held.reason.as_deref(), Some("invalid_grant: The grant has been revoked"));
        for told in [first.last().unwrap(), &later] {
            let steps = app.attempts_of(&told.request_id).await.steps;
            assert_eq!(steps[0]["account"], json!(scene.account), "{steps}");
            assert_eq!((&steps[0]["what"], &steps[0]["tried"]), (&json!("credential_dead"), &json!(false)));
            assert_eq!(steps[0]["message"], json!(held.reason), "{steps}");
        }
        let lines = audit::list(&mut app.tx().await, &audit::Filter::default(), 100).await.unwrap();
        let dead = lines.iter().filter(|line| line.action == "account.credential_dead");
        assert_eq!(dead.count(), 1);
        // No job tries it either.
        assert_eq!(scene.relays[2].refresh_ahead().await.unwrap(), 0);

        let tokens = app.sim.oauth().issue(OWNER, CLIENT);
        let fresh = credential(&tokens, Utc::now() + TimeDelta::hours(1));
        let origin = app.sim.url();
        let place =
            Binding { org: app.org, account: scene.account, provider: scene.provider, origin: &origin };
        let mut tx = app.tx().await;
        let mut row = accounts::get(&mut tx, scene.account, true).await.unwrap();
        row.credential = app.sealing.seal(&place, &fresh).unwrap();
        row.signed_in.expires_at = fresh.expires_at();
        accounts::update(&mut tx, &row).await.unwrap();
        app.commit(tx).await;
        scene.answered().await;
        assert_eq!(scene.exchanges().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn where_another_account_is_left_a_dead_grant_costs_nobody_an_answer_and_its_rest_is_what_is_waited_for()
 {
    scene(over(), async |scene| {
        let app = &scene.app;
        app.sim.oauth().kill(&scene.grant().id);
        let other = app.add_account(&app.sim.url(), "sk-sim-other").await;
        scene.answered().await;
        assert_eq!(scene.exchanges().len(), 1);
        assert!(scene.held().await.dead);
        // Now that one rests: waiting helps, so the dead one does not make it hopeless.
        app.script("sk-sim-other", 1, "status=429,retry_after=300");
        scene.ask(&scene.urls[0], false).await;
        app.cooldowns(1).await;
        let told = scene.ask(&scene.urls[0], false).await;
        assert_eq!((told.status, told.code.as_str()), (429, "accounts_cooling"), "{}", told.body);
        let steps = app.attempts_of(&told.request_id).await.steps;
        let what = |id: AccountId| {
            let step = steps.as_array().unwrap().iter().find(|step| step["account"] == json!(id));
            step.unwrap_or_else(|| panic!("{steps}"))["what"].clone()
        };
        assert_eq!((what(other), what(scene.account)), (json!("limited_until"), json!("credential_dead")));
    })
    .await;
}

#[tokio::test]
async fn a_token_is_refreshed_on_the_way_that_the_accounts_requests_take_and_on_no_other() {
    scene(over(), async |scene| {
        let proxy = TestProxy::start(ProxyKind::Http, None).await.unwrap();
        let at = ("127.0.0.1", proxy.addr().port());
        let id = proxies::add(&scene.app, Scheme::Http, at, None).await;
        proxies::choose(&scene.app, scene.account, Choice::Through(id)).await;
        proxy.fault(Some(ProxyFault::Reset));
        let answer = scene.ask(&scene.urls[0], false).await;
        assert_eq!((answer.status, scene.exchanges().len()), (429, 0), "{}", answer.body);
        let held = scene.held().await;
        assert!(
            held.reason.is_some_and(|words| words.contains("proxy")),
            "the person is told whose fault it is"
        );
        proxy.fault(None);
        tokio::time::sleep(Duration::from_secs(u64::from(PAUSE) + 1)).await;
        let answer = scene.ask(&scene.urls[0], false).await;
        assert_eq!((answer.status, scene.exchanges().len()), (200, 1), "{}", answer.body);
        // The issuer's and the provider's.
        assert_eq!(proxy.tunnels().len(), 2);
    })
    .await;
}
