//! Accounts that come in as files.

use crate::world::{self, Answer, World};
use axum::body::Body;
use causeway_domain::Role;
use http::{Method, Request};
use rawzip::ZipArchiveWriter;
use serde_json::{Value, json};
use std::io::Write;

const SECRET: &str = "sk-ant-imported-0123456789abcdef";

async fn import(world: &World, token: &str, query: &str, file: impl Into<Body>) -> Answer {
    let request = Request::post(format!("/admin/v1/accounts/import{query}"))
        .header("authorization", format!("Bearer {token}"))
        .body(file.into())
        .unwrap();
    world.send(request).await
}

/// The report, which is one.
async fn report(world: &World, token: &str, query: &str, file: impl Into<Body>) -> Value {
    let answer = import(world, token, query, file).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body
}

async fn accounts(world: &World, token: &str) -> Vec<Value> {
    let page = world.get("/accounts?limit=200", Some(token)).await.body;
    page["items"].as_array().unwrap().clone()
}

/// How many were added, were there, and were refused.
fn counts(report: &Value) -> (i64, i64, i64) {
    let count = |name: &str| report[name].as_i64().unwrap();
    (count("added"), count("present"), count("refused"))
}

/// Field and reason of an item.
fn why(item: &Value) -> (&str, &str) {
    (item["field"].as_str().unwrap_or_default(), item["reason"].as_str().unwrap_or_default())
}

fn pack(files: &[(&str, String)]) -> Vec<u8> {
    let mut output = Vec::new();
    let mut archive = ZipArchiveWriter::new(&mut output);
    for (name, content) in files {
        let (mut entry, config) = archive.new_file(*name).start().unwrap();
        let mut writer = config.wrap(&mut entry);
        writer.write_all(content.as_bytes()).unwrap();
        let (_, told) = writer.finish().unwrap();
        entry.finish(told).unwrap();
    }
    archive.finish().unwrap();
    output
}

fn plain(name: &str, key: &str) -> Value {
    json!({"name": name, "provider": "anthropic", "api_key": key})
}

#[tokio::test]
async fn a_dry_run_tells_what_an_import_then_does_and_a_second_import_does_nothing() {
    world::with_owner(|world, _, token| async move {
        let file = json!([
            plain("One", SECRET),
            plain("Two", "sk-ant-another-0123456789ab"),
            plain("One again", SECRET),
            {"name": "Elsewhere", "provider": "anthropic-compatible", "api_key": SECRET, "base_url": "https://llm.example.com/v1"},
            {"name": "Nowhere", "provider": "anthropic-compatible", "api_key": SECRET},
            {"name": "Nobody", "provider": "acme", "api_key": SECRET},
        ])
        .to_string();
        let lines = world.get("/audit?limit=200", Some(&token)).await.body["items"].as_array().unwrap().len();
        let looked = report(&world, &token, "?dry_run=true&file_name=keys.json", file.clone()).await;
        assert_eq!((&looked["dry_run"], &looked["files"]), (&json!(true), &json!(1)));
        assert_eq!(counts(&looked), (3, 1, 2), "{looked}");
        assert!(accounts(&world, &token).await.is_empty(), "nothing is made by it");
        let audited = world.get("/audit?limit=200", Some(&token)).await.body["items"].as_array().unwrap().len();
        assert_eq!(audited, lines);
        let items = looked["items"].as_array().unwrap();
        assert!(items.iter().all(|item| item["account_id"].is_null() && item["file"] == "keys.json"));
        assert_eq!(items[2]["reason"], "is in this import twice");
        assert_eq!(why(&items[4]), ("base_url", "is needed for this provider"));
        assert_eq!(why(&items[5]).0, "provider");
        assert!(why(&items[5]).1.contains("ask the operator"));

        let done = report(&world, &token, "?file_name=keys.json", file.clone()).await;
        assert_eq!(counts(&done), counts(&looked));
        let told = |report: &Value, field: &str| {
            report["items"].as_array().unwrap().iter().map(|i| i[field].clone()).collect::<Vec<_>>()
        };
        for field in ["file", "place", "kind", "outcome", "provider", "credential_kind", "name", "base_url", "field"] {
            assert_eq!(told(&looked, field), told(&done, field), "{field}");
        }
        let all = accounts(&world, &token).await;
        let mut names: Vec<_> = all.iter().map(|a| a["name"].as_str().unwrap()).collect();
        names.sort_unstable();
        assert_eq!(names, ["Elsewhere", "One", "Two"]);
        let elsewhere = all.iter().find(|a| a["name"] == "Elsewhere").unwrap();
        assert_eq!((&elsewhere["base_url"], &elsewhere["enabled"]), (&json!("https://llm.example.com"), &json!(true)));
        assert_eq!(done["items"][3]["account_id"], elsewhere["id"]);

        let again = report(&world, &token, "", file).await;
        assert_eq!(counts(&again), (0, 4, 2));
        assert_eq!(again["items"][0]["account_id"], done["items"][0]["account_id"]);
        assert!(why(&again["items"][0]).1.contains("“One” has this credential already"), "{again}");
        assert_eq!(accounts(&world, &token).await.len(), 3);
        let audit = world.get("/audit?limit=200", Some(&token)).await.body.to_string();
        assert_eq!(audit.matches("account.create").count(), 3);
        for text in [looked.to_string(), done.to_string(), again.to_string(), audit] {
            assert!(!text.contains("sk-ant-"), "{text}");
        }
    })
    .await;
}

