//! What another table would have meant for a month, on rows that the ledger has written.

use crate::world::{self, World};
use causeway_admin::{
    people::Created,
    price_check::{self, CheckError},
};
use causeway_domain::{
    AccountId, Factor, KeyId, Nanos, RequestId, TokenCounts,
    price::{Price, PriceTable, Rates, ServiceTier, Snapshot, table},
    provider::Provider,
};
use causeway_store::ledger::{self, Outcome, Revision, UsageEvent};
use chrono::{DateTime, Utc};
use http::Method;
use serde_json::json;
use std::sync::Arc;
use uuid::Uuid;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn id(when: &str, n: u128) -> RequestId {
    let ms = u128::try_from(at(when).timestamp_millis()).unwrap();
    RequestId(Uuid::from_u128((ms << 80) | (7 << 76) | n))
}

/// A million tokens of input for a dollar, unless a test says otherwise.
fn event(made: Created, when: &str, n: u128, model: &str) -> UsageEvent {
    let tokens = TokenCounts { input: 1_000_000, ..Default::default() };
    let price = Price::flat(Rates::with_defaults(1_000_000_000, 0, None, None, None));
    UsageEvent {
        request: id(when, n),
        org: made.org,
        rev: Revision::Own,
        key: KeyId(Uuid::nil()),
        user: None,
        account: AccountId(Uuid::nil()),
        dialect: "anthropic".to_owned(),
        provider: Provider::ANTHROPIC.to_string(),
        model: model.to_owned(),
        stream: false,
        status: 200,
        outcome: Outcome::Completed,
        estimated: false,
        cost: price.cost(&tokens, ServiceTier::Standard),
        charged: Nanos(0),
        factor: Factor::ONE,
        tokens,
        web_searches: 0,
        tier: ServiceTier::Standard,
        price: Arc::new(Snapshot::try_from(price).unwrap()),
        started_at: at(when),
        failed: Default::default(),
        five_hours: Default::default(),
        first_byte_ms: None,
        duration_ms: 1,
        upstream_request_id: None,
        client: String::new(),
        client_id: String::new(),
        client_facts: String::new(),
        error: None,
    }
}

fn new_table() -> PriceTable {
    PriceTable::parse(
        r#"{"source":"x","fees":{"anthropic":{"web_search_usd_per_thousand":"20"}},"providers":{"anthropic":{
          "dearer":{"usd_per_million":{"input":"3"},"tiers":{"priority":{"input":"5"}},
            "changes":[{"from":"2026-10-20","usd_per_million":{"input":"4"}}]},
          "cheap-*":{"usd_per_million":{"input":"0.000000001"}},
          "own":{"usd_per_million":{"input":"100"}}}}}"#,
    )
    .unwrap()
}

async fn write(world: &World, events: &[UsageEvent]) {
    ledger::write(&world.store.jobs, events).await.unwrap();
}

#[tokio::test]
async fn every_request_of_the_month_is_priced_again_and_the_rest_left_alone() {
    world::with_owner(|world, made, _| async move {
        let october = "2026-10-05T10:00:00Z";
        let mut priority = event(made, october, 2, "dearer");
        priority.tier = ServiceTier::Priority;
        let mut searched = event(made, october, 3, "dearer");
        searched.web_searches = 2;
        let mut tiny: Vec<_> = (10..14).map(|n| event(made, october, n, "cheap-7")).collect();
        for one in &mut tiny {
            // A token at a nano-dollar per million is half a nano-dollar when there are half a million.
            one.tokens.input = 500_000;
            one.cost = Nanos(7);
        }
        let later = event(made, "2026-10-31T23:59:59.999Z", 4, "dearer");
        let other_months = [
            event(made, "2026-09-30T23:59:59.999Z", 5, "dearer"),
            event(made, "2026-11-01T00:00:00Z", 6, "dearer"),
        ];
        let lost = event(made, october, 7, "retired");
        let all = [
            vec![event(made, october, 1, "dearer"), priority, searched, later, lost],
            tiny,
            other_months.to_vec(),
        ];
        write(&world, &all.concat()).await;

        let month = (at("2026-10-01T00:00:00Z"), at("2026-11-01T00:00:00Z"));
        let report = price_check::check(&world.store.jobs, &new_table(), month, None).await.unwrap();
        let json = serde_json::to_value(&report).unwrap();
        assert_eq!(
            json["models"],
            json!([
                {"provider": "anthropic", "model": "cheap-7", "requests": 4, "requests_at_own_price": 0,
                 "billed": "0.000000028", "new": "0.000000004", "difference": "-0.000000024"},
                // 3 + 5 + (3 + two searches) + 4 from the 20th on.
                {"provider": "anthropic", "model": "dearer", "requests": 4, "requests_at_own_price": 0,
                 "billed": "4.00", "new": "15.04", "difference": "11.04"},
                {"provider": "anthropic", "model": "retired", "requests": 1, "requests_at_own_price": 0,
                 "billed": "1.00", "new": "0.00", "difference": "-1.00"},
            ])
        );
        assert_eq!(
            (json["lost"].as_array().unwrap().len(), &json["lost"][0]["model"]),
            (1, &json!("retired"))
        );
        assert_eq!((report.total.requests, json["total"]["new"].clone()), (9, json!("15.040000004")));

        // The very table that billed them changes nothing.
        let same = PriceTable::parse(
            r#"{"source":"x","providers":{"anthropic":{"*":{"usd_per_million":{"input":"1"}}}}}"#,
        );
        let september = (at("2026-09-01T00:00:00Z"), at("2026-10-01T00:00:00Z"));
        let report = price_check::check(&world.store.jobs, &same.unwrap(), september, None).await.unwrap();
        assert_eq!((report.total.requests, report.total.difference), (1, 0));
    })
    .await;
}

