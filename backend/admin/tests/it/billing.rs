//! Credits, codes and statements, as an organisation sees them.

use crate::world::{self, Answer, World};
use causeway_domain::{Nanos, OrgId, Role};
use causeway_store::{credits, policy, principal};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sqlx::Connection;
use std::collections::BTreeSet;
use uuid::Uuid;

/// Credits an organisation, as its operator.
async fn credit(world: &World, operator: &str, org: OrgId, amount: &str) {
    let body = json!({"kind": "credit", "amount_usd": amount});
    let answer = world.post(&format!("/operator/organizations/{org}/entries"), Some(operator), body).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
}

/// Makes codes; their batch and themselves.
async fn codes(world: &World, operator: &str, body: Value) -> (String, Vec<String>) {
    let answer = world.post("/operator/codes", Some(operator), body).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    let codes = answer.body["codes"].as_array().unwrap().iter().map(|c| c.as_str().unwrap().to_owned());
    (answer.body["batch"]["id"].as_str().unwrap().to_owned(), codes.collect())
}

async fn redeem(world: &World, token: &str, code: &str) -> Answer {
    world.post("/balance/redeem", Some(token), json!({"code": code})).await
}

fn problem(answer: &Answer) -> (u16, &str) {
    (answer.status.as_u16(), answer.body["code"].as_str().unwrap_or_default())
}

/// The sum of the entries is what the organisation has, everywhere.
async fn nothing_is_out_of_step(world: &World) {
    assert_eq!(credits::discrepancies(&world.store.operator).await.unwrap(), []);
}

#[tokio::test]
async fn the_first_credit_begins_prepaid_with_its_amount_and_the_relay_knows_at_once() {
    world::with_owner(|world, made, token| async move {
        let balance = world.get("/balance", Some(&token)).await;
        assert_eq!(
            balance.body,
            json!({"prepaid": false, "credits_usd": "0.00", "charged_usd": "0.00", "reserved_usd": "0.00", "balance_usd": "0.00"})
        );
        let own_count = async || world.get("/prices?query=haiku", Some(&token)).await.body["own_count"].clone();
        assert_eq!(own_count().await, json!(true));
        // Three dollars were used before anybody spoke of credit.
        world.charged_at(made.org, Uuid::now_v7(), Utc::now(), 3_000_000_000).await;
        credit(&world, &token, made.org, "50").await;
        let balance = world.get("/balance", Some(&token)).await;
        assert_eq!(
            balance.body,
            json!({"prepaid": true, "credits_usd": "53.00", "charged_usd": "3.00", "reserved_usd": "0.00", "balance_usd": "50.00"})
        );
        assert_eq!(own_count().await, json!(false), "the operator's prices do");
        let entries = world.get("/balance/entries", Some(&token)).await;
        let kinds: Vec<_> = entries.body["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|e| {
                (
                    e["kind"].as_str().unwrap(),
                    e["amount_usd"].as_str().unwrap(),
                    e["actor"]["kind"].as_str().unwrap(),
                )
            })
            .collect();
        assert_eq!(kinds, [("credit", "50.00", "operator"), ("adjustment", "3.00", "system")]);

        let tenancy = principal::tenancy(&world.store.relay, made.org).await.unwrap().unwrap();
        assert_eq!((tenancy.prepaid, tenancy.limits.usd.total), (true, Some(Nanos(53_000_000_000))));
        let published = policy::current(&world.store.cache, made.org).await.unwrap();
        assert_eq!(published, Some(tenancy.policy_version));
        nothing_is_out_of_step(&world).await;
    })
    .await;
}

#[tokio::test]
async fn a_code_is_credited_once_however_many_redeem_it_at_once() {
    world::with_owner(|world, made, operator| async move {
        let (_, made_codes) = codes(&world, &operator, json!({"amount_usd": "25", "count": 1})).await;
        let mut tokens = vec![operator.clone()];
        let mut orgs = vec![made.org];
        for i in 0..4 {
            let email = format!("owner{i}@example.com");
            orgs.push(world.owner(&format!("Organisation {i}"), &email).await.org);
            tokens.push(world.sign_in(&email).await);
        }
        let mut racing = tokio::task::JoinSet::new();
        for i in 0..50 {
            let (world, token, code) = (world.clone(), tokens[i % 5].clone(), made_codes[0].clone());
            racing.spawn(async move { redeem(&world, &token, &code).await });
        }
        let answers = racing.join_all().await;
        let won = answers.iter().filter(|a| a.status == 201).count();
        let lost = answers.iter().filter(|a| problem(a) == (422, "code_used")).count();
        assert_eq!((won, lost), (1, 49), "{answers:?}");
        let mut owner = world.connection(Some("causeway_operator")).await;
        let (entries, used): (i64, i64) = sqlx::query_as(
            "select (select count(*) from credit_entries), (select sum(used) from redeem_codes)",
        )
        .fetch_one(&mut owner)
        .await
        .unwrap();
        assert_eq!((entries, used), (1, 1));
        nothing_is_out_of_step(&world).await;
    })
    .await;
}

