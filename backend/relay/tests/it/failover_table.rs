//! The failover table, row by row: one case at least for each of `causeway_accounts::rules::Row`, so that a row that is
//! changed, added or taken away fails here. A case says what the first account does; what is looked at is the status that
//! the client is told, which accounts were asked, how long what rests, and what the request log tells of the way.
//!
//! | row of the table | here | beside it |
//! |---|---|---|
//! | challenge page, regional refusal | `challenge` | |
//! | balance used up | `balance_used_up` | `rules::tests` for each provider's words |
//! | another account's thinking | `foreign_thinking` | `failover::thinking_of_another_account…` |
//! | no connection | `unreachable` | `faults::a_provider_that_cannot_be_reached…` |
//! | no connection to the proxy | `proxy_unavailable` | `proxies` |
//! | no first byte | `silent` | `failover::an_account_that_is_silent…`, `outages` |
//! | 401 | `bad_credential` | `clouds::a_token_that_is_over…` |
//! | 402, 403 about the account | `account_refused` | |
//! | 403 that no rule knows | `forbidden` | `failover::accounts_are_tried_up_to…` (once) |
//! | the caller's fault | `callers_fault` | `faults::error_statuses_pass…` |
//! | model not for this account | `model_unavailable` | |
//! | 408, 5xx | `provider_error` | `health::tests` (doubling, cleared by a success) |
//! | 429 with a hint | `limited_until` | `verdict::hints::tests`, `health::tests` (its bound) |
//! | 429 without | `limited` | `failover::after_its_time_one_request…` (half-open) |
//! | 529 | `overloaded` | the same |
//! | error event that opens a 200 | rows with `error_event` | `failover::an_error_before_content_moves…` |
//! | client went away | | `faults::a_client_that_leaves…`, `failover::a_client_that_leaves_between…` |
//!
//! The figures themselves, and how failures in a row add up, are held by `verdict::tests` and `health::tests`.

use crate::{
    app::{self, App, Key, MODEL, hello},
    proxies,
};
use causeway_accounts::rules::Row;
use causeway_domain::{
    AccountId,
    proxy::{Choice, Scheme},
};
use causeway_relay::RelayArgs;
use causeway_simulator::SimulatorConfig;
use causeway_store::cooldowns;
use chrono::Utc;
use serde_json::{Value, json};
use std::{collections::HashSet, net::TcpListener};

/// Longer than a loaded machine needs to answer, and as long as a silent account may take here.
const FIRST_BYTE: u64 = 3;

/// Another model of the family of [`MODEL`], and one of another.
const SISTER: &str = "claude-haiku-4-5-20251001";
const STRANGER: &str = "claude-sonnet-4-5";

/// What the first account does.
enum First {
    /// What the simulator is told, once.
    Plays(String),
    /// Nobody listens there.
    IsAway,
    /// Nobody listens where its proxy should be.
    HasNoProxy,
}

/// A case of a row.
struct Case {
    row: Row,
    first: First,
    /// Told to the client.
    status: u16,
    /// How often the first and the second account are asked.
    asked: (usize, usize),
    /// Scope and seconds of what rests.
    rests: Option<(String, i64)>,
}

/// Answered by the second account.
fn moves(row: Row, script: &str, rests: Option<(&str, i64)>) -> Case {
    let rests = rests.map(|(scope, seconds)| (scope.to_owned(), seconds));
    Case { row, first: First::Plays(script.to_owned()), status: 200, asked: (1, 1), rests }
}

/// Told to the caller as it is.
fn callers(script: &str, status: u16) -> Case {
    Case { status, asked: (1, 0), ..moves(Row::CallersFault, script, None) }
}