#[tokio::test]
async fn own_prices_stay_a_default_price_catches_and_one_organisation_can_be_picked() {
    world::with_owner(|world, made, token| async move {
        let rivals = world.owner("Rivals", "rival@example.com").await;
        let before = Utc::now();
        let put = json!({"input": "1", "output": "0"}).to_string();
        let put = world.call(Method::PUT, "/prices/overrides/ow*", Some(&token), Some(put), &[]).await;
        assert_eq!(put.status, 200, "{}", put.body);
        let fallback = json!({"default_price": {"input": "2", "output": "0"}});
        assert_eq!(world.patch("/organization", Some(&token), fallback).await.status, 200);
        let after = Utc::now() + chrono::TimeDelta::seconds(1);
        let (early, late) = (before - chrono::TimeDelta::seconds(60), after);
        let (early, late) = (early.to_rfc3339(), late.to_rfc3339());
        write(
            &world,
            &[
                // Billed by the table, before there was an own price.
                event(made, &early, 1, "own"),
                event(made, &late, 2, "own"),
                event(rivals, &late, 3, "own"),
                event(made, &late, 4, "unheard-of"),
                event(rivals, &late, 5, "unheard-of"),
            ],
        )
        .await;
        let span = (before - chrono::TimeDelta::days(1), after + chrono::TimeDelta::days(1));
        let check = async |org| price_check::check(&world.store.jobs, &new_table(), span, org).await;
        let all = check(None).await.unwrap();
        // 100 + 1 + 100 dollars for "own", 2 at the default price, and one that would be refused.
        assert_eq!((all.total.requests, all.total.requests_at_own_price), (5, 1));
        assert_eq!(price_check::shown(all.total.new), Nanos(203_000_000_000));
        assert_eq!((all.lost.len(), all.lost[0].line.requests), (1, 1));
        let one = check(Some("rivals")).await.unwrap();
        assert_eq!((one.total.requests, price_check::shown(one.total.new)), (2, Nanos(100_000_000_000)));
        let unknown = check(Some("nobody")).await;
        assert!(
            matches!(unknown, Err(CheckError::UnknownOrganization(_, known)) if known == "engines, rivals")
        );
    })
    .await;
}

#[tokio::test]
async fn more_requests_than_a_page_are_all_read() {
    world::with_owner(|world, made, _| async move {
        let events: Vec<_> = (0..5_001).map(|n| event(made, "2026-10-05T10:00:00Z", n, "dearer")).collect();
        for some in events.chunks(2_000) {
            write(&world, some).await;
        }
        let month = (at("2026-10-01T00:00:00Z"), at("2026-11-01T00:00:00Z"));
        let report = price_check::check(&world.store.jobs, &new_table(), month, None).await.unwrap();
        assert_eq!(
            (report.total.requests, price_check::shown(report.total.new)),
            (5_001, Nanos(15_003_000_000_000))
        );
        let shipped = PriceTable::parse(table::SHIPPED).unwrap();
        let report = price_check::check(&world.store.jobs, &shipped, month, None).await.unwrap();
        assert_eq!(report.lost[0].line.requests, 5_001);
    })
    .await;
}