#[tokio::test]
async fn a_code_for_several_is_good_for_as_many_organisations_and_once_for_each() {
    world::with_owner(|world, _, operator| async move {
        let (batch, made_codes) =
            codes(&world, &operator, json!({"amount_usd": "25", "count": 1, "uses": 2})).await;
        let mut racing = tokio::task::JoinSet::new();
        for i in 0..3 {
            let email = format!("owner{i}@example.com");
            world.owner(&format!("Organisation {i}"), &email).await;
            let token = world.sign_in(&email).await;
            for _ in 0..5 {
                let (world, token, code) = (world.clone(), token.clone(), made_codes[0].clone());
                racing.spawn(async move { redeem(&world, &token, &code).await.status.as_u16() });
            }
        }
        let won = racing.join_all().await.into_iter().filter(|status| *status == 201).count();
        assert_eq!(won, 2);
        let listed = world.get(&format!("/operator/codes/{batch}"), Some(&operator)).await;
        let by: BTreeSet<_> =
            listed.body["items"][0]["redeemed_by"].as_array().unwrap().iter().map(Value::to_string).collect();
        assert_eq!((by.len(), &listed.body["items"][0]["used"]), (2, &json!(2)));
        nothing_is_out_of_step(&world).await;
    })
    .await;
}

#[tokio::test]
async fn a_code_that_cannot_be_redeemed_says_why() {
    world::with_owner(|world, _, token| async move {
        let (_, plain) = codes(&world, &token, json!({"amount_usd": "5", "count": 3})).await;
        let (revoked_batch, revoked) = codes(&world, &token, json!({"amount_usd": "5", "count": 1})).await;
        let (late_batch, late) = codes(&world, &token, json!({"amount_usd": "5", "count": 1})).await;
        let place = format!("/operator/codes/{revoked_batch}");
        assert_eq!(world.call(http::Method::DELETE, &place, Some(&token), None, &[]).await.status, 204);
        let mut owner = world.connection(None).await;
        sqlx::query("update redeem_batches set expires_at = now() where id = $1")
            .bind(late_batch.parse::<Uuid>().unwrap())
            .execute(&mut owner)
            .await
            .unwrap();
        // Typed by hand.
        let typed = plain[0].to_lowercase().replace('-', " ").replace('0', "o").replace('1', "l");
        assert_eq!(redeem(&world, &token, &typed).await.status, 201);
        assert_eq!(problem(&redeem(&world, &token, &plain[0]).await), (422, "code_used"));
        world.owner("Rivals", "rival@example.com").await;
        let rival = world.sign_in("rival@example.com").await;
        assert_eq!(problem(&redeem(&world, &rival, &plain[0]).await), (422, "code_used"));
        assert_eq!(problem(&redeem(&world, &token, &revoked[0]).await), (422, "code_revoked"));
        assert_eq!(problem(&redeem(&world, &token, &late[0]).await), (422, "code_expired"));
        for unknown in ["", "nonsense", "00000-00000-00000-00000-00000"] {
            let answer = redeem(&world, &token, unknown).await;
            assert_eq!(problem(&answer), (422, "code_unknown"), "{unknown}");
            assert_eq!(answer.body["errors"][0]["field"], json!("code"));
        }
        // Guessing does not go on for ever, and a right code is still right after the wait, for others at once.
        let mut last = redeem(&world, &token, "x").await;
        for _ in 0..6 {
            last = redeem(&world, &token, "x").await;
        }
        assert_eq!(problem(&last), (429, "too_many_attempts"));
        assert_eq!(redeem(&world, &rival, &plain[1]).await.status, 201);
        let audit = world.get("/audit", Some(&rival)).await;
        assert_eq!(audit.body["items"][0]["action"], json!("code.redeem"));
        assert!(!audit.body.to_string().contains(&plain[1]), "the audit log has the code");
    })
    .await;
}