#[tokio::test]
async fn an_archive_of_everything_says_of_each_file_what_it_is_and_why_it_is_not_taken() {
    world::with_owner(|world, _, token| async move {
        let robot = json!({"type": "service_account", "project_id": "p-1", "private_key_id": "k",
            "private_key": "-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----\n",
            "client_email": "robot@p-1.iam.gserviceaccount.com", "token_uri": "https://oauth2.googleapis.com/token"});
        let claude = json!({"claudeAiOauth": {"accessToken": "sk-ant-oat01-x", "refreshToken": "sk-ant-ort01-x",
            "expiresAt": 4_102_444_800_000_i64, "subscriptionType": "max"}});
        let aws = json!({"AccessKey": {"UserName": "relay", "AccessKeyId": "AKIAIOSFODNN7EXAMPLE", "SecretAccessKey": "wJalr"}});
        let lent = json!({"Credentials": {"AccessKeyId": "ASIAIOSFODNN7EXAMPLE", "SecretAccessKey": "s", "SessionToken": "t",
            "Expiration": "2020-01-01T00:00:00Z"}});
        let files = [
            ("ada/.credentials.json", claude.to_string()),
            ("codex/auth.json", json!({"OPENAI_API_KEY": "sk-openai-0123456789ab", "tokens": {"access_token": "a"}}).to_string()),
            ("gemini/oauth_creds.json", json!({"access_token": "a", "scope": "https://www.googleapis.com/auth/x"}).to_string()),
            ("robot.json", robot.to_string()),
            ("aws.json", aws.to_string()),
            ("lent.json", lent.to_string()),
            ("acme.json", json!({"type": "acme", "access_token": "a"}).to_string()),
            ("../../etc/notes.txt", "to do".to_owned()),
            ("unknown.json", "{\"a\": 1}".to_owned()),
            ("cut.json", json!({"claudeAiOauth": {"refreshToken": "r"}}).to_string()),
        ];
        let packed = pack(&files);
        let looked = report(&world, &token, "?dry_run=true&file_name=all.zip", packed.clone()).await;
        assert_eq!(looked["files"], 10);
        let told: Vec<_> = looked["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|i| {
                let text = |name: &str| i[name].as_str().unwrap_or("-").to_owned();
                (text("kind"), text("provider"), text("outcome"), text("field"))
            })
            .collect();
        let row = |kind: &str, provider: &str, outcome: &str, field: &str| {
            (kind.to_owned(), provider.to_owned(), outcome.to_owned(), field.to_owned())
        };
        assert_eq!(
            told,
            [
                row("claude_code", "anthropic", "refused", "provider"),
                row("codex", "openai", "added", "-"),
                row("codex", "codex", "refused", "provider"),
                row("gemini_cli", "gemini", "refused", "provider"),
                row("service_account", "vertex", "refused", "location"),
                row("aws_keys", "bedrock", "refused", "location"),
                row("aws_keys", "bedrock", "refused", "SecretAccessKey"),
                row("proxy_auth", "acme", "refused", "provider"),
                row("-", "-", "refused", "-"),
                row("-", "-", "refused", "-"),
                row("claude_code", "-", "refused", "claudeAiOauth.accessToken"),
            ],
            "{looked:#}"
        );
        let reason = |at: usize| looked["items"][at]["reason"].as_str().unwrap();
        assert!(reason(0).contains("subscription") && reason(0).contains("ask its operator"), "{}", reason(0));
        assert!(reason(2).contains("ask its operator") && reason(7).contains("ask the operator"));
        assert!(reason(6).contains("is over") && reason(8).starts_with("is not JSON"));
        assert_eq!((&looked["items"][0]["plan"], &looked["items"][0]["expires_at"]), (&json!("max"), &json!("2100-01-01T00:00:00Z")));
        assert!(!looked.to_string().contains("0123456789ab"));

        // With a place for those that have none, and what they say themselves.
        let done = report(&world, &token, "?location=europe-west1", packed).await;
        assert_eq!(counts(&done), (3, 0, 8), "{done:#}");
        let all = accounts(&world, &token).await;
        let by = |name: &str| all.iter().find(|a| a["name"].as_str().unwrap().contains(name)).unwrap().clone();
        let vertex = by("robot@p-1");
        assert_eq!(vertex["base_url"], "https://europe-west1-aiplatform.googleapis.com/v1/projects/p-1/locations/europe-west1");
        assert_eq!(vertex["credential_kind"], "service_account");
        assert_eq!(by("relay")["base_url"], "https://bedrock-runtime.europe-west1.amazonaws.com");
        assert_eq!(by("OpenAI, codex/auth")["credential_hint"], "…89ab");
        // The same account of the cloud's, written down in another way.
        let spaced = serde_json::to_string_pretty(&robot).unwrap();
        let again = report(&world, &token, "?location=europe-west1", spaced).await;
        assert_eq!(counts(&again), (0, 1, 0), "{again}");
    })
    .await;
}

