//! Failover over HTTP beside its table (see `failover_table`): what failed attempts cost, half-open accounts, the commit
//! point, hard affinity, and what a caller is told when nobody is left.

use crate::app::{self, App, Key, MODEL, hello, scripted};
use causeway_domain::AccountId;
use causeway_relay::RelayArgs;
use causeway_simulator::SimulatorConfig;
use causeway_store::{accounts, cooldowns};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

async fn switch_off(app: &App, id: AccountId) {
    app.disable_account(id).await;
}

#[tokio::test]
async fn what_failed_attempts_may_be_billed_is_a_cost_of_their_accounts_and_charged_to_nobody() {
    app::run(async |app| {
        let key = app.key(serde_json::from_value(json!({"usd": {"total": "10"}})).unwrap()).await;
        switch_off(&app, app.account).await;
        let limited = async |name: &str| {
            let id = app.add_account(&app.sim.url(), name).await;
            let mut tx = app.tx().await;
            let mut row = accounts::get(&mut tx, id, true).await.unwrap();
            row.limits = serde_json::from_value(json!({"usd": {"total": "10", "day": "10"}})).unwrap();
            accounts::update(&mut tx, &row).await.unwrap();
            app.commit(tx).await;
            id
        };
        let (a, b, c) = (limited("sk-sim-a").await, limited("sk-sim-b").await, limited("sk-sim-c").await);
        // Broken off without a word; an error after the input was told; then an answer.
        app.script("sk-sim-a", 1, "cut=reset,delay=300");
        app.script("sk-sim-b", 1, "error_event=overloaded_error@1,in=500");
        let mut stream = app.post(&key, &scripted(true, "events=20,interval=50")).await;
        assert_eq!(stream.status(), 200);
        stream.chunk().await.unwrap();
        let reserved = app.account_standing(a).await;
        assert!(reserved.reserved_nanos > 0 && reserved.open == 0, "{reserved:?}");
        stream.bytes().await.unwrap();
        let row = app.row().await;
        assert_eq!((row.account_id, row.outcome.as_str()), (c.0, "completed"));
        let failed = app.failed_attempts().await;
        let accounts: Vec<_> = failed.iter().map(|f| f.account).collect();
        assert_eq!(accounts, [a, b]);
        assert!(failed[0].estimated && failed[0].cost.0 > 0);
        let told = causeway_simulator::Tokens { input: 500, ..Default::default() };
        assert!(failed[1].cost >= app.cost(MODEL, &told), "{failed:?}");
        let costs = [(a, failed[0].cost.0), (b, failed[1].cost.0), (c, row.cost_nanos)];
        for (account, cost) in costs {
            assert_eq!(app.account_total(account).await, cost);
            let standing = app.account_standing(account).await;
            assert_eq!((standing.nanos, standing.reserved_nanos, standing.open), (cost, 0, 0));
        }
        assert_eq!(app.sums(&key).await, (row.charged_nanos, row.charged_nanos));
        assert_eq!(app.standing(&key).await.nanos, row.charged_nanos);
        // What Redis knows is what Postgres tells it.
        app.lose_redis().await;
        assert_eq!(app.post(&key, &hello(true)).await.status(), 200);
        app.rows(2).await;
        let verdict = app.verify().await;
        assert_eq!((verdict.requests, verdict.differences), (2, vec![]));
    })
    .await;
}

#[tokio::test]
async fn where_every_account_fails_the_costs_of_their_attempts_stay_with_the_request() {
    app::run(async |app| {
        let key = app.key(Default::default()).await;
        switch_off(&app, app.account).await;
        let (a, b) = (
            app.add_account(&app.sim.url(), "sk-sim-a").await,
            app.add_account(&app.sim.url(), "sk-sim-b").await,
        );
        app.script("sk-sim-a", 1, "cut=close@1");
        app.script("sk-sim-b", 1, "cut=close@1");
        assert_eq!(app.post(&key, &hello(true)).await.status(), 502);
        let row = app.row().await;
        assert_eq!((row.charged_nanos, row.cost_nanos, row.outcome.as_str()), (0, 0, "upstream_error"));
        let failed = app.failed_attempts().await;
        assert_eq!(failed.iter().map(|f| f.account).collect::<Vec<_>>(), [a, b]);
        for attempt in &failed {
            assert_eq!(app.account_total(attempt.account).await, attempt.cost.0);
            assert!(attempt.cost.0 > 0);
        }
        assert_eq!(app.verify().await.differences, []);
        assert_eq!(app.open_holds().await, 0);
    })
    .await;
}

