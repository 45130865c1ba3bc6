//! The usage page and the ledger's state: sums that agree, in the organisation's time, for those who may see them.

use crate::world;
use causeway_domain::{Nanos, Role};
use causeway_store::{ledger, testing};
use chrono::{DateTime, Utc};
use http::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const DIMENSIONS: [&str; 6] = ["key", "member", "model", "account", "provider", "client"];

fn requests(rows: &Value) -> i64 {
    rows.as_array().unwrap().iter().map(|row| row["figures"]["requests"].as_i64().unwrap()).sum()
}

fn dollars(rows: &Value, field: &str) -> Nanos {
    let amount = |row: &Value| row["figures"][field].as_str().unwrap().parse::<Nanos>().unwrap();
    rows.as_array().unwrap().iter().map(amount).sum()
}

#[tokio::test]
async fn every_split_and_every_series_has_the_same_totals_to_the_nano_dollar() {
    world::with_owner(|world, made, token| async move {
        let account = world.account(&token).await;
        let (laptop, _) = world.key(&token, "laptop").await;
        let (server, _) = world.key(&token, "server").await;
        let mut events = Vec::new();
        for n in 0..7 {
            let mut event = world.event(made, if n % 2 == 0 { &laptop } else { &server }, &account);
            event.model = format!("model-{}", n % 3);
            event.client_id = if n < 4 { "codex" } else { "" }.to_owned();
            event.user = (n != 3).then_some(made.user);
            (event.cost, event.charged) = (Nanos(n + 1), Nanos(1_000_000_000 + n));
            event.outcome = if n == 6 { ledger::Outcome::UpstreamCut } else { event.outcome };
            events.push(event);
        }
        world.write(&events).await;
        for dimension in DIMENSIONS {
            let split = world.get(&format!("/usage/by/{dimension}"), Some(&token)).await.body;
            let totals = &split["totals"];
            assert_eq!((&totals["requests"], &totals["errors"]), (&json!(7), &json!(1)), "{dimension}");
            assert_eq!(
                (&totals["cost_usd"], &totals["provider_cost_usd"]),
                (&json!("7.000000021"), &json!("0.000000028"))
            );
            assert_eq!((requests(&split["rows"]), &split["others"]), (7, &json!(null)));
            assert_eq!(dollars(&split["rows"], "cost_usd"), Nanos(7_000_000_021));
            assert_eq!(dollars(&split["rows"], "provider_cost_usd"), Nanos(28));
        }
        for (step, from) in [("hour", "&from=2026-01-01&to=2026-01-31"), ("day", ""), ("month", "")] {
            let series = world.get(&format!("/usage/series/{step}?{from}"), Some(&token)).await.body;
            if step != "hour" {
                assert_eq!((&series["totals"]["requests"], requests(&series["points"])), (&json!(7), 7));
            }
            let ends: Vec<_> = series["points"]
                .as_array()
                .unwrap()
                .windows(2)
                .map(|w| (&w[0]["end"], &w[1]["start"]))
                .collect();
            assert!(ends.iter().all(|(end, start)| end == start), "{step}");
        }
        let labels = |split: &Value| -> BTreeSet<String> {
            split["rows"]
                .as_array()
                .unwrap()
                .iter()
                .map(|r| r["label"].as_str().unwrap().to_owned())
                .collect()
        };
        let get = async |query: &str| world.get(&format!("/usage/by/{query}"), Some(&token)).await.body;
        assert_eq!(labels(&get("key").await), ["laptop", "server"].map(str::to_owned).into());
        assert_eq!(labels(&get("member").await), ["", "Ada Lovelace"].map(str::to_owned).into());
        assert_eq!(labels(&get("provider").await), ["anthropic"].map(str::to_owned).into());
        for (filter, count) in [
            (format!("key_id={laptop}"), 4),
            (format!("account_id={laptop}"), 0),
            (format!("member_id={}", made.user), 6),
            ("member_id=00000000-0000-0000-0000-000000000000".to_owned(), 1),
            ("model=model-1".to_owned(), 2),
            ("model=mod*-2".to_owned(), 2),
            ("provider=anthropic".to_owned(), 7),
            ("provider=openai".to_owned(), 0),
            ("to=2020-01-31".to_owned(), 0),
        ] {
            assert_eq!(get(&format!("model?{filter}")).await["totals"]["requests"], json!(count), "{filter}");
            let series = world.get(&format!("/usage/series/day?{filter}"), Some(&token)).await.body;
            assert_eq!(series["totals"]["requests"], json!(count), "{filter}");
        }
    })
    .await;
}