#[tokio::test]
async fn accounts_go_into_the_pools_and_to_the_owner_that_were_chosen() {
    world::with_owner(|world, made, token| async move {
        let pool = |name: &str| json!({"name": name, "account_ids": []});
        let chosen = world.post("/pools", Some(&token), pool("Chosen")).await.body["id"].clone();
        let said = world.post("/pools", Some(&token), pool("Said")).await.body["id"].clone();
        let member = world.person(made, Role::Member, "member@example.com").await;
        let with = |name: &str, key: &str, pool: Value| {
            let mut entry = plain(name, key);
            entry["pool"] = pool;
            entry
        };
        let file = json!([
            plain("a", "sk-ant-aaaaaaaaaaaaaaaaaa"),
            with("b", "sk-ant-bbbbbbbbbbbbbbbbbb", json!("Said")),
            with("c", "sk-ant-cccccccccccccccccc", said.clone()),
            with("d", "sk-ant-dddddddddddddddddd", json!("said")),
            {"type": "anthropic", "access_token": "t", "disabled": true},
        ])
        .to_string();
        let query = format!("?pool_id={}&owner_id={member}", chosen.as_str().unwrap());
        let done = report(&world, &token, &query, file).await;
        let pools: Vec<_> = done["items"].as_array().unwrap().iter().map(|i| i["pool_id"].clone()).collect();
        assert_eq!(pools[..4], [chosen.clone(), said.clone(), said.clone(), Value::Null]);
        assert_eq!(why(&done["items"][3]).0, "pool");
        let read = world.get(&format!("/pools/{}", said.as_str().unwrap()), Some(&token)).await.body;
        assert_eq!(read["members"].as_array().unwrap().len(), 2, "{read}");
        for account in accounts(&world, &token).await {
            assert_eq!(account["owner_id"], json!(member.to_string()));
        }

        let rivals = world.owner("Rivals", "rival@example.com").await;
        let rival = world.sign_in("rival@example.com").await;
        let theirs = world.post("/pools", Some(&rival), pool("Theirs")).await.body["id"].clone();
        for (query, field) in [
            (format!("?pool_id={}", theirs.as_str().unwrap()), "pool_id"),
            (format!("?owner_id={}", rivals.user), "owner_id"),
        ] {
            let answer = import(&world, &token, &query, plain("x", SECRET).to_string()).await;
            assert_eq!(
                (answer.status.as_u16(), answer.body["errors"][0]["field"].as_str()),
                (422, Some(field))
            );
        }
        let named = with("x", SECRET, json!("Theirs")).to_string();
        let answer = report(&world, &token, "", named).await;
        assert_eq!(why(&answer["items"][0]).0, "pool");
        // What one organisation has is news to another.
        let same = report(&world, &rival, "", plain("a", "sk-ant-aaaaaaaaaaaaaaaaaa").to_string()).await;
        assert_eq!(counts(&same), (1, 0, 0));
    })
    .await;
}

#[tokio::test]
async fn a_file_that_is_imported_twice_at_once_is_imported_once() {
    world::with_owner(|world, _, token| async move {
        let keys: Vec<_> =
            (0..6).map(|n| plain(&format!("n{n}"), &format!("sk-ant-at-once-0000000{n}"))).collect();
        let file = json!(keys).to_string();
        let all = (0..4).map(|_| report(&world, &token, "", file.clone()));
        let all = futures_util::future::join_all(all).await;
        let added: i64 = all.iter().map(|report| counts(report).0).sum();
        assert_eq!(added, 6, "{all:?}");
        assert!(all.iter().all(|report| counts(report).2 == 0));
        assert_eq!(accounts(&world, &token).await.len(), 6);
    })
    .await;
}