/// As a person does in the admin.
async fn reset(app: &App, account: AccountId) {
    let mut tx = app.tx().await;
    cooldowns::reset(&mut tx, account).await.unwrap();
    app.commit(tx).await;
    cooldowns::announce(&app.store.cache, &[(app.org, account, None)]).await.unwrap();
}

fn quick() -> RelayArgs {
    let cooldowns = ["overloaded=1..4", "provider_error=1..4", "silent=30..30", "unreachable=2..2"];
    RelayArgs { cooldowns: cooldowns.iter().map(|c| c.parse().unwrap()).collect(), ..app::defaults() }
}

#[tokio::test]
async fn an_account_that_is_silent_or_away_costs_its_time_once_and_nothing_after() {
    let args = RelayArgs { upstream_first_byte_timeout: 1, ..quick() };
    app::run_with(args, SimulatorConfig::default(), async |app| {
        let key = app.key(Default::default()).await;
        app.script("sk-sim-test", 9, "delay=20000");
        let second = app.add_account(&app.sim.url(), "sk-sim-b").await;
        let pings = app.post(&key, &hello(true)).await;
        assert_eq!(pings.status(), 200);
        pings.bytes().await.unwrap();
        assert_eq!(app.row().await.account_id, second.0);
        let [c] = &app.cooldowns(1).await[..] else { panic!() };
        assert_eq!((c.account, c.cause.as_str(), c.scope.as_str()), (app.account, "silent", ""));
        for _ in 0..3 {
            assert_eq!(app.post(&key, &hello(false)).await.status(), 200);
        }
        assert_eq!((app.asked("sk-sim-test"), app.asked("sk-sim-b")), (1, 4));
        // Pings and an opening without content are silence too.
        switch_off(&app, second).await;
        app.reset(app.account).await;
        app.sim.clear_rules();
        app.script("sk-sim-test", 1, "pause=20000@1");
        assert_eq!(app.post(&key, &hello(true)).await.status(), 504);
    })
    .await;
}

#[tokio::test]
async fn thinking_of_another_account_is_taken_out_once_and_sent_again_to_the_same() {
    app::run(async |app| {
        let key = app.key(Default::default()).await;
        app.add_account(&app.sim.url(), "sk-sim-b").await;
        let mut body = hello(true);
        body["messages"] = json!([
            {"role": "user", "content": "hi"},
            {"role": "assistant", "content": [
                {"type": "thinking", "thinking": "hm", "signature": "Zm9yZWlnbg=="}, {"type": "text", "text": "hello"}]},
            {"role": "user", "content": "and now?"}]);
        let refusal = "status=400,message=messages.1.content.0: Invalid `signature` in `thinking` block";
        app.script("sk-sim-test", 1, refusal);
        let response = app.post(&key, &body).await;
        assert_eq!(response.status(), 200);
        response.bytes().await.unwrap();
        assert_eq!((app.asked("sk-sim-test"), app.asked("sk-sim-b")), (2, 0));
        let sizes: Vec<_> = app.sim.ledger().entries().iter().map(|e| e.body_bytes).collect();
        assert!(sizes[1] < sizes[0], "{sizes:?}");
        assert_eq!(app.cooldowns(0).await, []);
        // A second time it is the caller's.
        app.script("sk-sim-test", 2, refusal);
        assert_eq!(app.post(&key, &body).await.status(), 400);
        assert_eq!((app.asked("sk-sim-test"), app.asked("sk-sim-b")), (4, 0));
        assert_eq!(app.rows(2).await[0].status, 400);
    })
    .await;
}