#[tokio::test]
async fn the_day_on_which_clocks_are_set_back_has_25_hours() {
    world::with_owner(|world, made, token| async move {
        world.patch("/organization", Some(&token), json!({"time_zone": "Europe/Berlin"})).await;
        let account = world.account(&token).await;
        let (key, _) = world.key(&token, "laptop").await;
        let moments =
            ["2025-10-25T22:00:00Z", "2025-10-26T00:59:59Z", "2025-10-26T01:00:00Z", "2025-10-26T22:59:59Z"];
        let event = |at: &str| {
            let at: DateTime<Utc> = at.parse().unwrap();
            testing::event(made.org, key.parse().unwrap(), account.parse().unwrap(), at)
        };
        world.write(&moments.map(event)).await;
        world.write(&["2025-10-25T21:59:59Z", "2025-10-26T23:00:00Z"].map(event)).await;
        let day = "from=2025-10-26&to=2025-10-26";
        let hours = world.get(&format!("/usage/series/hour?{day}"), Some(&token)).await.body;
        let points = hours["points"].as_array().unwrap();
        let used: Vec<_> = points.iter().filter(|p| p["figures"]["requests"] == json!(1)).collect();
        let labels: Vec<_> = used.iter().map(|p| p["label"].as_str().unwrap()).collect();
        assert_eq!((points.len(), &hours["time_zone"]), (25, &json!("Europe/Berlin")));
        assert_eq!(
            labels,
            [
                "2025-10-26T00:00:00+02:00",
                "2025-10-26T02:00:00+02:00",
                "2025-10-26T02:00:00+01:00",
                "2025-10-26T23:00:00+01:00"
            ]
        );
        let days = world.get(&format!("/usage/series/day?{day}"), Some(&token)).await.body;
        assert_eq!(days["points"][0]["figures"]["requests"], json!(4));
        let months = world.get("/usage/series/month?from=2025-10-01&to=2025-11-30", Some(&token)).await.body;
        let counts: Vec<_> =
            months["points"].as_array().unwrap().iter().map(|p| &p["figures"]["requests"]).collect();
        assert_eq!(counts, [&json!(6), &json!(0)]);
    })
    .await;
}

