//! Rules by which clients are recognised: edited, tried on the last day's requests, and asked for by keys.

use crate::world::{self, Answer, World};
use causeway_domain::Role;
use chrono::{Duration, Utc};
use http::Method;
use serde_json::{Value, json};
use uuid::Uuid;

const CLAUDE: &str = r#"{"user-agent":"claude-cli/2.1.329 (external, cli)","x-app":"cli"}"#;
const OURS: &str = r#"{"user-agent":"our-agent/7"}"#;

fn ours(pattern: &str) -> Value {
    json!({"client": "our_agent", "name": " Our agent ", "when": [{"header": "user-agent", "matches": pattern}]})
}

async fn put(world: &World, token: &str, body: &Value) -> Answer {
    world.call(Method::PUT, "/client-rules", Some(token), Some(body.to_string()), &[]).await
}

async fn tried(world: &World, token: &str, body: Value) -> Value {
    let answer = world.post("/client-rules/trial", Some(token), body).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body
}

fn fields(answer: &Answer) -> (u16, Vec<&str>) {
    let errors = answer.body["errors"].as_array().into_iter().flatten();
    (answer.status.as_u16(), errors.map(|error| error["field"].as_str().unwrap()).collect())
}

/// What a dry run says of each client: before, after.
fn sums(trial: &Value) -> Vec<(&str, u64, u64)> {
    let n = |v: &Value| v.as_u64().unwrap();
    let all = trial["clients"].as_array().unwrap().iter();
    let mut sums: Vec<_> =
        all.map(|c| (c["client"].as_str().unwrap(), n(&c["before"]), n(&c["after"]))).collect();
    sums.sort_unstable();
    sums
}

#[tokio::test]
async fn rules_are_replaced_as_a_whole_and_an_old_edit_does_not_undo_a_new_one() {
    world::with_owner(|world, made, token| async move {
        let none = world.get("/client-rules", Some(&token)).await.body;
        assert_eq!(
            (&none["version"], &none["rules"], &none["updated_at"]),
            (&json!(0), &json!([]), &Value::Null)
        );
        assert!(none["shipped"].as_array().unwrap().len() > 10);
        assert!(none["headers"].as_array().unwrap().contains(&json!("originator")));
        let known = |set: &Value, client: &str| {
            set["clients"].as_array().unwrap().iter().find(|c| c["client"] == client).cloned()
        };
        assert_eq!(known(&none, "claude_code").unwrap()["name"], "Claude Code");
        let first = put(&world, &token, &json!({"version": 0, "rules": [ours("our-agent/*")]})).await;
        assert_eq!(first.status, 200, "{}", first.body);
        assert_eq!(
            (&first.body["version"], &first.body["rules"][0]["name"]),
            (&json!(1), &json!("Our agent"))
        );
        assert!(known(&first.body, "our_agent").unwrap()["recognised"] == true);
        for version in [0, 2, 3_000_000_000_u32] {
            let late = put(&world, &token, &json!({"version": version, "rules": []})).await;
            assert_eq!(late.status, 409, "{version}: {}", late.body);
        }
        let second = json!({"version": 1, "rules": [], "without_shipped": true});
        // Two at once: one of them is told.
        let (a, b) = tokio::join!(put(&world, &token, &second), put(&world, &token, &second));
        let mut statuses = [a.status.as_u16(), b.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409]);
        let now = world.get("/client-rules", Some(&token)).await.body;
        assert_eq!(
            (&now["version"], &now["without_shipped"], &now["clients"]),
            (&json!(2), &json!(true), &json!([]))
        );
        // A member sees which clients there are, and changes nothing.
        world.person(made, Role::Member, "m@example.com").await;
        let member = world.sign_in("m@example.com").await;
        assert_eq!(world.get("/client-rules", Some(&member)).await.status, 200);
        assert_eq!(put(&world, &member, &json!({"rules": []})).await.status, 403);
        assert_eq!(world.post("/client-rules/trial", Some(&member), json!({"rules": []})).await.status, 403);
        // Another organisation has its own.
        world.owner("Rivals", "rival@example.com").await;
        let rival = world.sign_in("rival@example.com").await;
        let theirs = world.get("/client-rules", Some(&rival)).await.body;
        assert_eq!((&theirs["version"], &theirs["without_shipped"]), (&json!(0), &json!(false)));
        let log = world.get("/audit", Some(&token)).await.body;
        let lines = log["items"].as_array().unwrap();
        let line = lines.iter().find(|line| line["action"] == "client_rules.set").unwrap();
        assert_eq!(line["after"]["without_shipped"], json!(true), "{log}");
        assert_eq!(line["before"]["rules"][0]["client"], "our_agent", "{log}");
    })
    .await;
}