#[tokio::test]
async fn when_every_account_cools_the_caller_is_told_when_to_come_back_and_the_log_says_why() {
    app::run_with(quick(), SimulatorConfig::default(), async |app| {
        let key = app.key(Default::default()).await;
        let second = app.add_account(&app.sim.url(), "sk-sim-b").await;
        app.script("sk-sim-test", 1, "status=401");
        app.script("sk-sim-b", 1, "status=529,message=Very busy");
        let response = app.post(&key, &hello(false)).await;
        assert_eq!(
            (response.status().as_u16(), response.headers()["retry-after"].to_str().unwrap()),
            (529, "1")
        );
        let body: Value = response.json().await.unwrap();
        assert_eq!(body["error"]["message"], "Very busy", "the provider's own words");
        app.cooldowns(2).await;
        let response = app.post(&key, &hello(false)).await;
        assert_eq!(
            (response.status().as_u16(), response.headers()["retry-after"].to_str().unwrap()),
            (429, "1")
        );
        let why = app.attempts(&response).await;
        let body: Value = response.json().await.unwrap();
        assert_eq!(body["error"]["causeway"]["code"], "accounts_cooling");
        assert_eq!((why.status, why.code.as_str()), (429, "accounts_cooling"));
        let step = |i: usize, field: &str| why.steps[i][field].clone();
        assert_eq!(step(0, "account"), app.account.to_string());
        assert_eq!((step(0, "what"), step(0, "tried")), (json!("bad_credential"), json!(false)));
        assert_eq!((step(1, "account"), step(1, "what")), (json!(second.to_string()), json!("overloaded")));
        assert_eq!(app.rows_now().await, 1, "what reached no provider has no row");
        // Alone, a refused credential is not passed off as the caller's.
        switch_off(&app, second).await;
        reset(&app, app.account).await;
        tokio::time::sleep(Duration::from_millis(600)).await;
        app.script("sk-sim-test", 1, "status=401");
        let response = app.post(&key, &hello(false)).await;
        assert_eq!(
            (response.status().as_u16(), response.headers()["retry-after"].to_str().unwrap()),
            (429, "1800")
        );
        let row = app.rows(2).await.remove(0);
        assert_eq!((row.status, row.charged_nanos), (429, 0));
        assert!(row.error.unwrap().contains("invalid x-api-key"));
    })
    .await;
}

#[tokio::test]
async fn after_its_time_one_request_at_a_time_tries_over_all_instances_until_one_succeeds() {
    app::run_with(quick(), SimulatorConfig::default(), async |app| {
        let key = app.key(Default::default()).await;
        let (other, url) = app.second_instance_with(quick()).await;
        app.script("sk-sim-test", 1, "status=529");
        assert_eq!(app.post(&key, &hello(false)).await.status(), 529);
        app.cooldowns(1).await;
        tokio::time::sleep(Duration::from_millis(1500)).await;
        app.script("sk-sim-test", 1, "delay=700");
        let all = futures_util::future::join_all((0..12).map(|i| {
            let (app, key, url) = (app.clone(), key.clone(), url.clone());
            async move {
                let at = if i % 2 == 0 { app.url.clone() } else { url };
                app.post_to(&at, &key, &hello(false)).await.status().as_u16()
            }
        }));
        let mut statuses = all.await;
        statuses.sort_unstable();
        assert_eq!((statuses[0], &statuses[1..]), (200, &[429; 11][..]));
        assert_eq!(app.asked("sk-sim-test"), 2, "one tried, the others were not let through");
        app.cooldowns(0).await;
        tokio::time::sleep(Duration::from_millis(600)).await;
        let all = (0..6).map(|i| app.post_to(if i % 2 == 0 { &app.url } else { &url }, &key, &HELLO));
        for response in futures_util::future::join_all(all).await {
            assert_eq!(response.status(), 200);
        }
        // A try that fails makes it cool for twice as long.
        app.script("sk-sim-test", 1, "status=529");
        assert_eq!(app.post(&key, &hello(false)).await.status(), 529);
        tokio::time::sleep(Duration::from_millis(1100)).await;
        app.script("sk-sim-test", 1, "status=529");
        assert_eq!(app.post(&key, &hello(false)).await.status(), 529);
        tokio::time::sleep(Duration::from_millis(500)).await;
        let [c] = &app.cooldowns(1).await[..] else { panic!() };
        assert_eq!((c.level, (c.until - c.failed_at).num_seconds()), (1, 2));
        other.close(Duration::from_secs(5)).await;
    })
    .await;
}

static HELLO: std::sync::LazyLock<Value> = std::sync::LazyLock::new(|| hello(false));

/// Waits until an instance refuses without asking anybody.
async fn refuses(app: &App, url: &str, key: &Key) {
    let before = app.asked("sk-sim-test");
    let response = app.post_to(url, key, &hello(false)).await;
    assert_eq!(response.status(), 429);
    assert_eq!(app.asked("sk-sim-test"), before, "the account is not asked");
}