fn table() -> Vec<Case> {
    let model = format!("model:{MODEL}");
    let soon = Utc::now().timestamp() + 5_000;
    let of_a_family = format!(
        "status=429,header=anthropic-ratelimit-unified-7d_haiku-status:rejected,header=anthropic-ratelimit-unified-7d_haiku-reset:{soon}"
    );
    let whole = |seconds| Some(("", seconds));
    let one = |seconds| Some((model.as_str(), seconds));
    // The way, and not the account.
    let direct = Some(("way", 300));
    let mut cases = vec![
        // First, because its time is one of the clock.
        moves(Row::LimitedUntil, &of_a_family, Some(("family:haiku", 5_000))),
        moves(Row::Challenge, "status=403,html", direct),
        moves(Row::Challenge, "status=503,html", direct),
        moves(Row::Challenge, "status=403,error=forbidden,message=Request not allowed", direct),
        moves(Row::BalanceUsedUp, "status=400,message=Your credit balance is too low", whole(21_600)),
        moves(Row::BalanceUsedUp, "status=402", whole(21_600)),
        moves(Row::BalanceUsedUp, "status=429,error=insufficient_quota", whole(21_600)),
        Case {
            asked: (2, 0),
            ..moves(
                Row::ForeignThinking,
                "status=400,message=messages.1.content.0: Invalid `signature` in `thinking` block",
                None,
            )
        },
        Case { first: First::IsAway, asked: (0, 1), ..moves(Row::Unreachable, "", whole(30)) },
        // Of the proxy, whatever is asked for.
        Case {
            first: First::HasNoProxy,
            asked: (0, 1),
            ..moves(Row::ProxyUnavailable, "", Some(("proxy", 10)))
        },
        moves(Row::Silent, "delay=60000", whole(60)),
        moves(Row::Silent, "pause=60000@1", whole(60)),
        moves(Row::BadCredential, "status=401", whole(1_800)),
        moves(Row::AccountRefused, "status=402,error=payment,message=pay", whole(1_800)),
        moves(Row::AccountRefused, "status=403,message=This organization has been disabled.", whole(1_800)),
        moves(Row::Forbidden, "status=403", whole(300)),
        moves(
            Row::ModelUnavailable,
            "status=404,message=model x is not available to this account",
            one(43_200),
        ),
        moves(
            Row::ModelUnavailable,
            "status=400,message=model x is not available for your account",
            one(43_200),
        ),
        moves(Row::ProviderError, "error_event=api_error@1", whole(60)),
        moves(Row::ProviderError, "cut=reset,delay=700", whole(60)),
        moves(Row::ProviderError, "cut=close@1", whole(60)),
        moves(Row::ProviderError, "cut=end@1", whole(60)),
        moves(Row::LimitedUntil, "status=429,retry_after=37", whole(37)),
        moves(Row::LimitedUntil, "status=429,retry_after=7776000", whole(7 * 86_400)),
        moves(Row::Limited, "status=429", one(1)),
        moves(Row::Limited, "error_event=rate_limit_error@1", one(1)),
        moves(Row::Overloaded, "status=529", one(10)),
        moves(Row::Overloaded, "status=503,error=overloaded_error", one(10)),
        moves(Row::Overloaded, "error_event=overloaded_error@0", one(10)),
        moves(Row::Overloaded, "error_event=overloaded_error@1", one(10)),
        callers("status=403,message=This violates our usage policy", 403),
    ];
    cases.extend(
        [408, 500, 502, 503, 504].map(|s| moves(Row::ProviderError, &format!("status={s}"), whole(60))),
    );
    cases.extend([400, 404, 409, 413, 422].map(|s| callers(&format!("status={s}"), s)));
    cases
}

fn impatient() -> RelayArgs {
    RelayArgs { upstream_first_byte_timeout: FIRST_BYTE, ..app::defaults() }
}

#[tokio::test]
async fn every_row_of_the_table_does_to_request_and_account_what_it_says() {
    let cases = table();
    let rows: HashSet<Row> = cases.iter().map(|case| case.row).collect();
    assert_eq!(rows, Row::ALL.into_iter().collect(), "a row has no case");
    app::run_with(impatient(), SimulatorConfig::default(), async move |app| {
        let key = app.key(Default::default()).await;
        app.disable_account(app.account).await;
        for (i, case) in cases.into_iter().enumerate() {
            one_case(&app, &key, i, case).await;
        }
        assert_eq!(app.open_holds().await, 0);
    })
    .await;
}

/// A request whose thinking another account has signed, and can be left out.
fn talk() -> Value {
    let mut body = hello(true);
    body["messages"] = json!([
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": [
            {"type": "thinking", "thinking": "hm", "signature": "Zm9yZWlnbg=="}, {"type": "text", "text": "hello"}]},
        {"role": "user", "content": "and now?"}]);
    body
}