#[tokio::test]
async fn what_makes_no_rule_is_refused_by_the_field_that_is_wrong() {
    world::with_owner(|world, _, token| async move {
        let rule = |change: fn(&mut Value)| {
            let mut rule = ours("our-agent/*");
            change(&mut rule);
            json!({"rules": [ours("a"), rule]})
        };
        let many: Vec<_> = (0..51).map(|_| ours("a")).collect();
        for (body, wrong) in [
            (json!({"rules": many}), "rules"),
            (rule(|r| r["client"] = json!("Our Agent")), "rules[1].client"),
            (rule(|r| r["client"] = json!("")), "rules[1].client"),
            (rule(|r| r["client"] = json!("a".repeat(41))), "rules[1].client"),
            (rule(|r| r["name"] = json!(" ")), "rules[1].name"),
            (rule(|r| r["when"] = json!([])), "rules[1].when"),
            (rule(|r| r["when"] = json!(vec![r["when"][0].clone(); 9])), "rules[1].when"),
            (rule(|r| r["when"][0]["header"] = json!("authorization")), "rules[1].when[0].header"),
            (rule(|r| r["when"][0]["header"] = json!("User-Agent")), "rules[1].when[0].header"),
            (rule(|r| r["when"][0]["matches"] = json!("")), "rules[1].when[0].matches"),
            (rule(|r| r["when"][0]["matches"] = json!(" a")), "rules[1].when[0].matches"),
            (rule(|r| r["when"][0]["matches"] = json!("a\u{0}b")), "rules[1].when[0].matches"),
            (rule(|r| r["when"][0]["matches"] = json!("a".repeat(201))), "rules[1].when[0].matches"),
        ] {
            let (set, tried) = (
                put(&world, &token, &body).await,
                world.post("/client-rules/trial", Some(&token), body.clone()).await,
            );
            assert_eq!(fields(&set), (422, vec![wrong]), "{body}: {}", set.body);
            assert_eq!(fields(&tried), (422, vec![wrong]), "{body}: {}", tried.body);
        }
        for body in [json!({}), json!({"rules": [{"client": "a"}]}), json!({"rules": [], "shipped": false})] {
            assert!(put(&world, &token, &body).await.status.is_client_error(), "{body}");
        }
        assert_eq!(world.get("/client-rules", Some(&token)).await.body["version"], json!(0));
    })
    .await;
}

