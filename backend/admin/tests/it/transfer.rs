//! Requests leaving as a file and coming back.

use crate::world::{self, World};
use causeway_admin::people::Created;
use causeway_domain::{Factor, Nanos};
use causeway_store::ledger::{Outcome, Revision, UsageEvent};
use chrono::{Duration, Utc};
use http::Method;
use serde_json::{Value, json};
use sqlx::Executor;

/// Everything that the ledger has of an organisation, as text.
async fn tables(world: &World) -> Vec<String> {
    let mut database = world.database().await;
    database.execute("set role causeway_jobs").await.unwrap();
    let rows = sqlx::query_scalar(
        "select 'usage ' || to_jsonb(t)::text from usage t union all
         select 'rollups ' || to_jsonb(t)::text from usage_rollups t union all
         select 'totals ' || to_jsonb(t)::text from budget_totals t order by 1",
    );
    rows.fetch_all(&mut database).await.unwrap()
}

async fn wipe(world: &World) {
    world.database().await.execute("truncate usage, usage_rollups, budget_totals").await.unwrap();
}

async fn import(world: &World, token: &str, query: &str, file: &str) -> Value {
    let path = format!("/usage/import{query}");
    let answer = world.call(Method::POST, &path, Some(token), Some(file.to_owned()), &[]).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body
}

/// Requests with everything that a row can hold, over several months.
fn varied(world: &World, made: Created, key: &str, account: &str, count: i64) -> Vec<UsageEvent> {
    let now = Utc::now();
    let vary = |n: i64| {
        let base = world.event(made, key, account);
        let at = now - Duration::hours(n * 7 % 2500) - Duration::milliseconds(n);
        let mut event = causeway_store::testing::event(made.org, base.key, base.account, at);
        event.user = (n % 3 != 0).then_some(made.user);
        event.rev = if n % 11 == 0 { Revision::Swept } else { Revision::Own };
        event.model = ["claude-haiku-4-5", "=cmd|' /C calc'!A0", "模型, \"q\""]
            [usize::try_from(n % 3).unwrap()]
        .to_owned();
        event.outcome = Outcome::ALL[usize::try_from(n % 5).unwrap()];
        event.status = if n % 7 == 0 { 0 } else { 200 };
        event.estimated = n % 2 == 0;
        event.tier = causeway_domain::price::ServiceTier::ALL[usize::try_from(n % 4).unwrap()];
        event.web_searches = u32::try_from(n % 4).unwrap();
        event.tokens.reasoning = 1;
        event.cost = Nanos(n * 1_000_003);
        event.factor = Factor::from_raw(1_562_500_000_001).unwrap();
        event.charged = event.factor.charge(event.cost);
        event.first_byte_ms = (n % 2 == 0).then_some(7);
        event.upstream_request_id = (n % 2 == 1).then(|| format!("req_{n}"));
        event.client = "claude-cli/2.1 (\u{1f9ed})\tx".to_owned();
        event.error = (n % 5 == 2).then(|| "line one\r\nline \"two\"".to_owned());
        event
    };
    (0..count).map(vary).collect()
}

#[tokio::test]
async fn what_is_exported_wiped_and_imported_is_there_again_to_the_last_column() {
    world::with_owner(|world, made, token| async move {
        let account = world.account(&token).await;
        let (key, _) = world.key(&token, "laptop").await;
        world.write(&varied(&world, made, &key, &account, 1_203)).await;
        let before = tables(&world).await;
        let file = world.get("/requests/export?format=jsonl", Some(&token)).await;
        assert_eq!(file.headers["content-type"], "application/x-ndjson");
        let text = file.body.as_str().unwrap().to_owned();
        assert_eq!(text.lines().count(), 1_203);

        let looked = import(&world, &token, "?dry_run=true", &text).await;
        assert_eq!(
            (&looked["present"], &looked["added"], &looked["dry_run"]),
            (&json!(1_203), &json!(0), &json!(true))
        );
        wipe(&world).await;
        // The same requests twice in one file are the same requests.
        let twice = format!("{text}\n{text}");
        let looked = import(&world, &token, "?dry_run=true", &twice).await;
        assert_eq!(
            (&looked["read"], &looked["added"], &looked["present"]),
            (&json!(2_406), &json!(1_203), &json!(1_203))
        );
        assert_eq!(tables(&world).await, Vec::<String>::new(), "a dry run writes nothing");

        let done = import(&world, &token, "", &twice).await;
        assert_eq!(
            (&done["added"], &done["present"], &done["refused"]),
            (&json!(1_203), &json!(1_203), &json!(0))
        );
        assert_eq!((&done["added_usd"], &done["refusals"]), (&looked["added_usd"], &json!([])));
        assert_eq!(tables(&world).await, before);
        let again = import(&world, &token, "", &text).await;
        assert_eq!((&again["added"], &again["present"]), (&json!(0), &json!(1_203)));
        assert_eq!(tables(&world).await, before);
        assert_eq!(world.get("/requests/export?format=jsonl", Some(&token)).await.body, json!(text));
        let log = world.get("/audit", Some(&token)).await.body;
        assert_eq!(
            (&log["items"][1]["action"], &log["items"][1]["after"]["added"]),
            (&json!("usage.import"), &json!(1_203))
        );
    })
    .await;
}