#[tokio::test]
async fn a_plan_has_room_for_as_many_as_the_dry_run_says() {
    world::with_owner(|world, made, token| async move {
        world.plan(&token, made, json!({"accounts": 3})).await;
        let keys: Vec<_> =
            (0..5).map(|n| plain(&format!("n{n}"), &format!("sk-ant-planned-0000000{n}"))).collect();
        let file = json!(keys).to_string();
        let looked = report(&world, &token, "?dry_run=true", file.clone()).await;
        assert_eq!(counts(&looked), (3, 0, 2), "{looked}");
        assert!(why(&looked["items"][4]).1.contains("allows 3"));
        let done = report(&world, &token, "", file).await;
        assert_eq!(counts(&done), (3, 0, 2));
        assert_eq!(accounts(&world, &token).await.len(), 3);
    })
    .await;
}

#[tokio::test]
async fn what_is_no_file_is_too_large_or_is_sent_by_the_wrong_person_is_refused() {
    world::with_owner(|world, made, token| async move {
        let good = plain("a", SECRET).to_string();
        let large = vec![b' '; 8 * 1024 * 1024 + 1];
        assert_eq!(import(&world, &token, "", large).await.status, 413);
        let packed = pack(&[("a.json", good.clone())]);
        for bad in [Vec::new(), packed[..packed.len() / 2].to_vec(), b"\x1f\x8b\x08\0\0\0".to_vec()] {
            let answer = import(&world, &token, "", bad).await;
            assert_eq!(
                (answer.status.as_u16(), answer.body["errors"][0]["field"].as_str()),
                (422, Some("file"))
            );
        }
        // Its end never comes.
        let pieces = futures_util::stream::iter([Ok("[{\"name\""), Err(std::io::Error::other("gone"))]);
        let answer = import(&world, &token, "", Body::from_stream(pieces)).await;
        assert_eq!(answer.status, 400, "{}", answer.body);
        for query in ["?dry_run=perhaps", "?pool_id=x", "?pool=x", "?file_name=a%00b"] {
            assert_eq!(import(&world, &token, query, good.clone()).await.status, 400, "{query}");
        }
        for role in [Role::Viewer, Role::Member] {
            let email = format!("{}@example.com", role.as_str());
            world.person(made, role, &email).await;
            let theirs = world.sign_in(&email).await;
            assert_eq!(import(&world, &theirs, "?dry_run=true", good.clone()).await.status, 403);
        }
        let nobody = world.call(Method::POST, "/accounts/import", None, Some(good.clone()), &[]).await;
        assert_eq!(nobody.status, 401);
        assert!(accounts(&world, &token).await.is_empty());
        // A mark at the beginning and a name of another kind of file are no matter.
        let marked = format!("\u{feff}{good}");
        let done = report(&world, &token, "?file_name=keys.zip", marked).await;
        assert_eq!(counts(&done), (1, 0, 0));
    })
    .await;
}

#[tokio::test]
async fn imported_accounts_take_the_way_that_was_chosen() {
    world::with_owner(|world, _, token| async move {
        let proxy = json!({"name": "Way out", "scheme": "http", "host": "127.0.0.1", "port": 9});
        let proxy = world.post("/proxies", Some(&token), proxy).await.body["id"].as_str().unwrap().to_owned();
        let file = |name: &str, key: &str| json!([plain(name, key)]).to_string();
        for (query, key, way) in [
            (format!("?proxy={proxy}"), "sk-ant-through-0123456789ab", proxy.as_str()),
            ("?proxy=direct".to_owned(), "sk-ant-straight-0123456789ab", "direct"),
            (String::new(), "sk-ant-inherits-0123456789ab", "inherit"),
        ] {
            let told = report(&world, &token, &query, file(way, key)).await;
            assert_eq!(counts(&told), (1, 0, 0), "{told}");
            let all = accounts(&world, &token).await;
            let made = all.iter().find(|account| account["name"] == way).unwrap();
            assert_eq!(made["proxy"], way);
        }
        for (wrong, status) in [("01a22ab0-64f0-7000-8000-000000000000", 422), ("sideways", 400)] {
            let refused = import(&world, &token, &format!("?proxy={wrong}"), file("x", SECRET)).await;
            assert_eq!(refused.status, status, "{}", refused.body);
            assert!(refused.body.to_string().contains("proxy"), "{}", refused.body);
        }
        assert_eq!(accounts(&world, &token).await.len(), 3);
    })
    .await;
}