/// Statements by which somebody with a tenant's database role would enrich themselves.
const GRABS: [&str; 13] = [
    "insert into credit_entries (id, org_id, kind, amount_nanos, actor_kind) values (gen_random_uuid(), cw_org(), 'credit', 5, 'user')",
    "update credit_entries set amount_nanos = 5000000000000",
    "delete from credit_entries",
    "update organisations set credit_nanos = 5000000000000 where id = cw_org()",
    "update organisations set credit_nanos = null where id = cw_org()",
    "update organisations set plan = '{}' where id = cw_org()",
    "update organisations set multiplier = 0 where id = cw_org()",
    "update organisations set status = 'active' where id = cw_org()",
    "insert into provider_multipliers (org_id, provider, multiplier) values (cw_org(), 'anthropic', 0)",
    "select end_prepaid()",
    "update users set is_operator = true",
    "insert into redeem_batches (id, amount_nanos, uses) values (gen_random_uuid(), 5, 1)",
    "select hash from redeem_codes",
];

#[tokio::test]
async fn a_tenant_cannot_credit_itself_by_sql_nor_anybody_change_an_entry() {
    world::with_owner(|world, made, operator| async move {
        credit(&world, &operator, made.org, "5").await;
        for sql in GRABS {
            let mut app = world.connection(Some("causeway_app")).await;
            let mut tx = app.begin().await.unwrap();
            sqlx::query("select set_config('cw.org', $1, true), set_config('cw.user', $2, true)")
                .bind(made.org.to_string())
                .bind(made.user.to_string())
                .execute(&mut *tx)
                .await
                .unwrap();
            let error = sqlx::query(sql).execute(&mut *tx).await.err();
            let state = error.and_then(|e| Some(e.as_database_error()?.code()?.into_owned()));
            assert_eq!(state.as_deref(), Some("42501"), "{sql}");
        }
        // The first person is the operator, and no second.
        let mut app = world.connection(Some("causeway_app")).await;
        world.owner("Rivals", "rival@example.com").await;
        let claimed: bool =
            sqlx::query_scalar("select claim_operator(id) from users where email like 'rival%'")
                .fetch_one(&mut app)
                .await
                .unwrap();
        assert!(!claimed);
        // Not even the owner of the database changes what was written, nor writes for an organisation it is not in.
        let mut owner = world.connection(None).await;
        for sql in [
            "update credit_entries set amount_nanos = 1",
            "delete from credit_entries",
            "truncate credit_entries",
            "insert into credit_entries (id, org_id, kind, amount_nanos, actor_kind)
               select gen_random_uuid(), id, 'credit', 5, 'system' from organisations",
        ] {
            let done = sqlx::query(sql).execute(&mut owner).await;
            assert!(done.map_or(true, |d| d.rows_affected() == 0), "{sql}");
        }
        // The operator writes into the organisation entered only.
        let mut role = world.connection(Some("causeway_operator")).await;
        let sql = "insert into credit_entries (id, org_id, kind, amount_nanos, actor_kind)
                   values (gen_random_uuid(), $1, 'credit', 5, 'operator')";
        assert!(sqlx::query(sql).bind(made.org.0).execute(&mut role).await.is_err());
        for sql in [
            "select hash from api_keys",
            "select credential from upstream_accounts",
            "select password_hash from users",
        ] {
            assert!(sqlx::query(sql).execute(&mut role).await.is_err(), "{sql}");
        }
        let balance = world.get("/balance", Some(&operator)).await;
        assert_eq!(balance.body["credits_usd"], json!("5.00"));
    })
    .await;
}