#[tokio::test]
async fn a_table_for_spreadsheets_runs_nothing_and_breaks_no_line() {
    world::with_owner(|world, made, token| async move {
        let account = world.account(&token).await;
        let (key, _) = world.key(&token, "=HYPERLINK(\"http://evil.example\",\"x\")").await;
        let mut event = world.event(made, &key, &account);
        event.model = "@SUM(A1)".to_owned();
        event.client = "-2+3".to_owned();
        event.error = Some("a, \"b\"\r\nc".to_owned());
        world.write(&[event.clone()]).await;
        let file = world.get("/requests/export", Some(&token)).await;
        assert_eq!(file.headers["content-type"], "text/csv; charset=utf-8");
        let name = file.headers["content-disposition"].to_str().unwrap();
        assert!(
            name.starts_with("attachment; filename=\"requests-engines-") && name.ends_with(".csv\""),
            "{name}"
        );
        let text = file.body.as_str().unwrap();
        assert!(text.starts_with("\u{feff}request_id,started_at,"), "{text}");
        for cell in [
            "\"'=HYPERLINK(\"\"http://evil.example\"\",\"\"x\"\")\"",
            ",'@SUM(A1),",
            ",'-2+3,",
            "\"a, \"\"b\"\"\r\nc\"",
            ",standard,1.00,1,1.00,",
        ] {
            assert!(text.contains(cell), "{cell} in {text}");
        }
        let sums = world.get("/usage/export?by=key", Some(&token)).await.body;
        assert!(sums.as_str().unwrap().contains(",\"'=HYPERLINK("), "{sums}");
        for (query, lines) in [("by=hour", 1 + 24), ("by=model&format=jsonl", 1)] {
            let day = event.started_at.format("%Y-%m-%d");
            let body =
                world.get(&format!("/usage/export?{query}&from={day}&to={day}"), Some(&token)).await.body;
            let count = body.as_str().map_or(1, |text| text.lines().count());
            assert_eq!(count, lines, "{body}");
        }
    })
    .await;
}

#[tokio::test]
async fn the_filters_of_the_log_are_those_of_its_export() {
    world::with_owner(|world, made, token| async move {
        let account = world.account(&token).await;
        let (key, _) = world.key(&token, "laptop").await;
        world.write(&varied(&world, made, &key, &account, 100)).await;
        for query in [
            "outcome=client_left".to_owned(),
            "status=0".to_owned(),
            "model=claude-*".to_owned(),
            "model=claude-haiku-4-5".to_owned(),
            format!("member_id={}", made.user),
            format!("from={}", (Utc::now() - Duration::hours(200)).format("%Y-%m-%dT%H:%M:%SZ")),
        ] {
            let listed = world.get(&format!("/requests?limit=200&{query}"), Some(&token)).await.body;
            let listed = listed["items"].as_array().unwrap().clone();
            let file = world.get(&format!("/requests/export?format=jsonl&{query}"), Some(&token)).await.body;
            let file: Vec<Value> =
                file.as_str().unwrap().lines().map(|l| serde_json::from_str(l).unwrap()).collect();
            let ids = |rows: &[Value]| rows.iter().map(|r| r["request_id"].clone()).collect::<Vec<_>>();
            let newest_first: Vec<_> = ids(&file).into_iter().rev().collect();
            assert_eq!(ids(&listed), newest_first, "{query}");
            assert!(!listed.is_empty() && listed.len() < 100, "{query}: {}", listed.len());
        }
    })
    .await;
}