#[tokio::test]
async fn a_dry_run_says_what_the_last_day_would_have_been_and_changes_nothing() {
    world::with_owner(|world, made, token| async move {
        let account = world.account(&token).await;
        let (laptop, _) = world.key(&token, "laptop").await;
        let (server, _) = world.key(&token, "server").await;
        let mut events = Vec::new();
        for (key, facts, client, times) in [
            (&laptop, CLAUDE, "claude_code", 3),
            (&server, CLAUDE, "claude_code", 1),
            (&server, OURS, "", 2),
            (&server, "", "", 1),
        ] {
            for _ in 0..times {
                let mut event = world.event(made, key, &account);
                event.request = causeway_domain::RequestId(Uuid::now_v7());
                (event.client_facts, event.client_id) = (facts.to_owned(), client.to_owned());
                events.push(event);
            }
        }
        // The day before yesterday is not asked.
        let mut old = events[0].clone();
        let ms = (Utc::now() - Duration::hours(25)).timestamp_millis().unsigned_abs();
        old.request =
            causeway_domain::RequestId(Uuid::from_u128((u128::from(ms) << 80) | (7 << 76) | (2 << 62) | 1));
        events.push(old);
        world.write(&events).await;
        let as_it_is = tried(&world, &token, json!({"rules": []})).await;
        assert_eq!(
            (&as_it_is["requests"], &as_it_is["examined"], &as_it_is["refused"]),
            (&json!(7), &json!(7), &json!(0))
        );
        assert_eq!(sums(&as_it_is), [("", 3, 3), ("claude_code", 4, 4)]);
        let first = &as_it_is["rows"][0];
        assert_eq!(
            (&first["requests"], &first["keys"], &first["headers"]["x-app"]),
            (&json!(4), &json!(2), &json!("cli"))
        );
        assert_eq!(first["rule"], json!({"shipped": true, "index": 1}));
        let change = json!({"services": {"clients": ["claude_code"]}});
        assert_eq!(world.patch(&format!("/keys/{server}"), Some(&token), change).await.status, 200);
        let mine =
            tried(&world, &token, json!({"rules": [ours("OUR-agent/*")], "without_shipped": true})).await;
        assert_eq!(sums(&mine), [("", 3, 5), ("claude_code", 4, 0), ("our_agent", 0, 2)]);
        assert_eq!(
            mine["refused"],
            json!(4),
            "all of the key that is restricted to what is not recognised any more"
        );
        let row = mine["rows"].as_array().unwrap().iter().find(|r| r["after"] == "our_agent").unwrap();
        assert_eq!(
            (&row["rule"], &row["before"], &row["refused"]),
            (&json!({"shipped": false, "index": 0}), &json!(""), &json!(2))
        );
        assert_eq!(
            world.get("/client-rules", Some(&token)).await.body["version"],
            json!(0),
            "nothing was changed"
        );
        // Nobody else's requests.
        world.owner("Rivals", "rival@example.com").await;
        let rival = world.sign_in("rival@example.com").await;
        assert_eq!(tried(&world, &rival, json!({"rules": []})).await["requests"], json!(0));
        // The log and usage know the client too.
        let page = world.get("/requests?client_id=claude_code", Some(&token)).await.body;
        assert_eq!(page["items"].as_array().unwrap().len(), 5);
        assert_eq!(page["items"][0]["client_id"], "claude_code");
        let unknown = world.get("/requests?client_id=", Some(&token)).await.body;
        assert_eq!(unknown["items"].as_array().unwrap().len(), 3);
        let split = world.get("/usage/by/client", Some(&token)).await.body;
        let row =
            |client: &str| split["rows"].as_array().unwrap().iter().find(|r| r["key"] == client).unwrap();
        assert_eq!(
            (&row("claude_code")["label"], &row("claude_code")["figures"]["requests"]),
            (&json!("Claude Code"), &json!(5))
        );
        assert_eq!(row("")["figures"]["requests"], json!(3));
        let only = world.get("/usage/by/key?client_id=claude_code", Some(&token)).await.body;
        assert_eq!(only["totals"]["requests"], json!(5));
    })
    .await;
}

#[tokio::test]
async fn a_key_can_be_restricted_to_clients_that_rules_recognise_and_to_no_others() {
    world::with_owner(|world, _, token| async move {
        let (key, _) = world.key(&token, "laptop").await;
        let path = format!("/keys/{key}");
        let set = async |clients: Value| {
            world.patch(&path, Some(&token), json!({"services": {"clients": clients}})).await
        };
        let good = set(json!(["claude_code", "codex"])).await;
        assert_eq!(good.body["services"]["clients"], json!(["claude_code", "codex"]), "{}", good.body);
        let many: Vec<_> = (0..51).map(|n| format!("c{n}")).collect();
        assert_eq!(
            fields(&set(json!(["claude_code", "our_agent"])).await),
            (422, vec!["services.clients[1]"])
        );
        assert_eq!(fields(&set(json!(["codex", "codex"])).await), (422, vec!["services.clients[1]"]));
        assert!(fields(&set(json!(many)).await).1.contains(&"services.clients"));
        assert_eq!(put(&world, &token, &json!({"rules": [ours("a*")]})).await.status, 200);
        assert_eq!(set(json!(["our_agent"])).await.status, 200);
        // Without the rule the restriction stays, and says that nobody fits it.
        let gone = put(&world, &token, &json!({"rules": []})).await.body;
        let ours = gone["clients"].as_array().unwrap().iter().find(|c| c["client"] == "our_agent").unwrap();
        assert_eq!((&ours["recognised"], &ours["keys"]), (&json!(false), &json!(1)));
        // A change of something else goes through all the same.
        assert_eq!(world.patch(&path, Some(&token), json!({"name": "desk"})).await.status, 200);
        let batch = json!({"ids": [key], "change": {"services": {"clients": ["nobody"]}}});
        let refused = world.patch("/keys/batch", Some(&token), batch).await;
        assert!(
            refused.status.is_client_error() || !refused.body.to_string().contains("\"nobody\""),
            "{}",
            refused.body
        );
    })
    .await;
}
