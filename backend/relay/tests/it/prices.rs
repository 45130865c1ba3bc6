//! Which price a request is billed at: the one of the tier that served it, in force when it began.

use crate::app::{self, App, Key, MODEL, hello, scripted};
use causeway_domain::{
    Nanos,
    price::{Price, PriceTable, Rates, ServiceTier},
    provider::Provider,
};
use causeway_store::{
    billed::{self, Billed},
    price_overrides::{self, NewVersion},
};
use chrono::{DateTime, TimeDelta, Utc};

/// A table in which priority costs twice as much.
fn table(input: u32) -> PriceTable {
    let json = format!(
        r#"{{"source":"a test","providers":{{"anthropic":{{"claude-*":{{"usd_per_million":{{"input":"{input}","output":"10"}},
            "tiers":{{"priority":{{"input":"{}","output":"20"}}}}}}}}}}}}"#,
        2 * input
    );
    PriceTable::parse(&json).unwrap()
}

/// Sends a request and waits for its row.
async fn billed(app: &App, key: &Key, stream: bool, script: &str) -> Billed {
    let before = app.rows_now().await;
    let body = if script.is_empty() { hello(stream) } else { scripted(stream, script) };
    let response = app.post(key, &body).await;
    assert_eq!(response.status(), 200);
    response.bytes().await.unwrap();
    app.rows(before + 1).await;
    let day = (Utc::now() - TimeDelta::days(1), Utc::now() + TimeDelta::days(1));
    billed::page(&app.store.jobs, Some(app.org), day, None, 1000).await.unwrap().pop().unwrap()
}

async fn set(
    app: &App,
    provider: Option<Provider>,
    model: &str,
    from: Option<DateTime<Utc>>,
    input: Option<i64>,
) {
    let price =
        input.map(|dollars| Price::flat(Rates::with_defaults(dollars * 1_000_000_000, 0, None, None, None)));
    let mut tx = app.tx().await;
    let new = NewVersion { provider, model, from, price: price.as_ref(), by: app.user };
    price_overrides::add(&mut tx, new).await.unwrap();
    app.commit(tx).await;
}

/// Dollars for a million tokens of input, as billed. Output costs nothing at an own price.
fn input_price(row: &Billed) -> i64 {
    let rates = |input| Price::flat(Rates::with_defaults(input * 1_000_000_000, 0, None, None, None));
    (1..100).find(|input| rates(*input).cost(&row.tokens, ServiceTier::Standard) == row.cost).unwrap_or(0)
}

#[tokio::test]
async fn an_answer_is_billed_at_the_tier_that_really_served_it() {
    app::run(async |app| {
        app.prices.replace(table(3), Utc::now());
        let price = |row: &Billed, tier| {
            app.prices.table().find(Provider::ANTHROPIC, MODEL).unwrap().first.cost(&row.tokens, tier)
        };
        let key = app.key(Default::default()).await;
        for (script, tier) in [
            ("", ServiceTier::Standard),
            ("tier=priority", ServiceTier::Priority),
            ("tier=batch", ServiceTier::Batch),
            ("tier=brand_new", ServiceTier::Standard),
        ] {
            for stream in [false, true] {
                let row = billed(&app, &key, stream, script).await;
                assert_eq!((row.tier, row.cost), (tier, price(&row, tier)), "{script} {stream}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_budget_holds_back_what_the_dearest_tier_would_cost_unless_the_caller_declines_it() {
    app::run(async |app| {
        app.prices.replace(table(3), Utc::now());
        // At standard rates 1,000 tokens of output are a cent, and with priority two.
        let mut limits = causeway_domain::Limits::default();
        limits.usd.total = Some(Nanos(15_000_000));
        let key = app.key(limits).await;
        assert_eq!(app.post(&key, &hello(false)).await.status(), 402);
        let mut body = hello(false);
        body["service_tier"] = "standard_only".into();
        assert_eq!(app.post(&key, &body).await.status(), 200);
    })
    .await;
}

#[tokio::test]
async fn another_table_prices_the_next_request_and_no_past_one() {
    app::run(async |app| {
        let key = app.key(Default::default()).await;
        app.prices.replace(table(3), Utc::now());
        let first = billed(&app, &key, false, "out=1").await;
        app.prices.replace(table(30), Utc::now());
        let second = billed(&app, &key, false, "out=1").await;
        let rows = billed::page(
            &app.store.jobs,
            None,
            (first.started_at - TimeDelta::days(1), Utc::now() + TimeDelta::days(1)),
            None,
            1,
        );
        assert_eq!(rows.await.unwrap()[0].cost, first.cost);
        let at = |row: &Billed, input| {
            table(input)
                .find(Provider::ANTHROPIC, MODEL)
                .unwrap()
                .first
                .cost(&row.tokens, ServiceTier::Standard)
        };
        assert_eq!((first.cost, second.cost), (at(&first, 3), at(&second, 30)));
    })
    .await;
}

#[tokio::test]
async fn an_own_price_counts_from_the_next_request_or_its_moment_on_until_it_is_removed() {
    app::run(async |app| {
        let key = app.key(Default::default()).await;
        app.prices.replace(table(3), Utc::now());
        let script = "in=1000000,out=1";
        set(&app, None, "claude-*", None, Some(50)).await;
        assert_eq!(input_price(&billed(&app, &key, false, script).await), 50);
        // For another provider's accounts: not for this one.
        set(&app, Some(Provider::ANTHROPIC_COMPATIBLE), MODEL, None, Some(60)).await;
        assert_eq!(input_price(&billed(&app, &key, false, script).await), 50);
        // Nobody tells the relay again when the moment has come.
        let moment = Utc::now() + TimeDelta::milliseconds(1500);
        set(&app, None, MODEL, Some(moment), Some(70)).await;
        assert_eq!(input_price(&billed(&app, &key, false, script).await), 50);
        tokio::time::sleep((moment - Utc::now()).to_std().unwrap_or_default()).await;
        let row = billed(&app, &key, false, script).await;
        assert_eq!((input_price(&row), row.started_at >= moment), (70, true));
        set(&app, None, MODEL, None, None).await;
        assert_eq!(input_price(&billed(&app, &key, false, script).await), 50);
        set(&app, None, "claude-*", None, None).await;
        let row = billed(&app, &key, false, script).await;
        let price = app.prices.table().find(Provider::ANTHROPIC, MODEL).unwrap().first.clone();
        assert_eq!(row.cost, price.cost(&row.tokens, ServiceTier::Standard));
    })
    .await;
}
