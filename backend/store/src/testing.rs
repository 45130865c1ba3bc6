//! A database of its own for each test, on the server that `DATABASE_URL` names, and the Redis of `REDIS_URL`.
//!
//! The user of `DATABASE_URL` must be allowed to make databases and roles. Tests of one Redis do not meet: every key
//! carries its organisation, and every test makes its own.

pub mod logs;

use crate::{
    Cache, Store, StoreArgs, TenantTx,
    cache::tenant_prefix,
    hold,
    ledger::{FailedAttempt, Outcome, Revision, UsageEvent},
    migrate,
};
use causeway_domain::{
    AccountId, Factor, KeyId, Nanos, OrgId, RequestId, TokenCounts,
    price::{Price, Rates, ServiceTier, Snapshot},
};
use chrono::{DateTime, Utc};
use redis::AsyncCommands;
use secrecy::{ExposeSecret, SecretString};
use sqlx::{Connection, Executor, PgConnection};
use std::{fmt, future::Future, panic};
use url::Url;

/// Runs a test against fresh stores. The database is dropped afterwards, also when the test fails. Hands over the
/// settings too, for tests that start a server of their own.
#[allow(clippy::panic, reason = "a test without its database has failed")]
pub async fn with_store<F, T>(test: F)
where
    F: FnOnce(Store, StoreArgs) -> T,
    T: Future<Output = ()> + Send + 'static,
{
    logs::keep();
    let server = setting("DATABASE_URL");
    let name = format!("test_{}", uuid::Uuid::now_v7().simple());
    let mut url = good(Url::parse(server.expose_secret()), "DATABASE_URL");
    url.set_path(&name);
    let args = StoreArgs {
        database_url: Some(url.to_string().into()),
        redis_url: Some(setting("REDIS_URL")),
        database_connections: 4,
    };
    let mut connection = good(PgConnection::connect(server.expose_secret()).await, "connect");
    let template = template(&mut connection, &url).await;
    // Page by page through the log, as is usual, it takes half as long again.
    let copy = format!("create database {name} template {template} strategy file_copy");
    execute(&mut connection, copy).await;
    drop(connection);
    let store = good(Store::connect(&args).await, "connect");
    let outcome = tokio::spawn(test(store.clone(), args)).await;
    store.app.close().await;
    store.relay.close().await;
    store.jobs.close().await;
    store.operator.close().await;
    drop_database(&server, &name).await;
    if let Err(failed) = outcome {
        panic::resume_unwind(failed.into_panic());
    }
}

/// The name of a database in which every migration has run. The first test that needs it makes it, which takes longer than
/// most tests do; the others copy it. It stays on the server, for the next run.
async fn template(connection: &mut PgConnection, like: &Url) -> String {
    // Partitions are made for the month, so that it is another one in the next.
    let name = format!("causeway_tests_{}_{}", migrate::fingerprint(), Utc::now().format("%Y%m"));
    if exists(connection, &name).await {
        return name;
    }
    // One at a time; whoever waited finds it made.
    execute(connection, "select pg_advisory_lock(hashtext('causeway_tests'))".to_owned()).await;
    if !exists(connection, &name).await {
        let making = format!("{name}_making");
        execute(connection, format!("drop database if exists {making} with (force)")).await;
        execute(connection, format!("create database {making}")).await;
        let mut url = like.clone();
        url.set_path(&making);
        good(migrate::run(&url.to_string().into()).await, "migrate");
        // What somebody is connected to cannot be copied.
        execute(connection, format!("alter database {making} with allow_connections false")).await;
        execute(connection, format!("alter database {making} rename to {name}")).await;
    }
    execute(connection, "select pg_advisory_unlock(hashtext('causeway_tests'))".to_owned()).await;
    name
}

async fn exists(connection: &mut PgConnection, database: &str) -> bool {
    let found =
        sqlx::query_scalar("select exists (select from pg_database where datname = $1)").bind(database);
    good(found.fetch_one(connection).await, "look")
}

/// As if Redis had lost everything of one organisation: its totals, its policy version, its open holds.
pub async fn lose(cache: &Cache, org: OrgId) {
    let mut connection = cache.connection.clone();
    let keys: Vec<String> = good(connection.keys(format!("{}*", tenant_prefix(org))).await, "keys");
    for key in keys {
        let _: () = good(connection.del(key).await, "del");
    }
    let holds = good(hold::open_holds(cache, org.shard()).await, "holds");
    let own = holds.iter().filter(|h| h.payload.contains(&org.to_string())).map(|h| h.request);
    good(hold::confirm(cache, org.shard(), &own.collect::<Vec<_>>()).await, "forget");
}