#[tokio::test]
async fn cooldowns_hold_at_every_instance_after_a_restart_and_without_redis_until_a_person_ends_them() {
    app::run(async |app| {
        let key = app.key(Default::default()).await;
        let (other, url) = app.second_instance().await;
        app.script("sk-sim-test", 1, "status=401");
        assert_eq!(app.post(&key, &hello(false)).await.status(), 429);
        app.cooldowns(1).await;
        tokio::time::sleep(Duration::from_millis(600)).await;
        refuses(&app, &url, &key).await;
        other.close(Duration::from_secs(5)).await;
        let (third, url) = app.second_instance().await;
        refuses(&app, &url, &key).await;
        app.lose_redis().await;
        tokio::time::sleep(Duration::from_millis(600)).await;
        refuses(&app, &url, &key).await;
        refuses(&app, &app.url, &key).await;
        reset(&app, app.account).await;
        tokio::time::sleep(Duration::from_millis(600)).await;
        for url in [&url, &app.url] {
            assert_eq!(app.post_to(url, &key, &hello(false)).await.status(), 200);
        }
        third.close(Duration::from_secs(5)).await;
    })
    .await;
}

#[tokio::test]
async fn an_error_before_content_moves_however_the_opening_bytes_are_split() {
    app::run_with(quick(), SimulatorConfig::default(), async |app| {
        let key = app.key(Default::default()).await;
        let second = app.add_account(&app.sim.url(), "sk-sim-b").await;
        for piece in (1..24).chain([37, 64, 101, 256, 399, 1024]) {
            for crlf in ["", ",crlf"] {
                reset(&app, app.account).await;
                app.script("sk-sim-test", 1, &format!("error_event=overloaded_error@1,piece={piece}{crlf}"));
                app.script("sk-sim-b", 1, &format!("piece={piece}{crlf}"));
                let response = app.post(&key, &hello(true)).await;
                assert_eq!(response.status(), 200, "pieces of {piece}");
                let bytes = response.bytes().await.unwrap();
                let truth = app
                    .sim
                    .ledger()
                    .entries()
                    .into_iter()
                    .rfind(|e| e.key.as_deref() == Some("sk-sim-b"))
                    .unwrap();
                let sha = hex(&Sha256::digest(&bytes));
                assert_eq!(
                    sha, truth.answer_sha256,
                    "pieces of {piece}: every byte of the second, none of the first"
                );
            }
        }
        assert!(app.rows_now().await > 0);
        let rows = app.rows(58).await;
        assert!(rows.iter().all(|r| r.account_id == second.0 && r.outcome == "completed"));
    })
    .await;
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

#[tokio::test]
async fn nothing_is_tried_again_after_content_but_the_account_is_marked() {
    app::run_with(quick(), SimulatorConfig::default(), async |app| {
        let key = app.key(Default::default()).await;
        app.add_account(&app.sim.url(), "sk-sim-b").await;
        for (i, (script, cause)) in [
            ("error_event=overloaded_error@5", "overloaded"),
            ("cut=reset@5", "provider_error"),
            ("cut=end@5", "provider_error"),
        ]
        .into_iter()
        .enumerate()
        {
            app.script("sk-sim-test", 1, script);
            let response = app.post(&key, &hello(true)).await;
            assert_eq!(response.status(), 200);
            assert!(response.bytes().await.is_err(), "{script}: a broken stream does not end cleanly");
            assert_eq!((app.asked("sk-sim-test"), app.asked("sk-sim-b")), (i + 1, 0), "{script}");
            assert_eq!(app.rows(i + 1).await[0].outcome, "upstream_cut");
            let [c] = &app.cooldowns(1).await[..] else { panic!() };
            assert_eq!((c.account, c.cause.as_str()), (app.account, cause), "{script}");
            reset(&app, app.account).await;
            app.cooldowns(0).await;
            tokio::time::sleep(Duration::from_millis(600)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn content_that_belongs_to_an_account_is_never_sent_to_another() {
    app::run(async |app| {
        let key = app.key(Default::default()).await;
        app.add_account(&app.sim.url(), "sk-sim-b").await;
        let mut by_container = hello(false);
        by_container["container"] = json!("container_011CPR5CNjB747bTd36fQLFk");
        let mut by_file = hello(false);
        by_file["messages"][0]["content"] =
            json!([{"type": "document", "source": {"type": "file", "file_id": "file_011CNha8iCJcU1wXNR6q4V8w"}}]);
        app.script("sk-sim-test", 1, "status=529");
        assert_eq!(app.post(&key, &by_container).await.status(), 529);
        app.cooldowns(1).await;
        assert_eq!(app.post(&key, &by_file).await.status(), 429, "it waits for its account");
        assert_eq!(app.post(&key, &hello(false)).await.status(), 200);
        assert_eq!((app.asked("sk-sim-test"), app.asked("sk-sim-b")), (1, 1));
    })
    .await;
}

#[tokio::test]
async fn accounts_are_tried_up_to_the_number_that_is_set_and_unknown_refusals_twice() {
    app::run(async |app| {
        let key = app.key(Default::default()).await;
        for n in 0..7 {
            app.add_account(&app.sim.url(), &format!("sk-sim-{n}")).await;
        }
        app.sim
            .queue(causeway_simulator::Rule { script: "status=500".parse().unwrap(), ..Default::default() });
        let response = app.post(&key, &hello(false)).await;
        assert_eq!(response.status(), 500);
        assert_eq!(app.attempts(&response).await.steps.as_array().unwrap().len(), 5);
        assert_eq!(app.sim.ledger().entries().len(), 5);
        app.sim.clear_rules();
        app.sim
            .queue(causeway_simulator::Rule { script: "status=403".parse().unwrap(), ..Default::default() });
        assert_eq!(app.post(&key, &hello(false)).await.status(), 403);
        assert_eq!(app.sim.ledger().entries().len(), 7);
    })
    .await;
}

#[tokio::test]
async fn limits_of_accounts_follow_the_request_also_while_the_policy_changes() {
    app::run(async |app| {
        let key = app.key(serde_json::from_value(json!({"usd": {"total": "10"}})).unwrap()).await;
        let second = app.add_account(&app.sim.url(), "sk-sim-b").await;
        let third = app.add_account(&app.sim.url(), "sk-sim-c").await;
        for (id, concurrency) in [(app.account, 5), (second, 1), (third, 5)] {
            let mut tx = app.tx().await;
            let mut row = accounts::get(&mut tx, id, true).await.unwrap();
            row.limits =
                serde_json::from_value(json!({"usd": {"total": "5"}, "concurrency": concurrency})).unwrap();
            accounts::update(&mut tx, &row).await.unwrap();
            app.commit(tx).await;
        }
        app.script("sk-sim-test", 1, "status=500,delay=500");
        let asked = tokio::spawn({
            let (app, key) = (app.clone(), key.clone());
            async move { app.post(&key, &scripted(true, "events=3")).await.bytes().await.unwrap() }
        });
        tokio::time::sleep(Duration::from_millis(200)).await;
        switch_off(&app, second).await;
        let text = asked.await.unwrap();
        assert!(String::from_utf8_lossy(&text).contains("message_stop"), "{text:?}");
        let row = app.row().await;
        assert_eq!(row.account_id, third.0, "the second was switched off meanwhile");
        assert_eq!(app.open_holds().await, 0);
        for (id, spent) in [(app.account, 0), (third, row.cost_nanos)] {
            let scope = causeway_store::hold::ScopeId::Account(id);
            let stand = causeway_store::hold::standing(&app.store.cache, app.org, scope).await.unwrap();
            assert_eq!((stand.open, stand.reserved_nanos, stand.nanos), (0, 0, spent));
        }
        let stand = app.standing(&key).await;
        assert_eq!((stand.nanos, stand.reserved_nanos, stand.open), (row.charged_nanos, 0, 0));
    })
    .await;
}

#[tokio::test]
async fn a_client_that_leaves_between_two_accounts_leaves_one_row_that_costs_nothing() {
    app::run(async |app| {
        let key = app.key(serde_json::from_value(json!({"usd": {"total": "10"}})).unwrap()).await;
        let second = app.add_account(&app.sim.url(), "sk-sim-b").await;
        app.script("sk-sim-test", 1, "status=500");
        app.script("sk-sim-b", 1, "delay=20000");
        app.set_drain(200).await;
        let call = app.http.post(format!("{}/v1/messages", app.url)).header("x-api-key", &key.secret);
        let call = call.json(&hello(true)).timeout(Duration::from_millis(500));
        assert!(call.send().await.is_err());
        let row = app.row().await;
        assert_eq!(row.outcome, "client_left");
        assert_eq!(app.open_holds().await, 0);
        let way = app.attempts_of(&row.request_id.to_string()).await;
        assert_eq!((way.status, way.code.as_str()), (0, "client_left"), "nobody was told anything");
        assert_eq!(whats(&way), ["provider_error", "client_left"]);
        assert_eq!(way.steps[1]["account"], second.0.to_string());
    })
    .await;
}

#[tokio::test]
async fn the_way_of_a_request_whose_organisation_is_suspended_meanwhile_is_kept() {
    app::run(async |app| {
        let key = app.key(Default::default()).await;
        app.add_account(&app.sim.url(), "sk-sim-b").await;
        app.script("sk-sim-test", 1, "status=529");
        app.script("sk-sim-b", 1, "delay=20000");
        app.set_drain(0).await;
        let asked = tokio::spawn({
            let (app, key) = (app.clone(), key.clone());
            async move { app.post(&key, &hello(true)).await }
        });
        while app.asked("sk-sim-b") == 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        app.set_suspended(true).await;
        let refused = asked.await.unwrap();
        let way = app.attempts(&refused).await;
        assert_eq!((way.status, way.code.as_str()), (refused.status().as_u16(), "organization_suspended"));
        assert_eq!(whats(&way), ["overloaded", "client_left"]);
    })
    .await;
}

/// What happened at each account.
fn whats(way: &causeway_store::attempts::Attempts) -> Vec<&str> {
    way.steps.as_array().unwrap().iter().map(|step| step["what"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_silent_stream_is_kept_alive_between_its_events() {
    let args = RelayArgs { keep_alive_seconds: 1, ..app::defaults() };
    app::run_with(args, SimulatorConfig::default(), async |app| {
        let key = app.key(Default::default()).await;
        let quiet = app.post(&key, &scripted(true, "ping_every=1000,events=6")).await.text().await.unwrap();
        let response = app.post(&key, &scripted(true, "pause=2600@6,ping_every=1000,events=6")).await;
        let text = response.text().await.unwrap();
        let pings = |text: &str| text.matches("event: ping\n").count();
        assert_eq!(pings(&text), pings(&quiet) + 2, "{text}");
        assert!(text.contains("message_stop"));
    })
    .await;
}

#[tokio::test]
async fn a_refusal_that_breaks_off_is_as_long_as_what_came_of_it() {
    app::run(async |app| {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        app.disable_account(app.account).await;
        app.add_account(&url, "sk-broken").await;
        let provider = tokio::spawn(async move {
            let (mut client, _) = listener.accept().await.unwrap();
            let mut request = [0; 16 * 1024];
            let read = client.read(&mut request).await.unwrap();
            assert!(read > 0);
            let head =
                "HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\ncontent-length: 500\r\n\r\n";
            client.write_all(head.as_bytes()).await.unwrap();
            client
                .write_all(br#"{"type":"error","error":{"type":"invalid_request_error","mess"#)
                .await
                .unwrap();
        });
        let key = app.key(Default::default()).await;
        let refused = app.post(&key, &hello(false)).await;
        assert_eq!(refused.status(), 400);
        let length = refused.headers()["content-length"].to_str().unwrap().parse::<usize>().unwrap();
        let body = refused.bytes().await.unwrap();
        assert_eq!((body.len(), body.starts_with(br#"{"type":"error""#)), (length, true));
        provider.await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_request_stays_with_the_account_that_was_asked_where_the_next_is_being_tried() {
    app::run_with(quick(), SimulatorConfig::default(), async |app| {
        let key = app.key(Default::default()).await;
        let second = app.add_account(&app.sim.url(), "sk-sim-b").await;
        app.script("sk-sim-test", 1, "status=529");
        app.script("sk-sim-b", 1, "status=529");
        assert_eq!(app.post(&key, &hello(false)).await.status(), 529);
        app.cooldowns(2).await;
        app.reset(app.account).await;
        tokio::time::sleep(Duration::from_millis(1200)).await;
        // The second is tried by a request at another instance, after this one has planned with it.
        let (other, url) = app.second_instance().await;
        let bound = app.issue(app.org, |key| key.account_id = Some(second)).await;
        app.script("sk-sim-test", 1, "status=529,message=Flooded,delay=700");
        app.script("sk-sim-b", 1, "delay=2000");
        let (first, tried) = (app.asked("sk-sim-test"), app.asked("sk-sim-b"));
        let slow = async {
            while app.asked("sk-sim-test") == first {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            app.post_to(&url, &bound, &HELLO).await.status()
        };
        let (refused, slow) = tokio::join!(app.post(&key, &HELLO), slow);
        assert_eq!((refused.status().as_u16(), slow.as_u16()), (529, 200));
        assert_eq!(app.asked("sk-sim-b"), tried + 1);
        let way = app.attempts(&refused).await;
        assert_eq!(whats(&way), ["overloaded", "tried"]);
        let rows = app.rows(3).await;
        let row = rows.iter().find(|row| row.request_id == way.request.0).unwrap();
        assert_eq!((row.account_id, row.status), (app.account.0, 529), "the one that was asked");
        other.close(Duration::from_secs(5)).await;
    })
    .await;
}