#[tokio::test]
async fn lines_that_are_not_accepted_are_refused_by_themselves_with_the_reason() {
    world::with_owner(|world, made, token| async move {
        let account = world.account(&token).await;
        let (key, _) = world.key(&token, "laptop").await;
        world.write(&varied(&world, made, &key, &account, 2)).await;
        let text = world.get("/requests/export?format=jsonl", Some(&token)).await.body;
        let good: Value = serde_json::from_str(text.as_str().unwrap().lines().next().unwrap()).unwrap();
        wipe(&world).await;

        let rivals = world.owner("Rivals", "rival@example.com").await;
        let rival = world.sign_in("rival@example.com").await;
        let their_account = world.account(&rival).await;
        let (their_key, _) = world.key(&rival, "rival's").await;
        let taken = world.used(rivals, &their_key, &their_account, "claude-haiku-4-5", 1).await;
        let future = (Utc::now() + Duration::hours(1)).timestamp_millis();
        let future =
            uuid::Uuid::from_u128((u128::from(future.unsigned_abs()) << 80) | (7 << 76) | (1 << 63) | 1);

        let changed = |field: &str, value: Value| {
            let mut line = good.clone();
            line[field] = value;
            line.to_string()
        };
        let mut without = good.clone();
        without.as_object_mut().unwrap().remove("price");
        let now = json!(Utc::now());
        let mut stolen = good.clone();
        (stolen["request_id"], stolen["started_at"]) = (json!(taken), now.clone());
        let cases = [
            (changed("key_id", json!(their_key)), "key_id"),
            (changed("account_id", json!(their_account)), "account_id"),
            (changed("member_id", json!(rivals.user)), "member_id"),
            (changed("provider", json!("openai")), "provider"),
            (changed("request_id", json!("6e1c7c3e-9d0a-4b8f-8c2f-4a1101935f3a")), "request_id"),
            (changed("request_id", json!(future)), "request_id"),
            (changed("started_at", now), "started_at"),
            (changed("cost_usd", json!("-1")), "cost_usd"),
            (changed("cost_usd", json!(0.1)), "cost_usd"),
            (changed("input_tokens", json!(-1)), "input_tokens"),
            (changed("output_tokens", json!(u64::MAX)), "output_tokens"),
            (changed("multiplier", json!("1e3")), "multiplier"),
            (changed("outcome", json!("lost")), "outcome"),
            (changed("price", json!({})), "price"),
            (changed("model", json!("a\u{0}b")), "model"),
            (changed("model", json!("m".repeat(201))), "model"),
            (changed("status", json!(1000)), "status"),
            (changed("org_id", json!(made.org)), "org_id"),
            (without.to_string(), "price"),
            (stolen.to_string(), "request_id"),
            ("{\"colour\":1}".to_owned(), "colour"),
            ("{".to_owned(), ""),
            ("[]".to_owned(), ""),
            (format!("{good} {good}"), ""),
            (changed("client", json!("c".repeat(70_000))), ""),
        ];
        let mut file = String::from("\r\n");
        for (line, _) in &cases {
            file.push_str(line);
            file.push_str("\r\n");
        }
        file.push_str(&good.to_string());
        for query in ["?dry_run=true", ""] {
            let report = import(&world, &token, query, &file).await;
            assert_eq!((&report["added"], &report["refused"]), (&json!(1), &json!(cases.len())), "{report}");
            for ((line, field), (refusal, n)) in
                cases.iter().zip(report["refusals"].as_array().unwrap().iter().zip(2..))
            {
                assert_eq!(
                    (&refusal["field"], &refusal["line"]),
                    (&json!(field), &json!(n)),
                    "{refusal} {line}"
                );
            }
        }
        // Not a row of the other organisation was touched, and none of its totals.
        let theirs = world.get("/usage/by/key", Some(&rival)).await.body;
        assert_eq!(theirs["totals"]["requests"], json!(1));
    })
    .await;
}

#[tokio::test]
async fn a_budget_counts_what_was_imported() {
    world::with_owner(|world, made, token| async move {
        let account = world.account(&token).await;
        let (key, _) = world.key(&token, "laptop").await;
        world.used(made, &key, &account, "claude-haiku-4-5", 1_500_000_000).await;
        let file = world.get("/requests/export?format=jsonl", Some(&token)).await.body.to_string();
        wipe(&world).await;
        let total = async || {
            world.get(&format!("/keys/{key}"), Some(&token)).await.body["usage"]["cost_usd_total"].clone()
        };
        assert_eq!(total().await, json!("0.00"));
        import(&world, &token, "", &file).await;
        assert_eq!(total().await, json!("1.50"));
    })
    .await;
}