/// As if Postgres were away for whoever writes usage, until what is returned is dropped.
pub async fn stall(store: &Store) -> Stalled {
    let mut tx = good(store.jobs.0.begin().await, "begin");
    good(tx.execute("lock table usage in exclusive mode").await, "lock");
    Stalled(tx)
}

/// See [`stall`].
#[derive(Debug)]
pub struct Stalled(
    #[expect(dead_code, reason = "held, not used")] sqlx::Transaction<'static, sqlx::Postgres>,
);

/// What failed attempts of an organisation's requests have cost, by the rows, oldest first.
pub async fn failed_attempts(store: &Store, org: OrgId) -> Vec<FailedAttempt> {
    let statement = "select failed_attempts from usage where org_id = $1 and failed_attempts is not null
                     order by request_id";
    let query = sqlx::query_scalar(statement).bind(org.0).fetch_all(&store.jobs.0).await;
    let rows: Vec<serde_json::Value> = good(query, "failed attempts");
    rows.into_iter().flat_map(|list| good(serde_json::from_value::<Vec<_>>(list), "a list")).collect()
}

/// Changes settings of an organisation by a statement of the test's own, as the admin would.
pub async fn change(tx: &mut TenantTx, statement: &str) {
    good(tx.conn().execute(sqlx::AssertSqlSafe(statement.to_owned())).await, statement);
    good(tx.bump_policy().await, "policy");
}

/// A statement of the database's owner, for what no part of the program may do.
pub async fn as_owner(store: &Store, sql: &str) {
    let name = sqlx::query_scalar::<_, String>("select current_database()").fetch_one(&store.jobs.0).await;
    let mut url = good(Url::parse(setting("DATABASE_URL").expose_secret()), "DATABASE_URL");
    url.set_path(&good(name, "the database's name"));
    statement(&url.to_string().into(), sql.to_owned()).await;
}

/// A request that went well: one token of input, two of output, three read from the cache, four and five written to it;
/// for a dollar, of which nothing more or less is charged.
pub fn event(org: OrgId, key: KeyId, account: AccountId, at: DateTime<Utc>) -> UsageEvent {
    let ms = u128::from(at.timestamp_millis().max(0).unsigned_abs()) << 80;
    let random = uuid::Uuid::now_v7().as_u128() & ((1 << 80) - 1);
    let rates = Rates::with_defaults(1_000_000_000, 5_000_000_000, None, None, None);
    UsageEvent {
        request: RequestId(uuid::Uuid::from_u128(ms | random)),
        org,
        rev: Revision::Own,
        key,
        user: None,
        account,
        dialect: "anthropic_messages".to_owned(),
        provider: "anthropic".to_owned(),
        model: "claude-haiku-4-5".to_owned(),
        tier: ServiceTier::Standard,
        stream: true,
        status: 200,
        outcome: Outcome::Completed,
        estimated: false,
        tokens: TokenCounts {
            input: 1,
            output: 2,
            cache_read: 3,
            cache_write_5m: 4,
            cache_write_1h: 5,
            reasoning: 0,
        },
        web_searches: 0,
        cost: Nanos(1_000_000_000),
        charged: Nanos(1_000_000_000),
        factor: Factor::ONE,
        price: std::sync::Arc::new(good(Snapshot::try_from(Price::flat(rates)), "price")),
        started_at: at,
        first_byte_ms: Some(10),
        duration_ms: 20,
        upstream_request_id: None,
        client: "test/1".to_owned(),
        client_id: String::new(),
        client_facts: String::new(),
        error: None,
        failed: Vec::new(),
        five_hours: Vec::new(),
    }
}

/// Drops a database. Autovacuum may be at work in it, and is nobody's to end: it leaves soon.
async fn drop_database(server: &SecretString, name: &str) {
    let mut connection = good(PgConnection::connect(server.expose_secret()).await, "connect");
    let sql = format!("drop database {name} with (force)");
    for _ in 0..50 {
        if connection.execute(sqlx::AssertSqlSafe(sql.clone())).await.is_ok() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    good(connection.execute(sqlx::AssertSqlSafe(sql)).await, "statement");
}

async fn statement(server: &SecretString, sql: String) {
    let mut connection = good(PgConnection::connect(server.expose_secret()).await, "connect");
    execute(&mut connection, sql).await;
}

async fn execute(connection: &mut PgConnection, sql: String) {
    good(connection.execute(sqlx::AssertSqlSafe(sql)).await, "statement");
}

#[allow(clippy::disallowed_methods, reason = "tests have no command line")]
fn setting(variable: &'static str) -> SecretString {
    good(std::env::var(variable), variable).into()
}

#[allow(clippy::panic, reason = "a test without its database has failed")]
fn good<T, E: fmt::Display>(result: Result<T, E>, what: &str) -> T {
    result.unwrap_or_else(|error| panic!("test database: {what}: {error}"))
}
