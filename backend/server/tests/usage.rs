//! `causeway usage` as a script meets it: the real binary on a database of its own.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use causeway_admin::people::{self, Created, NewOwner};
use causeway_domain::{AccountId, KeyId, Limits, provider::Provider};
use causeway_store::{
    Store, StoreArgs, TenantTx, accounts,
    keys::{self, NewKey},
    ledger, testing,
};
use chrono::{DateTime, Duration, Utc};
use secrecy::ExposeSecret;
use sqlx::{Connection, Executor, PgConnection};
use std::{fs, process::Command};
use uuid::Uuid;

/// What the program said, and whether it was content.
struct Said {
    good: bool,
    out: String,
    err: String,
}

fn causeway(args: &StoreArgs, words: &[&str]) -> Said {
    let output = Command::new(env!("CARGO_BIN_EXE_causeway"))
        .arg("usage")
        .args(words)
        .env("DATABASE_URL", args.database_url.as_ref().unwrap().expose_secret())
        .env("REDIS_URL", args.redis_url.as_ref().unwrap().expose_secret())
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Said { good: output.status.success(), out: text(output.stdout), err: text(output.stderr) }
}

/// An organisation with a key, an account, and requests on three days.
async fn used(store: &Store) -> (Created, KeyId, DateTime<Utc>) {
    let owner = NewOwner {
        organization: "Engines",
        name: "Ada Lovelace",
        email: "ada@example.com",
        password: "correct horse battery staple",
        time_zone: Some("Asia/Kathmandu"),
    };
    let made = people::create_owner(&store.app, owner).await.unwrap();
    let (key, account) = (KeyId(Uuid::now_v7()), AccountId(Uuid::now_v7()));
    let mut tx = TenantTx::begin(&store.app, made.org, None).await.unwrap();
    let new = accounts::NewAccount {
        id: account,
        name: "a",
        provider: Provider::ANTHROPIC,
        base_url: "http://127.0.0.1:9",
        credential: &[],
        credential_hint: "",
        signed_in: &accounts::SignedIn::by("api_key"),
        owner: None,
        contributed_by: None,
        enabled: true,
        priority: 1,
        limits: &Limits::default(),
        timeouts: causeway_domain::timeouts::Timeouts::NONE,
        dedicated: false,
        proxy: Default::default(),
        created_by: made.user,
    };
    accounts::insert(&mut tx, &new).await.unwrap();
    let mut row = keys::Key::new(key, "k", "cw");
    row.owner = Some(keys::Owner { id: made.user, name: String::new(), role: None });
    let new = NewKey { key: &row, hash: [7; 32], created_by: made.user, batch: None };
    keys::insert(&mut tx, &new).await.unwrap();
    let _ = tx.commit().await.unwrap();
    // The 10th begins at 18:15 UTC of the 9th in Kathmandu.
    let tenth: DateTime<Utc> = "2026-03-09T18:15:00Z".parse().unwrap();
    let moments = [-1, 0, 60 * 24 - 1, 60 * 24].map(|minutes| tenth + Duration::minutes(minutes));
    let events = moments.map(|at| testing::event(made.org, key, account, at));
    ledger::write(&store.jobs, &events).await.unwrap();
    (made, key, tenth)
}

async fn owner(args: &StoreArgs, statement: &'static str) {
    let url = args.database_url.as_ref().unwrap().expose_secret();
    PgConnection::connect(url).await.unwrap().execute(statement).await.unwrap();
}

#[tokio::test]
async fn what_is_exported_can_be_imported_and_verified() {
    testing::with_store(|store, args| async move {
        used(&store).await;
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("usage.jsonl");
        let file = path.to_str().unwrap();
        let exported = causeway(&args, &["export", "--org", "engines", "--output", file]);
        assert!(exported.good, "{}", exported.err);
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text.lines().count(), 4);
        // A day is the organisation's.
        let day = causeway(&args, &["export", "--org", "engines", "--from", "2026-03-10", "--to", "2026-03-10"]);
        assert_eq!(day.out.lines().count(), 2, "{}", day.err);
        let table = causeway(&args, &["export", "--org", "engines", "--format", "csv"]);
        assert!(table.out.starts_with("\u{feff}request_id,") && table.out.trim().lines().count() == 5);
        let verified = causeway(&args, &["verify"]);
        assert!(verified.good && verified.out.contains("engines: 4 requests"), "{}", verified.out);

        owner(&args, "truncate usage, usage_rollups, budget_totals").await;
        fs::write(&path, format!("{text}not a request\n")).unwrap();
        let looked = causeway(&args, &["import", "--org", "engines", "--dry-run", file]);
        assert!(!looked.good && looked.out.contains("line 5: the line is no JSON object"), "{}", looked.out);
        assert!(looked.out.contains("5 lines read: 4 would be added ($4.00), 0 there already, 1 refused"));
        let verified = causeway(&args, &["verify", "--org", "engines"]);
        assert!(verified.out.contains("0 requests (no requests kept), 0 differences"), "{}", verified.out);
        fs::write(&path, &text).unwrap();
        let done = causeway(&args, &["import", "--org", "engines", file]);
        assert!(done.good && done.out.contains("4 added"), "{} {}", done.out, done.err);
        let again = causeway(&args, &["import", "--org", "engines", file]);
        assert!(again.good && again.out.contains("0 added ($0.00), 4 there already"), "{}", again.out);
        assert_eq!(causeway(&args, &["export", "--org", "engines"]).out, text);

        owner(&args, "set role causeway_jobs; update usage_rollups set requests = requests + 1 where bucket < '2026-03-10'").await;
        let wrong = causeway(&args, &["verify"]);
        assert!(!wrong.good && wrong.out.contains("rollup 2026-03-09T18:"), "{}", wrong.out);
        let elsewhere = causeway(&args, &["verify", "--from", "2026-03-11"]);
        assert!(!elsewhere.out.contains("rollup") && elsewhere.out.contains("total key"), "{}", elsewhere.out);
    })
    .await;
}

#[tokio::test]
async fn what_makes_no_sense_is_told_before_anything_is_read() {
    testing::with_store(|store, args| async move {
        used(&store).await;
        for (words, told) in [
            (&["export", "--org", "nobody"][..], "there is no organisation \"nobody\"; there are: engines"),
            (&["export", "--org", "engines", "--from", "yesterday"], "--from: must be a day"),
            (
                &["export", "--org", "engines", "--from", "2026-03-02", "--to", "2026-03-01"],
                "--to is not after --from",
            ),
            (&["import", "--org", "engines", "/nowhere/file"], "reading /nowhere/file"),
        ] {
            let said = causeway(&args, words);
            assert!(!said.good && said.err.contains(told), "{words:?}: {}", said.err);
        }
    })
    .await;
}