async fn one_case(app: &App, key: &Key, i: usize, case: Case) {
    let (name, other) = (format!("sk-sim-a{i}"), format!("sk-sim-b{i}"));
    let (script, address) = match &case.first {
        First::Plays(script) => (script.as_str(), app.sim.url()),
        First::IsAway => {
            let taken = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
            ("away", format!("http://{taken}"))
        }
        First::HasNoProxy => ("no proxy", app.sim.url()),
    };
    let what = format!("{} ({script})", case.row.as_str());
    let first = app.add_account(&address, &name).await;
    let second = app.add_account(&app.sim.url(), &other).await;
    let mut resting = first;
    if let First::HasNoProxy = case.first {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let proxy = proxies::add(app, Scheme::Http, ("127.0.0.1", taken.port()), None).await;
        proxies::choose(app, first, Choice::Through(proxy)).await;
        resting = cooldowns::of_proxy(proxy);
    }
    if let First::Plays(script) = &case.first {
        app.script(&name, 1, script);
    }
    let response = app.post(key, &talk()).await;
    assert_eq!(response.status(), case.status, "{what}");
    let answered = case.status == 200;
    let steps = if answered { Some(app.attempts(&response).await.steps) } else { None };
    let text = response.text().await.unwrap();
    assert_eq!(text.matches("message_stop").count() > 0, answered, "{what}: {text}");
    assert_eq!(text.matches("event: message_start").count(), usize::from(answered), "{what}: {text}");
    assert!(!text.contains("event: error"), "{what}: {text}");
    assert_eq!((app.asked(&name), app.asked(&other)), case.asked, "{what}");

    let by = if case.asked.1 > 0 { (second, &other) } else { (first, &name) };
    let usage = app.rows(i + 1).await.remove(0);
    assert_eq!((usage.account_id, usage.status), (by.0.0, case.status as i16), "{what}");
    if let Some(steps) = steps {
        let told = |i: usize| {
            let step = &steps[i];
            (step["account"].clone(), step["what"].clone(), step["tried"].clone(), step["until"].is_string())
        };
        let failed = (json!(first), json!(case.row.as_str()), json!(true), case.rests.is_some());
        let ok = (json!(by.0), json!("ok"), json!(true), false);
        assert_eq!(steps.as_array().unwrap().len(), 2, "{what}: {steps}");
        assert_eq!((told(0), told(1)), (failed, ok), "{what}");
        let mut entries = app.sim.ledger().entries().into_iter();
        let truth = entries.rfind(|e| e.key.as_ref() == Some(by.1)).unwrap();
        let cost = app.cost(MODEL, &truth.billed).0;
        assert_eq!(usage.charged_nanos, cost, "{what}: what failed costs nobody anything");
    }
    let cooling = app.cooldowns(usize::from(case.rests.is_some())).await;
    if let (Some((scope, seconds)), [c]) = (case.rests, &cooling[..]) {
        assert_eq!((c.account, c.cause.as_str(), &c.scope), (resting, case.row.as_str(), &scope), "{what}");
        let length = (c.until - c.failed_at).num_seconds();
        assert!((seconds - 20..=seconds).contains(&length), "{what}: {length} s instead of {seconds}");
    }
    if resting != first {
        end(app, resting).await;
    }
    for account in [first, second] {
        forget(app, account).await;
    }
}

/// Ends what rests and takes the account out.
async fn forget(app: &App, account: AccountId) {
    end(app, account).await;
    app.disable_account(account).await;
}

/// Ends what rests.
async fn end(app: &App, account: AccountId) {
    let mut tx = app.tx().await;
    cooldowns::reset(&mut tx, account).await.unwrap();
    app.commit(tx).await;
    cooldowns::announce(&app.store.cache, &[(app.org, account, None)]).await.unwrap();
}

#[tokio::test]
async fn what_rests_is_as_wide_as_its_row_says() {
    // Whether the account still serves another model of the same family, and one of another.
    let cases = [
        ("status=529", true, true),
        ("status=429", true, true),
        ("status=404,message=model x is not available to this account", true, true),
        (
            "status=429,header=anthropic-ratelimit-unified-7d_haiku-status:rejected,header=anthropic-ratelimit-unified-7d_haiku-reset:4000000000",
            false,
            true,
        ),
        ("status=429,retry_after=600", false, false),
        ("status=500", false, false),
        ("status=401", false, false),
        ("status=403,html", false, false),
    ];
    app::run(async move |app| {
        let key = app.key(Default::default()).await;
        app.disable_account(app.account).await;
        for (i, (script, sister, stranger)) in cases.into_iter().enumerate() {
            let name = format!("sk-sim-a{i}");
            let first = app.add_account(&app.sim.url(), &name).await;
            let second = app.add_account(&app.sim.url(), &format!("sk-sim-b{i}")).await;
            app.script(&name, 1, script);
            assert_eq!(app.post(&key, &hello(false)).await.status(), 200, "{script}");
            for (model, serves) in [(SISTER, sister), (STRANGER, stranger)] {
                let before = app.asked(&name);
                let mut body = hello(false);
                body["model"] = json!(model);
                assert_eq!(app.post(&key, &body).await.status(), 200, "{script}: {model}");
                assert_eq!(app.asked(&name) - before, usize::from(serves), "{script}: {model}");
            }
            for account in [first, second] {
                forget(&app, account).await;
            }
        }
    })
    .await;
}