#[tokio::test]
async fn an_organisation_sees_its_own_entries_page_by_page_and_no_other() {
    world::with_owner(|world, made, operator| async move {
        let rivals = world.owner("Rivals", "rival@example.com").await;
        let rival = world.sign_in("rival@example.com").await;
        for amount in ["1", "2", "3"] {
            credit(&world, &operator, made.org, amount).await;
        }
        credit(&world, &operator, rivals.org, "99").await;
        let first = world.get("/balance/entries?limit=2", Some(&operator)).await;
        let cursor = first.body["next_cursor"].as_str().unwrap().to_owned();
        let second = world.get(&format!("/balance/entries?limit=2&cursor={cursor}"), Some(&operator)).await;
        let amounts = |answer: &Answer| -> Vec<String> {
            let items = answer.body["items"].as_array().unwrap();
            items.iter().map(|e| e["amount_usd"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(
            (amounts(&first), amounts(&second)),
            (vec!["3.00".into(), "2.00".into()], vec!["1.00".into()])
        );
        assert_eq!(second.body["next_cursor"], Value::Null);
        assert_eq!(amounts(&world.get("/balance/entries", Some(&rival)).await), ["99.00"]);
    })
    .await;
}

/// A statement's figures in nano-dollars: opening, credits, usage, closing.
fn figures(statement: &Value) -> [i64; 4] {
    ["opening_usd", "credits_usd", "usage_usd", "closing_usd"]
        .map(|field| statement[field].as_str().unwrap().parse::<Nanos>().unwrap().0)
}

async fn statements_add_up(zone: &'static str) {
    world::with_owner(move |world, made, token| async move {
        let zone_set = world.patch("/organization", Some(&token), json!({"time_zone": zone})).await;
        assert_eq!(zone_set.status, 200);
        let (key, _) = world.key(&token, "Ada, \"the\" first").await;
        let key: Uuid = key.parse().unwrap();
        // A quarter of an hour on either side of each edge of the zone's months, through both changes of the clocks; odd
        // amounts, so that nothing adds up by chance.
        let tz: chrono_tz::Tz = zone.parse().unwrap();
        let calendar = causeway_domain::window::Calendar { time_zone: tz, ..Default::default() };
        let mut expected = std::collections::BTreeMap::<String, i64>::new();
        let mut nanos = 1_234_567;
        for year in [2024, 2025] {
            for month in 1..=12 {
                let edge = calendar.day_start(chrono::NaiveDate::from_ymd_opt(year, month, 1).unwrap());
                for minutes in [-15, 0] {
                    let at: DateTime<Utc> = edge + chrono::Duration::minutes(minutes);
                    nanos = nanos * 7 % 9_999_999_967 + 1;
                    world.charged_at(made.org, key, at, nanos).await;
                    let name = at.with_timezone(&tz).format("%Y-%m").to_string();
                    *expected.entry(name).or_default() += nanos;
                }
            }
        }
        credit(&world, &token, made.org, "50").await;
        let months = world.get("/statements", Some(&token)).await;
        let mut months: Vec<_> = months.body["months"]
            .as_array()
            .unwrap()
            .iter()
            .map(|m| m.as_str().unwrap().to_owned())
            .collect();
        assert_eq!(months.last().map(String::as_str), Some("2023-12"));
        months.reverse();
        let mut before = 0;
        for month in &months {
            let statement = world.get(&format!("/statements/{month}"), Some(&token)).await;
            let [opening, credits, usage, closing] = figures(&statement.body);
            assert_eq!(opening, before, "{month} does not begin where the month before ended");
            assert_eq!(opening + credits - usage, closing, "{month}");
            assert_eq!(usage, expected.get(month).copied().unwrap_or(0), "{month}");
            let lines: i64 = statement.body["lines"]
                .as_array()
                .unwrap()
                .iter()
                .map(|l| l["charged_usd"].as_str().unwrap().parse::<Nanos>().unwrap().0)
                .sum();
            assert_eq!(lines, usage);
            before = closing;
        }
        assert_eq!(before, 50_000_000_000, "the last statement ends with the balance");
    })
    .await;
}

#[tokio::test]
async fn statements_add_up_month_after_month_where_clocks_change() {
    statements_add_up("America/New_York").await;
}

#[tokio::test]
async fn statements_add_up_month_after_month_where_hours_are_halved() {
    statements_add_up("Asia/Kolkata").await;
}

#[tokio::test]
async fn a_statement_is_a_table_too_and_shows_costs_to_administrators_only() {
    world::with_owner(|world, made, token| async move {
        let (key, _) = world.key(&token, "=cmd, the \"first\"").await;
        world.charged_at(made.org, key.parse().unwrap(), Utc::now(), 3_000_000_001).await;
        credit(&world, &token, made.org, "50").await;
        let month = Utc::now().format("%Y-%m").to_string();
        let answer = world.get(&format!("/statements/{month}?format=csv"), Some(&token)).await;
        let csv = answer.body.as_str().unwrap();
        assert_eq!(
            answer.headers["content-disposition"],
            format!("attachment; filename=\"engines-{month}.csv\"").as_str()
        );
        assert!(csv.contains("\"'=cmd, the \"\"first\"\"\""), "{csv}");
        let mut amounts: Vec<i64> = csv
            .lines()
            .skip(1)
            .map(|line| {
                let amount = line.rsplit(',').nth(1).unwrap();
                amount.parse::<Nanos>().unwrap().0
            })
            .collect();
        let closing = amounts.pop().unwrap();
        assert_eq!((closing, amounts.iter().sum::<i64>()), (50_000_000_000, 50_000_000_000), "{csv}");

        world.person(made, Role::Viewer, "accountant@example.com").await;
        let viewer = world.sign_in("accountant@example.com").await;
        for (who, cost) in [(&token, json!("1.50")), (&viewer, Value::Null)] {
            let statement = world.get(&format!("/statements/{month}"), Some(who)).await;
            assert_eq!(
                (&statement.body["cost_usd"], &statement.body["lines"][0]["cost_usd"]),
                (&cost, &cost)
            );
        }
        for bad in ["2026-13", "3000-01", "now"] {
            assert_eq!(world.get(&format!("/statements/{bad}"), Some(&token)).await.status, 404);
        }
    })
    .await;
}