#[tokio::test]
async fn members_see_what_they_themselves_used_and_other_tenants_nothing() {
    world::with_owner(|world, made, token| async move {
        let account = world.account(&token).await;
        let (key, _) = world.key(&token, "owner's").await;
        world.used(made, &key, &account, "claude-haiku-4-5", 5).await;
        let member = world.person(made, Role::Member, "member@example.com").await;
        let theirs = world.sign_in("member@example.com").await;
        let (own, _) = world.key(&theirs, "member's").await;
        let mut event = world.event(made, &own, &account);
        event.user = Some(member);
        world.write(&[event]).await;
        world.person(made, Role::Viewer, "viewer@example.com").await;
        let viewer = world.sign_in("viewer@example.com").await;
        world.owner("Rivals", "rival@example.com").await;
        let rival = world.sign_in("rival@example.com").await;

        let lines = |body: &Value| body.as_str().map_or(0, |text| text.lines().count());
        for (who, count) in [(&token, 2), (&viewer, 2), (&theirs, 1), (&rival, 0)] {
            for dimension in DIMENSIONS {
                let split = world.get(&format!("/usage/by/{dimension}"), Some(who)).await.body;
                assert_eq!(split["totals"]["requests"], json!(count), "{dimension}");
            }
            for path in ["/usage/series/day", "/usage/series/month", "/usage/summary"] {
                let series = world.get(path, Some(who)).await.body;
                assert_eq!(series["totals"]["requests"], json!(count), "{path}");
            }
            let file = world.get("/requests/export?format=csv", Some(who)).await.body;
            assert_eq!(lines(&file), count + 1, "{file}");
            let file = world.get("/usage/export?by=key&format=csv", Some(who)).await.body;
            assert_eq!(lines(&file), count + 1, "{file}");
        }
        // Asking for somebody else's does not help.
        for filter in [format!("key_id={key}"), format!("member_id={}", made.user)] {
            for (who, count) in [(&theirs, 0), (&rival, 0), (&token, 1)] {
                let split = world.get(&format!("/usage/by/key?{filter}"), Some(who)).await.body;
                assert_eq!(split["totals"]["requests"], json!(count), "{filter}");
                let page = world.get(&format!("/requests?{filter}"), Some(who)).await.body;
                assert_eq!(page["items"].as_array().unwrap().len(), count, "{filter}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn questions_that_make_no_sense_are_refused() {
    world::with_owner(|world, _, token| async move {
        for (path, status) in [
            ("/usage/by/colour", 404),
            ("/usage/series/week", 404),
            ("/usage/by/key?from=yesterday", 400),
            ("/usage/by/key?key_id=1", 400),
            ("/usage/by/key?group=day", 400),
            ("/usage/by/key?from=2026-11-02&to=2026-11-01", 422),
            ("/usage/by/key?from=2010-01-01&to=2026-11-01", 422),
            ("/usage/by/key?from=0001-01-01&to=0001-01-02", 422),
            ("/usage/series/hour?from=2026-10-01&to=2026-11-01", 422),
            ("/usage/series/day?from=2025-01-01&to=2026-11-01", 422),
            ("/usage/series/month?from=2010-01-01&to=2026-11-01", 422),
            ("/usage/series/month?from=2025-01-01&to=2026-11-01", 200),
            ("/usage/by/key?days=0", 422),
            ("/usage/by/key?days=7&from=2026-11-01", 422),
            ("/usage/series/hour?days=32", 422),
            ("/usage/series/hour?days=31", 200),
            ("/usage/export?by=colour", 400),
            ("/usage/export?format=xlsx", 400),
            ("/usage/export?by=hour&from=2026-10-01&to=2026-11-01", 422),
            ("/requests/export?format=xlsx", 400),
            ("/requests/export?limit=1", 400),
        ] {
            let answer = world.get(path, Some(&token)).await;
            assert_eq!(answer.status, status, "{path}: {}", answer.body);
        }
    })
    .await;
}

#[tokio::test]
async fn only_those_who_run_the_installation_see_the_whole_ledger() {
    world::with_owner(|world, made, token| async move {
        let account = world.account(&token).await;
        let (key, _) = world.key(&token, "laptop").await;
        world.used(made, &key, &account, "claude-haiku-4-5", 5).await;
        let rivals = world.owner("Rivals", "rival@example.com").await;
        let rival = world.sign_in("rival@example.com").await;
        let lost = world.event(rivals, &key, &account);
        ledger::bury(&world.store.jobs, &lost, "value out of range").await.unwrap();

        let mine = world.get("/ledger", Some(&token)).await.body;
        assert_eq!((&mine["dead_letters"], &mine["installation"]["dead_letters"]), (&json!(0), &json!(1)));
        assert!(mine["newest_request_at"].is_string() && mine["newest_sum_at"].is_string());
        let parts = mine["installation"]["partitions"].as_array().unwrap();
        assert_eq!(parts.last().unwrap()["name"], json!("usage_default"));

        let theirs = world.get("/ledger", Some(&rival)).await.body;
        assert_eq!((&theirs["dead_letters"], &theirs["installation"]), (&json!(1), &json!(null)));
        assert_eq!(theirs["newest_request_at"], json!(null));
        let letters = world.get("/ledger/dead-letters", Some(&rival)).await.body;
        assert_eq!(letters["items"][0]["request_id"], json!(lost.request.to_string()));
        assert_eq!(letters["items"][0]["error"], json!("value out of range"));
        let file = world.get("/ledger/dead-letters/export", Some(&rival)).await;
        assert_eq!(file.body["event"]["charged"], json!("1.00"));
        assert!(file.headers["content-disposition"].to_str().unwrap().contains("dead-letters-rivals-"));
        let none = world.get("/ledger/dead-letters", Some(&token)).await.body;
        assert_eq!(none["items"], json!([]));
        let answer = world.call(Method::DELETE, "/ledger/dead-letters", Some(&rival), None, &[]).await;
        assert_eq!(answer.status, 405);
    })
    .await;
}
